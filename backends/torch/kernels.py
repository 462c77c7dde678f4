"""Compiled products of sparse weights with signals, for the CPU.

Signals have one row a neuron and one column a run. Most entries of spikes are 0, and a source that
sends nothing costs nothing. Sums are taken over sources in ascending order, whatever the batch.
"""

from __future__ import annotations

__all__ = ["gather", "scatter"]

from typing import Any

import numba
import numpy as np

FEW = 4
"""Rows in which fewer than one in so many entries is not 0 go entry by entry."""


@numba.njit(cache=True, nogil=True, boundscheck=False)
def scatter(indptr: Any, target: Any, weight: Any, signal: Any, out: Any) -> None:
    """``out[target] += weight * signal[source]`` over all edges, by source."""
    n_batch = signal.shape[1]
    active = np.empty(n_batch, np.int64)
    for source in range(signal.shape[0]):
        first, last = indptr[source], indptr[source + 1]
        if first == last:
            continue
        count = 0
        for b in range(n_batch):
            if signal[source, b] != 0:
                active[count] = b
                count += 1
        if count == 0:
            continue
        if count * FEW <= n_batch:
            for k in range(count):
                b = active[k]
                value = signal[source, b]
                for e in range(first, last):
                    out[target[e], b] += weight[e] * value
        else:
            for e in range(first, last):
                w, row = weight[e], target[e]
                for b in range(n_batch):
                    out[row, b] += w * signal[source, b]


@numba.njit(cache=True, nogil=True, boundscheck=False)
def gather(
    indptr: Any,
    target: Any,
    weight: Any,
    signal: Any,
    grad: Any,
    of_signal: Any,
    of_weight: Any,
    wants_signal: bool,
    wants_weight: bool,
) -> None:
    """The gradients of :func:`scatter`: of the signal, and of the weight of every edge."""
    n_batch = grad.shape[1]
    active = np.empty(n_batch, np.int64)
    for source in range(signal.shape[0]):
        first, last = indptr[source], indptr[source + 1]
        if wants_signal:
            for e in range(first, last):
                w, row = weight[e], target[e]
                for b in range(n_batch):
                    of_signal[source, b] += w * grad[row, b]
        if not wants_weight or first == last:
            continue
        count = 0
        for b in range(n_batch):
            if signal[source, b] != 0:
                active[count] = b
                count += 1
        if count == 0:
            continue
        for e in range(first, last):
            row = target[e]
            total = of_weight[e]
            for k in range(count):
                total += grad[row, active[k]] * signal[source, active[k]]
            of_weight[e] = total
