"""The figure of a sweep."""

from __future__ import annotations

__all__ = ["draw_sweep"]

from typing import TYPE_CHECKING

import numpy as np

from neurobridge.analysis.lyapunov.words import per_time
from neurobridge.analysis.lyapunov.workflows.over_networks import covered

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from neurobridge.analysis.lyapunov.workflows.sweeps import Sweep

ABOVE = 1.08
"""Where axes end, relative to the largest value."""
CURVES = 7
"""Values whose spectra are drawn, at most."""


def draw_sweep(study: Sweep) -> Figure:
    """Dimension / N, entropy / N and spectra over the parameter; points are networks."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(14, 4.4), layout="constrained")
    left, middle, right = figure.subplots(1, 3)
    _quantity(left, study, "dimension_per_n", "Kaplan-Yorke dimension / N")
    _quantity(middle, study, "entropy_per_n", f"entropy / N ({per_time(study.unit)})")
    _spectra(right, study)
    figure.suptitle(study.heading, fontsize="medium")
    return figure


def _quantity(axes: Axes, study: Sweep, name: str, label: str) -> None:
    axes.plot(study.table["value"], study.table[name], "o", color="C0", ms=3, alpha=0.5,
              label="networks")  # fmt: skip
    medians = study.medians[study.medians["quantity"] == name]
    axes.plot(medians["value"], medians["median"], color="C0", lw=1.2, label="median")
    axes.fill_between(medians["value"], medians["low"], medians["high"], color="C0", alpha=0.2,
                      lw=0, label=covered(medians))  # fmt: skip
    if _geometric(study):
        axes.set_xscale("log", base=2)
    axes.set(xlabel=study.varied.text, ylabel=label)
    top = study.table[name].max()
    axes.set_ylim(0, ABOVE * top if top > 0 else 1)
    axes.legend(frameon=False, fontsize="small")


def _geometric(study: Sweep) -> bool:
    values = np.unique(study.table["value"])
    return bool(values.size > 2 and values[0] > 0 and values[-1] > 8 * values[0])


def _spectra(axes: Axes, study: Sweep) -> None:
    from matplotlib import colormaps

    values = np.unique(study.table["value"])
    chosen = values[np.unique(np.linspace(0, values.size - 1, CURVES).round().astype(int))]
    size = int(study.table["size"].max())
    for colour, value in zip(colormaps["viridis"](np.linspace(0, 0.9, chosen.size)), chosen,
                             strict=True):  # fmt: skip
        rows = study.exponents[study.exponents["value"] == value]
        mean = rows.groupby("index")["exponent"].mean()
        axes.plot(mean.index / size, mean, color=colour, lw=1.2, label=f"{value:g}")
    axes.axhline(0, color="0.6", lw=0.8, zorder=0)
    axes.set(xlabel="index / N", ylabel=f"exponent ({per_time(study.unit)})",
             title="means over networks")  # fmt: skip
    axes.legend(frameon=False, fontsize="small", title=study.varied.text)
