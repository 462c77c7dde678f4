"""Edges: shapes, canonical order, and what they refuse."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

from neurobridge.errors import NetworkError
from neurobridge.frozen import FrozenDict
from neurobridge.graph.edges import Edges


def edges(**changes: Any) -> Edges:
    """Three neurons onto two: 0 -> 0, 2 -> 0, 1 -> 1."""
    fields: dict[str, Any] = {"n_pre": 3, "n_post": 2, "indptr": [0, 2, 3], "pre": [0, 2, 1]}
    return Edges(**(fields | changes))


def test_from_pairs_sorts_by_post_then_pre() -> None:
    made, order = Edges.from_pairs(
        [2, 1, 0, 2], [0, 1, 0, 1], 3, 2, count=[5, 6, 7, 8], sign=[1, -1, 1, 1],
        columns={"roi": np.array(["MB", "LH", "AL", "MB"])},
    )  # fmt: skip
    assert order is not None
    assert order.tolist() == [2, 0, 1, 3]
    assert made.indptr.tolist() == [0, 2, 4]
    assert made.pre.tolist() == [0, 2, 1, 2]
    assert made.post.tolist() == [0, 0, 1, 1]
    assert made.count is not None
    assert made.count.tolist() == [7, 5, 6, 8]
    assert made.sign is not None
    assert made.sign.tolist() == [1, 1, -1, 1]
    assert made.columns["roi"].tolist() == ["AL", "MB", "LH", "MB"]


def test_sorted_pairs_need_no_order() -> None:
    made, order = Edges.from_pairs([0, 2, 1], [0, 0, 1], 3, 2)
    assert order is None
    assert made == edges()


def test_parallel_edges_keep_the_order_they_came_in() -> None:
    made, _ = Edges.from_pairs([1, 0, 1, 0], [0, 0, 0, 0], 2, 1, count=[1, 2, 3, 4])
    assert made.count is not None
    assert made.pre.tolist() == [0, 0, 1, 1]
    assert made.count.tolist() == [2, 4, 1, 3]


def test_no_edges() -> None:
    made, order = Edges.from_pairs([], [], 3, 2)
    assert (made.n_edges, order, made.indptr.tolist()) == (0, None, [0, 0, 0])


@pytest.mark.parametrize(("top", "dtype"), [(65_535, np.uint16), (65_536, np.uint32)])
def test_counts_take_the_smallest_type_that_holds_them(top: int, dtype: Any) -> None:
    made, _ = Edges.from_pairs([0], [0], 1, 1, count=[float(top)])
    assert made.count is not None
    assert made.count.dtype == dtype
    assert made.count.tolist() == [top]


def test_arrays_are_read_only_and_the_caller_keeps_his_own() -> None:
    pre = np.array([0, 2, 1], dtype=np.int32)
    view = pre[:]
    view.setflags(write=False)
    group = np.array([1, 2, 3])
    for given in (pre, view):
        made = edges(pre=given, columns=FrozenDict({"group": group}))
        for array in (made.pre, made.indptr, made.columns["group"]):
            with pytest.raises(ValueError, match="read-only"):
                array[0] = 1
    pre[0] = 1
    group[0] = 9
    assert made.pre.tolist() == [0, 2, 1]
    assert made.columns["group"].tolist() == [1, 2, 3]
    assert group.flags.writeable


PAIRS: dict[str, tuple[dict[str, Any], str]] = {
    "float index": (
        {"pre": [0.0, 1.0], "post": [0, 0]},
        "edges: pre must be a flat array of integer indices, got float64 of shape (2,)",
    ),
    "nested index": ({"pre": [[0]], "post": [0]}, "pre must be a flat array"),
    "text index": (
        {"pre": ["a"], "post": [0]},
        "pre must be a flat array of integer indices, got <U",
    ),
    "unknown neuron": (
        {"pre": [0, 1], "post": [0, 7]},
        "edges: post[1] = 7 names a neuron that does not exist; the population has 2 neurons, 0..1",
    ),
    "negative index": (
        {"pre": [-1], "post": [0]},
        "pre[0] = -1 names a neuron that does not exist",
    ),
    "index beyond int32": (
        {"pre": [2**32], "post": [0]},
        "pre[0] = 4294967296 names a neuron that does not exist",
    ),
    "lengths": ({"pre": [0, 1], "post": [0]}, "edges: pre has 2 entries, post has 1"),
    "count length": (
        {"pre": [2, 1], "post": [1, 0], "count": [1]},
        "edges: 'count' must have one value per edge, shape (2,), got (1,)",
    ),
    "sign length": (
        {"pre": [2, 1], "post": [1, 0], "sign": [1, 1, 1]},
        "edges: 'sign' must have one value per edge, shape (2,), got (3,)",
    ),
    "column length": (
        {"pre": [2, 1], "post": [1, 0], "columns": {"roi": [1, 2, 3]}},
        "edges: 'roi' must have one value per edge, shape (2,), got (3,)",
    ),
    "NaN count": (
        {"pre": [0, 1], "post": [0, 0], "count": [1.0, np.nan]},
        "edges: count[1] = nan is not a whole number",
    ),
    "infinite count": (
        {"pre": [0], "post": [0], "count": [np.inf]},
        "count[0] = inf is not a whole",
    ),
    "fractional count": (
        {"pre": [0], "post": [0], "count": [1.5]},
        "count[0] = 1.5 is not a whole",
    ),
    "negative count": (
        {"pre": [0], "post": [0], "count": [-3]},
        "edges: count[0] = -3 is negative",
    ),
    "huge count": (
        {"pre": [0], "post": [0], "count": [2**32]},
        "count 4294967296 is larger than any",
    ),
    "text count": (
        {"pre": [0], "post": [0], "count": ["5"]},
        "count must hold whole numbers, got <U1",
    ),
    "NaN sign": (
        {"pre": [0], "post": [0], "sign": [np.nan]},
        "edges: sign must be -1, 0 or 1, got",
    ),
    "sign 300": ({"pre": [0], "post": [0], "sign": [300]}, "edges: sign must be -1, 0 or 1, got"),
    "objects": (
        {"pre": [0], "post": [0], "columns": {"roi": np.array(["MB"], dtype=object)}},
        "edges: column 'roi' must hold numbers or fixed-width text, got object; write",
    ),
}


@pytest.mark.parametrize(("arguments", "message"), PAIRS.values(), ids=PAIRS.keys())
def test_pairs_that_are_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(NetworkError, match=re.escape(message)):
        Edges.from_pairs(n_pre=3, n_post=2, **arguments)


CSR: dict[str, tuple[dict[str, Any], str]] = {
    "short indptr": (
        {"indptr": [0, 3]},
        "edges: indptr must have shape (3,) and end with 3, got shape (2,) ending with [3]",
    ),
    "wrong end": ({"indptr": [0, 2, 4]}, "end with 3, got shape (3,) ending with [4]"),
    "wrong start": ({"indptr": [1, 2, 3]}, "edges: indptr must start with 0 and never go down"),
    "going down": ({"indptr": [0, 4, 3]}, "edges: indptr must start with 0 and never go down"),
    "unknown neuron": ({"pre": [0, 3, 1]}, "presynaptic indices must lie in 0..2, got 0..3"),
    "negative": ({"pre": [-1, 2, 1]}, "presynaptic indices must lie in 0..2, got -1..2"),
    "beyond int32": ({"pre": [0, 2, 2**32]}, "edges: pre holds 4294967296, which is no index"),
    "below int32": ({"pre": [0, 2, -(2**32)]}, "edges: pre holds -4294967296, which is no index"),
    "float": ({"pre": [0.0, 2.0, 1.0]}, "edges: pre must be a flat array of integers, got float64"),
    "order": (
        {"pre": [2, 0, 1]},
        "edges: not in canonical order (post, pre) at edge 1; Edges.from_pairs takes edges in any",
    ),
    "count length": (
        {"count": [1, 2]},
        "'count' must have one value per edge, shape (3,), got (2,)",
    ),
    "negative count": ({"count": np.array([1, -2, 1])}, "edges: count[1] = -2 is negative"),
}


@pytest.mark.parametrize(("changes", "message"), CSR.values(), ids=CSR.keys())
def test_rows_that_are_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(NetworkError, match=re.escape(message)):
        edges(**changes)


def test_a_row_may_start_below_the_end_of_the_one_before() -> None:
    made = Edges(3, 4, [0, 0, 2, 2, 3], [0, 2, 1])
    assert made.post.tolist() == [1, 1, 3]


def test_restrict_takes_ascending_indices_only() -> None:
    with pytest.raises(NetworkError, match="the pre indices to keep must ascend"):
        edges().restrict(np.array([1, 0]), np.array([0]))
