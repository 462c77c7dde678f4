"""Edges: who connects to whom, as CSR by postsynaptic neuron."""

from __future__ import annotations

__all__ = ["Edges", "canonical_order"]

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurobridge.content import ByContent
from neurobridge.errors import NetworkError
from neurobridge.frozen import FrozenDict, frozen_array, owned


def canonical_order(
    pre: NDArray[np.int32], post: NDArray[np.int32], n_pre: int
) -> NDArray[np.int64] | None:
    """The permutation that sorts edges by (post, pre), stable; None if they are sorted already."""
    key = post.astype(np.int64)
    key *= n_pre
    key += pre
    if bool((key[1:] >= key[:-1]).all()):
        return None
    bits = int(key.size - 1).bit_length()
    if int(key.max()).bit_length() + bits > 63:
        return np.argsort(key, kind="stable")
    # Position and key in one number: one sort of plain integers, several times faster than argsort.
    key <<= bits
    key += np.arange(key.size)
    key.sort()
    key &= (1 << bits) - 1
    return key


@dataclass(frozen=True, eq=False)
class Edges(ByContent):
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
        -1 or +1 (0: unknown) per edge, where it differs from the sign of the presynaptic neuron.
    columns : mapping of str to array of shape (E,)
        Further columns of numbers or fixed-width text, such as a group of tied weights.

    Raises
    ------
    NetworkError
        If shapes differ, an index names no neuron, the order is not canonical, or a count or a
        sign is not one.
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
        for name, dtype in (("indptr", np.int64), ("pre", np.int32)):
            freeze(self, name, frozen_array(_integers(getattr(self, name), name), dtype))
        freeze(self, "columns", FrozenDict({k: _column(v, k) for k, v in self.columns.items()}))
        self._check_shapes()
        if self.count is not None:
            freeze(self, "count", _counts(self.count))
        if self.sign is not None:
            freeze(self, "sign", _signs(self.sign))
        self._check_order()

    def _check_shapes(self) -> None:
        n_edges = self.pre.size
        if self.indptr.shape != (self.n_post + 1,) or self.indptr[-1] != n_edges:
            raise NetworkError(
                f"edges: indptr must have shape ({self.n_post + 1},) and end with {n_edges}, "
                f"got shape {self.indptr.shape} ending with {self.indptr[-1:]}"
            )
        if self.indptr[0] != 0 or (self.indptr[1:] < self.indptr[:-1]).any():
            raise NetworkError(
                f"edges: indptr must start with 0 and never go down, got {self.indptr[:8]}..."
            )
        if n_edges and self.pre.view(np.uint32).max() >= self.n_pre:  # or negative
            raise NetworkError(
                f"edges: presynaptic indices must lie in 0..{self.n_pre - 1}, "
                f"got {self.pre.min()}..{self.pre.max()}"
            )
        parallel = {"count": self.count, "sign": self.sign, **self.columns}
        for name, array in parallel.items():
            if array is not None and np.shape(array) != (n_edges,):
                raise NetworkError(
                    f"edges: {name!r} must have one value per edge, shape ({n_edges},), "
                    f"got {np.shape(array)}"
                )

    def _check_order(self) -> None:
        """Within a row the presynaptic index never goes down."""
        goes_down = self.pre[1:] < self.pre[:-1]
        starts = self.indptr[1:-1]
        goes_down[starts[(starts > 0) & (starts < self.pre.size)] - 1] = False
        if goes_down.any():
            bad = int(goes_down.argmax()) + 1
            raise NetworkError(
                f"edges: not in canonical order (post, pre) at edge {bad}; Edges.from_pairs takes "
                "edges in any order"
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

        def sort(values: ArrayLike, name: str) -> NDArray[Any]:
            array = np.asarray(values)
            if array.shape != pre_.shape:
                raise NetworkError(
                    f"edges: {name!r} must have one value per edge, shape {pre_.shape}, got "
                    f"{array.shape}"
                )
            return array if order is None else owned(array[order])

        indptr = np.zeros(n_post + 1, dtype=np.int64)
        np.cumsum(np.bincount(post_, minlength=n_post), out=indptr[1:])
        edges = cls(
            n_pre,
            n_post,
            indptr,
            sort(pre_, "pre"),
            None if count is None else sort(_counts(np.asarray(count)), "count"),
            None if sign is None else sort(np.asarray(sign), "sign"),
            FrozenDict({k: sort(v, k) for k, v in (columns or {}).items()}),
        )
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
        kept_before = np.zeros(self.n_edges + 1, dtype=np.int64)
        np.cumsum(keep, out=kept_before[1:])
        return Edges(
            self.n_pre,
            self.n_post,
            kept_before[self.indptr],
            owned(self.pre[keep]),
            None if self.count is None else owned(self.count[keep]),
            None if self.sign is None else owned(self.sign[keep]),
            FrozenDict({k: owned(v[keep]) for k, v in self.columns.items()}),
        )

    def restrict(
        self, pre: NDArray[np.int32], post: NDArray[np.int32]
    ) -> tuple[Edges, NDArray[np.bool_]]:
        """Edges among subsets of neurons (ascending indices), renumbered, and which were kept."""
        for side, index in (("pre", pre), ("post", post)):
            if (index[1:] <= index[:-1]).any():
                raise NetworkError(
                    f"edges: the {side} indices to keep must ascend, got {index[:8]}"
                )
        new_pre = np.full(self.n_pre, -1, dtype=np.int32)
        new_pre[pre] = np.arange(pre.size, dtype=np.int32)
        in_post = np.zeros(self.n_post, dtype=bool)
        in_post[post] = True
        keep = (new_pre[self.pre] >= 0) & np.repeat(in_post, np.diff(self.indptr))
        kept = self.take(keep)
        rows = np.diff(kept.indptr)[post]
        indptr = np.concatenate([[0], np.cumsum(rows)])
        edges = Edges(
            pre.size,
            post.size,
            indptr,
            owned(new_pre[kept.pre]),
            kept.count,
            kept.sign,
            kept.columns,
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


def _integers(values: Any, name: str) -> NDArray[Any]:
    array = np.asarray(values)
    if array.size == 0:
        return array
    if array.ndim != 1 or array.dtype.kind not in "iu":
        raise NetworkError(
            f"edges: {name} must be a flat array of integers, got {array.dtype} of shape "
            f"{array.shape}"
        )
    for value in (array.min(), array.max()) if name == "pre" else ():
        if not -(2**31) <= value < 2**31:  # it would wrap around in int32
            raise NetworkError(f"edges: {name} holds {value}, which is no index")
    return array


def _column(values: Any, name: str) -> NDArray[Any]:
    array = frozen_array(values, None)
    if array.dtype.kind not in "biufSU":
        raise NetworkError(
            f"edges: column {name!r} must hold numbers or fixed-width text, got {array.dtype}; "
            "write text as codes, or as column.astype(str)"
        )
    return array


def _signs(sign: Any) -> NDArray[np.int8]:
    array = np.asarray(sign)
    if array.dtype.kind not in "iuf" or not ((array == 0) | (np.abs(array) == 1)).all():
        raise NetworkError(
            f"edges: sign must be -1, 0 or 1, got {array.dtype} with {np.unique(array)[:8]}"
        )
    return frozen_array(array, np.int8)


def _counts(count: Any) -> NDArray[Any]:
    array = np.asarray(count)
    if array.dtype == np.uint16:
        return frozen_array(array, np.uint16)
    if array.dtype.kind not in "iuf":
        raise NetworkError(f"edges: count must hold whole numbers, got {array.dtype}")
    if array.dtype.kind == "f":
        whole = np.isfinite(array) & (array == np.floor(array))
        if not whole.all():
            bad = int(np.flatnonzero(~whole)[0])
            raise NetworkError(f"edges: count[{bad}] = {array[bad]} is not a whole number")
    if array.size and array.min() < 0:
        raise NetworkError(f"edges: count[{int(array.argmin())}] = {array.min()} is negative")
    top = int(array.max()) if array.size else 0
    if top >= 2**32:
        raise NetworkError(f"edges: count {top} is larger than any synapse count can be")
    return frozen_array(array, np.uint16 if top < 2**16 else np.uint32)
