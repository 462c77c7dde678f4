"""The synthetic graph of the benchmarks is what its shape says, and the same every time."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.synthetic import ALL_EDGES, SMALL, synthetic_graph


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
