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
    """CPU time and accuracy by interval, and CPU time against the other things."""
    from matplotlib.figure import Figure

    rows = {test: study.table[study.table["test"] == test] for test in ("interval", *AXES)}
    there = [test for test, found in rows.items() if len(found)]
    count = len(there) + ("interval" in there)
    figure = Figure(figsize=(4.4 * count, 4.2), layout="constrained")
    panels = list(figure.subplots(1, count, squeeze=False)[0])
    if "interval" in there:
        _by_interval(panels.pop(0), rows["interval"], "seconds", "CPU time (s)")
        _by_interval(panels.pop(0), rows["interval"], "difference", "largest difference")
        there.remove("interval")
    for axes, test in zip(panels, there, strict=True):
        column, label = AXES[test]
        axes.plot(rows[test][column], rows[test]["seconds"], "o-", ms=4, lw=1)
        axes.set(xlabel=label, ylabel="CPU time (s)", ylim=(0, None))
    figure.suptitle(f"benchmark: {study.settings['networks']['name']}, one thread")
    return figure


def _by_interval(axes: Axes, rows: pd.DataFrame, column: str, label: str) -> None:
    """One line for each kind and precision; dashed where the interval follows the spread."""
    ways = rows.groupby(["renormalise", "precision"], sort=False)
    for colour, ((kind, precision), line) in enumerate(ways):
        values = line.assign(**{column: line[column].clip(lower=SMALLEST)}).sort_values("interval")
        fixed, free = values[values["interval"].notna()], values[values["interval"].isna()]
        axes.loglog(fixed["interval"], fixed[column], "o-", ms=4, lw=1, color=f"C{colour}",
                    label=f"{kind}, {precision}")  # fmt: skip
        for value in free[column]:
            axes.axhline(value, color=f"C{colour}", lw=0.8, ls="--")
    axes.set(xlabel="time between renormalisations", ylabel=label, title="dashed: automatic")
    axes.legend(frameon=False, fontsize="small")
