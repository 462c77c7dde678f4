"""Figures of training: losses over epochs, activity, weights before and after."""

from __future__ import annotations

__all__ = ["draw_activity", "draw_history", "draw_values"]

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from neurobridge.graph.network import Network
from neurobridge.training.objective import Seen
from neurobridge.training.specification import resolve
from neurobridge.training.trainable import TrainableNetwork

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

STYLES = {"train": ("-", "C0"), "validation": ("--", "C1")}

COLUMNS = 4
"""Panels in a row."""

PANEL = (3.2, 2.6)
"""Width and height of a panel, in inches."""

DOTS = (1.0, 4.0)
"""Smallest and largest diameter of the dot of a spike, in points."""


def draw_history(history: pd.DataFrame, best_epoch: int) -> Figure:
    """Each term and metric over the epochs, training drawn through and validation dashed.

    Parameters
    ----------
    history : pandas.DataFrame
        Of a :class:`~neurobridge.training.Fit`.
    best_epoch : int
        Marked by a line; negative for none.
    """
    from matplotlib.ticker import MaxNLocator

    names = list(dict.fromkeys(c.partition("/")[2] for c in history.columns if "/" in c))
    figure, panels = _panels(names)
    for axes, name in zip(panels, names, strict=True):
        for split, (style, colour) in STYLES.items():
            column = f"{split}/{name}"
            if column in history:
                known = history[["epoch", column]].dropna()
                mark = "o" if len(known) == 1 else None
                axes.plot(known["epoch"], known[column], style, color=colour, marker=mark,
                          label=split)  # fmt: skip
        if best_epoch >= 0:
            axes.axvline(best_epoch, color="0.8", zorder=0)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.set(xlabel="epoch", title=name)
        axes.legend(frameon=False, fontsize="small")
    return figure


def draw_values(model: TrainableNetwork) -> Figure:
    """The values of every trained path before and after training.

    Parameters
    ----------
    model : TrainableNetwork
    """
    from matplotlib.ticker import MaxNLocator

    paths = [spec.path for spec in model.specs]
    figure, panels = _panels(paths)
    for axes, path in zip(panels, paths, strict=True):
        before, after = (
            t.detach().cpu().double().numpy().ravel()
            for t in (model.initial_physical(path), model.physical(path))
        )
        _histograms(axes, before, after)
        axes.set(title=path, yscale="log", ylabel="elements", xlabel=_unit(model.network, path))
        axes.title.set_fontsize("small")
        axes.xaxis.set_major_locator(MaxNLocator(4))
        axes.ticklabel_format(axis="x", useOffset=False)
    return figure


def _unit(network: Network, path: str) -> str:
    """Unit of the values of a path; empty for plain numbers."""
    target = resolve(path, network)
    unit = "1"
    if target.kind == "parameter":
        unit = network.population(target.part).model.parameters[target.field].unit
    elif target.kind == "initial":
        unit = network.population(target.part).model.states[target.field].unit
    elif target.kind in ("weight", "low_rank"):
        projection = network.projections[target.part]
        unit = network.population(projection.post).model.weight_unit(projection.receptor)
    return "" if unit == "1" else unit


def _panels(names: Sequence[str]) -> tuple[Figure, list[Axes]]:
    """A figure with a panel for each name, in rows."""
    from matplotlib.figure import Figure

    columns = min(max(len(names), 1), COLUMNS)
    rows = max(math.ceil(len(names) / columns), 1)
    figure = Figure(figsize=(PANEL[0] * columns, PANEL[1] * rows), layout="constrained")
    return figure, [figure.add_subplot(rows, columns, i + 1) for i in range(len(names))]


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

    outputs = seen.result.outputs
    shown = [*outputs.spikes, *outputs.rates]
    figure = Figure(figsize=(6.4, 2.4 * max(len(shown), 1)), layout="constrained")
    for place, name in enumerate(shown):
        axes = figure.add_subplot(len(shown), 1, place + 1)
        values = {**outputs.spikes, **outputs.rates}[name][:, :, trial].detach().cpu().numpy()
        n_steps, n = values.shape
        end = n_steps * seen.dt
        if name in outputs.spikes:
            step, neuron = values.nonzero()
            size = float(np.clip(30 / math.sqrt(n), *DOTS))
            axes.plot((step + 1) * seen.dt, neuron, "o", color="k", ms=size, mew=0)
        else:
            image = axes.imshow(
                values.T, aspect="auto", origin="lower", extent=(0, end, -0.5, n - 0.5),
                interpolation="nearest",
            )  # fmt: skip
            figure.colorbar(image, ax=axes, label="output")
        axes.set(title=name, xlabel="time (ms)", ylabel="neuron")
        axes.set(xlim=(0, end + seen.dt / 2), ylim=(-0.5, n - 0.5))
    return figure
