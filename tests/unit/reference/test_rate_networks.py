"""Rate networks on the reference and on torch, against theory and against steps by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.special import erf, ndtr

import neurobridge as nb
from neurobridge.lowering.evaluate import evaluate
from neurobridge.models.rate import ACTIVATIONS
from neurobridge.rng import generator
from tests.requirements import require

N, TAU = 20, 10.0
RNG = generator(4, "weights", "rate networks")
W = 1.5 * RNG.normal(size=(N, N)) / np.sqrt(N)
X0 = RNG.normal(size=N)
BACKENDS = ("reference", "torch")


def network(model: nb.NeuronModel, delay: float = 0.0, **more: object) -> nb.Network:
    b = nb.NetworkBuilder()
    state = next(iter(model.states))
    b.population("units", N, model, tau=TAU, initial={state: X0}, **more)
    post, pre = np.nonzero(np.ones((N, N)))
    b.connect(
        "recurrent", "units", "units", np.stack([pre, post], 1), weight=W[post, pre], delay=delay
    )
    b.add(nb.StateProbe("state", "units", state))
    return b.build()


def run(net: nb.Network, backend: str, dt: float, duration: float = 50.0) -> np.ndarray:
    if backend == "torch":
        require("torch")
    return nb.run(net, duration, backend, dt=dt)["state"].values


def exact(form: str) -> np.ndarray:
    def right(_t: float, x: np.ndarray) -> np.ndarray:
        return (-x + (W @ np.tanh(x) if form == "current" else np.tanh(W @ x))) / TAU

    return solve_ivp(right, (0, 50), X0, rtol=1e-12, atol=1e-12).y[:, -1]


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("form", ["current", "activity"])
@pytest.mark.parametrize(
    ("integrator", "order"), [("euler", 1), ("exponential_euler", 1), ("rk4", 4), ("ab4", 4)]
)
def test_order_of_accuracy(integrator: str, order: int, form: str, backend: str) -> None:
    net = network(nb.models.rate_model("tanh", form, integrator))
    truth = exact(form)
    coarse, fine = (np.abs(run(net, backend, dt)[-1] - truth).max() for dt in (1.0, 0.5))
    assert np.log2(coarse / fine) == pytest.approx(order, abs=0.35)
    assert fine < {1: 0.2, 4: 1e-4}[order]


@pytest.mark.parametrize("backend", BACKENDS)
def test_euler_is_the_discrete_ctrnn(backend: str) -> None:
    found = run(network(nb.models.rate), backend, 1.0, 20.0)
    x = X0
    for row in found:
        x = 0.9 * x + 0.1 * (W @ np.tanh(x))
        np.testing.assert_allclose(row, x, atol=1e-13)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("integrator", ["euler", "rk4"])
def test_a_delayed_signal_holds_over_the_step_and_is_0_at_first(
    integrator: str, backend: str
) -> None:
    found = run(network(nb.models.rate_model("tanh", integrator=integrator), 3.0), backend, 1.0)
    past, x = [X0], X0
    for step, row in enumerate(found):
        drive = W @ np.tanh(past[step - 3]) if step >= 3 else np.zeros(N)
        if integrator == "euler":
            x = x + 0.1 * (drive - x)
        else:  # with a constant drive, Runge-Kutta is the Taylor series of the exponential
            x = drive + (x - drive) * sum((-0.1) ** k / f for k, f in enumerate((1, 1, 2, 6, 24)))
        np.testing.assert_allclose(row, x, atol=1e-13)
        past.append(x)


@pytest.mark.parametrize("integrator", ["euler", "exponential_euler", "rk4", "ab4"])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_torch_is_the_reference(activation: str, integrator: str) -> None:
    net = network(nb.models.rate_model(activation, integrator=integrator), gain=1.2, shift=0.1)
    a, b = (run(net, backend, 0.5, 10.0) for backend in BACKENDS)
    np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-12)


def test_activations_are_what_they_are_called() -> None:
    u = np.linspace(-4, 4, 81)
    positive = np.maximum(u, 0)
    expected = {
        "tanh": np.tanh(u),
        "tanh_positive": (1 + np.tanh(u)) / 2,
        "relu": positive,
        "softplus": np.logaddexp(0, u),
        "sigmoid": 1 / (1 + np.exp(-u)),
        "erf": erf(u / np.sqrt(2)),
        "normal_cdf": ndtr(u),
        "brunel_sqrt": np.where(u < 1, positive**2, np.sqrt(np.maximum(4 * u - 3, 0))),
        "power_law": positive**1.7,
        "linear": u,
    }
    assert set(expected) == set(ACTIVATIONS)
    for name, values in expected.items():
        found = evaluate(ACTIVATIONS[name], {"u": u, "exponent": 1.7})
        np.testing.assert_allclose(found, values, atol=1e-14)


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(nb.UnknownNameError, match="did you mean 'tanh'"):
        nb.models.rate_model("tahn")
    with pytest.raises(nb.ModelError, match="form must be 'current' or 'activity', got 'rate'"):
        nb.models.rate_model(form="rate")  # type: ignore[arg-type]
    with pytest.raises(nb.ModelError, match="give your model a name"):
        nb.models.rate_model("tanh(u)**3")
    with pytest.raises(nb.ModelError, match="write an expression of u"):
        nb.models.rate_model("tanh(x)**3", name="mine")
    mine = nb.models.rate_model("tanh(k*u)", name="mine", k=nb.Parameter(2.0, "1"))
    assert run(network(mine), "reference", 1.0, 2.0).shape == (2, N)
    b = nb.NetworkBuilder()
    b.population("units", 2, nb.models.rate)
    b.population("cells", 2, nb.models.lif_exp)
    b.connect("wrong", "cells", "units", [(0, 0)], weight=1.0, delay=1.0)
    with pytest.raises(nb.NetworkError, match="takes continuous output here"):
        b.build()


def test_integrators_that_differ_need_a_delay() -> None:
    b = nb.NetworkBuilder()
    b.population("a", 2, nb.models.rate)
    b.population("b", 2, nb.models.rate_model("tanh", integrator="rk4"))
    b.connect("ab", "a", "b", [(0, 0)], weight=1.0, delay=0.0)
    with pytest.raises(nb.FindingsError, match="integrators_differ"):
        nb.run(b.build(), 1.0, "reference", dt=1.0)
