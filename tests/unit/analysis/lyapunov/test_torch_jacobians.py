"""Jacobian-vector products against autograd of equations that are written once more, dense."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import neurobridge as nb
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


@pytest.mark.parametrize("form", ["current", "activity"])
@pytest.mark.parametrize("activation", list(ACTIVATIONS))
def test_torch(activation: str, form: str, density: float, rng: np.random.Generator) -> None:
    net = rates.network(activation, form, density, rng, 12 if density == 1 else 40)
    system = rates.system(net)
    assert system.is_dense == (density == 1)
    n = system.size
    x, V = rng.normal(size=n), rng.normal(size=(n, K))
    f, K_, trace = steps_of(TorchPropagator(system, K, 1.0, "euler", "float64"), x, V)
    expected = rates.right_side(net, activation, form)
    J = torch.autograd.functional.jacobian(expected, torch.tensor(x))
    np.testing.assert_allclose(f, expected(torch.tensor(x)), rtol=0, atol=1e-13)
    np.testing.assert_allclose(K_, J.numpy() @ V, rtol=0, atol=1e-13)
    assert trace == pytest.approx(float(J.trace()), abs=1e-12)


@pytest.mark.parametrize("form", ["current", "activity"])
def test_compiled(form: str, density: float, rng: np.random.Generator) -> None:
    """A population for each activation, none coupled to another, so that one module has all."""
    nets = {a: rates.network(a, form, density, rng, size_of(a, density)) for a in ACTIVATIONS}
    system = rates.system(side_by_side(nets))
    assert system.is_dense == (density == 1)
    x, V = rng.normal(size=system.size), rng.normal(size=(system.size, K))
    f, K_, trace = steps_of(system.propagator(K, 1.0, "euler", "float64"), x, V)
    expected_trace, first = 0.0, 0
    for activation, net in nets.items():
        at = slice(first, first := first + net.n_neurons)
        expected, state = rates.right_side(net, activation, form), torch.tensor(x[at])
        J = torch.autograd.functional.jacobian(expected, state)
        expected_trace += float(J.trace())
        close = {"rtol": 0, "atol": 1e-13, "err_msg": activation}
        np.testing.assert_allclose(f[at], expected(state), **close)
        np.testing.assert_allclose(K_[at], J.numpy() @ V[at], **close)
    assert trace == pytest.approx(expected_trace, abs=1e-12)


def size_of(activation: str, density: float) -> int:
    """One of the populations is so large that the whole matrix, blocks side by side, is dense."""
    return 40 if density < 1 or activation == "linear" else 12


def side_by_side(nets: dict[str, nb.Network]) -> nb.Network:
    made = nb.NetworkBuilder()
    for name, net in nets.items():
        cells, edges = net.population("neurons"), net.projections["synapses"].edges
        made.population(name, cells.size, cells.model, **cells.parameters)
        pairs = np.stack([edges.pre, edges.post], axis=1)
        made.connect(name, name, name, pairs, weight=net.weights("synapses"), delay=0.0)
    return made.build()


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
