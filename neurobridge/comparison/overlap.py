"""How many spikes of two runs are the same spike, exactly or within a few steps."""

from __future__ import annotations

__all__ = ["BestLag", "best_lag", "jaccard", "matched_spikes", "shared_spikes"]

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurobridge.recording import Spikes

Int = NDArray[np.int64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class BestLag:
    """The shift in time at which most spikes coincide exactly.

    Parameters
    ----------
    steps : int
        Positive if the other run is late.
    coincidences : int
        Spikes that coincide at this shift.
    overlap : float
        Jaccard index at this shift.
    """

    steps: int
    coincidences: int
    overlap: float


def matched_spikes(reference: Spikes, other: Spikes, tolerance: int) -> int:
    """Size of the largest one-to-one matching of spikes of the same neuron and trial.

    Two spikes may be matched if they are at most ``tolerance`` steps apart. Every spike is in one
    pair at most, so a burst against a single spike counts once. Taking the earliest admissible
    pair first is optimal for points on a line; time is cut wherever no spike lies within the
    tolerance of the next, and all pieces advance together.

    Parameters
    ----------
    reference, other : Spikes
        Of populations of the same size.
    tolerance : int
        In steps, at least 0.
    """
    a, b = _sorted_keys(reference, other, margin=tolerance)
    if not a.size or not b.size:
        return 0
    i, i_end, j, j_end = _pieces(a, b, tolerance)
    matched = 0
    while True:
        alive = (i < i_end) & (j < j_end)
        i, i_end, j, j_end = i[alive], i_end[alive], j[alive], j_end[alive]
        if not i.size:
            return matched
        gap = b[j] - a[i]
        hit = np.abs(gap) <= tolerance
        matched += int(np.count_nonzero(hit))
        i = i + (hit | (gap > 0))
        j = j + (hit | (gap < 0))


def shared_spikes(reference: Spikes, other: Spikes) -> tuple[Mask, Mask]:
    """Which spikes of each run the other has too, at exactly the same step.

    Returns
    -------
    in_other : bool array, shape (len(reference),)
    in_reference : bool array, shape (len(other),)
    """
    a, b = _keys(reference, other, margin=0)
    return np.isin(a, b), np.isin(b, a)


def jaccard(matched: int, reference: int, other: int) -> float | None:
    """Matched spikes over spikes in either run; None if there are no spikes at all."""
    either = reference + other - matched
    return matched / either if either else None


def best_lag(reference: Spikes, other: Spikes, max_lag: int) -> BestLag | None:
    """Shift within ``max_lag`` steps at which most spikes coincide; None if none ever do.

    Of shifts that are equally good the smallest is taken. A backend that stamps spikes one step
    late shows an overlap of 0 and a best lag of 1 with an overlap of 1.
    """
    a, b = _sorted_keys(reference, other, margin=max_lag)
    counts = _coincidences(a, b, max_lag)
    if not counts.any():
        return None
    lags = np.arange(-max_lag, max_lag + 1)
    best = int(np.lexsort((np.abs(lags), -counts))[0])
    n = int(counts[best])
    return BestLag(int(lags[best]), n, n / (a.size + b.size - n))


def _sorted_keys(reference: Spikes, other: Spikes, margin: int) -> tuple[Int, Int]:
    a, b = _keys(reference, other, margin)
    return np.sort(a), np.sort(b)


def _keys(reference: Spikes, other: Spikes, margin: int) -> tuple[Int, Int]:
    """One integer per spike; keys of two neurons or trials differ by more than ``margin``."""
    last = max((int(s.step.max()) for s in (reference, other) if len(s)), default=0)
    width = last + 1 + margin
    size = max(reference.size, other.size)

    def keys(spikes: Spikes) -> Int:
        train = spikes.trial.astype(np.int64) * size + spikes.neuron
        return train * width + spikes.step

    return keys(reference), keys(other)


def _pieces(a: Int, b: Int, tolerance: int) -> tuple[Int, Int, Int, Int]:
    """First and end index in ``a`` and ``b`` of every stretch that can be matched on its own."""
    merged = np.sort(np.concatenate([a, b]), kind="stable")
    first = np.concatenate([merged[:1], merged[1:][np.diff(merged) > tolerance]])
    i, j = np.searchsorted(a, first), np.searchsorted(b, first)
    return i, np.append(i[1:], a.size), j, np.append(j[1:], b.size)


def _coincidences(a: Int, b: Int, max_lag: int) -> Int:
    """Pairs with ``b - a`` equal to each lag, shape (2 max_lag + 1,)."""
    first = np.searchsorted(b, a - max_lag, side="left")
    pairs = np.searchsorted(b, a + max_lag, side="right") - first
    counts = np.zeros(2 * max_lag + 1, dtype=np.int64)
    for k in range(int(pairs.max(initial=0))):
        has = pairs > k
        counts += np.bincount(b[first[has] + k] - a[has] + max_lag, minlength=counts.size)
    return counts
