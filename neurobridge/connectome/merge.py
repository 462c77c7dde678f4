"""Canonical order of edges, and the sum of parallel rows.

The fields of a row (post, pre, label codes) are packed as bits into one int64, most significant
first, so that sorting numbers sorts rows. Where the count fits in as well, sorting the numbers in
place is all there is to do: 15 million rows take a fraction of a second and no index array.
"""

from __future__ import annotations

__all__ = ["EdgeRows", "merge_rows"]

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from neurobridge.connectome.columns import MAX_COUNT
from neurobridge.connectome.labels import Label, as_label, read_only, take_label
from neurobridge.errors import ConnectomeError

Int = NDArray[np.int64]
Field: TypeAlias = "tuple[NDArray[Any], int]"
"""Codes from 0 of one column, and how many bits they take."""

_BITS = 63
_BLOCK = 1 << 20


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
        Counts are uint32. Strengths are summed in ascending order, so the order of the rows does
        not change the last bit.

    Raises
    ------
    ConnectomeError
        If a summed count is above 4,294,967,295, or a label is a float column.
    """
    names = sorted(rows.labels)
    index_bits = _width(n_neurons - 1)
    fields: list[Field] = [(rows.post, index_bits), (rows.pre, index_bits)]
    fields += [_field(name, rows.labels[name]) for name in names]
    width = sum(bits for _, bits in fields)
    if width > _BITS:
        raise ConnectomeError(
            f"{n_neurons:,} neurons with edge labels {names} take {width} bits per edge to sort, "
            f"the limit is {_BITS}. Keep fewer edge labels"
        )
    if rows.count is not None:
        count_bits = _width(int(rows.count.max(initial=0)))
        if width + count_bits <= _BITS:
            labels = rows.labels
            fields.append((rows.count, count_bits))
            del rows
            return _merge_packed(fields, labels)
    return _merge_ordered(rows, _pack(fields))


def _merge_packed(fields: list[Field], labels: Mapping[str, Label]) -> EdgeRows:
    """Counts ride in the lowest bits of the key: sort it in place, and read all columns off it.

    The last field is the count. ``fields`` is emptied once all is in the key.
    """
    *widths, count_bits = (bits for _, bits in fields)
    key = _pack(fields)
    fields.clear()
    key.sort()
    counts = np.empty(key.size, dtype=np.uint32)
    np.bitwise_and(key, np.int64((1 << count_bits) - 1), out=counts, casting="unsafe")
    key >>= np.int64(count_bits)
    begins = _begins(key)
    if not begins.all():
        counts = _sum_runs(counts, begins)
        key = key[begins]
    columns = _unpack(key, widths)
    merged = {
        name: _decode(labels[name], codes)
        for name, codes in zip(sorted(labels), columns[2:], strict=True)
    }
    return EdgeRows(read_only(columns[1]), read_only(columns[0]), read_only(counts), None, merged)


def _merge_ordered(rows: EdgeRows, key: Int) -> EdgeRows:
    """The general way, by a sorting permutation."""
    amounts = rows.weight if rows.count is None else rows.count
    assert amounts is not None
    order = np.lexsort((amounts, key))
    begins = _begins(key[order])
    picked, sorted_amounts = order[begins], amounts[order]
    merged = EdgeRows(
        pre=read_only(rows.pre[picked]),
        post=read_only(rows.post[picked]),
        count=None,
        weight=None,
        labels={name: take_label(label, picked) for name, label in rows.labels.items()},
    )
    if rows.count is not None:
        return replace(merged, count=read_only(_sum_runs(sorted_amounts, begins)))
    if not begins.all():
        sorted_amounts = np.add.reduceat(sorted_amounts, np.flatnonzero(begins))
    return replace(merged, weight=read_only(sorted_amounts))


def _field(name: str, label: Label) -> Field:
    """Codes from 0 (missing values first)."""
    if isinstance(label, pd.Categorical):
        return label.codes + np.int32(1), _width(len(label.categories))
    if label.dtype.kind == "f":
        raise ConnectomeError(
            f"edge label {name!r} is a float column; rows cannot be told apart by floats. "
            "Leave it out, or load it as 'weight'"
        )
    values, codes = np.unique(label, return_inverse=True)
    return codes, _width(values.size - 1)


def _decode(label: Label, codes: NDArray[np.int32]) -> Label:
    """A label column from the codes of :func:`_field`."""
    if isinstance(label, pd.Categorical):
        kept = (codes - 1).astype(label.codes.dtype)
        return as_label(pd.Categorical.from_codes(kept, dtype=label.dtype, validate=False), "")
    return read_only(np.unique(label)[codes])


def _width(largest: int) -> int:
    return max(largest, 0).bit_length()


def _pack(fields: Sequence[Field]) -> Int:
    """One int64 per row, the first field in the highest bits."""
    key = fields[0][0].astype(np.int64)
    for codes, bits in fields[1:]:
        key <<= np.int64(bits)
        np.bitwise_or(key, codes, out=key)
    return key


def _unpack(key: Int, widths: Sequence[int]) -> list[NDArray[np.int32]]:
    """The fields of :func:`_pack`, made one at a time; the key is used up."""
    columns: list[NDArray[np.int32]] = []
    for bits in reversed(widths):
        columns.append(np.empty(key.size, dtype=np.int32))
        np.bitwise_and(key, np.int64((1 << bits) - 1), out=columns[-1], casting="unsafe")
        key >>= np.int64(bits)
    return columns[::-1]


def _begins(key: Int) -> NDArray[np.bool_]:
    """Where each run of equal sorted keys begins."""
    begins = np.empty(key.size, dtype=bool)
    begins[:1] = True
    np.not_equal(key[1:], key[:-1], out=begins[1:])
    return begins


def _sum_runs(counts: NDArray[Any], begins: NDArray[np.bool_]) -> NDArray[np.uint32]:
    """Sum of every run, block by block, so that the wide sums of all never stand side by side."""
    sums, start = [np.empty(0, dtype=np.uint32)], 0
    while start < counts.size:
        rest = begins[start + _BLOCK :]
        stop = start + _BLOCK + int(rest.argmax()) if rest.any() else counts.size
        first = np.flatnonzero(begins[start:stop])
        wide = np.add.reduceat(counts[start:stop], first, dtype=np.uint64)
        largest = int(wide.max())
        if largest > MAX_COUNT:
            raise ConnectomeError(
                f"the rows of one pair of neurons add up to {largest:,} synapses; the largest "
                f"count is {MAX_COUNT:,}. Are these counts?"
            )
        sums.append(wide.astype(np.uint32))
        start = stop
    return np.concatenate(sums)
