"""Tier T3: distributions over seeds."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from neurobridge.comparison import compare_seeds
from neurobridge.comparison.seeds import pairwise_correlation
from neurobridge.errors import NetworkError
from tests.unit.comparison.synthetic import poisson, recording, spikes


def runs(rate, offset, n=10, **changes):
    return [
        recording(poisson(30, 5_000, rate, seed=offset + s), seed=s, **changes) for s in range(n)
    ]


def test_the_same_process_passes():
    result = compare_seeds(runs(0.004, 0), runs(0.004, 100))
    assert result.passed is True
    assert result.seeds == tuple(range(10))
    assert [d.statistic for d in result.distributions] == [
        "mean rate",
        "interval CV",
        "pairwise correlation",
    ]


def test_another_rate_fails_and_says_by_how_much():
    result = compare_seeds(runs(0.004, 0), runs(0.006, 100))
    rate = result.distributions[0]
    assert result.passed is False
    assert rate.passed is False
    assert rate.distance == 1.0
    expected = np.mean(rate.other) / np.mean(rate.reference) - 1
    assert rate.relative_difference == pytest.approx(expected)
    assert 0.3 < rate.relative_difference < 0.6
    assert result.to_dict()["passed"] is False


def test_silence_is_not_judged_where_nothing_is_defined():
    quiet = [recording(spikes([]), seed=s) for s in range(10)]
    result = compare_seeds(quiet, quiet)
    assert [d.passed for d in result.distributions] == [True, None, None]


def test_correlation_equals_numpy_on_bins():
    run = poisson(6, 2_000, 0.01, seed=5)
    binned = [
        np.bincount(run.step[run.neuron == n] // 50, minlength=41) for n in np.unique(run.neuron)
    ]
    pairs = [np.corrcoef(a, b)[0, 1] for a, b in itertools.combinations(binned, 2)]
    assert pairwise_correlation(run, 5.0) == pytest.approx(np.mean(pairs))


def test_correlation_of_copies_is_one():
    assert pairwise_correlation(spikes([(10, 0), (10, 1), (90, 0), (90, 1)])) == pytest.approx(1.0)
    assert pairwise_correlation(spikes([(10, 0)])) is None


@pytest.mark.parametrize(
    ("other", "message"),
    [
        (runs(0.004, 0, n=9), "the other backend has 9 seeds, tier T3 needs at least 10"),
        (runs(0.004, 0)[:9] + runs(0.004, 0)[:1], "the other backend has a seed twice"),
        (runs(0.004, 0, status="failed"), "the run of the other backend at seed 0 is failed"),
        (runs(0.004, 0, n=11)[1:], "run both with the same seeds"),
    ],
)
def test_errors(other, message):
    with pytest.raises(NetworkError, match=message):
        compare_seeds(runs(0.004, 0), other)
