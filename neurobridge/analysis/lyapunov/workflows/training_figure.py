"""The figure of training on the spectrum."""

from __future__ import annotations

__all__ = ["draw_training"]

from typing import TYPE_CHECKING

import numpy as np

from neurobridge.analysis.lyapunov.words import per_time

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from neurobridge.analysis.lyapunov.workflows.trained_networks import SpectralTraining

DISTANCES = ("mse", "l2", "curve", "kaplan_yorke", "entropy", "flossing")
"""Losses that are at least 0, for which a logarithmic axis is right."""


def draw_training(study: SpectralTraining) -> Figure:
    """Losses over epochs, exponents before and after against their target, and trained values."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(14, 4.4), layout="constrained")
    left, middle, right = figure.subplots(1, 3)
    _losses(left, study)
    _exponents(middle, study)
    _values(right, study)
    trained = ", ".join(study.settings["parameters"])
    figure.suptitle(f"{trained} by {study.settings['loss']}: {study.heading}", fontsize="medium")
    return figure


def _losses(axes: Axes, study: SpectralTraining) -> None:
    for trained in study.networks:
        axes.plot(trained.history["epoch"], trained.history["loss"], lw=1, color="C0", alpha=0.7)
    if study.settings["loss"] in DISTANCES:
        axes.set_yscale("log")
    axes.set(xlabel="epoch", ylabel="loss", title="in training")


def _exponents(axes: Axes, study: SpectralTraining) -> None:
    """Independent runs, with 95 % intervals; crosses are what training says."""
    from matplotlib.ticker import MaxNLocator

    for place, trained in enumerate(study.networks):
        index = np.arange(1, trained.after.trained.size + 1) + 0.08 * place
        for checked, colour, word in (
            (trained.before, "0.6", "before"),
            (trained.after, "C0", "after"),
        ):
            low, high = checked.spectrum.interval
            middle = checked.validated
            widths = np.stack([middle - low, high - middle])
            axes.errorbar(index, middle, widths, fmt="o", ms=3, lw=0.8,
                          color=colour, label=word if place == 0 else None)  # fmt: skip
        axes.plot(index, trained.after.trained, "x", color="C1", ms=5,
                  label="by training" if place == 0 else None)  # fmt: skip
    target = study.networks[0].after.target
    axes.plot(np.arange(1, target.size + 1), target, color="k", lw=0.8, ls="--", label="target")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    unit = study.networks[0].after.spectrum.unit
    axes.set(xlabel="index", ylabel=f"exponent ({per_time(unit)})", title="independent runs")
    axes.legend(frameon=False, fontsize="small")


def _values(axes: Axes, study: SpectralTraining) -> None:
    for colour, (path, rows) in enumerate(study.values.groupby("path", sort=False)):
        name = str(path).rpartition(".")[2]
        axes.hist(rows["before"], bins=40, histtype="step", color=f"C{colour}", ls=":",
                  label=f"{name}, before")  # fmt: skip
        axes.hist(rows["after"], bins=40, histtype="step", color=f"C{colour}", label=name)
    axes.set_yscale("log")
    axes.set(xlabel="value", ylabel="count", title="what was trained")
    axes.legend(frameon=False, fontsize="small")
