"""Systems whose exponents are in the literature, or follow from eigenvalues."""

from __future__ import annotations

import math

import numpy as np
import pytest

from neurobridge.analysis import lyapunov
from tests.requirements import require

require("numba")

from tests.unit.analysis.lyapunov.systems import (  # noqa: E402
    henon,
    lorenz,
    lorenz_96,
    roessler,
)


def test_lorenz() -> None:
    found = lyapunov.spectrum(lorenz(), time=5000.0, progress=False)
    assert np.abs(found.exponents - [0.9056, 0.0, -14.5723]).max() < 0.012
    assert found.sum == pytest.approx(-41 / 3, abs=2e-4)
    assert found.kaplan_yorke == pytest.approx(2.06215, abs=1e-3)
    assert found.n_positive == 1
    assert not [f for f in found.findings if f.severity != "note"]
    assert {"sum_rule", "zero_exponent", "two_trajectories"} <= {f.code for f in found.findings}


def test_the_sum_of_lorenz_is_exact_with_a_short_step() -> None:
    found = lyapunov.spectrum(lorenz(), time=50.0, dt=0.002, progress=False, checks=False)
    assert found.sum == pytest.approx(-41 / 3, abs=1e-6)


def test_roessler() -> None:
    found = lyapunov.spectrum(roessler(), time=20_000.0, transient=500.0, progress=False)
    assert found.exponents[0] == pytest.approx(0.0714, abs=0.003)
    assert found.exponents[1] == pytest.approx(0.0, abs=1e-3)
    assert found.exponents[2] == pytest.approx(-5.394, abs=0.02)
    assert found.kaplan_yorke == pytest.approx(2.0132, abs=1e-3)


def test_henon() -> None:
    found = lyapunov.spectrum(henon(), time=100_000, transient=1000, progress=False, checks=False)
    assert np.abs(found.exponents - [0.41922, -1.62319]).max() < 0.005
    assert found.sum == pytest.approx(math.log(0.3), abs=1e-10)
    assert found.kaplan_yorke == pytest.approx(1.25827, abs=0.003)
    assert found.unit == "1"
    assert found.dt == 1


def test_logistic_map_is_ln_2() -> None:
    logistic = lyapunov.equations("x' = 4*x*(1 - x)", initial={"x": 0.3})
    found = lyapunov.spectrum(logistic, time=20_000, progress=False, checks=False)
    assert found.maximal == pytest.approx(math.log(2), abs=0.01)


@pytest.mark.slow
def test_lorenz_96() -> None:
    found = lyapunov.spectrum(lorenz_96(), time=400.0, progress=False)
    assert found.maximal == pytest.approx(1.69, abs=0.1)
    assert found.kaplan_yorke == pytest.approx(27.1, abs=0.4)
    assert found.sum == pytest.approx(-40, abs=0.02)
    assert 12 <= found.n_positive <= 14


@pytest.mark.parametrize("method", ["rk4", "ab4"])
def test_a_linear_flow_has_the_real_parts_of_its_eigenvalues(method: str) -> None:
    matrix = np.array([[-0.3, 1.0, 0.2], [-1.0, -0.3, 0.0], [0.0, 0.4, -1.1]])
    system = lyapunov.function(
        lambda x: matrix @ x, np.ones(3), jvp=lambda _, v: matrix @ v, dt=0.01
    )
    found = lyapunov.spectrum(
        system, time=200.0, transient=0.0, warm_up=100.0, method=method, progress=False,
        checks=False, interval=1.0,
    )  # fmt: skip
    expected = np.sort(np.linalg.eigvals(matrix).real)[::-1]
    assert found.exponents[2] == pytest.approx(expected[2], abs=1e-6)
    assert found.exponents[:2].sum() == pytest.approx(expected[:2].sum(), abs=1e-6)
    assert np.abs(found.exponents - expected).max() < 1e-3  # a pair turns within its plane


def test_a_linear_network_has_the_real_parts_of_its_eigenvalues() -> None:
    matrix = 0.3 * lyapunov.random_matrix(30, 1.0, seed=3)
    matrix = matrix + matrix.T  # symmetric: no pair of complex eigenvalues
    network = lyapunov.matrix_network(matrix, activation="linear")
    found = lyapunov.spectrum(
        lyapunov.of_network(network), time=20.0, warm_up=600.0, dt=0.02, method="rk4",
        progress=False, checks=False,
    )  # fmt: skip
    expected = np.sort(np.linalg.eigvalsh(matrix) - 1)[::-1]
    assert np.abs(found.exponents - expected).max() < 1e-6


def test_two_neurons_that_wind_into_the_origin() -> None:
    """The flow has -1, -1; the Euler map with dt 0.1 ln|0.9 + 0.0671i|/0.1 = -1.0259."""
    network = lyapunov.matrix_network(np.array([[0.0, -0.9], [0.5, 0.0]]))
    options = {"time": 200.0, "progress": False, "checks": False}
    flow = lyapunov.spectrum(lyapunov.of_network(network), method="rk4", **options)
    euler = lyapunov.spectrum(lyapunov.of_network(network, "map"), **options)
    assert np.abs(flow.exponents + 1).max() < 2e-3
    assert flow.sum == pytest.approx(-2, abs=1e-5)
    expected = math.log(abs(0.9 + 0.1j * math.sqrt(0.45))) / 0.1
    assert expected == pytest.approx(-1.0259, abs=1e-4)
    assert euler.sum == pytest.approx(2 * expected, abs=1e-6)
