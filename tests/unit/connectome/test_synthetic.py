"""The synthetic connectome is what its shape says, and the same every time."""

from __future__ import annotations

import numpy as np
import pytest

from neurobridge.connectome import Argmax
from neurobridge.connectome.registry import load
from neurobridge.connectome.synthetic import SHAPES, Shape, synthetic_graph
from neurobridge.errors import UnknownNameError

SMALL, ALL_EDGES = SHAPES["small"], SHAPES["flywire783"]


@pytest.fixture(scope="module")
def graph():
    return synthetic_graph(SMALL)


def test_edges_are_distinct_sorted_and_no_self_loops(graph):
    key = graph.post.astype(np.int64) * SMALL.n + graph.pre
    assert key.size == SMALL.n_edges
    assert (np.diff(key) > 0).all()
    assert (graph.pre != graph.post).all()
    assert graph.pre.max() < SMALL.n
    assert graph.post.max() < SMALL.n


@pytest.mark.parametrize("end", ["pre", "post"])
def test_degrees_are_log_normal_with_hubs(graph, end):
    degree = np.bincount(getattr(graph, end), minlength=SMALL.n)
    assert 0.9 * SMALL.max_degree < degree.max() <= 1.1 * SMALL.max_degree
    log = np.log(degree[degree > 0])
    assert log.std() == pytest.approx(SMALL.degree_sigma, rel=0.1)
    # Of a log-normal distribution the mean is exp(sigma^2 / 2) times the median.
    expected = np.exp(SMALL.degree_sigma**2 / 2)
    assert degree.mean() / np.median(degree) == pytest.approx(expected, rel=0.15)


def test_counts_have_the_tail_of_the_connectome():
    """17.9 % of all edges have five synapses or more, and the mean is 3.6."""
    rng = np.random.default_rng(1)
    count = np.ceil(np.exp(rng.normal(ALL_EDGES.count_mu, ALL_EDGES.count_sigma, 1_000_000)))
    assert (count >= 5).mean() == pytest.approx(2_700_513 / 15_091_983, rel=0.02)
    assert count.mean() == pytest.approx(54_492_922 / 15_091_983, rel=0.03)


def test_the_same_seed_gives_the_same_graph(graph):
    again, other = synthetic_graph(SMALL), synthetic_graph(SMALL, seed=2)
    for name in ("pre", "post", "count", "sign"):
        assert np.array_equal(getattr(graph, name), getattr(again, name))
    assert not np.array_equal(graph.pre, other.pre)


def test_signs_are_as_frequent_as_asked(graph):
    assert set(np.unique(graph.sign)) == {-1, 1}
    assert (graph.sign < 0).mean() == pytest.approx(SMALL.inhibitory, abs=0.03)


def test_a_graph_that_is_nearly_complete_is_found():
    """Most of the pairs that are joined first exist already: nine tenths of 380 are wanted."""
    graph = synthetic_graph(Shape(20, 342, 19, 0.1, 0.0, 1.0, 1, 9))
    key = graph.post.astype(np.int64) * 20 + graph.pre
    assert key.size == 342
    assert (np.diff(key) > 0).all()
    assert (graph.pre != graph.post).all()


@pytest.fixture(scope="module")
def connectome():
    return load("synthetic", like="small")


def test_the_source_gives_the_graph_with_transmitters(connectome, graph):
    signed = connectome.with_signs(Argmax("fly"))
    for name in ("pre", "post", "count", "sign"):
        assert np.array_equal(getattr(signed, name), getattr(graph, name))
    assert not signed.findings


def test_driven_neurons_have_more_targets_than_others(connectome):
    """Drawn in proportion to a degree that is log-normal, the mean is exp(sigma^2) as large."""
    driven = np.asarray(connectome.label("drive")) == "sugar"
    assert driven.sum() == 15  # 420 of 138,639 are as many of 5,000
    several = [load("synthetic", like="small", seed=seed) for seed in range(30)]
    ratios = []
    for one in several:
        degree = np.bincount(one.pre, minlength=one.n_neurons)
        ratios.append(degree[np.asarray(one.label("drive")) == "sugar"].mean() / degree.mean())
    assert np.mean(ratios) == pytest.approx(np.exp(SMALL.degree_sigma**2), rel=0.2)


def test_an_unknown_shape_is_refused():
    with pytest.raises(UnknownNameError, match="flywire783_5"):
        load("synthetic", like="flywire783_6")
