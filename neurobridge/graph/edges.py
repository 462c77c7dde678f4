"""Edges: who connects to whom, as CSR by postsynaptic neuron."""

from __future__ import annotations

__all__ = ["Edges", "canonical_order"]

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurobridge.errors import NetworkError
from neurobridge.frozen import FrozenDict, frozen_array


def canonical_order(
    pre: NDArray[np.int32], post: NDArray[np.int32], n_pre: int
) -> NDArray[np.int64] | None:
    """The permutation that sorts edges by (post, pre), stable; None if they are sorted already."""
    key = post.astype(np.int64) * n_pre + pre
    steps = np.diff(key)
    if key.size < 2 or bool((steps >= 0).all()):
        return None
    order = np.argsort(key)  # the fast sort is not stable, which matters only for equal keys
    if bool((np.diff(key[order]) == 0).any()):
        order = np.argsort(key, kind="stable")
    return order


@dataclass(frozen=True)
class Edges:
    """Edges in canonical order (post, pre); parallel edges keep the order they came in.

    Parameters
    ----------
    n_pre, n_post : int
    indptr : int64 array, shape (n_post + 1,)
        The edges onto neuron ``j`` are ``indptr[j]:indptr[j + 1]``.
    pre : int32 array, shape (E,)
    count : uint16 or uint32 array, shape (E,), optional
        Synapses per edge: evidence, never changed.
    sign : int8 array, shape (E,), optional
        -1 or +1 per edge, where it differs from the sign of the presynaptic neuron.
    columns : mapping of str to array of shape (E,)
        Further columns, such as ``roi`` or a group of tied weights.
    """

    n_pre: int
    n_post: int
    indptr: NDArray[np.int64]
    pre: NDArray[np.int32]
    count: NDArray[np.uint16] | NDArray[np.uint32] | None = None
    sign: NDArray[np.int8] | None = None
    columns: FrozenDict[str, NDArray[Any]] = field(default_factory=FrozenDict)

    def __post_init__(self) -> None:
        freeze = object.__setattr__
        freeze(self, "indptr", frozen_array(self.indptr, np.int64))
        freeze(self, "pre", frozen_array(self.pre, np.int32))
        freeze(self, "columns", FrozenDict({k: frozen_array(v, None) for k, v in self.columns.items()}))
        if self.count is not None:
            freeze(self, "count", frozen_array(self.count, self.count.dtype))
        if self.sign is not None:
            freeze(self, "sign", frozen_array(self.sign, np.int8))
        self._check()

    def _check(self) -> None:
        n_edges = self.pre.size
        if self.indptr.shape != (self.n_post + 1,) or self.indptr[-1] != n_edges:
            raise NetworkError(
                f"edges: indptr must have shape ({self.n_post + 1},) and end with {n_edges}, "
                f"got shape {self.indptr.shape} ending with {self.indptr[-1:]}"
            )
        if n_edges and (self.pre.min() < 0 or self.pre.max() >= self.n_pre):
            raise NetworkError(
                f"edges: presynaptic indices must lie in 0..{self.n_pre - 1}, "
                f"got {self.pre.min()}..{self.pre.max()}"
            )
        parallel = {"count": self.count, "sign": self.sign, **self.columns}
        for name, array in parallel.items():
            if array is not None and array.shape != (n_edges,):
                raise NetworkError(
                    f"edges: {name!r} must have one value per edge, shape ({n_edges},), "
                    f"got {array.shape}"
                )

    @classmethod
    def from_pairs(
        cls,
        pre: ArrayLike,
        post: ArrayLike,
        n_pre: int,
        n_post: int,
        *,
        count: ArrayLike | None = None,
        sign: ArrayLike | None = None,
        columns: dict[str, ArrayLike] | None = None,
    ) -> tuple[Edges, NDArray[np.int64] | None]:
        """Edges from index pairs in any order.

        Returns
        -------
        edges : Edges
        order : int64 array (E,) or None
            ``array[order]`` brings an array given per pair into the order of the edges; None if
            it is in that order already.

        Raises
        ------
        NetworkError
            If lengths differ, an index is out of range or not an integer.
        """
        pre_, post_ = _indices(pre, n_pre, "pre"), _indices(post, n_post, "post")
        if pre_.shape != post_.shape:
            raise NetworkError(f"edges: pre has {pre_.size} entries, post has {post_.size}")
        order = canonical_order(pre_, post_, n_pre)
        sort = (lambda a: a) if order is None else (lambda a: a[order])
        counts = None if count is None else sort(_counts(count, pre_.size))
        signs = None if sign is None else sort(np.asarray(sign, dtype=np.int8))
        indptr = np.zeros(n_post + 1, dtype=np.int64)
        np.cumsum(np.bincount(post_, minlength=n_post), out=indptr[1:])
        extra = {k: sort(np.asarray(v)) for k, v in (columns or {}).items()}
        edges = cls(n_pre, n_post, indptr, sort(pre_), counts, signs, FrozenDict(extra))
        return edges, order

    @property
    def n_edges(self) -> int:
        """Number of edges."""
        return int(self.pre.size)

    @property
    def post(self) -> NDArray[np.int32]:
        """Postsynaptic index of every edge, int32 (E,); computed on each call."""
        return np.repeat(np.arange(self.n_post, dtype=np.int32), np.diff(self.indptr))

    def take(self, keep: NDArray[np.bool_]) -> Edges:
        """The edges where ``keep`` (bool, shape (E,)) is True."""
        kept_before = np.concatenate([[0], np.cumsum(keep)])
        return Edges(
            self.n_pre,
            self.n_post,
            kept_before[self.indptr],
            self.pre[keep],
            None if self.count is None else self.count[keep],
            None if self.sign is None else self.sign[keep],
            FrozenDict({k: v[keep] for k, v in self.columns.items()}),
        )

    def restrict(self, pre: NDArray[np.int32], post: NDArray[np.int32]) -> tuple[Edges, NDArray[np.bool_]]:
        """Edges among subsets of neurons (ascending indices), renumbered, and which were kept."""
        new_pre = np.full(self.n_pre, -1, dtype=np.int32)
        new_pre[pre] = np.arange(pre.size, dtype=np.int32)
        in_post = np.zeros(self.n_post, dtype=bool)
        in_post[post] = True
        keep = (new_pre[self.pre] >= 0) & np.repeat(in_post, np.diff(self.indptr))
        kept = self.take(keep)
        rows = np.diff(kept.indptr)[post]
        indptr = np.concatenate([[0], np.cumsum(rows)])
        edges = Edges(
            pre.size, post.size, indptr, new_pre[kept.pre], kept.count, kept.sign, kept.columns
        )
        return edges, keep


