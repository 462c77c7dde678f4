"""Random inputs of neurons, drawn for each neuron from a stream of its own network."""

from __future__ import annotations

__all__ = ["distinct_inputs"]

import numpy as np
from numpy.typing import NDArray

from neurobridge.graph.edges import Edges


def distinct_inputs(
    rng: np.random.Generator, sources: NDArray[np.int32], n: int, in_degree: NDArray[np.int64]
) -> Edges:
    """Edges from different sources, chosen at random for each neuron.

    Parameters
    ----------
    rng : numpy.random.Generator
    sources : int32 array, shape (m,)
        Neurons to choose from, ascending.
    n : int
        Neurons in the population, which is its own target.
    in_degree : int64 array, shape (n,)
        How many each gets, at most ``m``.

    Returns
    -------
    Edges
        From the population to itself, one synapse each.
    """
    indptr = np.zeros(n + 1, dtype=np.int64)
    np.cumsum(in_degree, out=indptr[1:])
    pre = np.empty(int(indptr[-1]), dtype=np.int32)
    for neuron, degree in enumerate(in_degree):
        chosen = rng.choice(sources.size, int(degree), replace=False, shuffle=False)
        chosen.sort()
        pre[indptr[neuron] : indptr[neuron + 1]] = sources[chosen]
    return Edges(n, n, indptr, pre, count=np.ones(pre.size, dtype=np.uint16))
