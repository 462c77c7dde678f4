"""Edge lists become connectomes: order, sums, ids, and everything that is refused."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from neurobridge.connectome import Connectome, Provenance, from_edges
from neurobridge.errors import ConnectomeError, UnknownNameError
from tests.unit.connectome.toys import TOY, A, B, C, D, toy


def build(pre, post, count=None, **more):
    return from_edges(pre, post, count=count, provenance=TOY, **more)


def test_neurons_are_sorted_by_id_with_their_labels():
    c = toy()
    assert c.ids.tolist() == [A, B, C, D]
    assert list(c.labels["cell_type"].astype(object)[:3]) == ["PN", "KC", "KC"]
    assert c.labels["cell_type"].codes.tolist() == [1, 0, 0, -1]
    assert c.labels["rank"].tolist() == [1, 2, 3, 4]
    assert c.neurons["id"].dtype == np.int64


def test_edges_are_sorted_by_post_then_pre():
    c = toy()
    assert list(zip(c.post.tolist(), c.pre.tolist(), c.count.tolist(), strict=True)) == [
        (0, 1, 2),
        (1, 0, 3),
        (2, 0, 1),
        (2, 2, 4),
    ]
    assert c.edges["pre"].tolist() == [B, A, A, C]


def test_parallel_rows_are_summed_and_self_loops_kept():
    c = build([1, 1, 2, 1], [2, 2, 2, 2], [5, 6, 7, 8])
    assert c.pre.tolist() == [0, 1]
    assert c.count.tolist() == [19, 7]


def test_rows_that_differ_in_an_edge_label_stay_apart():
    c = build([1, 1, 1], [2, 2, 2], [5, 6, 7], edge_labels={"neuropil": ["B", "A", "B"]})
    assert list(c.edge_labels["neuropil"]) == ["A", "B"]
    assert c.count.tolist() == [6, 12]


def test_whole_number_edge_labels_stay_apart_too():
    c = build([1, 1, 1], [2, 2, 2], [5, 6, 7], edge_labels={"layer": [30, -2, 30]})
    assert c.edge_labels["layer"].tolist() == [-2, 30]
    assert c.count.tolist() == [6, 12]


def test_counts_take_two_bytes_until_one_needs_four():
    assert build([1], [2], [65535]).count.dtype == np.uint16
    assert build([1, 1], [2, 2], [65535, 1]).count.tolist() == [65536]
    assert build([1, 1], [2, 2], [65535, 1]).count.dtype == np.uint32


def test_large_counts_take_the_general_way_to_the_same_result():
    pre, post = np.array([3, 1, 2, 1, 3]), np.array([1, 1, 2, 1, 1])
    labels = {f"l{k}": np.arange(5) * 0 + k for k in range(3)} | {
        f"wide{k}": np.array([0, 1, 2, 1, 0]) * 2**20 for k in range(2)
    }
    count = np.array([2**31, 1, 1, 2**31, 5])
    c = build(pre, post, count, edge_labels=labels)
    assert c.count.tolist() == [2**31 + 1, 2**31 + 5, 1]
    assert c.pre.tolist() == [0, 2, 1]


def test_ids_beyond_2_to_the_53_are_exact():
    c = build([A, B], [B, A], [1, 1])
    assert c.ids.tolist() == [A, B]
    assert float(A) == float(B)  # what a float would have made of them


def test_names_get_ids_in_sorted_order():
    c = build(["b", "a"], ["c", "c"], [1, 2])
    assert c.ids.tolist() == [0, 1, 2]
    assert c.names.tolist() == ["a", "b", "c"]
    assert c.edges.values.tolist() == [[0, 2, 2], [1, 2, 1]]


def test_text_that_is_whole_numbers_is_read_as_ids():
    assert build([str(A)], [str(B)], [1]).ids.tolist() == [A, B]
    assert build(["007"], ["7"], [1]).names.tolist() == ["007", "7"]


def test_weights_are_summed_and_kept_apart_from_counts():
    c = build([1, 1], [2, 2], weight=[0.25, 0.5])
    assert c.count is None
    assert c.n_synapses is None
    assert c.strength.tolist() == [0.75]


def test_neurons_without_edges_are_kept_only_if_listed():
    assert build([1], [2], [1]).n_neurons == 2
    assert build([1], [2], [1], ids=[1, 2, 3]).n_neurons == 3


def test_an_empty_edge_list_is_a_connectome():
    c = build([], [], [], ids=[5, 3])
    assert (c.n_neurons, c.n_edges, c.n_synapses) == (2, 0, 0)


def test_arrays_cannot_be_written_and_do_not_follow_the_input():
    pre, post = np.array([1, 2]), np.array([2, 1])
    count, size = np.array([70_000, 70_001], np.uint32), np.array([1.0, 2.0])
    c = build(pre, post, count, ids=[1, 2], labels={"size": size})
    count[:], size[:], pre[:] = 7, 7, 7
    assert c.count.tolist() == [70_001, 70_000]
    assert c.labels["size"].tolist() == [1.0, 2.0]
    for array in (c.ids, c.pre, c.post, c.count, c.labels["size"]):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0
    with pytest.raises(ValueError, match="read-only"):
        toy().labels["side"][0] = "right"


def test_dropped_edges_are_counted_in_a_finding():
    c = build([1, 1, 9], [2, 8, 2], [1, 1, 1], ids=[1, 2], unknown="drop")
    assert c.n_edges == 1
    (finding,) = c.findings
    assert (finding.code, finding.severity, finding.magnitude) == ("dropped_edges", "note", 2.0)
    assert "2 of 3 rows" in finding.why
    assert "2 unknown ids, e.g. 8, 9" in finding.why


@pytest.mark.parametrize(
    ("pre", "message"),
    [
        ([1.0, 2.0], r"got the float 1\.0 in row 1"),
        (pd.Series([1, None]), r"got the float 1\.0 in row 1"),
        (np.array([7.2e17, 1.0]), r"got the float 7\.2e\+17 in row 1"),
        (["1", "720575940602553568.0"], r"got the float 720575940602553568\.0 in row 2"),
        (["7.2e17", "8"], r"got the float 7\.2e17 in row 1"),
        (pd.Series([1, None], dtype="Int64"), "id is missing in 1 row, the first is row 2"),
        ([None, None], "id is missing in 2 rows, the first is row 1"),
        (["a", ""], "id is missing in 1 row, the first is row 2"),
        (["a", 3], "values are of several kinds"),
        ([2**63, 1], "too large"),
        ([[1], [2]], "expected ids"),
    ],
)
def test_ids_that_are_none_are_refused(pre, message):
    with pytest.raises(ConnectomeError, match=message) as error:
        build(pre, [2, 1], [1, 1], edges_from="e.csv", columns={"pre": "pre_root_id"})
    assert "column 'pre_root_id' of e.csv" in str(error.value)


def test_a_float_id_message_says_what_to_do():
    with pytest.raises(ConnectomeError, match=r"dtype=\{'pre': 'int64'\}"):
        build([1.5], [2], [1])


@pytest.mark.parametrize(
    ("count", "message"),
    [
        ([1, float("nan")], "nan is not finite, in row 2; counts are whole numbers"),
        ([float("inf"), 1], "inf is not finite, in row 1"),
        ([-3, -4], "-3 is negative, in row 1 and in 1 more; the sign comes from the transmitter"),
        ([1, 0], "0 is zero, in row 2; remove pairs without a synapse"),
        ([1, 1.5], "1.5 is not whole, in row 2; counts are whole numbers; load strengths as"),
        ([1, None], "a count is missing in 1 row, the first is row 2"),
        (["1", "x"], "expected numbers, got text, e.g. '1' in row 1"),
        ([1, 2**32], "4294967296 is too large"),
    ],
)
def test_counts_that_are_none_are_refused(count, message):
    with pytest.raises(ConnectomeError) as error:
        build([1, 2], [2, 1], count, columns={"count": "syn_count"})
    assert message in str(error.value)
    assert "column 'syn_count' of the edge list" in str(error.value)


@pytest.mark.parametrize(
    ("weight", "message"),
    [([0.5, 0.0], "0.0 is zero"), ([-0.5, 1.0], "is negative"), ([np.inf, 1.0], "not finite")],
)
def test_weights_that_are_none_are_refused(weight, message):
    with pytest.raises(ConnectomeError, match=message):
        build([1, 2], [2, 1], weight=weight)


def test_a_sum_beyond_four_bytes_is_refused():
    with pytest.raises(ConnectomeError, match="add up to 4,294,967,296 synapses"):
        build([1, 1], [2, 2], [2**32 - 1, 1])


def test_doubled_neurons_are_refused_with_examples():
    with pytest.raises(ConnectomeError, match=r"2 occur more often, e\.g\. 1, 3"):
        build([1], [2], [1], ids=[1, 2, 3, 3, 1])


def test_unknown_neurons_are_refused_with_counts_and_examples():
    with pytest.raises(ConnectomeError) as error:
        build([1, 7, 7], [2, 1, 2], [1, 1, 1], ids=[1, 2], nodes_from="n.csv", edges_from="e.csv")
    assert "e.csv: 2 of 3 rows have an end that is not in n.csv" in str(error.value)
    assert "1 unknown ids, e.g. 7" in str(error.value)
    assert "unknown='drop'" in str(error.value)


def test_other_contradictions_are_refused():
    with pytest.raises(ConnectomeError, match="column 'post' has 1 entries, expected 2"):
        build([1, 2], [2], [1, 1])
    with pytest.raises(ConnectomeError, match="label 'side' has 1 entries, expected 2"):
        build([1], [2], [1], ids=[1, 2], labels={"side": ["left"]})
    with pytest.raises(ConnectomeError, match="got neither"):
        build([1], [2])
    with pytest.raises(ConnectomeError, match="got both"):
        build([1], [2], [1], weight=[1.0])
    with pytest.raises(
        ConnectomeError, match=r"has numbers for ids, the edge list has names, e\.g"
    ):
        build(["x"], ["y"], [1], ids=[1, 2])
    with pytest.raises(ConnectomeError, match="'error' or 'drop', got 'ignore'"):
        build([1], [2], [1], unknown="ignore")
    with pytest.raises(ConnectomeError, match="the label 'name' is taken"):
        build(["a"], ["b"], [1], ids=["a", "b"], labels={"name": ["x", "y"]})
    with pytest.raises(ConnectomeError, match="edge label 'score' is a float column"):
        build([1], [2], [1], edge_labels={"score": [0.5]})
    wide = {f"l{k}": np.arange(300) for k in range(6)}
    with pytest.raises(ConnectomeError, match="bits per edge to sort"):
        build(np.arange(300), np.arange(300), np.ones(300, int), edge_labels=wide)


def test_the_constructor_checks_what_from_edges_would_have_made():
    good = toy()
    with pytest.raises(ConnectomeError, match="pre: expected a one-dimensional int32 array"):
        good.replace(pre=good.pre.astype(np.int64))
    with pytest.raises(ConnectomeError, match="sorted by"):
        good.replace(pre=good.pre[::-1].copy(), post=good.post[::-1].copy())
    with pytest.raises(ConnectomeError, match="indices from 0 to 3"):
        good.replace(pre=good.pre + np.int32(3))
    with pytest.raises(ConnectomeError, match="unique ascending"):
        good.replace(ids=good.ids[::-1].copy())
    with pytest.raises(ConnectomeError, match="expected 4 entries, got 3"):
        good.replace(sign=np.ones(3, np.int8))
    with pytest.raises(ConnectomeError, match="needs a count or a weight"):
        good.replace(count=None)
    with pytest.raises(ConnectomeError, match="label 'x'"):
        good.replace(labels={"x": [1, "a", 2, 3]})
    with pytest.raises(ConnectomeError, match="label 'sign': every neuron has an id and a sign"):
        good.replace(labels={"sign": [1, 1, 1, 1]})


def test_neurons_are_found_by_id():
    c = toy()
    assert c.index_of([C, A]).tolist() == [2, 0]
    assert c.index_of([]).size == 0
    assert c.index_of(np.array([C, A], dtype=np.uint64)).tolist() == [2, 0]
    with pytest.raises(UnknownNameError, match=f"unknown neuron {2**63 + 1}"):
        c.index_of(np.array([A, 2**63 + 1], dtype=np.uint64))
    with pytest.raises(UnknownNameError, match="1 of 2 ids are not in this connectome"):
        c.index_of([A, 5])
    with pytest.raises(ConnectomeError, match="found by integer ids, got float64"):
        c.index_of([1.0])
    with pytest.raises(
        UnknownNameError, match="unknown label 'cel_type'; did you mean 'cell_type'"
    ):
        c.label("cel_type")


def test_digest_sees_every_part():
    c = toy()
    changes = [
        {"ids": c.ids + 1},
        {"count": c.count + np.uint16(1)},
        {"sign": np.ones(4, np.int8)},
        {"labels": {**c.labels, "rank": c.labels["rank"] + 1}},
        {"labels": {k: v for k, v in c.labels.items() if k != "rank"}},
        {"edge_labels": {"kind": ["gap"] * 4}},
    ]
    digests = {c.digest, *(c.replace(**change).digest for change in changes)}
    assert len(digests) == len(changes) + 1
    assert toy().digest == c.digest


def test_repr_says_what_it_is():
    assert repr(toy()) == "<Connectome toy 1: 4 neurons, 4 edges, 10 synapses, unsigned>"
    assert isinstance(toy(), Connectome)
    assert Provenance.from_dict(TOY.to_dict()) == TOY
    assert D in toy().ids
