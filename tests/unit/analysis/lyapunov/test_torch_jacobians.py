"""Jacobian-vector products against autograd of equations that are written once more, dense."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from neurobridge.analysis import lyapunov
from neurobridge.models import ACTIVATIONS
from tests.requirements import require

require("torch")
require("numba")

import torch  # noqa: E402

from neurobridge.analysis.lyapunov.torch.propagator import TorchPropagator  # noqa: E402
from tests.unit.analysis.lyapunov import rates  # noqa: E402

K = 5


def steps_of(propagator: Any, x: np.ndarray, V: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    """Slopes of state and vectors, and the trace of the Jacobian, by one Euler step of length 1."""
    propagator.begin(x, V)
    propagator.advance(1)
    return propagator.state() - x, propagator.frame() - V, propagator.divergence


@pytest.fixture(params=[1.0, 0.05], ids=["dense", "sparse"])
def density(request: pytest.FixtureRequest) -> float:
    return request.param


def compare(activation: str, form: str, density: float, rng: np.random.Generator, made: Any):
    net = rates.network(activation, form, density, rng, 12 if density == 1 else 40)
    system = rates.system(net)
    assert system.is_dense == (density == 1)
    n = system.size
    x, V = rng.normal(size=n), rng.normal(size=(n, K))
    f, K_, trace = steps_of(made(system), x, V)
    expected = rates.right_side(net, activation, form)
    J = torch.autograd.functional.jacobian(expected, torch.tensor(x))
    np.testing.assert_allclose(f, expected(torch.tensor(x)), rtol=0, atol=1e-13)
    np.testing.assert_allclose(K_, J.numpy() @ V, rtol=0, atol=1e-13)
    assert trace == pytest.approx(float(J.trace()), abs=1e-12)


@pytest.mark.parametrize("form", ["current", "activity"])
@pytest.mark.parametrize("activation", list(ACTIVATIONS))
def test_torch(activation: str, form: str, density: float, rng: np.random.Generator) -> None:
    compare(
        activation, form, density, rng, lambda s: TorchPropagator(s, K, 1.0, "euler", "float64")
    )


SLOW = [
    pytest.param(activation, form, marks=[] if activation == "tanh" else pytest.mark.slow)
    for activation in ACTIVATIONS
    for form in ("current", "activity")
]


@pytest.mark.parametrize(("activation", "form"), SLOW)
def test_compiled(activation: str, form: str, density: float, rng: np.random.Generator) -> None:
    compare(activation, form, density, rng, lambda s: s.propagator(K, 1.0, "euler", "float64"))


def test_every_activation_is_written_once_more() -> None:
    assert set(rates.PHI) == set(ACTIVATIONS)


def test_a_system_of_equations(rng: np.random.Generator) -> None:
    system = lyapunov.equations(
        "dx/dt = sigma*(y - x); dy/dt = x*(rho - z) - y; dz/dt = x*y - beta*z",
        {"sigma": 10.0, "rho": 28.0, "beta": 8 / 3},
    )
    x, y, z = rng.normal(size=3)
    V = np.eye(3)
    _, J, trace = steps_of(
        TorchPropagator(system, 3, 1.0, "euler", "float64"), np.array([x, y, z]), V
    )
    np.testing.assert_allclose(
        J, [[-10, 10, 0], [28 - z, -1, -x], [y, x, -8 / 3]], rtol=0, atol=1e-13
    )
    assert trace == pytest.approx(-41 / 3)


def test_a_slope_that_is_a_number() -> None:
    system = lyapunov.equations("dx/dt = 2.0; dy/dt = 3*x")
    f, K_, trace = steps_of(
        TorchPropagator(system, 2, 1.0, "euler", "float64"), np.array([1.0, 5.0]), np.eye(2)
    )
    assert f.tolist() == [2.0, 3.0]
    assert K_.tolist() == [[0.0, 0.0], [3.0, 0.0]]
    assert trace == 0


def test_a_choice_between_two_numbers_is_in_float64() -> None:
    system = lyapunov.equations("dx/dt = x*where(x > 0, 1.0, 0.1)")
    made = TorchPropagator(system, 1, 1.0, "euler", "float64")
    f, K_, _ = steps_of(made, np.array([-3.0]), np.eye(1))
    np.testing.assert_allclose([f[0], K_[0, 0]], [-0.3, 0.1], rtol=0, atol=1e-15)
