"""Edges as the dense matrices that NIR has, and back: a zero is no edge."""

from __future__ import annotations

__all__ = ["LARGEST", "dense_bytes", "from_dense", "to_dense"]

import numpy as np
from numpy.typing import NDArray

from neurobridge.graph.edges import Edges

Real = NDArray[np.float64]

LARGEST = 5_000 * 5_000
"""Most entries of one weight matrix: 200 MB in float64."""


def dense_bytes(n_post: int, n_pre: int) -> int:
    """Memory of a matrix of float64."""
    return 8 * n_post * n_pre


def to_dense(edges: Edges, weights: Real, n_columns: int, first: int) -> Real:
    """Weights (E,) as a matrix (n_post, n_columns); presynaptic neuron 0 has column ``first``.

    Parallel edges add up.
    """
    dense = np.zeros((edges.n_post, n_columns))
    np.add.at(dense, (edges.post, edges.pre.astype(np.int64) + first), weights)
    return dense


def from_dense(dense: Real) -> tuple[Edges, Real]:
    """The edges of a matrix (n_post, n_pre), and their weights (E,)."""
    n_post, n_pre = dense.shape
    post, pre = np.nonzero(dense)
    edges, _ = Edges.from_pairs(pre, post, n_pre, n_post)
    return edges, dense[post, pre]
