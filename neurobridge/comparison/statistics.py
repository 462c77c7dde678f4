"""Statistics of one run: rates, interspike intervals, population rate."""

from __future__ import annotations

__all__ = [
    "SpikeStatistics",
    "interval_cv",
    "intervals",
    "population_rate",
    "spike_statistics",
]

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurobridge.recording import Spikes

Real = NDArray[np.float64]


@dataclass(frozen=True)
class SpikeStatistics:
    """A run in a few numbers. Means are over neurons; None where no neuron has a value.

    Parameters
    ----------
    spikes, neurons, active : int
        Spikes, recorded neurons, and how many of those spiked at least once.
    mean_rate : float
        Over all recorded neurons, in Hz.
    mean_interval : float or None
        Over all interspike intervals, in ms.
    mean_cv : float or None
        Mean coefficient of variation of the intervals of a neuron, over neurons with at least
        three spikes in a trial.
    """

    spikes: int
    neurons: int
    active: int
    mean_rate: float
    mean_interval: float | None
    mean_cv: float | None

    def to_dict(self) -> dict[str, Any]:
        """A plain dictionary, for JSON."""
        return asdict(self)


def spike_statistics(spikes: Spikes) -> SpikeStatistics:
    """Statistics of one run."""
    gaps, _ = intervals(spikes)
    cv = interval_cv(spikes)
    cv = cv[np.isfinite(cv)]
    recorded = spikes.recorded
    return SpikeStatistics(
        spikes=len(spikes),
        neurons=int(recorded.size),
        active=int(np.count_nonzero(spikes.counts[recorded])),
        mean_rate=float(spikes.rates[recorded].mean()) if recorded.size else 0.0,
        mean_interval=float(gaps.mean()) if gaps.size else None,
        mean_cv=float(cv.mean()) if cv.size else None,
    )


def intervals(spikes: Spikes) -> tuple[Real, NDArray[np.int32]]:
    """All interspike intervals, and the neuron of each.

    Returns
    -------
    interval : float64 array, shape (m,)
        In ms. Never across trials.
    neuron : int32 array, shape (m,)
    """
    order = np.lexsort((spikes.step, spikes.neuron, spikes.trial))
    step, neuron, trial = spikes.step[order], spikes.neuron[order], spikes.trial[order]
    same = (neuron[1:] == neuron[:-1]) & (trial[1:] == trial[:-1])
    return np.diff(step)[same] * spikes.dt, neuron[1:][same]


def interval_cv(spikes: Spikes) -> Real:
    r"""Coefficient of variation of the intervals of each neuron, :math:`\sigma / \mu`.

    Uses the population standard deviation, as ``elephant.statistics.cv`` does, for all neurons
    at once.

    Returns
    -------
    float64 array, shape (size,)
        NaN for a neuron with fewer than two intervals.
    """
    gaps, neuron = intervals(spikes)
    n = np.bincount(neuron, minlength=spikes.size)
    enough = n >= 2
    divisor = np.where(enough, n, 1)
    mean = np.bincount(neuron, weights=gaps, minlength=spikes.size) / divisor
    squares = np.bincount(neuron, weights=(gaps - mean[neuron]) ** 2, minlength=spikes.size)
    cv = np.full(spikes.size, np.nan)
    np.divide(np.sqrt(squares / divisor), mean, out=cv, where=enough & (mean > 0))
    return cv


def population_rate(spikes: Spikes, bin_steps: int) -> tuple[Real, Real]:
    """Mean rate of the recorded neurons in bins of ``bin_steps`` steps.

    A last bin that is not full is normalised by its own length.

    Returns
    -------
    start : float64 array, shape (n_bins,)
        Start of each bin in ms.
    rate : float64 array, shape (n_bins,)
        In Hz per neuron.
    """
    edges = np.arange(0, spikes.n_steps, bin_steps)
    slot = np.clip((spikes.step - 1) // bin_steps, 0, None)
    counts = np.bincount(slot, minlength=edges.size)
    width = np.minimum(bin_steps, spikes.n_steps - edges) * spikes.dt * 1e-3
    neurons = max(1, spikes.recorded.size) * spikes.n_trials
    start = np.multiply(edges, spikes.dt, dtype=np.float64)
    return start, counts / (width * neurons)
