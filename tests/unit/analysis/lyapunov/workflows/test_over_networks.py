"""Medians and crossings over networks."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from neurobridge.analysis.lyapunov.workflows.crossing import crossing, first_crossing
from neurobridge.analysis.lyapunov.workflows.over_networks import (
    bootstrap,
    covered,
    median_interval,
)

INF = np.inf


@pytest.mark.parametrize(
    ("n", "left_out", "coverage"),
    [(1, 0, 0.0), (2, 0, 0.5), (5, 0, 0.9375), (6, 0, 0.96875), (9, 1, 0.9609375),
     (10, 1, 0.978516)],
)  # fmt: skip
def test_intervals_of_the_median_are_those_of_the_sign_test(n, left_out, coverage, rng):
    values = rng.permutation(np.arange(n, dtype=float))  # tables of Conover (1999), A3
    found = median_interval(values)
    assert found.median == np.median(values)
    assert (found.low, found.high) == (left_out, n - 1 - left_out)
    assert found.coverage == pytest.approx(coverage, abs=1e-6)


def test_intervals_of_the_median_cover_it(rng):
    covered = 0
    for _ in range(2000):
        found = median_interval(rng.exponential(size=12))
        covered += found.low <= np.log(2) <= found.high
    assert covered / 2000 == pytest.approx(found.coverage, abs=0.015)


def test_medians_of_nothing_and_of_infinite_values():
    assert np.isnan(median_interval(np.array([])).median)
    assert median_interval(np.array([1.0, INF, INF])).median == INF
    assert median_interval(np.array([1.0, 2.0, INF, INF])).median == INF
    assert median_interval(np.array([1.0, 2.0, 3.0, INF])).median == 2.5


def test_the_bootstrap_of_a_mean_is_that_of_the_normal_distribution(rng, seed):
    values = rng.standard_normal(400)
    low, high = bootstrap(values, np.mean, seed, "test")
    half = 1.96 * values.std() / 20
    assert low == pytest.approx(values.mean() - half, abs=0.01)
    assert high == pytest.approx(values.mean() + half, abs=0.01)
    assert bootstrap(values, np.mean, seed, "test") == (low, high)
    assert np.isnan(bootstrap(values[:2], np.mean, seed, "test")).all()


def test_a_crossing_is_interpolated_where_a_network_comes_to_stay_above():
    grid = np.array([1.0, 2.0, 3.0, 4.0])

    def at(*exponents):
        values = np.array(exponents)
        return first_crossing(grid, values, values > 0)

    assert at(-0.5, -0.25, 0.25, 1.0) == 2.5
    assert at(-0.5, 0.5, -0.1, 0.3) == 3.25, "it came back, and then stayed"
    assert at(0.1, 0.2, 0.3, 0.4) == -INF
    assert at(-0.1, 0.2, 0.3, -0.4) == INF


def test_the_median_crossing_has_an_interval_and_tells_who_got_there(seed):
    grid = np.linspace(0, 2, 21)
    true = np.array([0.9, 0.95, 1.0, 1.05, 1.1])
    maximal = grid - true[:, None]
    found = crossing(grid, maximal, maximal > 0, seed, "test")
    np.testing.assert_allclose(found.each, true, atol=1e-12)
    assert found.value == pytest.approx(1.0)
    assert 0.9 <= found.low <= 0.95
    assert 1.05 <= found.high <= 1.1
    assert found.reached == 5
    few = crossing(grid, maximal - 2, maximal > 5, seed, "test")
    assert (few.value, few.reached) == (INF, 0)


def test_a_crossing_to_a_network_that_diverged_is_halfway():
    grid = np.array([1.0, 2.0, 4.0])
    unstable = np.array([False, False, True])
    assert first_crossing(grid, np.array([-1.0, -0.5, np.nan]), unstable) == 3.0
    none = crossing(grid, np.empty((0, 3)), np.empty((0, 3), dtype=bool), 0, "none")
    assert np.isnan(none.value)
    assert none.reached == 0


def test_coverage_in_words():
    table = pd.DataFrame({"n": [3, 0, 3], "coverage": [0.75, 0.0, 0.75]})
    assert covered(table) == "75 % interval of the median"
    table.loc[2, "coverage"] = 0.5
    assert covered(table) == "50 to 75 % interval of the median"
    assert covered(table.assign(n=1, coverage=0.0)) == "one network: no interval"