def _indices(values: ArrayLike, size: int, side: str) -> NDArray[np.int32]:
    array = np.asarray(values)
    if array.size == 0:
        return np.zeros(0, dtype=np.int32)
    if array.ndim != 1 or array.dtype.kind not in "iu":
        raise NetworkError(
            f"edges: {side} must be a flat array of integer indices, got {array.dtype} of shape "
            f"{array.shape}"
        )
    if array.min() < 0 or array.max() >= size:
        bad = int(np.flatnonzero((array < 0) | (array >= size))[0])
        raise NetworkError(
            f"edges: {side}[{bad}] = {array[bad]} names a neuron that does not exist; the "
            f"population has {size} neurons, 0..{size - 1}"
        )
    return array.astype(np.int32, copy=False)


def _counts(count: ArrayLike, n_edges: int) -> NDArray[Any]:
    array = np.asarray(count)
    if array.shape != (n_edges,):
        raise NetworkError(f"edges: count has shape {array.shape}, expected ({n_edges},)")
    if array.dtype.kind == "f":
        if not np.isfinite(array).all() or (array != np.floor(array)).any():
            bad = int(np.flatnonzero(~(np.isfinite(array) & (array == np.floor(array))))[0])
            raise NetworkError(f"edges: count[{bad}] = {array[bad]} is not a whole number")
    if array.size and array.min() < 0:
        raise NetworkError(f"edges: count[{int(array.argmin())}] = {array.min()} is negative")
    top = int(array.max()) if array.size else 0
    if top >= 2**32:
        raise NetworkError(f"edges: count {top} is larger than any synapse count can be")
    return array.astype(np.uint16 if top < 2**16 else np.uint32, copy=False)
