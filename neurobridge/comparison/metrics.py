"""All that is measured between the spikes of two runs."""

from __future__ import annotations

__all__ = ["MAX_LAG", "TOLERANCES", "SpikeMetrics", "correlation", "cosine", "spike_metrics"]

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurobridge.comparison.distances import TrainDistances, train_distances
from neurobridge.comparison.divergence import Divergence, first_divergence
from neurobridge.comparison.overlap import BestLag, best_lag, jaccard, matched_spikes
from neurobridge.comparison.statistics import intervals
from neurobridge.errors import NetworkError
from neurobridge.recording import Spikes

TOLERANCES = (0, 1, 2)
"""Steps within which two spikes count as the same."""

MAX_LAG = 50
"""Largest shift in steps that is tried."""


@dataclass(frozen=True)
class SpikeMetrics:
    """Spikes of one run against the reference. None where a number is not defined.

    Parameters
    ----------
    identical : bool
        Every spike has the same neuron, step and trial.
    reference_spikes, spikes : int
    count_difference : float or None
        ``(spikes - reference_spikes) / reference_spikes``; None if the reference is silent and
        the other is not.
    overlap : mapping of int to float or None
        Jaccard index of (neuron, step) pairs, matched one to one, by tolerance in steps.
    lag : BestLag or None
        The shift at which most spikes coincide.
    rate_correlation, rate_cosine : float or None
        Pearson correlation and cosine of the spike counts of all recorded neurons.
    interval_ks : float or None
        Kolmogorov-Smirnov distance between the pooled interspike intervals.
    divergence : Divergence or None
        The first spike that only one run has.
    distances : TrainDistances or None
        Distances by elephant and pyspike, if they were asked for.
    """

    identical: bool
    reference_spikes: int
    spikes: int
    count_difference: float | None
    overlap: Mapping[int, float | None]
    lag: BestLag | None
    rate_correlation: float | None
    rate_cosine: float | None
    interval_ks: float | None
    divergence: Divergence | None
    distances: TrainDistances | None = None

    def to_dict(self) -> dict[str, Any]:
        """A plain dictionary, for JSON."""
        values = asdict(self)
        return {**values, "overlap": {str(k): v for k, v in self.overlap.items()}}


def spike_metrics(reference: Spikes, other: Spikes, distances: bool = False) -> SpikeMetrics:
    """Measure ``other`` against ``reference``.

    Parameters
    ----------
    reference, other : Spikes
        Of the same neurons, at the same dt, of the same length.
    distances : bool
        Also compute the spike train distances of elephant and pyspike, on a sample of neurons.

    Raises
    ------
    NetworkError
        If the two cannot be compared: another size, other recorded neurons, another dt or length.
    """
    _comparable(reference, other)
    n_reference, n_other = len(reference), len(other)
    counts = reference.counts[reference.recorded], other.counts[other.recorded]
    overlap = {
        tolerance: jaccard(matched_spikes(reference, other, tolerance), n_reference, n_other)
        for tolerance in TOLERANCES
    }
    return SpikeMetrics(
        identical=reference.same_as(other),
        reference_spikes=n_reference,
        spikes=n_other,
        count_difference=_relative(n_reference, n_other),
        overlap=overlap,
        lag=best_lag(reference, other, MAX_LAG),
        rate_correlation=correlation(*counts),
        rate_cosine=cosine(*counts),
        interval_ks=_interval_ks(reference, other),
        divergence=first_divergence(reference, other),
        distances=train_distances(reference, other) if distances else None,
    )


def correlation(a: NDArray[np.int64], b: NDArray[np.int64]) -> float | None:
    """Pearson correlation; 1 for equal arrays, None if either does not vary."""
    if a.size and np.array_equal(a, b) and a.any():
        return 1.0
    if a.size < 2 or np.ptp(a) == 0 or np.ptp(b) == 0:
        return None
    return float(np.corrcoef(a, b)[0, 1])


def cosine(a: NDArray[np.int64], b: NDArray[np.int64]) -> float | None:
    """Cosine of the angle between two arrays; None if either is all zero."""
    x, y = a.astype(np.float64), b.astype(np.float64)
    norm = np.sqrt((x @ x) * (y @ y))
    return float(x @ y / norm) if norm else None


def _relative(reference: int, other: int) -> float | None:
    if reference == other:
        return 0.0
    return (other - reference) / reference if reference else None


def _interval_ks(reference: Spikes, other: Spikes) -> float | None:
    """Largest gap between the two cumulative distributions of intervals."""
    a, b = (np.sort(intervals(s)[0]) for s in (reference, other))
    if not a.size or not b.size:
        return None
    at = np.concatenate([a, b])
    below = [np.searchsorted(x, at, side="right") / x.size for x in (a, b)]
    return float(np.abs(below[0] - below[1]).max())


def _comparable(reference: Spikes, other: Spikes) -> None:
    for what, expected, got in (
        ("number of neurons", reference.size, other.size),
        ("time step in ms", reference.dt, other.dt),
        ("number of steps", reference.n_steps, other.n_steps),
    ):
        if expected != got:
            raise NetworkError(
                f"cannot compare spikes: expected the {what} of the reference, {expected}, got "
                f"{got}; run both with one network, one dt and one duration"
            )
    if not np.array_equal(reference.recorded, other.recorded):
        raise NetworkError(
            f"cannot compare spikes: the reference recorded {reference.recorded.size} neurons, "
            f"this run {other.recorded.size}, and not the same ones; use one spike probe for both"
        )
