"""Compiled delivery over edges: spikes and signals forward, gradients backward.

Arrays of signals have one row a neuron and one column a run of the batch. What is under way is a
ring of ``depth`` such arrays, stacked: row ``slot*n + neuron``. ``delay`` has one entry an edge, or
one for all. Every sum is taken over the sources in ascending order, by whichever function, so that
results do not depend on which one was quicker.
"""

from __future__ import annotations

__all__ = [
    "add_events",
    "gather_signal",
    "gather_spikes",
    "pull_signal",
    "pull_spikes",
    "push_spikes",
    "spiking",
]

from typing import Any

import numpy as np
from numba import njit

FIRES_OF_EIGHT = 0x0404040404040404
"""Where eight flags in a row say that a neuron spikes."""


@njit(cache=True, nogil=True, boundscheck=False, error_model="numpy")
def spiking(flags: Any, words: Any, out: Any) -> Any:
    """Positions whose flag has the third bit set, in ascending order; returns how many.

    ``flags`` uint8 (a multiple of 8), ``words`` the same memory as uint64.
    """
    found = 0
    mask = np.uint64(FIRES_OF_EIGHT)
    for word in range(words.size):
        if words[word] & mask:
            for i in range(8 * word, 8 * word + 8):
                if flags[i] & 4:
                    out[found] = i
                    found += 1
    return found


@njit(cache=True, nogil=True, boundscheck=False, error_model="numpy")
def add_events(position: Any, value: Any, out: Any) -> None:
    """``out[position] += value``."""
    for k in range(position.size):
        out[position[k]] += value[k]


@njit(cache=True, nogil=True, boundscheck=False, error_model="numpy", inline="always")
def _offset(now: Any, delay: Any, depth: Any, n: Any) -> Any:
    """First row of the slot that is ``delay`` steps after slot ``now``."""
    slot = now + delay
    return (slot - depth if slot >= depth else slot) * n


@njit(cache=True, nogil=True, boundscheck=False, error_model="numpy", inline="always")
def _end(spikes: Any, k: Any, after: Any) -> Any:
    """First position from ``k`` on that is not below ``after``."""
    end = k + 1
    while end < spikes.size and spikes[end] < after:
        end += 1
    return end


@njit(cache=True, nogil=True, boundscheck=False, error_model="numpy")
def push_spikes(
    spikes: Any, indptr: Any, target: Any, weight: Any, delay: Any, now: Any, depth: Any, ring: Any
) -> None:
    """Add the weights of all edges that leave spikes to the ring; edges by source.

    ``spikes`` are positions ``neuron*n_batch + run`` in ascending order. Most are the only one of
    their neuron.
    """
    n_batch, n = ring.shape[1], ring.shape[0] // depth
    per_edge, flat = int(delay.size > 1), ring.reshape(-1)
    base = _offset(now, delay[0], depth, n)
    k = 0
    while k < spikes.size:
        source = spikes[k] // n_batch
        first = source * n_batch
        end = _end(spikes, k, first + n_batch)
        if end == k + 1 and not per_edge:
            at = base * n_batch + spikes[k] - first
            for e in range(indptr[source], indptr[source + 1]):
                flat[at + target[e] * n_batch] += weight[e]
        else:
            for e in range(indptr[source], indptr[source + 1]):
                if per_edge:
                    base = _offset(now, delay[e], depth, n)
                at, w = (base + target[e]) * n_batch - first, weight[e]
                for j in range(k, end):
                    flat[at + spikes[j]] += w
        k = end


@njit(cache=True, nogil=True, boundscheck=False, error_model="numpy")
def pull_spikes(
    spikes: Any, indptr: Any, source: Any, weight: Any, delay: Any, now: Any, depth: Any, ring: Any
) -> None:
    """The same where many spike: ``spikes`` (sources, n_batch) are 0 or 1, edges by target."""
    n_batch, n = ring.shape[1], ring.shape[0] // depth
    per_edge = int(delay.size > 1)
    for target in range(n):
        for e in range(indptr[target], indptr[target + 1]):
            out = ring[target + _offset(now, delay[e * per_edge], depth, n)]
            w, row = weight[e], spikes[source[e]]
            for b in range(n_batch):
                out[b] += w * row[b]


