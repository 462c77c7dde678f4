"""Figures of training: losses over epochs, activity, weights before and after."""

from __future__ import annotations

__all__ = ["draw_activity", "draw_history", "draw_values"]

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from neurobridge.graph.network import Network
from neurobridge.training.objective import Seen
from neurobridge.training.trainable import TrainableNetwork

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

STYLES = {"train": "-", "validation": "--"}


def draw_history(history: pd.DataFrame, best_epoch: int) -> Figure:
    """Each term and metric over the epochs, training drawn through and validation dashed.

    Parameters
    ----------
    history : pandas.DataFrame
        Of a :class:`~neurobridge.training.Fit`.
    best_epoch : int
        Marked by a line; negative for none.
    """
    from matplotlib.figure import Figure

    names = list(dict.fromkeys(c.partition("/")[2] for c in history.columns if "/" in c))
    figure = Figure(figsize=(3.2 * max(len(names), 1), 2.8), layout="constrained")
    for place, name in enumerate(names):
        axes = figure.add_subplot(1, len(names), place + 1)
        for split, style in STYLES.items():
            column = f"{split}/{name}"
            if column in history:
                known = history[["epoch", column]].dropna()
                axes.plot(known["epoch"], known[column], style, label=split)
        if best_epoch >= 0:
            axes.axvline(best_epoch, color="0.8", zorder=0)
        axes.set(xlabel="epoch", title=name)
        axes.legend(frameon=False, fontsize="small")
    return figure


def draw_values(model: TrainableNetwork) -> Figure:
    """The values of every trained path before and after training."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(3.0 * len(model.specs), 2.8), layout="constrained")
    for place, spec in enumerate(model.specs):
        axes = figure.add_subplot(1, len(model.specs), place + 1)
        before, after = (
            t.detach().cpu().double().numpy().ravel()
            for t in (model.initial_physical(spec.path), model.physical(spec.path))
        )
        _histograms(axes, before, after)
        axes.set(title=spec.path, yscale="log", ylabel="elements")
        axes.title.set_fontsize("small")
    return figure


def _histograms(axes: Axes, before: NDArray[np.float64], after: NDArray[np.float64]) -> None:
    both = np.concatenate([before, after])
    edges = np.histogram_bin_edges(both, bins=50).tolist()
    axes.hist(before, edges, color="0.75", label="before")
    axes.hist(after, edges, histtype="step", color="C3", label="after")
    axes.legend(frameon=False, fontsize="small")


def draw_activity(seen: Seen, trial: int = 0) -> Figure:
    """What the populations did in one trial of a batch: spikes as dots, rates as an image.

    Parameters
    ----------
    seen : Seen
    trial : int
        Index in the batch.
    """
    from matplotlib.figure import Figure

    network: Network = seen.model.network
    outputs = seen.result.outputs
    shown = [*outputs.spikes, *outputs.rates]
    figure = Figure(figsize=(6.4, 2.4 * max(len(shown), 1)), layout="constrained")
    for place, name in enumerate(shown):
        axes = figure.add_subplot(len(shown), 1, place + 1)
        n = network.population(name).size
        if name in outputs.spikes:
            step, neuron = outputs.spikes[name][:, :, trial].detach().cpu().numpy().nonzero()
            axes.plot((step + 1) * seen.dt, neuron, ",", color="k")
        else:
            rates = outputs.rates[name][:, :, trial].detach().cpu().numpy().T
            end = rates.shape[1] * seen.dt
            image = axes.imshow(
                rates, aspect="auto", origin="lower", extent=(0, end, -0.5, n - 0.5),
                interpolation="nearest",
            )  # fmt: skip
            figure.colorbar(image, ax=axes)
        axes.set(title=name, xlabel="time (ms)", ylabel="neuron", ylim=(-0.5, n - 0.5))
    return figure
