"""The figure of a benchmark."""

from __future__ import annotations

__all__ = ["draw_benchmark"]

from typing import TYPE_CHECKING

import pandas as pd

from neurobridge.analysis.lyapunov.words import per_time
from neurobridge.analysis.lyapunov.workflows.costs import FINEST

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from neurobridge.analysis.lyapunov.workflows.costs import Benchmark

SMALLEST = 1e-17
ABOVE = 1.08
"""Where axes end, relative to the largest value."""
AXES = {
    "exponents": ("k", "number of exponents k", "by number of exponents"),
    "time": ("time", "time measured", "by time measured"),
    "size": ("n", "neurons N", "by size"),
}
"""Column, what the axis says, and the title, of each test."""


def draw_benchmark(study: Benchmark) -> Figure:
    """CPU time and accuracy by interval, and CPU time against the other things."""
    from matplotlib.figure import Figure

    rows = {test: study.table[study.table["test"] == test] for test in ("interval", *AXES)}
    there = [test for test, found in rows.items() if len(found)]
    count = len(there) + ("interval" in there)
    figure = Figure(figsize=(4.4 * count, 4.2), layout="constrained")
    panels = list(figure.subplots(1, count, squeeze=False)[0])
    if "interval" in there:
        for column, label in (
            ("seconds", "CPU time (s)"),
            ("difference", f"largest difference ({per_time(study.unit)})"),
        ):
            _by_interval(panels.pop(0), rows["interval"], column, label, study.unit)
        there.remove("interval")
    for axes, test in zip(panels, there, strict=True):
        column, label, title = AXES[test]
        axes.plot(rows[test][column], rows[test]["seconds"], "o-", ms=4, lw=1)
        unit = f" ({study.unit})" if test == "time" else ""
        axes.set(xlabel=label + unit, ylabel="CPU time (s)", title=f"CPU time {title}",
                 xlim=(0, ABOVE * rows[test][column].max()),
                 ylim=(0, ABOVE * rows[test]["seconds"].max()))  # fmt: skip
    figure.suptitle(f"benchmark, one thread: {study.heading}", fontsize="medium")
    return figure


def _by_interval(axes: Axes, rows: pd.DataFrame, column: str, label: str, unit: str) -> None:
    """One line for each kind and precision; dashed where the interval follows the spread."""
    ways = rows.groupby(["renormalise", "precision"], sort=False)
    for colour, ((kind, precision), line) in enumerate(ways):
        values = line.assign(**{column: line[column].clip(lower=SMALLEST)}).sort_values("interval")
        fixed, free = values[values["interval"].notna()], values[values["interval"].isna()]
        axes.loglog(fixed["interval"], fixed[column], "o-", ms=4, lw=1, color=f"C{colour}",
                    label=f"{kind}, {precision}")  # fmt: skip
        for value in free[column]:
            axes.axhline(value, color=f"C{colour}", lw=0.8, ls="--")
    what = "CPU time" if column == "seconds" else f"from Householder every {FINEST:g} {unit}"
    axes.set(xlabel=f"time between renormalisations ({unit})", ylabel=label,
             title=f"{what}\ndashed: automatic interval")  # fmt: skip
    axes.legend(frameon=False, fontsize="small")