@njit(cache=True, nogil=True, boundscheck=False, error_model="numpy")
def pull_signal(
    signals: Any, now: Any, indptr: Any, source: Any, weight: Any, delay: Any, out: Any
) -> None:
    """``out[target] += weight * signal[source]`` with the signal of ``delay`` steps ago.

    ``signals`` (steps, sources, n_batch), of which ``now`` is the row of this step.
    """
    n_batch, per_edge = out.shape[1], int(delay.size > 1)
    for target in range(out.shape[0]):
        total = out[target]
        e, last = indptr[target], indptr[target + 1]
        while e + 4 <= last:
            w0, w1, w2, w3 = weight[e], weight[e + 1], weight[e + 2], weight[e + 3]
            r0 = signals[now - delay[e * per_edge], source[e]]
            r1 = signals[now - delay[(e + 1) * per_edge], source[e + 1]]
            r2 = signals[now - delay[(e + 2) * per_edge], source[e + 2]]
            r3 = signals[now - delay[(e + 3) * per_edge], source[e + 3]]
            for b in range(n_batch):
                total[b] = (((total[b] + w0 * r0[b]) + w1 * r1[b]) + w2 * r2[b]) + w3 * r3[b]
            e += 4
        while e < last:
            w0, r0 = weight[e], signals[now - delay[e * per_edge], source[e]]
            for b in range(n_batch):
                total[b] += w0 * r0[b]
            e += 1


@njit(cache=True, nogil=True, boundscheck=False, error_model="numpy")
def _pull_back(
    first: Any, last: Any, target: Any, weight: Any, delay: Any, per_edge: Any, now: Any,
    depth: Any, n: Any, grad: Any, total: Any,
) -> None:  # fmt: skip
    """``total += weight * grad[target]`` over the edges of one source."""
    e = first
    while e + 4 <= last:
        w0, w1, w2, w3 = weight[e], weight[e + 1], weight[e + 2], weight[e + 3]
        r0 = grad[target[e] + _offset(now, delay[e * per_edge], depth, n)]
        r1 = grad[target[e + 1] + _offset(now, delay[(e + 1) * per_edge], depth, n)]
        r2 = grad[target[e + 2] + _offset(now, delay[(e + 2) * per_edge], depth, n)]
        r3 = grad[target[e + 3] + _offset(now, delay[(e + 3) * per_edge], depth, n)]
        for b in range(total.size):
            total[b] = (((total[b] + w0 * r0[b]) + w1 * r1[b]) + w2 * r2[b]) + w3 * r3[b]
        e += 4
    while e < last:
        w0, r0 = weight[e], grad[target[e] + _offset(now, delay[e * per_edge], depth, n)]
        for b in range(total.size):
            total[b] += w0 * r0[b]
        e += 1


@njit(cache=True, nogil=True, boundscheck=False, error_model="numpy")
def gather_spikes(
    spikes: Any, indptr: Any, target: Any, weight: Any, delay: Any, now: Any, depth: Any,
    grad: Any, of_spikes: Any, of_weight: Any,
) -> None:  # fmt: skip
    """Gradients of :func:`push_spikes`, from that of the ring.

    Adds to ``of_spikes`` (sources, n_batch), unless it has no rows, and to ``of_weight`` (edges by
    source), unless it is empty.
    """
    n_batch, n = grad.shape[1], grad.shape[0] // depth
    per_edge = int(delay.size > 1)
    for source in range(of_spikes.shape[0]):
        first, last = indptr[source], indptr[source + 1]
        _pull_back(
            first, last, target, weight, delay, per_edge, now, depth, n, grad, of_spikes[source]
        )
    flat = grad.reshape(-1)
    k = 0
    while k < spikes.size and of_weight.size:
        source = spikes[k] // n_batch
        first = source * n_batch
        end = _end(spikes, k, first + n_batch)
        for e in range(indptr[source], indptr[source + 1]):
            base = _offset(now, delay[e * per_edge], depth, n)
            at, total = (base + target[e]) * n_batch - first, of_weight[e]
            for j in range(k, end):
                total += flat[at + spikes[j]]
            of_weight[e] = total
        k = end


@njit(cache=True, nogil=True, boundscheck=False, error_model="numpy", fastmath={"reassoc"})
def _dot(a: Any, b: Any) -> Any:
    total = a[0] * b[0]
    for i in range(1, a.size):
        total += a[i] * b[i]
    return total


@njit(cache=True, nogil=True, boundscheck=False, error_model="numpy")
def gather_signal(
    signal: Any, indptr: Any, target: Any, weight: Any, delay: Any, now: Any, depth: Any,
    grad: Any, of_signal: Any, of_weight: Any,
) -> None:  # fmt: skip
    """Gradients of :func:`pull_signal`, from that of what arrives now and in the steps to come.

    Adds to ``of_signal`` (sources, n_batch), and to ``of_weight`` (edges by source) unless it is
    empty.
    """
    n, per_edge = grad.shape[0] // depth, int(delay.size > 1)
    for source in range(of_signal.shape[0]):
        first, last = indptr[source], indptr[source + 1]
        _pull_back(
            first, last, target, weight, delay, per_edge, now, depth, n, grad, of_signal[source]
        )
        if of_weight.size:
            own = signal[source]
            for e in range(first, last):
                row = grad[target[e] + _offset(now, delay[e * per_edge], depth, n)]
                of_weight[e] += _dot(row, own)
