"""Random networks: what theory says, and what does not depend on how it is worked out."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from neurobridge.analysis import lyapunov, mean_field
from tests.requirements import require

require("numba")

from tests.unit.analysis.lyapunov.systems import lorenz  # noqa: E402

QUIET: dict[str, Any] = {"progress": False, "checks": False}


def network(n: int, g: float, **options: Any) -> lyapunov.DeclaredSystem:
    return lyapunov.of_network(lyapunov.random_network(n, g, **options))


@pytest.mark.parametrize(("g", "seed"), [(1.5, 0), (3.0, 1), (6.0, 2)])
def test_the_mean_exponent_of_a_flow_is_minus_one(g: float, seed: int) -> None:
    found = lyapunov.spectrum(network(100, g, seed=seed), time=200.0, progress=False)
    assert found.sum / 100 == pytest.approx(-1, abs=1e-4)
    assert not [f for f in found.findings if f.code == "sum_rule" and f.severity != "note"]


def test_a_flow_is_symmetric_about_minus_one() -> None:
    found = lyapunov.spectrum(network(200, 3.0), time=400.0, **QUIET)
    centre = (found.exponents + found.exponents[::-1]) / 2
    assert np.abs(centre + 1).max() < 0.07
    euler = lyapunov.of_network(lyapunov.random_network(200, 3.0), "map")
    broken = lyapunov.spectrum(euler, time=400.0, **QUIET)
    assert broken.sum / 200 == pytest.approx(np.log(0.9) / 0.1, abs=2e-3)
    assert np.abs((broken.exponents + broken.exponents[::-1]) / 2 + 1).max() > 0.1


@pytest.mark.slow
@pytest.mark.parametrize(("g", "known"), [(2.0, 0.1125), (3.0, 0.2355), (5.0, 0.4337)])
def test_the_largest_exponent_is_that_of_mean_field_theory(g: float, known: float) -> None:
    """The mean of six networks of 2,000 neurons at g = 5 was 0.4188, with an error of 0.0025."""
    theory = mean_field.dynamic_mean_field(g).lambda_max
    assert theory == pytest.approx(known, abs=1e-4)
    found = lyapunov.spectra(
        [network(2000, g, seed=s) for s in (2, 4)], 1, time=200.0, transient=60.0, warm_up=30.0,
        threads=2, progress=False,
    )  # fmt: skip
    assert np.mean([one.maximal for one in found]) == pytest.approx(theory, abs=0.02)


def _reference(
    matrix: NDArray[np.float64], dt: float, n_steps: int, every: int
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Initial state and frame, and exponents of the Euler map by a dense Jacobian and QR."""
    n = len(matrix)
    rng = np.random.default_rng(5)
    state, frame = rng.standard_normal(n), np.linalg.qr(rng.standard_normal((n, n)))[0]
    first, start, logs = state, frame, np.zeros(n)
    for step in range(n_steps):
        step_matrix = np.eye(n) * (1 - dt) + dt * matrix / np.cosh(state) ** 2
        state = (1 - dt) * state + dt * matrix @ np.tanh(state)
        frame = step_matrix @ frame
        if (step + 1) % every == 0:
            frame, factor = np.linalg.qr(frame)
            logs += np.log(np.abs(np.diag(factor)))
    return first, start, logs / (n_steps * dt)


@pytest.mark.parametrize("density", [1.0, 0.05])
@pytest.mark.parametrize(("precision", "tolerance"), [("float64", 1e-11), ("mixed", 1e-4)])
@pytest.mark.parametrize("kind", ["lu", "cholesky", "householder"])
@pytest.mark.parametrize("k", [100, 20, 2, 1])
def test_factorisations_agree_with_a_dense_jacobian(
    density: float, precision: str, tolerance: float, kind: Any, k: int
) -> None:
    matrix = lyapunov.random_matrix(100, 3.0, density=density, seed=2)
    state, frame, expected = _reference(matrix, 0.1, 400, 10)
    system = lyapunov.of_network(lyapunov.matrix_network(matrix), "map")
    assert system.is_dense == (density == 1)
    propagator = system.propagator(k, 0.1, "euler", precision)  # type: ignore[arg-type]
    propagator.begin(state, frame[:, :k])
    logs = np.zeros(k)
    for i in range(40):
        propagator.advance(10)
        logs += propagator.renormalise("householder" if i == 39 else kind)[0]
    assert np.abs(logs / 40 - expected[:k]).max() < tolerance


