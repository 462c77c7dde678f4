"""The figure of a benchmark."""

from __future__ import annotations

__all__ = ["draw_benchmark"]

from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from neurobridge.analysis.lyapunov.workflows.costs import Benchmark

SMALLEST = 1e-17
AXES = {
    "exponents": ("k", "number of exponents"),
    "time": ("time", "time measured"),
    "size": ("n", "neurons N"),
}


def draw_benchmark(study: Benchmark) -> Figure:
    """Accuracy against cost by interval, and CPU time against the other things."""
    from matplotlib.figure import Figure

    there = [t for t in ("interval", *AXES) if (study.table["test"] == t).any()]
    figure = Figure(figsize=(4.4 * len(there), 4.2), layout="constrained")
    panels = figure.subplots(1, len(there), squeeze=False)[0]
    for axes, test in zip(panels, there, strict=True):
        rows = study.table[study.table["test"] == test]
        if test == "interval":
            _accuracy(axes, rows)
            continue
        column, label = AXES[test]
        axes.plot(rows[column], rows["seconds"], "o-", ms=4, lw=1)
        axes.set(xlabel=label, ylabel="CPU time (s)", ylim=(0, None))
    figure.suptitle(f"benchmark: {study.settings['networks']['name']}, one thread")
    return figure


def _accuracy(axes: Axes, rows: pd.DataFrame) -> None:
    """One line for each kind and precision, one point for each interval."""
    for (kind, precision), line in rows.groupby(["renormalise", "precision"], sort=False):
        text = f"{kind}, {precision}"
        axes.loglog(line["seconds"], line["difference"].clip(lower=SMALLEST), "o", ms=4, label=text)
        for _, point in line.iterrows():
            name = "auto" if pd.isna(point["interval"]) else f"{point['interval']:g}"
            place = (point["seconds"], max(point["difference"], SMALLEST))
            axes.annotate(
                name, place, fontsize="x-small", xytext=(3, 3), textcoords="offset points"
            )
    axes.set(xlabel="CPU time (s)", ylabel="largest difference of an exponent",
             title="by interval between renormalisations")  # fmt: skip
    axes.legend(frameon=False, fontsize="small")
