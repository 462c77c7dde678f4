"""Products with the coupling matrix, and factorisations of a frame, in compiled code."""

from __future__ import annotations

__all__ = [
    "edges_times_vector",
    "row_order",
    "shifted",
    "unpivoted",
]

from typing import Any

import numpy as np
from numba import njit


@njit(cache=True, nogil=True, error_model="numpy", boundscheck=False)
def edges_times_vector(indptr: Any, source: Any, weight: Any, signal: Any, out: Any) -> None:
    """``out = W signal`` over edges by target."""
    for target in range(out.size):
        total = 0.0
        for e in range(indptr[target], indptr[target + 1]):
            total += weight[e] * signal[source[e]]
        out[target] = total


@njit(cache=True, nogil=True, error_model="numpy", boundscheck=False)
def unpivoted(rows: Any, order: Any, out: Any) -> None:
    """The unit lower trapezoid of an LU factorisation with its rows in their old order.

    ``rows`` (k, N) is the factorised matrix, transposed; ``order`` (N,) where each row comes from.
    """
    k, n = rows.shape
    for j in range(k):
        for i in range(n):
            value = rows[j, i]
            if i < j:
                value = 0
            elif i == j:
                value = 1
            out[j, order[i]] = value


@njit(cache=True, nogil=True, error_model="numpy", boundscheck=False)
def row_order(pivots: Any, n: Any) -> Any:
    """Where each row of a factorised matrix comes from, by LAPACK's list of exchanges."""
    order = np.arange(n)
    for i in range(pivots.size):
        j = pivots[i]
        order[i], order[j] = order[j], order[i]
    return order


@njit(cache=True, nogil=True, error_model="numpy", boundscheck=False)
def shifted(out: Any, base: Any, factor: Any, direction: Any) -> None:
    """``out = base + factor*direction``."""
    for i in range(out.size):
        out[i] = base[i] + factor * direction[i]
