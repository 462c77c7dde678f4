"""Target: the edges that weights are drawn for, and the sign that each must have."""

from __future__ import annotations

__all__ = ["Target", "edge_signs"]

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurobridge.errors import NetworkError
from neurobridge.graph.edges import Edges
from neurobridge.graph.projection import Projection
from neurobridge.rng import generator
from neurobridge.structure.structure import Structure

if TYPE_CHECKING:
    from collections.abc import Callable

Real = NDArray[np.float64]
Parts = list[tuple[str, NDArray[np.int64]]]


@dataclass(frozen=True, eq=False)
class Target:
    """Edges, the sign of each, and the blocks that have a random stream of their own.

    Parameters
    ----------
    edges : Edges
    sign : int8 array, shape (E,)
        +1 or -1: what the weight must be; 0: either.
    parts : list of (str, int64 array)
        Name of the stream, and edges of each block.
    seed : int
    structure : Structure, optional
        What the edges are from.
    """

    edges: Edges
    sign: NDArray[np.int8]
    parts: Parts
    seed: int
    structure: Structure | None = None

    @classmethod
    def of(cls, given: Any, sign: ArrayLike | None, seed: int | None) -> Target:
        """From what a user may give; see :meth:`Initialiser.weights`."""
        if isinstance(given, Structure):
            if sign is not None:
                raise NetworkError("weights: a structure has signs of its own; leave sign out")
            own = given.seed if seed is None else seed
            signs = given.sign[given.edges.pre]
            return cls(given.edges, signs, given.plan.parts(given.edges), own, given)
        if seed is None:
            raise NetworkError("weights: give a seed; only a structure has one of its own")
        edges = _edges(given)
        return cls(edges, edge_signs(edges, sign), [("", np.arange(edges.n_edges))], seed)

    @property
    def fan_in(self) -> NDArray[np.int64]:
        """Number of edges onto the postsynaptic neuron of each edge, int64 (E,)."""
        degree = np.diff(self.edges.indptr)
        return np.repeat(degree, degree)

    def draw(self, sample: Callable[[np.random.Generator, int], Real], name: str) -> Real:
        """Numbers for all edges, float64 (E,), each block from its own stream."""
        values = np.empty(self.edges.n_edges)
        for part, where in self.parts:
            rng = generator(self.seed, "structure.weights", f"{name} {part}")
            values[where] = sample(rng, where.size)
        return values

    def signed(self, values: Real) -> Real:
        """The values with the signs of the edges, where those are fixed."""
        return np.where(self.sign == 0, values, self.sign * np.abs(values))


def edge_signs(edges: Edges, sign: ArrayLike | None) -> NDArray[np.int8]:
    """Sign of every edge, int8 (E,): its own, else that of the presynaptic neuron, else 0."""
    if edges.sign is not None:
        return edges.sign
    if sign is None:
        return np.zeros(edges.n_edges, dtype=np.int8)
    array = np.asarray(sign)
    if array.shape != (edges.n_pre,):
        rows = edges.n_pre != edges.n_post and array.shape == (edges.n_post,)
        hint = "; these fit the rows: the mask is post x pre, so pass mask.T" if rows else ""
        raise NetworkError(
            f"sign: expected one for each of {edges.n_pre} presynaptic neurons (columns), got "
            f"shape {array.shape}{hint}"
        )
    if not np.isin(array, (-1, 0, 1)).all():
        raise NetworkError(f"sign: expected -1, 0 or 1, got {np.unique(array)[:8]}")
    return np.asarray(array, dtype=np.int8)[edges.pre]


def _edges(given: Any) -> Edges:
    if isinstance(given, Edges):
        return given
    if isinstance(given, Projection):
        return given.edges
    mask = np.asarray(given)
    if mask.ndim != 2 or mask.dtype != bool:
        raise NetworkError(
            "weights: expected a Structure, a Projection, Edges, or a mask, bool (n_post, n_pre), "
            f"got {type(given).__name__} of {mask.dtype} and shape {mask.shape}"
            + ("; matrix != 0 is its mask" if mask.ndim == 2 else "")
        )
    post, pre = np.nonzero(mask)
    return Edges.from_pairs(pre, post, mask.shape[1], mask.shape[0])[0]
