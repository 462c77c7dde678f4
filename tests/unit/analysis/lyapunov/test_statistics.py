"""Error bars cover the truth, and what follows from exponents has its known values."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from neurobridge.analysis.lyapunov.dimension import entropy, kaplan_yorke
from neurobridge.analysis.lyapunov.statistics import (
    block_errors,
    blocking,
    has_transient,
    intervals,
    jackknife,
)
from neurobridge.errors import NetworkError

Real = NDArray[np.float64]
Rng = np.random.Generator

LORENZ = np.array([0.9056, 0.0, -14.5723])
HENON = np.array([0.41922, -1.62319])


def autoregressive(phi: float, count: int, runs: int, rng: Rng) -> Real:
    """Stationary AR(1) of mean 0 and innovations of variance 1, (count, runs)."""
    noise = rng.standard_normal((count, runs))
    series = np.empty_like(noise)
    series[0] = noise[0] / np.sqrt(1 - phi**2)
    for i in range(1, count):
        series[i] = phi * series[i - 1] + noise[i]
    return series


def coverage(blocks: Real, truth: float) -> float:
    """Share of columns whose 95 % interval holds the truth."""
    errors, freedom, _ = blocking(blocks)
    low, high = intervals(blocks.mean(axis=0), errors, freedom)
    return float(np.mean((low <= truth) & (truth <= high)))


@pytest.mark.parametrize(
    ("phi", "count"),
    [(-0.5, 20), (0.0, 8), (0.0, 20), (0.0, 100), (0.3, 20), (0.5, 50), (0.7, 100), (0.8, 200)],
)
def test_intervals_cover_the_mean_of_correlated_series(phi: float, count: int, rng: Rng) -> None:
    assert 0.85 <= coverage(autoregressive(phi, count, 400, rng), 0.0) <= 1


@pytest.mark.parametrize("phi", [0.0, 0.5, 0.8])
def test_errors_have_the_right_size(phi: float, rng: Rng) -> None:
    series = autoregressive(phi, 1000, 200, rng)
    # The mean of n values of an AR(1) has the variance 1 / (n (1 - phi)^2) for large n.
    expected = 1 / np.sqrt(1000) / (1 - phi)
    root_mean_square = np.sqrt(np.mean(block_errors(series) ** 2))
    assert 0.9 * expected < root_mean_square < 1.3 * expected


def test_errors_that_ignore_the_correlation_would_not_cover(rng: Rng) -> None:
    """The test above can fail: errors of uncorrelated blocks do."""
    series = autoregressive(0.8, 200, 400, rng)
    half = stats.t.ppf(0.975, 199) * series.std(axis=0, ddof=1) / np.sqrt(200)
    assert np.mean(np.abs(series.mean(axis=0)) <= half) < 0.6


def test_errors_of_a_telescoping_series_are_not_those_of_its_blocks(rng: Rng) -> None:
    """Such as the exponent along a flow, log |f| at the end less at the beginning."""
    ends = rng.standard_normal((513, 50))
    blocks = np.diff(ends, axis=0)
    errors, freedom, length = blocking(blocks)
    naive = blocks.std(axis=0, ddof=1) / np.sqrt(512)
    assert (errors < naive / 3).all()
    assert coverage(blocks, 0.0) == 1
    assert (length == 64).mean() > 0.8
    assert (freedom[length == 64] == 7).all()


def test_independent_blocks_have_the_textbook_error() -> None:
    blocks = np.array([[1.0, 2.0], [3.0, 2.5], [2.0, 7.0], [5.0, 1.0]])
    errors, freedom, length = blocking(blocks)
    np.testing.assert_allclose(errors, stats.sem(blocks, axis=0), rtol=1e-14)
    assert freedom.tolist() == [3, 3]
    assert length.tolist() == [1, 1]
    low, high = intervals(blocks.mean(axis=0), errors, freedom)
    expected = stats.ttest_1samp(blocks, 0).confidence_interval(0.95)
    np.testing.assert_allclose([low, high], [expected.low, expected.high], rtol=1e-12)


def test_pairs_count_where_neighbours_are_alike() -> None:
    """Each value twice: an error from single blocks would be too small by the root of 2."""
    single = np.array([[1.0], [4], [2], [3], [0], [2], [4], [1]])
    errors, freedom, length = blocking(np.repeat(single, 2, axis=0))
    assert length.tolist() == [2]
    assert freedom.tolist() == [7]
    np.testing.assert_allclose(errors, stats.sem(single, axis=0), rtol=1e-12)


def test_a_count_that_is_no_power_of_two_still_means_all_blocks() -> None:
    """With 17 blocks a batch of 2 leaves one out, and the error is that of a mean of 17."""
    single = np.array([[1.0], [4], [2], [3], [0], [2], [4], [1]])
    errors, freedom, length = blocking(np.concatenate([[[2.0]], np.repeat(single, 2, axis=0)]))
    assert (freedom.tolist(), length.tolist()) == ([7], [2])
    np.testing.assert_allclose(errors, single.std(axis=0, ddof=1) * np.sqrt(2 / 17))


def test_constant_blocks_have_no_error() -> None:
    errors, _, _ = blocking(np.full((64, 3), -1.5))
    assert errors.tolist() == [0, 0, 0]


def test_intervals_cover_the_exponents_of_lorenz(seed: int) -> None:
    """60 runs of 80 units of time; the zero exponent and the others have their known values."""
    blocks = lorenz_blocks(runs=60, blocks=40, seed=seed)
    for column, truth in enumerate(LORENZ):
        assert coverage(blocks[:, :, column], truth) >= 0.85
    together = blocks.mean(axis=1)
    dimension, error = jackknife(together, lambda mean: kaplan_yorke(mean, 3))
    assert abs(dimension - 2.0621) < 4 * error
    assert error < 0.002


def lorenz_blocks(runs: int, blocks: int, seed: int, dt: float = 0.02) -> Real:
    """Local exponents of Lorenz-63 in blocks of 2, (blocks, runs, 3), by RK4 and QR."""

    def slope(x: Real) -> Real:
        a, b, c = x.T
        return np.stack([10 * (b - a), a * (28 - c) - b, a * b - 8 / 3 * c], axis=1)

    def tangent(x: Real, v: Real) -> Real:
        a, b, c = x.T[:, :, None]
        u, w, z = v[:, 0], v[:, 1], v[:, 2]
        return np.stack([10 * (w - u), (28 - c) * u - w - a * z, b * u + a * w - 8 / 3 * z], 1)

    state = np.random.default_rng(seed).normal([0, 0, 25], 5, (runs, 3))
    frame = np.tile(np.eye(3), (runs, 1, 1))
    logs = []
    for step in itertools.count(1):
        k1, t1 = slope(state), tangent(state, frame)
        k2, t2 = slope(x := state + dt / 2 * k1), tangent(x, frame + dt / 2 * t1)
        k3, t3 = slope(x := state + dt / 2 * k2), tangent(x, frame + dt / 2 * t2)
        k4, t4 = slope(x := state + dt * k3), tangent(x, frame + dt * t3)
        state = state + dt / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
        frame = frame + dt / 6 * (t1 + 2 * t2 + 2 * t3 + t4)
        if step % 5 == 0:
            frame, factor = np.linalg.qr(frame)
            logs.append(np.log(np.abs(np.diagonal(factor, axis1=1, axis2=2))))
            if len(logs) == 20 * (blocks + 10):  # ten blocks for the transient
                break
    return np.stack(logs).reshape(-1, 20, runs, 3).sum(axis=1)[10:] / 2


def test_kaplan_yorke_dimensions_of_textbooks() -> None:
    assert kaplan_yorke(LORENZ, 3) == pytest.approx(2.06215, abs=5e-5)
    assert kaplan_yorke(HENON, 2) == pytest.approx(1.25827, abs=5e-6)
    assert kaplan_yorke(np.array([0.0714, 0, -5.3943]), 3) == pytest.approx(2.0132, abs=5e-5)
    assert kaplan_yorke(np.array([0.50768, -0.71841]), 2) == pytest.approx(1.70668, abs=2e-5)
    assert kaplan_yorke(LORENZ[[2, 0, 1]], 3) == kaplan_yorke(LORENZ, 3)


def test_kaplan_yorke_dimension_needs_no_more_exponents_than_it_is_made_of() -> None:
    assert kaplan_yorke(np.array([0.3, 0.1, -0.5]), 100) == pytest.approx(2.8)
    assert np.isnan(kaplan_yorke(np.array([0.3, 0.1, -0.3]), 100))
    assert np.isnan(kaplan_yorke(np.array([0.3, -0.3]), 100))


def test_kaplan_yorke_dimensions_of_fixed_points_cycles_tori_and_conservative_systems() -> None:
    assert kaplan_yorke(np.array([-0.1, -2.0]), 2) == 0
    for tiny in (1e-13, 0.0, -1e-13):
        assert kaplan_yorke(np.array([tiny, -0.5, -2.0]), 3) == pytest.approx(1)
        assert kaplan_yorke(np.array([1e-13, tiny, -2.0]), 3) == pytest.approx(2)
        assert kaplan_yorke(np.array([0.5, tiny, 0, -0.5]), 4) == pytest.approx(4)
    assert kaplan_yorke(np.array([0.5, 0.1]), 2) == 2
    assert kaplan_yorke(np.array([-1e-3, -0.5]), 2) == 0
    assert kaplan_yorke(np.array([-1e-3, -0.5]), 2, zero=2e-3) == 1


def test_entropy_is_the_sum_of_the_positive_exponents() -> None:
    assert entropy(LORENZ, 3) == 0.9056
    assert entropy(np.array([0.3, 0.2, -0.1]), 100) == 0.5
    assert entropy(np.array([0.3, 0.2]), 2) == 0.5
    assert entropy(np.array([-0.1, -0.2]), 100) == 0
    assert np.isnan(entropy(np.array([0.3, 0.2]), 100))


def test_the_jackknife_of_a_linear_function_is_the_error_of_its_series(rng: Rng) -> None:
    blocks = autoregressive(0.6, 128, 4, rng)
    weights = np.array([1.0, -2.0, 0.5, 3.0])
    value, error = jackknife(blocks, lambda mean: float(mean @ weights))
    assert value == pytest.approx(blocks.mean(axis=0) @ weights, rel=1e-13)
    assert error == pytest.approx(block_errors((blocks @ weights)[:, None])[0], rel=1e-9)


@pytest.mark.parametrize("phi", [0.0, 0.7])
def test_the_jackknife_covers_a_dimension(phi: float, rng: Rng) -> None:
    spectrum = np.array([0.4, 0.1, -0.2, -1.0])
    truth = kaplan_yorke(spectrum, 4)
    series = autoregressive(phi, 100, 4 * 200, rng).reshape(100, 200, 4)
    runs = np.moveaxis(spectrum + 0.05 * series, 1, 0)
    pairs = [jackknife(blocks, lambda mean: kaplan_yorke(mean, 4)) for blocks in runs]
    values, errors = np.array(pairs).T
    half = stats.t.ppf(0.975, 11) * errors
    assert np.mean(np.abs(values - truth) <= half) >= 0.85
    assert np.sqrt(np.mean(errors**2)) < 1.5 * values.std()


def test_the_jackknife_does_not_know_the_error_of_an_unknown_value() -> None:
    blocks = np.array([[0.1], [0.2], [0.3]])
    value, error = jackknife(blocks, lambda mean: kaplan_yorke(mean, 5))
    assert np.isnan([value, error]).all()
    value, error = jackknife(blocks, lambda mean: float("nan") if mean[0] > 0.21 else 1.0)
    assert (value, np.isnan(error)) == (1, True)


@pytest.mark.parametrize(("phi", "count"), [(0.0, 16), (0.0, 64), (0.3, 32), (0.5, 64), (0.7, 200)])
def test_stationary_runs_are_rarely_taken_for_transients(phi: float, count: int, rng: Rng) -> None:
    series = autoregressive(phi, count, 2 * 500, rng).reshape(count, 500, 2)
    assert sum(bool(has_transient(series[:, i])) for i in range(500)) / 500 < 0.02


@pytest.mark.parametrize("which", ["maximal", "total"])
def test_a_transient_is_found_in_the_first_exponent_and_in_the_sum(which: str, rng: Rng) -> None:
    drift = 12 * np.exp(-np.arange(64) / 6)
    columns = [drift, -drift] if which == "maximal" else [0 * drift, -drift]
    found = 0
    for _ in range(50):
        noise = autoregressive(0.3, 64, 2, rng)
        test = has_transient(noise + np.stack(columns, axis=1))
        found += test.found
        shift, other = (
            (test.maximal, test.total) if which == "maximal" else (test.total, test.maximal)
        )
        assert abs(shift) > abs(other)
        assert (shift > 0) == (which == "maximal")
    assert found > 45


def test_a_run_that_settles_on_a_fixed_point() -> None:
    approach = np.exp(-np.arange(40.0))[:, None]
    assert has_transient(-0.5 + approach)
    assert not has_transient(-0.5 + 1e-7 * approach)
    assert has_transient(np.array([1.0] * 4 + [0.5] * 36)[:, None]).maximal == np.inf


def test_a_few_blocks_cannot_tell_of_a_transient() -> None:
    test = has_transient(np.array([[9.0], [1], [1], [1], [1], [1], [1]]))
    assert not test
    assert np.isnan([test.maximal, test.total]).all()


def test_blocks_that_no_statistics_can_be_made_of() -> None:
    with pytest.raises(NetworkError, match=r"at least 2 blocks .* got shape \(1, 3\); run for"):
        block_errors(np.zeros((1, 3)))
    with pytest.raises(NetworkError, match=r"got shape \(3,\)"):
        jackknife(np.zeros(3), float)
    blocks = np.zeros((4, 2))
    blocks[2, 1] = np.inf
    with pytest.raises(NetworkError, match="exponent 2 is inf in block 3 of 4"):
        has_transient(blocks)


@pytest.mark.parametrize("function", [kaplan_yorke, entropy])
def test_exponents_that_cannot_be(function: Callable[[Real, int], float]) -> None:
    with pytest.raises(NetworkError, match=r"expected 1 to 2 of them, .* got shape \(3,\)"):
        function(LORENZ, 2)
    with pytest.raises(NetworkError, match=r"got shape \(0,\)"):
        function(np.zeros(0), 2)
    with pytest.raises(NetworkError, match="expected finite values, got nan"):
        function(np.array([np.nan, 0.0]), 2)