def test_the_interval_follows_the_spread_without_loss() -> None:
    """On one trajectory: intervals as long as allowed, against Householder in every step."""
    system = network(100, 4.0, seed=7)
    options: dict[str, Any] = {"time": 60.0, "dt": 0.05, **QUIET}
    exact = lyapunov.spectrum(system, renormalise="householder", interval=0.05, **options)
    for kind in ("lu", "cholesky"):
        found = lyapunov.spectrum(system, renormalise=kind, **options)
        assert found.info["interval"] > 0.5
        assert np.abs(found.exponents - exact.exponents).max() < 1e-11


def test_an_interval_that_is_too_long_is_done_again() -> None:
    options: dict[str, Any] = {"time": 200.0, **QUIET}
    exact = lyapunov.spectrum(lorenz(), renormalise="householder", interval=0.1, **options)
    for kind in ("lu", "cholesky", "householder"):
        found = lyapunov.spectrum(lorenz(), renormalise=kind, interval=3.0, **options)
        assert found.info["redone"] > 0
        assert np.abs(found.exponents - exact.exponents).max() < 1e-9


def _local(system: lyapunov.DeclaredSystem, method: Any, dt: float) -> NDArray[np.float64]:
    """Exponents over five units of time from one state and frame."""
    n = system.size
    start = lyapunov.of_network(lyapunov.random_network(n, 3.0, seed=1)).start(4)
    propagator = system.propagator(n, dt, method, "float64")
    propagator.begin(start, np.linalg.qr(np.random.default_rng(0).standard_normal((n, n)))[0])
    logs = np.zeros(n)
    for _ in range(5):
        propagator.advance(round(1 / dt))
        logs += propagator.renormalise("householder")[0]
    return logs / 5


def test_adams_bashforth_is_fifty_times_better_than_euler_at_equal_cost() -> None:
    """One product with the coupling a step in both; against Runge-Kutta with a short step."""
    flow = network(100, 3.0, seed=1)
    truth = _local(flow, "rk4", 0.01)
    euler = np.abs(_local(flow, "euler", 0.05) - truth).max()
    adams = np.abs(_local(flow, "ab4", 0.05) - truth).max()
    assert adams <= euler / 50


def test_adaptive_k_is_the_whole_spectrum_of_the_same_trajectory() -> None:
    system = network(150, 3.0, seed=4)
    options: dict[str, Any] = {"time": 60.0, "dt": 0.07, "warm_up": 20.0, **QUIET}
    whole = lyapunov.spectrum(system, "all", **options)
    part = lyapunov.spectrum(system, "adaptive", **options)
    assert part.k < 50
    assert part.kaplan_yorke == pytest.approx(whole.kaplan_yorke, abs=1e-6)
    assert part.entropy == pytest.approx(whole.entropy, abs=1e-6)
    assert np.abs(part.exponents - whole.exponents[: part.k]).max() < 1e-6


@pytest.mark.slow
def test_intervals_cover_the_long_run_value() -> None:
    """Of 40 independent runs, 85 to 100 % of the 95 % intervals cover the value of a long run."""
    matrix = lyapunov.random_matrix(150, 5.0, seed=11)
    system = lyapunov.of_network(lyapunov.matrix_network(matrix))
    runs = lyapunov.spectra(
        40 * [system], 6, seeds=range(40), time=150.0, progress=False, threads=2
    )
    long = lyapunov.spectra(
        4 * [system], 6, seeds=range(100, 104), time=2000.0, progress=False, threads=2
    )
    truth = np.mean([run.exponents for run in long], axis=0)
    covered = [(run.interval[0] <= truth) & (truth <= run.interval[1]) for run in runs]
    assert 0.85 <= np.mean(covered) <= 1.0


def test_a_run_ends_when_the_error_is_reached_or_says_that_it_is_not() -> None:
    system = network(100, 4.0)
    found = lyapunov.spectrum(system, 3, error=0.02, progress=False, checks=False)
    assert found.status == "converged"
    assert found.errors.max() <= 0.02
    assert found.time < 10_000
    short = lyapunov.spectrum(system, 3, error=1e-4, time=30.0, progress=False, checks=False)
    assert short.status == "not_converged"
    assert "NOT CONVERGED" in repr(short)


def test_many_systems_give_what_each_gives_whatever_the_threads() -> None:
    systems = [network(60, 3.0, seed=s) for s in range(3)]
    one = [lyapunov.spectrum(s, 10, time=30.0, **QUIET) for s in systems]
    for threads in (1, 2):
        many = lyapunov.spectra(systems, 10, time=30.0, threads=threads, progress=False)
        for a, b in zip(one, many, strict=True):
            assert np.array_equal(a.exponents, b.exponents)
