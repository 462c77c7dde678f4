"""Canonical order of edges, and the sum of parallel rows."""

from __future__ import annotations

__all__ = ["EdgeRows", "merge_rows"]

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from neurobridge.connectome.labels import Label, read_only, take_label
from neurobridge.errors import ConnectomeError

Scalar = TypeVar("Scalar", bound=np.generic)


@dataclass(frozen=True)
class EdgeRows:
    """Rows of an edge list: ``pre``, ``post`` int32, ``count`` or ``weight``, label columns."""

    pre: NDArray[np.int32]
    post: NDArray[np.int32]
    count: NDArray[np.unsignedinteger] | None
    weight: NDArray[np.float64] | None
    labels: Mapping[str, Label]


def merge_rows(rows: EdgeRows, n_neurons: int) -> EdgeRows:
    """Sort rows by (post, pre, labels) and sum those that agree in all of it.

    Parameters
    ----------
    rows : EdgeRows
        In any order.
    n_neurons : int
        Indices are below this.

    Returns
    -------
    EdgeRows
        Counts are uint16 if the largest sum allows it, else uint32. Strengths are summed in
        ascending order, so the order of the rows does not change the last bit.

    Raises
    ------
    ConnectomeError
        If a summed count is above 4,294,967,295, or a label is a float column.
    """
    key = _sort_key(rows, n_neurons)
    order = _order(key, rows.weight)
    if order is not None:
        key = key[order]
    first = _first_of_each(key)
    del key
    picked = order if first is None else (first if order is None else order[first])
    count, weight = rows.count, rows.weight
    return EdgeRows(
        pre=read_only(_take(rows.pre, picked)),
        post=read_only(_take(rows.post, picked)),
        count=None if count is None else read_only(_sum_counts(_take(count, order), first)),
        weight=None if weight is None else read_only(_sum(_take(weight, order), first)),
        labels={k: v if picked is None else take_label(v, picked) for k, v in rows.labels.items()},
    )


def _sort_key(rows: EdgeRows, n_neurons: int) -> NDArray[np.int64]:
    """One int64 per row that sorts by (post, pre, label codes in the order of their names)."""
    parts = [_codes(name, rows.labels[name]) for name in sorted(rows.labels)]
    span = n_neurons * n_neurons
    for _, size in parts:
        span *= size
    if span >= 2**63:
        raise ConnectomeError(
            f"{n_neurons:,} neurons with edge labels {sorted(rows.labels)} make more than 2**63 "
            "different edges, too many to sort. Keep fewer edge labels"
        )
    key = rows.post.astype(np.int64)
    key *= n_neurons
    key += rows.pre
    for codes, size in parts:
        key *= size
        key += codes
    return key


def _codes(name: str, label: Label) -> tuple[NDArray[np.int64], int]:
    """Codes from 0 (missing values first) and their number."""
    if not isinstance(label, np.ndarray):
        return label.codes.astype(np.int64) + 1, len(label.categories) + 1
    if label.dtype.kind == "f":
        raise ConnectomeError(
            f"edge label {name!r} is a float column; rows cannot be told apart by floats. "
            "Leave it out, or load it as 'weight'"
        )
    values, codes = np.unique(label, return_inverse=True)
    return codes.astype(np.int64), max(values.size, 1)


def _order(
    key: NDArray[np.int64], weight: NDArray[np.float64] | None
) -> NDArray[np.intp] | None:
    """The sorting permutation, or None if the rows are sorted already."""
    if weight is None:
        return None if bool(np.all(key[1:] >= key[:-1])) else np.argsort(key)
    return None if bool(np.all(key[1:] > key[:-1])) else np.lexsort((weight, key))


def _first_of_each(key: NDArray[np.int64]) -> NDArray[np.intp] | None:
    """Where each run of equal sorted keys begins; None if all keys differ."""
    begins = np.empty(key.size, dtype=bool)
    begins[:1] = True
    np.not_equal(key[1:], key[:-1], out=begins[1:])
    return None if bool(begins.all()) else np.flatnonzero(begins)


def _take(values: NDArray[Scalar], index: NDArray[np.intp] | None) -> NDArray[Scalar]:
    return values if index is None else values[index]


def _sum(values: NDArray[np.float64], first: NDArray[np.intp] | None) -> NDArray[np.float64]:
    return values if first is None else np.add.reduceat(values, first)


def _sum_counts(
    counts: NDArray[np.unsignedinteger], first: NDArray[np.intp] | None
) -> NDArray[np.unsignedinteger]:
    sums = counts if first is None else np.add.reduceat(counts, first, dtype=np.uint64)
    largest = int(sums.max(initial=0))
    if largest > 2**32 - 1:
        raise ConnectomeError(
            f"the rows of one pair of neurons add up to {largest:,} synapses; the largest count "
            "is 4,294,967,295. Are these counts?"
        )
    return sums.astype(np.uint16 if largest < 2**16 else np.uint32, copy=False)
