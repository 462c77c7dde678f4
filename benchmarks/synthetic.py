"""A random graph with the size, the degrees and the synapse counts of the fly's connectome.

Degrees are log-normal with a cap (a configuration model), counts are log-normal and rounded up.
The numbers behind the shapes: FlyWire 783 has 138,639 neurons with 15,091,983 edges, 54,492,922
synapses and up to 9,615 targets (Shiu et al. 2024, doi:10.1038/s41586-024-07763-9); 17.9 % of the
edges have five synapses or more (Dorkenwald et al. 2024, doi:10.1038/s41586-024-07558-y).
"""

from __future__ import annotations

__all__ = ["ALL_EDGES", "FIVE_SYNAPSES", "SMALL", "Graph", "Shape", "synthetic_graph"]

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurobridge.rng import generator


@dataclass(frozen=True)
class Shape:
    """What a graph is to be like.

    Parameters
    ----------
    n, n_edges : int
    max_degree : int
        Largest out-degree and in-degree, met within a tenth, for doubled pairs are drawn again.
    degree_sigma : float
        Standard deviation of the logarithm of the degrees.
    count_mu, count_sigma : float
        Mean and standard deviation of the logarithm of the synapse count before rounding up.
    min_count, max_count : int
    inhibitory : float
        Fraction of neurons with sign -1.
    """

    n: int
    n_edges: int
    max_degree: int
    degree_sigma: float
    count_mu: float
    count_sigma: float
    min_count: int
    max_count: int
    inhibitory: float = 0.4


ALL_EDGES = Shape(138_639, 15_091_983, 9_615, 1.08, 0.01, 1.5, 1, 2_058)
FIVE_SYNAPSES = Shape(133_436, 2_309_630, 2_799, 1.08, 2.2, 0.66, 5, 2_058)
SMALL = Shape(5_000, 100_000, 400, 1.08, 2.2, 0.66, 5, 2_058)


@dataclass(frozen=True)
class Graph:
    """Edges sorted by (post, pre), without self-loops or parallel ones; ``sign`` is per neuron."""

    pre: NDArray[np.int32]
    post: NDArray[np.int32]
    count: NDArray[np.uint16]
    sign: NDArray[np.int8]


def synthetic_graph(shape: Shape, seed: int = 1) -> Graph:
    """A graph of a shape; the same one for the same seed."""
    rng = generator(seed, "weights", f"synthetic graph {shape.n}")
    out_degree, in_degree = _degrees(shape, rng), _degrees(shape, rng)
    key = _pairs(shape, rng, out_degree, in_degree)
    count = np.ceil(np.exp(rng.normal(shape.count_mu, shape.count_sigma, shape.n_edges)))
    sign = np.where(rng.random(shape.n) < shape.inhibitory, -1, 1)
    return Graph(
        pre=(key % shape.n).astype(np.int32),
        post=(key // shape.n).astype(np.int32),
        count=np.clip(count, shape.min_count, shape.max_count).astype(np.uint16),
        sign=sign.astype(np.int8),
    )


def _degrees(shape: Shape, rng: np.random.Generator) -> NDArray[np.int64]:
    """Log-normal degrees that sum to about the number of edges; the largest is the cap."""
    wish = rng.lognormal(0.0, shape.degree_sigma, shape.n)
    wish *= shape.n_edges / wish.sum()
    degree = np.minimum(np.rint(wish), shape.max_degree).astype(np.int64)
    degree[degree.argmax()] = shape.max_degree
    return degree


def _pairs(
    shape: Shape,
    rng: np.random.Generator,
    out_degree: NDArray[np.int64],
    in_degree: NDArray[np.int64],
) -> NDArray[np.int64]:
    """Distinct ``post * n + pre``, sorted: stubs are joined at random until there are enough."""
    index = np.arange(shape.n)
    key = np.empty(0, np.int64)
    while key.size < shape.n_edges:
        sources, targets = np.repeat(index, out_degree), np.repeat(index, in_degree)
        rng.shuffle(targets)
        size = min(sources.size, targets.size)
        pre, post = rng.permutation(sources)[:size], targets[:size]
        drawn = (post * shape.n + pre)[pre != post][: 2 * (shape.n_edges - key.size)]
        key = np.unique(np.concatenate([key, drawn]))
    return np.delete(key, rng.choice(key.size, key.size - shape.n_edges, replace=False))
