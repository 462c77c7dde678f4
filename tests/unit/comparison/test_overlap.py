"""One-to-one overlap and best lag, against hand counts and a brute-force matching."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurobridge.comparison.overlap import best_lag, jaccard, matched_spikes, shared_spikes
from tests.unit.comparison.synthetic import poisson, spikes


def test_identical_runs_match_completely():
    run = spikes([(1, 0), (5, 1), (5, 2)])
    assert [matched_spikes(run, run, k) for k in (0, 1, 2)] == [3, 3, 3]
    assert jaccard(3, 3, 3) == 1.0


def test_hand_counted_overlap():
    reference = spikes([(10, 0), (20, 0), (30, 1)])
    other = spikes([(10, 0), (21, 0), (32, 1), (32, 2)])
    assert [matched_spikes(reference, other, k) for k in (0, 1, 2)] == [1, 2, 3]
    assert jaccard(1, 3, 4) == pytest.approx(1 / 6)


def test_a_burst_matches_a_single_spike_once():
    assert matched_spikes(spikes([(10, 0)]), spikes([(9, 0), (10, 0), (11, 0)]), 2) == 1


def test_matching_is_largest_not_nearest():
    # taking the exact pair (11, 11) first would leave 10 and 12 too far apart for tolerance 1
    assert matched_spikes(spikes([(10, 0), (11, 0)]), spikes([(11, 0), (12, 0)]), 1) == 2


@pytest.mark.parametrize("other", [[(100, 1)], [(100, 0, 1)]])
def test_never_across_neurons_or_trials(other):
    assert matched_spikes(spikes([(100, 0)]), spikes(other), 2) == 0


def test_end_of_one_neuron_does_not_meet_the_start_of_the_next():
    assert matched_spikes(spikes([(100, 0)]), spikes([(0, 1)]), 2) == 0
    assert best_lag(spikes([(100, 0)]), spikes([(0, 1)]), 50) is None


def test_no_spikes():
    empty = spikes([])
    assert matched_spikes(empty, empty, 1) == 0
    assert jaccard(0, 0, 0) is None
    assert jaccard(0, 3, 0) == 0.0
    assert best_lag(empty, spikes([(1, 0)]), 5) is None


trains = st.sets(st.tuples(st.integers(0, 25), st.integers(0, 2), st.integers(0, 1)), max_size=30)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(trains, trains, st.integers(0, 3))
def test_equals_maximum_bipartite_matching(a, b, tolerance):
    graph = nx.Graph()
    left = [("a", p) for p in a]
    graph.add_nodes_from(left, bipartite=0)
    graph.add_nodes_from((("b", p) for p in b), bipartite=1)
    graph.add_edges_from(
        (("a", p), ("b", q))
        for p in a
        for q in b
        if p[1:] == q[1:] and abs(p[0] - q[0]) <= tolerance
    )
    expected = len(nx.bipartite.maximum_matching(graph, left)) // 2
    assert matched_spikes(spikes(a, n_steps=25), spikes(b, n_steps=25), tolerance) == expected


@settings(max_examples=100, deadline=None, derandomize=True)
@given(trains, trains)
def test_best_lag_equals_brute_force(a, b):
    score = {
        k: len({(s + k, *rest) for s, *rest in a} & {tuple(p) for p in b}) for k in range(-4, 5)
    }
    found = best_lag(spikes(a, n_steps=25), spikes(b, n_steps=25), 4)
    if not any(score.values()):
        assert found is None
        return
    best = max(score.values())
    assert found.coincidences == best
    assert abs(found.steps) == min(abs(k) for k, n in score.items() if n == best)
    assert score[found.steps] == best
    assert found.overlap == pytest.approx(best / (len(a) + len(b) - best))


def test_a_late_run_is_found():
    reference = [(10, 0), (25, 1), (70, 2)]
    late = [(step + 3, neuron) for step, neuron in reference]
    lag = best_lag(spikes(reference), spikes(late), 50)
    assert (lag.steps, lag.coincidences, lag.overlap) == (3, 3, 1.0)
    assert best_lag(spikes(late), spikes(reference), 50).steps == -3


def test_shared_spikes():
    a, b = spikes([(1, 0), (2, 0), (2, 1)]), spikes([(2, 1), (3, 0)])
    in_other, in_reference = shared_spikes(a, b)
    np.testing.assert_array_equal(in_other, [False, False, True])
    np.testing.assert_array_equal(in_reference, [True, False])


def test_chance_overlap_of_independent_runs():
    # two independent runs of 200 neurons at 1 % per step: about 200 * 10,000 * 1e-4 coincidences
    rng = np.random.default_rng(3)
    a, b = (
        spikes(list(zip(*np.nonzero(rng.random((10_000, 200)) < 0.01), strict=True)), 200, 10_000)
        for _ in range(2)
    )
    assert matched_spikes(a, b, 0) == pytest.approx(200, rel=0.25)


def test_many_neurons_and_spikes():
    run = poisson(133_436, 5_000, 2e-4, seed=1)
    assert len(run) > 100_000
    assert matched_spikes(run, run, 2) == len(run)
