"""The figure of a convergence study."""

from __future__ import annotations

__all__ = ["draw_convergence"]

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from neurobridge.analysis.lyapunov.words import per_time

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from neurobridge.analysis.lyapunov.workflows.running_exponents import Convergence

Real = NDArray[np.float64]

SHOWN = (1, 3, 5, 7)
"""Exponents whose course is drawn."""
SMALLEST = 1e-17
"""A difference of 0 has no place on a logarithmic axis."""


def draw_convergence(study: Convergence) -> Figure:
    """Running exponents by initial state, their spread, and differences between variants."""
    from matplotlib.figure import Figure

    several = len(study.variants) > 1
    figure = Figure(figsize=(14 if several else 9.5, 4.4), layout="constrained")
    panels = figure.subplots(1, 3 if several else 2)
    _running(panels[0], study)
    _spread(panels[1], study)
    if several:
        _differences(panels[2], study)
    figure.suptitle(f"convergence: {study.heading}", fontsize="medium")
    return figure


def variant(kind: str, interval: float) -> str:
    """A way of renormalising in words."""
    every = "" if np.isnan(interval) else f" every {interval:g}"
    return f"{'automatic' if kind == 'auto' else kind}{every}"


def _running(axes: Axes, study: Convergence) -> None:
    rows = study.running(*study.variants[0])
    shown = [i for i in SHOWN if i in set(rows["index"])]
    late = rows[rows["time"] > rows["time"].max() / 20]
    for colour, index in enumerate(shown):
        chosen = late[late["index"] == index]
        for start, line in chosen.groupby("start"):
            label = f"λ{index}" if start == chosen["start"].iloc[0] else None
            axes.plot(line["time"], line["running"], color=f"C{colour}", lw=1, label=label)
    axes.axhline(0, color="0.6", lw=0.8, zorder=0)
    axes.set(xlabel=f"time ({study.unit})", ylabel=f"mean until then ({per_time(study.unit)})",
             title=f"running means; renormalised: {variant(*study.variants[0])}")  # fmt: skip
    axes.legend(frameon=False, fontsize="small")


def _spread(axes: Axes, study: Convergence) -> None:
    """Standard deviation over initial states, beside the errors that single runs state."""
    rows = study.running(*study.variants[0])
    table = study.between_starts
    if rows["start"].nunique() < 2:
        axes.text(0.5, 0.5, "one initial state", ha="center", transform=axes.transAxes)
        return
    for colour, index in enumerate(i for i in SHOWN if i in set(rows["index"])):
        times, lines = _on_one_grid(rows[rows["index"] == index])
        axes.loglog(times, lines.std(axis=0, ddof=1), color=f"C{colour}", lw=1, label=f"λ{index}")
        stated = table[table["index"] == index]["error"]
        axes.plot(times[-1:], stated, "D", color=f"C{colour}", ms=5)
    axes.set(xlabel=f"time ({study.unit})",
             ylabel=f"sd over initial states ({per_time(study.unit)})",
             title="spread; diamonds: errors that single runs state")  # fmt: skip
    axes.legend(frameon=False, fontsize="small")


def _on_one_grid(rows: pd.DataFrame) -> tuple[Real, Real]:
    """Times that all initial states have, whose steps may differ, and their lines (starts, T)."""
    lines = [line for _, line in rows.groupby("start")]
    last = min(float(line["time"].max()) for line in lines)
    times = np.linspace(last / len(lines[0]), last, len(lines[0]))
    return times, np.array([np.interp(times, line["time"], line["running"]) for line in lines])


def _differences(axes: Axes, study: Convergence) -> None:
    """How far other ways of renormalising are from the first one on the same trajectory."""
    columns = ["start", "index", "time"]
    base = study.running(*study.variants[0]).set_index(columns)["running"]
    for colour, way in enumerate(study.variants[1:]):
        other = study.running(*way).set_index(columns)["running"]
        apart = (other - base).abs().groupby("time").max().clip(lower=SMALLEST)
        axes.loglog(apart.index, apart, color=f"C{colour}", lw=1, label=variant(*way))
    axes.set(xlabel=f"time ({study.unit})", ylabel=f"largest difference ({per_time(study.unit)})",
             title=f"difference from {variant(*study.variants[0])}")  # fmt: skip
    axes.legend(frameon=False, fontsize="small")
