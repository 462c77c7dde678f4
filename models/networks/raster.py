"""A picture of the activity of a standard network."""

from __future__ import annotations

__all__ = ["draw_raster"]

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from neurobridge.comparison.statistics import population_rate
from neurobridge.graph.network import Network
from neurobridge.models.networks.expected import LABEL, POPULATION, spikes_of_neurons
from neurobridge.recording import Recording

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ROWS = 1200
"""Neurons that are shown."""
BIN = 1.0
"""Width in ms of the bins of the population rate."""
COLOURS = {1: "#b5322a", -1: "#25589c"}
"""By the sign of a neuron."""


def draw_raster(
    network: Network,
    recording: Recording,
    path: str | Path | None = None,
    *,
    start: float = 0.0,
    stop: float | None = None,
) -> Figure:
    """Spikes of some neurons of every group, and the rate of all neurons below.

    Parameters
    ----------
    network : Network
        One of :mod:`neurobridge.models.networks`.
    recording : Recording
        A run of it.
    path : str or Path, optional
        Also save the figure there; the suffix decides the format.
    start, stop : float
        What is shown, in ms; to the end by default.

    Returns
    -------
    matplotlib.figure.Figure
        About 1,200 neurons, evenly chosen, excitatory red and inhibitory blue, with the first group
        on top; and the mean rate of all neurons in bins of 1 ms.

    Raises
    ------
    NetworkError
        If the spikes of the neurons were not recorded under the name of their population.
    """
    from matplotlib.figure import Figure

    spikes, labels = spikes_of_neurons(recording), network.population(POPULATION).labels
    end = recording.duration if stop is None else stop
    shown = (spikes.time > start) & (spikes.time <= end)
    time, neuron = spikes.time[shown], spikes.neuron[shown]
    every = max(1, spikes.size // ROWS)
    sampled = neuron % every == 0
    figure = Figure(figsize=(9, 5.5), layout="constrained")
    raster, rate = figure.subplots(2, 1, sharex=True, height_ratios=(4, 1))
    sign = np.ones(spikes.size, np.int8) if labels.sign is None else labels.sign
    for value, colour in COLOURS.items():
        own = sampled & (sign[neuron] == value)
        raster.plot(time[own], neuron[own], linestyle="", marker=".", markersize=1.5, color=colour)
    group = labels.columns[LABEL].codes
    first = np.concatenate([[0], np.flatnonzero(np.diff(group)) + 1, [spikes.size]])
    names = labels.columns[LABEL].values[first[:-1]]
    raster.set_yticks((first[:-1] + first[1:]) / 2, names)
    raster.set(ylim=(spikes.size, 0), xlim=(start, end))
    for border in first[1:-1]:
        raster.axhline(border, color="#4d4d4d", linewidth=0.4)
    begin, mean = population_rate(spikes, max(1, round(BIN / spikes.dt)))
    rate.step(begin, mean, where="post", color="#4d4d4d", linewidth=0.7)
    rate.set(xlabel="time (ms)", ylabel="rate (Hz)", ylim=(0, None))
    if path is not None:
        figure.savefig(path, dpi=150)
    return figure
