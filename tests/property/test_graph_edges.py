"""Edges against brute force on dense matrices."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from neurobridge.graph.edges import Edges, canonical_order
from neurobridge.graph.weight import WeightSum
from tests.property.strategies import Pairs, pairs, projections


def dense(edges: Edges) -> Any:
    matrix = np.zeros((edges.n_post, edges.n_pre), dtype=np.int64)
    np.add.at(matrix, (edges.post, edges.pre), edges.count)
    return matrix


def masks(size: int) -> st.SearchStrategy[Any]:
    return hnp.arrays(bool, size)


@given(pairs())
def test_edges_are_the_pairs(given_pairs: Pairs) -> None:
    edges = given_pairs.edges()
    assert edges.n_edges == given_pairs.pre.size
    np.testing.assert_array_equal(dense(edges), given_pairs.dense())


@given(pairs(unique=True), st.data())
def test_the_order_of_distinct_pairs_does_not_matter(p: Pairs, data: st.DataObject) -> None:
    shuffle = np.array(data.draw(st.permutations(range(p.pre.size))), dtype=np.int64)
    other = p._replace(pre=p.pre[shuffle], post=p.post[shuffle], count=p.count[shuffle])
    assert other.edges() == p.edges()


@given(pairs(max_edges=60), st.sampled_from([1, 2**31 - 1]))
def test_the_order_is_that_of_a_stable_sort(p: Pairs, stretch: int) -> None:
    """With 2**31 neurons the key and the position no longer fit into one 64-bit number."""
    post, n_pre = p.post * (1 if stretch == 1 else 2**27), max(p.n_pre, stretch)
    expected = np.lexsort((np.arange(p.pre.size), p.pre, post))
    order = canonical_order(p.pre.astype(np.int32), post.astype(np.int32), n_pre)
    if order is None:
        order = np.arange(p.pre.size)
    np.testing.assert_array_equal(order, expected)


@given(pairs())
def test_order_brings_arrays_into_the_order_of_the_edges(p: Pairs) -> None:
    edges, order = Edges.from_pairs(p.pre, p.post, p.n_pre, p.n_post, count=p.count)
    order = np.arange(p.pre.size) if order is None else order
    np.testing.assert_array_equal(p.pre[order], edges.pre)
    np.testing.assert_array_equal(p.post[order], edges.post)
    np.testing.assert_array_equal(p.count[order], edges.count)


@given(pairs(), st.data())
def test_take_keeps_the_marked_edges(p: Pairs, data: st.DataObject) -> None:
    edges = p.edges()
    keep = data.draw(masks(edges.n_edges))
    taken = edges.take(keep)
    np.testing.assert_array_equal(taken.pre, edges.pre[keep])
    np.testing.assert_array_equal(taken.post, edges.post[keep])
    np.testing.assert_array_equal(taken.count, edges.count[keep])


@given(pairs(), st.data())
def test_restrict_is_a_submatrix(p: Pairs, data: st.DataObject) -> None:
    edges = p.edges()
    pre = np.flatnonzero(data.draw(masks(p.n_pre))).astype(np.int32)
    post = np.flatnonzero(data.draw(masks(p.n_post))).astype(np.int32)
    part, keep = edges.restrict(pre, post)
    np.testing.assert_array_equal(dense(part), p.dense()[np.ix_(post, pre)])
    assert part.n_edges == keep.sum()
    np.testing.assert_array_equal(pre[part.pre], edges.pre[keep])


@given(st.integers(1, 6), st.integers(1, 6), st.data())
def test_weights_of_a_part_are_the_part_of_the_weights(
    n_pre: int, n_post: int, data: st.DataObject
) -> None:
    p = data.draw(projections("p", "a", "b", (n_pre, n_post)))
    sign = np.ones(n_pre, dtype=np.int8)
    whole = p.weight.values(p.edges, sign, "nA")
    pre = np.flatnonzero(data.draw(masks(n_pre))).astype(np.int32)
    post = np.flatnonzero(data.draw(masks(n_post))).astype(np.int32)
    part = p.restrict(pre, post)
    keep = np.isin(p.edges.pre, pre) & np.isin(p.edges.post, post)
    np.testing.assert_array_equal(part.weight.values(part.edges, sign[pre], "nA"), whole[keep])
    np.testing.assert_array_equal(
        p.take(keep).weight.values(p.take(keep).edges, sign, "nA"), whole[keep]
    )


@given(st.data())
def test_a_sum_of_weights_is_the_sum(data: st.DataObject) -> None:
    p = data.draw(projections("p", "a", "b", (4, 4)))
    sign = np.ones(4, dtype=np.int8)
    twice = WeightSum((p.weight, p.weight)) if not isinstance(p.weight, WeightSum) else None
    if twice is not None:
        np.testing.assert_array_equal(
            twice.values(p.edges, sign, "nA"), 2 * p.weight.values(p.edges, sign, "nA")
        )
    np.testing.assert_allclose(
        p.weight.scaled(2.0).values(p.edges, sign, "nA"),
        2 * p.weight.values(p.edges, sign, "nA"),
        rtol=1e-6,
    )
