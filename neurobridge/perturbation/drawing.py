"""Figures of activation and silencing."""

from __future__ import annotations

__all__ = ["draw_screen", "draw_sweeps"]

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from neurobridge.errors import NetworkError
from neurobridge.perturbation.neurons import Neurons
from neurobridge.perturbation.sweep import RateSweep

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PANEL = (4.4, 3.4)
"""Width and height of a panel, in inches."""


def draw_sweeps(sweeps: Mapping[str, RateSweep], targets: Mapping[str, Neurons]) -> Figure:
    """Responders, and the rate of each target, over the rate of the activation.

    Bars are standard deviations over trials.

    Parameters
    ----------
    sweeps : mapping of str to RateSweep
        By what is drawn in one colour, e.g. ``{"intact": ..., "silenced": ..., "rewired": ...}``.
    targets : mapping of str to neurons
        See :func:`~neurobridge.perturbation.find_neurons`.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    NetworkError
        If no sweep is given, or as for :func:`~neurobridge.perturbation.target_rates`.
    """
    from matplotlib.figure import Figure

    if not sweeps:
        raise NetworkError("draw_sweeps: give at least one sweep by name")
    n_panels = 1 + len(targets)
    figure = Figure(figsize=(PANEL[0] * n_panels, PANEL[1]), layout="constrained")
    panels = np.atleast_1d(figure.subplots(1, n_panels))
    for name, sweep in sweeps.items():
        counts = sweep.counts()
        panels[0].plot(counts["drive"], counts["not_driven"], marker="o", label=name)
        rates = sweep.targets(targets)
        for axes, target in zip(panels[1:], targets, strict=True):
            own = rates[rates["target"] == target]
            axes.errorbar(
                own["drive"], own["rate"], own["sd"].fillna(0), marker="o", capsize=2, label=name
            )
    panels[0].set(xlabel="activation (Hz)", ylabel="neurons that fire", title="responders")
    for axes, target in zip(panels[1:], targets, strict=True):
        axes.set(xlabel="activation (Hz)", ylabel="rate (Hz)", title=target)
    for axes in panels:
        axes.set_ylim(bottom=0)
        axes.spines[["top", "right"]].set_visible(False)
    panels[0].legend(frameon=False, fontsize="small")
    return figure


def draw_screen(table: pd.DataFrame, level: float = 0.05) -> Figure:
    """The change of each target by each silenced set, with its confidence interval.

    Parameters
    ----------
    table : pandas.DataFrame
        Of :func:`~neurobridge.perturbation.silencing_screen`.
    level : float
        Changes with ``q`` up to this are filled.

    Returns
    -------
    matplotlib.figure.Figure
    """
    from matplotlib.figure import Figure

    targets = list(dict.fromkeys(table["target"]))
    sets = list(dict.fromkeys(table["silenced"]))
    height = 1.2 + 0.28 * len(sets)
    figure = Figure(figsize=(PANEL[0] * len(targets), height), layout="constrained")
    panels = np.atleast_1d(figure.subplots(1, len(targets), sharey=True))
    for axes, target in zip(panels, targets, strict=True):
        own = table[table["target"] == target].set_index("silenced").loc[sets]
        place = np.arange(len(sets))
        axes.axvline(0, color="0.8", zorder=0)
        axes.hlines(place, own["low"], own["high"], color="C0")
        filled = (own["q"] <= level).to_numpy()
        for chosen, face in ((filled, "C0"), (~filled, "white")):
            axes.plot(
                own["change"][chosen], place[chosen], "o", markerfacecolor=face,
                markeredgecolor="C0",
            )  # fmt: skip
        axes.set(xlabel="change of rate (Hz)", title=target)
        axes.set_yticks(place, sets)
        axes.spines[["top", "right"]].set_visible(False)
    panels[0].invert_yaxis()
    return figure
