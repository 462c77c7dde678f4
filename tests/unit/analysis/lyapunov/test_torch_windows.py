"""Exponents over windows: their values, their gradients, and the memory that gradients need."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from neurobridge.analysis import lyapunov
from neurobridge.analysis.lyapunov.system import DivergedError
from neurobridge.errors import NetworkError
from tests.requirements import require

require("torch")
require("numba")

import torch  # noqa: E402

from neurobridge.analysis.lyapunov.torch import windows as windows_module  # noqa: E402
from neurobridge.analysis.lyapunov.torch.propagator import TorchPropagator  # noqa: E402
from neurobridge.analysis.lyapunov.torch.trajectory import Stretch, carried  # noqa: E402
from neurobridge.analysis.lyapunov.torch.windows import (  # noqa: E402
    Differentiable,
    window_exponents,
)
from tests.unit.analysis.lyapunov import rates  # noqa: E402

CPU = torch.device("cpu")
STRETCH = Stretch(4, 3, 2, 5, 50, 20, 0.1, "rk4", 0)


def differentiable(system: lyapunov.DeclaredSystem) -> Differentiable:
    """With gradients to all that it is made of."""
    constants = tuple(
        {
            name: torch.tensor(np.broadcast_to(value, (c.size,)).copy(), requires_grad=True)
            for name, value in c.constants.items()
        }
        for c in system.cells
    )
    return Differentiable(system, constants, torch.tensor(system.coupling.data, requires_grad=True))


def gradients(given: Differentiable, value: torch.Tensor) -> list[torch.Tensor]:
    leaves = [given.weights, *(v for c in given.constants for v in c.values())]
    return list(torch.autograd.grad(value, leaves))


def by_hand(given: Differentiable, stretch: Stretch) -> torch.Tensor:
    """The same by autograd through steps of equations that are written once more, dense."""
    trajectory = carried(given.system, stretch, CPU)
    (known,) = given.constants
    matrix = given.system.coupling
    row = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    at = torch.tensor(row), torch.tensor(matrix.indices.astype(np.int64))
    W = torch.zeros(*matrix.shape, dtype=torch.float64).index_put(at, given.weights)

    def f(x: torch.Tensor) -> torch.Tensor:
        phi = torch.tanh(known["gain"] * (x - known["shift"]))
        return (-x + W @ phi + known["bias"]) / known["tau"]

    def step(x: torch.Tensor) -> torch.Tensor:
        h = stretch.dt
        a = f(x)
        b = f(x + h / 2 * a)
        c = f(x + h / 2 * b)
        return x + h / 6 * (a + 2 * b + 2 * c + f(x + h * c))

    rows = []
    for w in range(stretch.windows):
        x, Q = trajectory.states[w, 0], trajectory.frames[w, 0].T
        total = torch.zeros(stretch.k, dtype=torch.float64)
        for _ in range(stretch.intervals):
            for _ in range(stretch.steps):
                J = torch.autograd.functional.jacobian(step, x, create_graph=True)
                x, Q = step(x), J @ Q
            Q, R = torch.linalg.qr(Q)
            total = total + R.diagonal().abs().log()
        rows.append(total)
    return torch.stack(rows) / (stretch.intervals * stretch.steps * stretch.dt)


@pytest.mark.parametrize("density", [1.0, 0.05])
def test_values_and_gradients(density: float, rng: np.random.Generator) -> None:
    """One step's tangent map here is the derivative of the step itself, which is the same."""
    net = rates.network("tanh", "current", density, rng, 30)
    given = differentiable(rates.system(net))
    assert given.system.is_dense == (density == 1)
    expected = by_hand(given, STRETCH)
    found = window_exponents(given, STRETCH)
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-11)
    weights = torch.tensor(rng.normal(size=(3, 4)))
    for own, other in zip(
        gradients(given, (weights * found).sum()),
        gradients(given, (weights * expected).sum()),
        strict=True,
    ):
        assert float(other.abs().max()) > 0
        torch.testing.assert_close(own, other, rtol=1e-8, atol=1e-11)


@pytest.mark.parametrize("method", ["rk4", "euler"])
def test_values_are_those_of_a_propagator(method: Any, rng: np.random.Generator) -> None:
    """Of the other one, carried along the whole trajectory; windows follow each other."""
    net = rates.network("tanh_positive", "activity", 1.0, rng, 30)
    system = rates.system(net, "map" if method == "euler" else "flow")
    stretch = replace(STRETCH, method=method)
    found = window_exponents(differentiable(system), stretch).detach().numpy()
    start = carried(system, stretch, CPU)
    other = TorchPropagator(system, 4, 0.1, method, "float64")
    other.begin(start.states[0, 0].numpy(), start.frames[0, 0].numpy().T)
    rows = []
    for _ in range(stretch.windows):
        other.advance(5)
        logs = other.renormalise("householder")[0]
        other.advance(5)
        rows.append((logs + other.renormalise("householder")[0]) / 1.0)
    np.testing.assert_allclose(found, rows, rtol=0, atol=1e-10)


def test_without_gradients_the_value_is_the_same(rng: np.random.Generator) -> None:
    given = differentiable(rates.system(rates.network("tanh", "current", 1.0, rng)))
    with torch.no_grad():
        plain = window_exponents(given, STRETCH)
    assert not plain.requires_grad
    assert torch.equal(plain, window_exponents(given, STRETCH).detach())


