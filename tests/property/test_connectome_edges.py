"""Whatever the rows and their order: sums, exact ids, and one canonical form."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from neurobridge.connectome import Provenance, from_edges, from_matrix

TOY = Provenance("property")
IDS = st.integers(min_value=0, max_value=2**63 - 1) | st.integers(2**53, 2**53 + 8)
NAMES = st.text("ABcd_-", min_size=1, max_size=4)


@st.composite
def edge_lists(draw, ids=IDS, values=None):
    """Node ids, and rows (pre, post, count, region); pairs recur and neurons meet themselves."""
    nodes = draw(st.lists(ids, min_size=1, max_size=8, unique=True))
    end = st.sampled_from(nodes)
    values = st.integers(1, 2**32 // 64) if values is None else values
    row = st.tuples(end, end, values, st.sampled_from(["AL", "LH", None]))
    return nodes, draw(st.lists(row, max_size=40))


def columns(rows):
    return [list(c) for c in zip(*rows, strict=True)] if rows else [[], [], [], []]


def build(nodes, rows, *, regions=False, key="count", **more):
    pre, post, amount, region = columns(rows)
    return from_edges(
        pre, post, ids=nodes, provenance=TOY, **{key: amount},
        edge_labels={"neuropil": region} if regions else None, **more,
    )  # fmt: skip


@given(edge_lists())
def test_rows_of_a_pair_are_summed_and_none_is_lost(case):
    nodes, rows = case
    want = defaultdict(int)
    for pre, post, count, _ in rows:
        want[pre, post] += count
    c = build(nodes, rows)
    got = dict(
        zip(
            zip(c.ids[c.pre].tolist(), c.ids[c.post].tolist(), strict=True),
            c.count.tolist(),
            strict=True,
        )
    )
    assert got == want
    assert c.ids.tolist() == sorted(nodes)
    order = list(zip(c.post.tolist(), c.pre.tolist(), strict=True))
    assert order == sorted(order)


@given(edge_lists())
def test_kept_labels_divide_the_sums(case):
    nodes, rows = case
    want = defaultdict(int)
    for pre, post, count, region in rows:
        want[pre, post, region] += count
    c = build(nodes, rows, regions=True)
    regions = c.edge_labels["neuropil"]
    names = [None if code < 0 else regions.categories[code] for code in regions.codes]
    got = {
        (int(c.ids[i]), int(c.ids[j]), name): int(n)
        for i, j, name, n in zip(c.pre, c.post, names, c.count, strict=True)
    }
    assert got == want


@given(edge_lists(), st.randoms(use_true_random=False))
def test_the_order_of_rows_and_nodes_does_not_matter(case, random):
    nodes, rows = case
    labels = {"t": [str(n % 3) for n in nodes], "x": [n / 7 for n in nodes]}
    first = build(nodes, rows, regions=True, labels=labels)
    order = random.sample(range(len(nodes)), len(nodes))
    shuffled = {k: [v[i] for i in order] for k, v in labels.items()}
    random.shuffle(rows)
    second = build([nodes[i] for i in order], rows, regions=True, labels=shuffled)
    assert first.digest == second.digest


@given(edge_lists(values=st.floats(1e-6, 1e6)), st.randoms(use_true_random=False))
def test_sums_of_strengths_do_not_depend_on_the_order_to_the_last_bit(case, random):
    nodes, rows = case
    first = build(nodes, rows, key="weight")
    random.shuffle(rows)
    assert first.digest == build(nodes, rows, key="weight").digest


@given(edge_lists(ids=NAMES))
def test_names_give_the_same_connectome_as_ids_in_their_order(case):
    nodes, rows = case
    rank = {name: i for i, name in enumerate(sorted(nodes))}
    named = build(nodes, rows)
    numbered = build([rank[n] for n in nodes], [(rank[a], rank[b], n, r) for a, b, n, r in rows])
    assert named.names.tolist() == sorted(nodes)
    assert named.replace(labels={}).digest == numbered.digest


@given(edge_lists())
def test_relabelled_ids_keep_the_edges(case):
    """A monotone map of ids changes the ids and nothing else."""
    nodes, rows = case
    new = {old: k * 5 for k, old in enumerate(sorted(nodes))}
    c = build(nodes, rows)
    d = build([new[n] for n in nodes], [(new[a], new[b], n, r) for a, b, n, r in rows])
    assert d.ids.tolist() == [new[i] for i in c.ids.tolist()]
    assert d.replace(ids=c.ids).digest == c.digest


@given(edge_lists(), st.data())
def test_selecting_ids_is_the_same_as_dropping_the_others(case, data):
    nodes, rows = case
    kept = data.draw(st.lists(st.sampled_from(nodes), min_size=1, unique=True))
    selected = build(nodes, rows).with_ids(kept)
    dropped = build(kept, rows, unknown="drop")
    assert selected.digest == dropped.digest


@given(
    st.integers(1, 7).flatmap(
        lambda n: st.lists(
            st.lists(st.integers(0, 300), min_size=n, max_size=n), min_size=n, max_size=n
        )
    )
)
def test_matrices_come_back(rows):
    matrix = np.array(rows)
    c = from_matrix(matrix, orientation="row_is_source", values="count", provenance=TOY)
    t = from_matrix(matrix.T, orientation="row_is_target", values="count", provenance=TOY)
    again = np.zeros_like(matrix)
    again[c.pre, c.post] = c.count
    assert np.array_equal(again, matrix)
    assert c.digest == t.digest
