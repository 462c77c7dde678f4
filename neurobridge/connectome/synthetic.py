"""A random graph with the size, the degrees and the synapse counts of the fly's connectome.

Degrees are log-normal with a cap (a configuration model), counts are log-normal and rounded up.
There is no structure beyond that: no reciprocity, no cell types, no regions. It is for speed and
memory, and for code that must not need data; it is not data.

The numbers behind the shapes: FlyWire 783 has 138,639 neurons with 15,091,983 edges, 54,492,922
synapses and up to 9,615 targets (Shiu et al. 2024, doi:10.1038/s41586-024-07763-9); 17.9 % of the
edges have five synapses or more (Dorkenwald et al. 2024, doi:10.1038/s41586-024-07558-y).
"""

from __future__ import annotations

__all__ = ["SHAPES", "Graph", "Shape", "synthetic_graph"]

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from neurobridge.rng import generator

_BLOCK = 1 << 20
_SURPLUS = 1.1
"""How many more edges are drawn than are lacking, since some of them exist already."""


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


SHAPES: Mapping[str, Shape] = MappingProxyType(
    {
        "flywire783": Shape(138_639, 15_091_983, 9_615, 1.08, 0.01, 1.5, 1, 2_058),
        "flywire783_5": Shape(133_436, 2_309_630, 2_799, 1.08, 2.2, 0.66, 5, 2_058),
        "small": Shape(5_000, 100_000, 400, 1.08, 2.2, 0.66, 5, 2_058),
    }
)
"""FlyWire 783 with all edges, with those of five synapses or more, and a small one like that."""


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
    post = np.empty(key.size, dtype=np.int32)
    np.floor_divide(key, shape.n, out=post, casting="unsafe")
    pre = np.empty(key.size, dtype=np.int32)
    np.subtract(key, np.multiply(post, shape.n, dtype=np.int64), out=pre, casting="unsafe")
    del key
    sign = np.where(rng.random(shape.n) < shape.inhibitory, -1, 1).astype(np.int8)
    return Graph(pre, post, _counts(shape, rng), sign)


def _degrees(shape: Shape, rng: np.random.Generator) -> NDArray[np.int64]:
    """Log-normal degrees that sum to about the number of edges; the largest is the cap."""
    wish = rng.lognormal(0.0, shape.degree_sigma, shape.n)
    wish *= shape.n_edges / wish.sum()
    degree: NDArray[np.int64] = np.minimum(np.rint(wish), shape.max_degree).astype(np.int64)
    degree[degree.argmax()] = shape.max_degree
    return degree


def _pairs(
    shape: Shape,
    rng: np.random.Generator,
    out_degree: NDArray[np.int64],
    in_degree: NDArray[np.int64],
) -> NDArray[np.int64]:
    """Distinct ``post * n + pre``, sorted: all stubs are joined, then some again until enough."""
    index = np.arange(shape.n, dtype=np.int32)
    sources, targets = np.repeat(index, out_degree), np.repeat(index, in_degree)
    rng.shuffle(sources)
    rng.shuffle(targets)
    size = min(sources.size, targets.size)
    key = _distinct(shape.n, sources[:size], targets[:size])
    while key.size < shape.n_edges:
        more = int(_SURPLUS * (shape.n_edges - key.size)) + 100
        pre = sources[rng.integers(sources.size, size=more)]
        post = targets[rng.integers(targets.size, size=more)]
        drawn = _distinct(shape.n, pre, post)
        at = np.searchsorted(key, drawn)
        new = key[np.minimum(at, key.size - 1)] != drawn
        key = np.insert(key, at[new], drawn[new])
    return np.delete(key, rng.choice(key.size, key.size - shape.n_edges, replace=False))


def _distinct(n: int, pre: NDArray[np.int32], post: NDArray[np.int32]) -> NDArray[np.int64]:
    """Sorted ``post * n + pre`` without self-loops and repetitions."""
    key: NDArray[np.int64] = np.multiply(post, n, dtype=np.int64)
    key += pre
    key = key[pre != post]
    key.sort()
    distinct: NDArray[np.int64] = key[np.concatenate([[True], key[1:] != key[:-1]])]
    return distinct


def _counts(shape: Shape, rng: np.random.Generator) -> NDArray[np.uint16]:
    """Synapses of every edge, block by block."""
    count = np.empty(shape.n_edges, dtype=np.uint16)
    for start in range(0, shape.n_edges, _BLOCK):
        block = count[start : start + _BLOCK]
        drawn = rng.normal(shape.count_mu, shape.count_sigma, block.size)
        np.ceil(np.exp(drawn, out=drawn), out=drawn)
        block[:] = np.clip(drawn, shape.min_count, shape.max_count)
    return count
