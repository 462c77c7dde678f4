"""Rates and intervals of one run, by hand and against elephant."""

from __future__ import annotations

import numpy as np
import pytest

from neurobridge.comparison.pooling import pooled, until
from neurobridge.comparison.statistics import (
    interval_cv,
    intervals,
    population_rate,
    spike_statistics,
)
from tests.unit.comparison.synthetic import poisson, spikes


def test_intervals_by_hand():
    gaps, neuron = intervals(spikes([(10, 0), (12, 1), (14, 0), (40, 0), (15, 1)]))
    np.testing.assert_allclose(gaps, [0.4, 2.6, 0.3])
    np.testing.assert_array_equal(neuron, [0, 0, 1])


def test_no_interval_across_trials():
    gaps, _ = intervals(spikes([(10, 0, 0), (30, 0, 1), (35, 0, 1)]))
    np.testing.assert_allclose(gaps, [0.5])


def test_cv_by_hand():
    # intervals 1 and 3: mean 2, standard deviation 1; equal intervals: 0; one interval: undefined
    cv = interval_cv(spikes([(1, 0), (2, 0), (5, 0), (3, 1), (6, 1), (9, 1), (4, 2), (8, 2)]))
    np.testing.assert_allclose(cv, [0.5, 0.0, np.nan, np.nan], atol=1e-14)


def test_cv_equals_elephant():
    elephant = pytest.importorskip("elephant.statistics")
    run = poisson(40, 20_000, 0.003, seed=4)
    cv = interval_cv(run)
    for neuron in range(40):
        gaps = np.diff(run.of(neuron))
        if gaps.size >= 2:
            assert cv[neuron] == pytest.approx(elephant.cv(gaps), rel=1e-10)


def test_statistics_by_hand():
    run = spikes([(10, 0), (20, 0), (40, 0), (5, 1)], size=4, n_steps=1000, dt=0.1)
    found = spike_statistics(run)
    assert (found.spikes, found.neurons, found.active) == (4, 4, 2)
    assert found.mean_rate == pytest.approx(10.0)  # 4 spikes, 4 neurons, 0.1 s
    assert found.mean_interval == pytest.approx(1.5)
    assert found.mean_cv == pytest.approx(1 / 3)


def test_statistics_of_a_selection_ignore_the_rest():
    run = spikes([(10, 2)], size=100, n_steps=1000, neurons=[2, 5])
    found = spike_statistics(run)
    assert (found.neurons, found.active) == (2, 1)
    assert found.mean_rate == pytest.approx(5.0)


def test_silence():
    found = spike_statistics(spikes([]))
    assert (found.spikes, found.active, found.mean_rate) == (0, 0, 0.0)
    assert found.mean_interval is None
    assert found.mean_cv is None


def test_population_rate_with_a_last_bin_that_is_short():
    # bins of 40, 40 and 20 steps of 0.1 ms; the stamps 40 and 41 lie on both sides of an edge
    run = spikes([(1, 0), (40, 1), (41, 0), (100, 3)], size=4, n_steps=100)
    start, rate = population_rate(run, 40)
    np.testing.assert_allclose(start, [0.0, 4.0, 8.0])
    np.testing.assert_allclose(rate, [2 / 4e-3 / 4, 1 / 4e-3 / 4, 1 / 2e-3 / 4])


def test_a_source_spike_at_time_zero_is_in_the_first_bin():
    _, rate = population_rate(spikes([(0, 0)], size=1, n_steps=10), 5)
    np.testing.assert_allclose(rate, [2000.0, 0.0])


def test_pooling_numbers_neurons_one_after_the_other():
    pool = pooled(
        {"a": spikes([(5, 2)], size=3, neurons=[2]), "b": spikes([(3, 0), (5, 1)], size=2)}
    )
    np.testing.assert_array_equal(pool.spikes.step, [3, 5, 5])
    np.testing.assert_array_equal(pool.spikes.neuron, [3, 2, 4])
    np.testing.assert_array_equal(pool.spikes.recorded, [2, 3, 4])
    assert pool.spikes.size == 5
    assert [pool.locate(n) for n in (0, 2, 3, 4)] == [("a", 0), ("a", 2), ("b", 0), ("b", 1)]


def test_until_cuts_the_run():
    cut = until(spikes([(10, 0), (50, 1), (51, 1)]), 50)
    assert cut.n_steps == 50
    np.testing.assert_array_equal(cut.step, [10, 50])
