"""Numbers about a connectome, by hand and against NetworkX."""

from __future__ import annotations

import json
import math
from io import StringIO

import networkx as nx
import numpy as np
import pytest
from rich.console import Console

from neurobridge.connectome import Argmax, from_edges, load
from tests.unit.connectome.toys import TOY, toy


def test_by_hand():
    d = toy().with_signs(Argmax("fly")).describe()
    assert (d.neurons, d.edges, d.pairs, d.synapses, d.self_loops) == (4, 4, 4, 10, 1)
    assert d.density == 3 / 12
    assert d.reciprocity == 2 / 3
    assert d.isolated == 1
    assert (d.in_degree.smallest, d.in_degree.largest, d.in_degree.mean) == (0, 2, 1.0)
    assert (d.excitatory_edges, d.inhibitory_edges, d.unsigned_edges) == (3, 1, 0)
    assert (d.excitatory_synapses, d.inhibitory_synapses) == (8, 2)
    assert d.label_coverage["cell_type"] == 0.75
    assert d.label_coverage["size"] == 0.75
    assert d.label_coverage["rank"] == 1.0


def test_against_networkx(rng):
    n, m = 80, 500
    c = from_edges(
        rng.integers(0, n, m), rng.integers(0, n, m), count=[1] * m, ids=range(n), provenance=TOY
    )
    g = nx.DiGraph()
    g.add_nodes_from(range(n))
    g.add_edges_from(zip(c.pre.tolist(), c.post.tolist(), strict=True))
    loops = nx.number_of_selfloops(g)
    d = c.describe()
    assert d.self_loops == loops
    assert d.isolated == sum(1 for v in g if g.degree(v) == 0)
    assert sorted(dict(g.in_degree).values())[-1] == d.in_degree.largest
    assert np.median(list(dict(g.out_degree).values())) == d.out_degree.median
    g.remove_edges_from(list(nx.selfloop_edges(g)))
    assert d.density == pytest.approx(nx.density(g), rel=1e-12)
    assert d.reciprocity == pytest.approx(nx.overall_reciprocity(g), rel=1e-12)


def test_pairs_are_counted_once_whatever_their_labels():
    c = from_edges(
        [1, 1, 2], [2, 2, 1], count=[1, 1, 1], edge_labels={"kind": ["gap", "chemical", "gap"]},
        provenance=TOY,
    )  # fmt: skip
    d = c.describe()
    assert (d.edges, d.pairs, d.gap_junctions) == (3, 2, 2)
    assert (d.reciprocity, d.in_degree.largest) == (1.0, 1)


def test_empty():
    d = from_edges([], [], count=[], provenance=TOY).describe()
    assert (d.neurons, d.edges, d.in_degree.largest) == (0, 0, 0)
    assert math.isnan(d.density)
    assert math.isnan(d.reciprocity)


def test_rendering():
    d = load("celegans").with_signs(Argmax("celegans"), unknown="excitatory").describe()
    stream = StringIO()
    Console(width=100, file=stream).print(d)
    text = stream.getvalue()
    for part in ("neurons", "302", "5,905", "edges + / - / 0", "label nt"):
        assert part in text
        assert part in str(d)
    assert json.loads(json.dumps(d.to_dict()))["neurons"] == 302