def test_what_has_no_gradient_is_left_out(rng: np.random.Generator) -> None:
    given = differentiable(rates.system(rates.network("tanh", "current", 1.0, rng)))
    whole = gradients(given, window_exponents(given, STRETCH).sum())
    gain = given.constants[0]["gain"]
    fixed = {n: v.detach() for n, v in given.constants[0].items()}
    some = replace(given, constants=(fixed | {"gain": gain},), weights=given.weights.detach())
    (alone,) = torch.autograd.grad(window_exponents(some, STRETCH).sum(), gain)
    names = list(given.constants[0])
    torch.testing.assert_close(alone, whole[1 + names.index("gain")], rtol=1e-12, atol=1e-14)


def test_currents_of_each_window(rng: np.random.Generator) -> None:
    """White noise: a window that saw the currents of another would have other gradients."""
    import neurobridge as nb

    net = rates.network("tanh", "current", 1.0, rng)
    noise = nb.WhiteNoise("noise", "neurons", std=2.0, interval="0.2 ms")
    given = differentiable(rates.system(net.with_stimulus(noise)))
    stretch = replace(STRETCH, transient=0, warm_up=0, windows=1, intervals=4)
    shift = given.constants[0]["shift"]
    (found,) = torch.autograd.grad(window_exponents(given, stretch)[0].sum(), shift)
    h = 1e-5
    for i in (0, 5):
        values = []
        for sign in (1, -1):
            moved = shift.detach().clone()
            moved[i] += sign * h
            cells = given.system.cells[0]
            own = replace(cells, constants={**cells.constants, "shift": moved.numpy()})
            values.append(
                float(carried(replace(given.system, cells=(own,)), stretch, CPU).logs.sum())
            )
        assert float(found[i]) == pytest.approx((values[0] - values[1]) / (2 * h) / 2.0, rel=1e-6)


def test_neurons_without_any_edge() -> None:
    matrix = np.zeros((4, 4))
    system = lyapunov.of_network(lyapunov.matrix_network(matrix, bias=[0.1, 0.2, 0.3, 0.4]))
    given = differentiable(system)
    found = window_exponents(given, STRETCH)
    torch.testing.assert_close(found, torch.full_like(found, -1.0), rtol=0, atol=1e-6)
    of_tau = gradients(given, found.sum())[1 + list(given.constants[0]).index("tau")]
    torch.testing.assert_close(of_tau, torch.full_like(of_tau, 3.0), rtol=0, atol=1e-4)


# -- memory -------------------------------------------------------------------------------------


class Held:
    """Bytes that autograd holds for backward passes, now and at most."""

    def __init__(self) -> None:
        self.now = self.peak = 0

    def pack(self, tensor: torch.Tensor) -> Any:
        return _Counted(self, tensor)

    def unpack(self, counted: Any) -> torch.Tensor:
        return counted.tensor


class _Counted:
    def __init__(self, held: Held, tensor: torch.Tensor) -> None:
        self.held, self.tensor = held, tensor
        self.size = tensor.numel() * tensor.element_size()
        held.now += self.size
        held.peak = max(held.peak, held.now)

    def __del__(self) -> None:
        self.held.now -= self.size


def peak(given: Differentiable, stretch: Stretch) -> int:
    held = Held()
    with torch.autograd.graph.saved_tensors_hooks(held.pack, held.unpack):
        gradients(given, window_exponents(given, stretch).sum())
    return held.peak


def test_memory_does_not_grow_with_the_window(rng: np.random.Generator) -> None:
    given = differentiable(rates.system(rates.network("tanh", "current", 1.0, rng)))
    short, long = (peak(given, replace(STRETCH, intervals=n)) for n in (2, 12))
    twice = peak(given, replace(STRETCH, steps=10))
    assert short > 10_000
    assert long <= 1.01 * short
    assert twice > 1.8 * short


def test_memory_does_not_grow_with_the_number_of_windows(
    rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = differentiable(rates.system(rates.network("tanh", "current", 1.0, rng)))
    together = gradients(given, window_exponents(given, STRETCH).sum())
    one = 8 * 12 * (4 + 1) * 10 * 4 * 5
    monkeypatch.setitem(windows_module.HELD, "cpu", 2 * one)
    few, many = (peak(given, replace(STRETCH, windows=n)) for n in (2, 9))
    assert many <= 1.01 * few
    assert few <= 2 * one
    for a, b in zip(
        gradients(given, window_exponents(given, STRETCH).sum()), together, strict=True
    ):
        torch.testing.assert_close(a, b, rtol=1e-11, atol=1e-13)


# -- mistakes -----------------------------------------------------------------------------------


def test_a_step_that_is_too_large() -> None:
    system = lyapunov.of_network(lyapunov.random_network(12, 0.5))
    with pytest.raises(NetworkError, match=r"dt = 4 tau is too large: .* rk4 is stable up to dt ="):
        carried(system, replace(STRETCH, dt=4.0), CPU)


def test_a_trajectory_that_diverges() -> None:
    net = lyapunov.random_network(12, 30.0, activation="linear")
    with pytest.raises(DivergedError, match=r"diverged after .* tau: neurons\.x\[\d+\] is not"):
        carried(lyapunov.of_network(net), replace(STRETCH, transient=4000), CPU)


def test_a_vector_that_vanishes() -> None:
    """The Euler map at dt = tau forgets where it was, and these neurons hear of nobody."""
    matrix = np.zeros((3, 3))
    matrix[1, 0] = 1.0
    system = lyapunov.of_network(lyapunov.matrix_network(matrix), "map")
    stretch = replace(STRETCH, k=3, dt=1.0, method="euler")
    with pytest.raises(NetworkError, match=r"vector \d shrinks to nothing in interval 0 of window"):
        carried(system, stretch, CPU)
