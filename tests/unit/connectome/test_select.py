"""Selections, against NetworkX and by hand."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest

from neurobridge.connectome import Argmax, from_edges, load
from neurobridge.errors import ConnectomeError, UnknownNameError
from tests.unit.connectome.toys import TOY, A, B, C, D, toy


def random_connectome(rng, n=60, m=150):
    return from_edges(
        rng.integers(0, n, m) * 3,
        rng.integers(0, n, m) * 3,
        count=rng.integers(1, 9, m),
        ids=np.arange(n) * 3,
        provenance=TOY,
    )


def as_graph(c):
    g = nx.DiGraph()
    g.add_nodes_from(c.ids.tolist())
    g.add_edges_from(zip(c.ids[c.pre].tolist(), c.ids[c.post].tolist(), strict=True))
    return g


def edge_set(c):
    return set(zip(c.ids[c.pre].tolist(), c.ids[c.post].tolist(), strict=True))


@pytest.mark.parametrize(
    ("expression", "ids"),
    [
        ("cell_type == 'KC'", [B, C]),
        ("cell_type != 'KC'", [A, D]),
        ("not cell_type == 'KC'", [A, D]),
        ("'KC' == cell_type", [B, C]),
        ("cell_type in ('KC', 'PN') and side == 'left'", [A, C]),
        ("cell_type not in ['KC'] or rank == 3", [A, C, D]),
        ("missing(cell_type)", [D]),
        ("startswith(cell_type, 'P') or contains(side, 'igh')", [A, B]),
        ("size >= 2", [B, C]),
        ("size < 100 and not missing(size)", [B, C, D]),
        ("1 < rank <= 3", [B, C]),
        ("rank in (1, 4.0)", [A, D]),
        ("size == 2.0", [C]),
        ("olfactory", [B, D]),
        ("olfactory == False", [A, C]),
        (f"id == {A}", [A]),
        (f"id in ({B}, {D})", [B, D]),
        ("rank > -1 and True", [A, B, C, D]),
        ("sign == -1", [B, D]),
    ],
)
def test_expressions(expression, ids):
    c = toy().with_signs(Argmax("fly"))
    assert c.select(expression).ids.tolist() == ids


def test_a_selection_keeps_the_edges_inside_and_what_belongs_to_them():
    part = toy().with_signs(Argmax("fly")).select("cell_type == 'KC' or rank == 1")
    assert edge_set(part) == {(A, B), (A, C), (B, A), (C, C)}
    kc = part.select("cell_type == 'KC'")
    assert edge_set(kc) == {(C, C)}
    assert kc.count.tolist() == [4]
    assert kc.sign.tolist() == [-1, 1]
    assert kc.labels["cell_type"].categories.tolist() == ["KC"]
    assert [s.operation for s in kc.history] == ["with_signs", "select", "select"]
    assert kc.history[-1].arguments == {"expression": "cell_type == 'KC'"}
    assert kc.history[-1].parent == part.digest
    assert (kc.history[-1].neurons, kc.history[-1].edges) == (2, 1)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("cel_type == 'KC'", "unknown label 'cel_type'; did you mean 'cell_type'"),
        ("cell_type == 'KCs'", "unknown value of label 'cell_type' 'KCs'; did you mean 'KC'"),
        ("cell_type in ('PN', 'KCg')", "'KCg'; did you mean 'KC'"),
        ("sign == 1", "unknown label 'sign'"),
        ("lower(side) == 'left'", "must be the name of a label"),
        ("endswith(side, 't')", "unknown function in an expression 'endswith'"),
    ],
)
def test_unknown_names_come_with_the_nearest(expression, message):
    with pytest.raises((UnknownNameError, ConnectomeError), match=message):
        toy().select(expression)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("cell_type == KC", "KC must be a text in quotes or a number; if it is a text, write 'KC'"),
        ("cell_type = 'KC'", "cannot read the expression"),
        ("", "cannot read the expression"),
        ("cell_type", "is not a condition"),
        ("cell_type < 'KC'", "is text and has no size"),
        ("rank < 'KC'", "'KC' is text and has no size"),
        ("rank == '3'", "is not text; take the quotes away"),
        ("cell_type == 3", "is text; put 3 in quotes"),
        ("cell_type in 'KC'", "must be a list in brackets"),
        ("rank is 3", "is compared in a way that is not known here"),
        ("missing(rank, side)", "needs 1 argument"),
        ("startswith(rank, 'a')", "needs a label that is text"),
        ("startswith(side, 3)", "needs a label that is text"),
        ("__import__('os').system('true')", "unknown function"),
        ("(lambda: 1)()", "unknown function"),
        ("side.__class__ == 'x'", "must be the name of a label"),
        ("[r for r in rank]", "is not a condition"),
        ("rank + 1 > 2", "must be a text in quotes or a number"),
    ],
)
def test_expressions_that_are_refused(expression, message):
    with pytest.raises((ConnectomeError, UnknownNameError), match=message):
        toy().select(expression)


def test_ids_and_cell_types():
    assert toy().with_ids([D, A]).ids.tolist() == [A, D]
    assert toy().with_ids([]).n_neurons == 0
    assert toy().of_cell_types(["KC"]).ids.tolist() == [B, C]
    assert toy().of_cell_types("left", label="side").ids.tolist() == [A, C, D]
    with pytest.raises(UnknownNameError, match="did you mean 'KC'"):
        toy().of_cell_types(["KCg"])
    with pytest.raises(ConnectomeError, match="label 'rank': expected text"):
        toy().of_cell_types(["1"], label="rank")


def test_regions():
    c = from_edges(
        [1, 1, 2, 3],
        [2, 2, 3, 1],
        count=[5, 6, 7, 8],
        edge_labels={"neuropil": ["AL", "LH", "LH", None]},
        provenance=TOY,
    )
    al = c.in_region("AL")
    assert (al.ids.tolist(), al.count.tolist()) == ([1, 2], [5])
    both = c.in_region(["AL", "LH"])
    assert (both.ids.tolist(), both.n_synapses) == ([1, 2, 3], 18)
    with pytest.raises(UnknownNameError, match="'AL_R'; did you mean 'AL'"):
        c.in_region("AL_R")
    with pytest.raises(
        UnknownNameError, match=r"unknown edge label 'neuropil'.*keep=\['neuropil'\]"
    ):
        toy().in_region("AL")


@pytest.mark.parametrize("direction", ["in", "out", "both"])
@pytest.mark.parametrize("hops", [0, 1, 2, 5])
def test_neighbourhoods_agree_with_networkx(rng, direction, hops):
    c = random_connectome(rng)
    g = as_graph(c)
    searched = {"in": g.reverse(), "out": g, "both": g.to_undirected()}[direction]
    seeds = c.ids[:2].tolist()
    want = set().union(
        *(nx.single_source_shortest_path_length(searched, s, cutoff=hops) for s in seeds)
    )
    part = c.neighbourhood(seeds, hops, direction)
    assert part.ids.tolist() == sorted(want)
    assert edge_set(part) == set(g.subgraph(want).edges)


def test_neighbourhood_of_an_expression_and_its_errors():
    assert toy().neighbourhood("rank == 1", direction="out").ids.tolist() == [A, B, C]
    with pytest.raises(
        ConnectomeError, match="hops: expected a whole number of at least 0, got -1"
    ):
        toy().neighbourhood([A], hops=-1)
    assert toy().neighbourhood([A], hops=np.int64(0)).ids.tolist() == [A]
    with pytest.raises(
        ConnectomeError, match="direction: expected 'in', 'out' or 'both', got 'up'"
    ):
        toy().neighbourhood([A], direction="up")


def test_prune():
    c = toy().prune(3)
    assert c.count.tolist() == [3, 4]
    assert c.n_neurons == 4
    with pytest.raises(ConnectomeError, match="at_least: expected a finite number, got nan"):
        toy().prune(float("nan"))


@pytest.mark.parametrize("m", [0, 40, 90, 200])
def test_largest_component_agrees_with_networkx(rng, m):
    c = random_connectome(rng, m=m)
    components = sorted(
        nx.strongly_connected_components(as_graph(c)), key=lambda s: (-len(s), min(s))
    )
    part = c.largest_component()
    assert part.ids.tolist() == sorted(components[0])
    with pytest.raises(ConnectomeError, match="there are no neurons"):
        c.with_ids([]).largest_component()


def test_operations_chain_on_real_data():
    worm = load("celegans", gap_junctions=False).prune(2).neighbourhood("name == 'AVAL'", 1, "in")
    assert [s.operation for s in worm.history] == ["prune", "neighbourhood"]
    assert "AVAL" in worm.names


def test_labels_may_be_words_of_python():
    c = from_edges(
        [1, 2], [2, 1], count=[1, 1], ids=[1, 2],
        labels={"class": ["ALPN", "LHLN"], "from": ["a", "class"]}, provenance=TOY,
    )  # fmt: skip
    assert c.select("class == 'ALPN' and from in ('a', 'class')").ids.tolist() == [1]
    assert c.select("class != 'ALPN' or from == 'class'").ids.tolist() == [2]
    with pytest.raises(UnknownNameError, match="unknown value of label 'class' 'ALPNs'; did you"):
        c.select("class == 'ALPNs'")
    with pytest.raises(ConnectomeError, match="in the expression 'class < 3': class is text"):
        c.select("class < 3")
    with pytest.raises(ConnectomeError, match="cannot read the expression"):
        c.select("class == 'ALPN")
