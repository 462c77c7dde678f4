"""The figure of a transition."""

from __future__ import annotations

__all__ = ["draw_transition"]

from typing import TYPE_CHECKING

import numpy as np

from neurobridge.analysis.lyapunov.words import per_time
from neurobridge.analysis.lyapunov.workflows.over_networks import covered

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from neurobridge.analysis.lyapunov.workflows.crossing import Crossing
    from neurobridge.analysis.lyapunov.workflows.transition_to_chaos import Transition

COLOURS = {"stable": "C0", "marginal": "0.5", "chaotic": "C3"}


def draw_transition(study: Transition) -> Figure:
    """Every network, medians with their intervals, theory, and intervals of the crossings."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.5, 4.8), layout="constrained")
    axes = figure.subplots()
    for state, colour in COLOURS.items():
        rows = study.table[study.table["state"] == state]
        if len(rows):
            axes.plot(rows["value"], rows["exponent"], "o", color=colour, ms=3.5, label=state)
    _unfinished(axes, study)
    axes.plot(study.medians["value"], study.medians["median"], color="k", lw=1, label="median")
    axes.fill_between(study.medians["value"], study.medians["low"], study.medians["high"],
                      color="k", alpha=0.15, lw=0, label=covered(study.medians))  # fmt: skip
    if len(study.theory):
        axes.plot(study.theory["value"], study.theory["exponent"], "--", color="C2", lw=1.2,
                  label="mean-field theory")  # fmt: skip
    _crossing(axes, study.edge, "0.5", "not stable from")
    _crossing(axes, study.chaos, "C3", "chaotic from")
    axes.axhline(0, color="0.6", lw=0.8, zorder=0)
    axes.set(xlabel=study.varied.text, ylabel=f"largest exponent ({per_time(study.unit)})")
    axes.legend(frameon=False, fontsize="small")
    axes.set_title(study.heading, fontsize="medium")
    return figure


def _unfinished(axes: Axes, study: Transition) -> None:
    """Networks in their transient have a ring, those that diverged a cross at the top."""
    for status in ("transient", "not_converged"):
        rows = study.table[study.table["status"] == status]
        if len(rows):
            axes.plot(rows["value"], rows["exponent"], "o", color="C1", ms=8, mfc="none",
                      label=status.replace("_", " "))  # fmt: skip
    lost = study.table[study.table["status"] == "diverged"]
    if len(lost):
        axes.plot(lost["value"], np.full(len(lost), 0.97), "x", color="C1", ms=6,
                  transform=axes.get_xaxis_transform(), label="diverged, no exponent")  # fmt: skip


def _crossing(axes: Axes, found: Crossing, colour: str, words: str) -> None:
    if not np.isfinite(found.value):
        return
    axes.axvline(found.value, color=colour, lw=0.8, ls=":", label=f"{words} {found.value:.3g}")
    if np.isfinite(found.low) and np.isfinite(found.high):
        axes.axvspan(found.low, found.high, color=colour, alpha=0.1, lw=0)
