"""Continuous coupling without delay: one system of equations, by the method that is named."""

from __future__ import annotations

import numpy as np

from neurobridge.graph.builder import NetworkBuilder
from neurobridge.graph.model import NeuronModel
from neurobridge.graph.probe import StateProbe
from neurobridge.graph.stimulus import Current
from neurobridge.models import rate, rate_model
from tests.conformance import toys
from tests.conformance.case import Case, Run, scenario, times
from tests.conformance.scenarios.integrators import euler_step, rk4_step

W = np.array([[0.0, 1.5, -0.5], [-2.0, 0.25, 0.75], [1.0, -1.25, 0.0]])
"""Weights, post x pre."""
X0 = np.array([0.3, -0.8, 1.1])
TAU = np.array([5.0, 10.0, 20.0])
ADAMS = np.array([55.0, -59.0, 37.0, -9.0]) / 24


def edges(matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(pre, post) and the weight of every entry of a matrix (post x pre) that is not 0."""
    post, pre = np.nonzero(matrix)
    return np.stack([pre, post], axis=1), matrix[post, pre]


def coupled(model: NeuronModel, state: str = "x", **parameters: object) -> NetworkBuilder:
    """Three neurons with the weights ``W``, without delay."""
    net = NetworkBuilder()
    net.population("units", 3, model, initial={state: X0}, tau=TAU, **parameters)
    pairs, weight = edges(W)
    net.connect("recurrent", "units", "units", pairs, weight=weight, delay=0.0)
    net.add(StateProbe(state, "units", state))
    return net


def right_side(x: np.ndarray) -> np.ndarray:
    """The current form with tanh."""
    return (-x + W @ np.tanh(x)) / TAU


@scenario("C33", "C34")
def two_linear_rates_rotate() -> Case:
    """tau x' = -x + w y, tau y' = -y - w x: a spiral in closed form."""
    net = NetworkBuilder()
    model = rate_model("linear", integrator="rk4")
    net.population("units", 2, model, initial={"x": np.array([1.0, 0.0])}, tau=20.0)
    pairs, weight = edges(np.array([[0.0, 2.0], [-2.0, 0.0]]))
    net.connect("recurrent", "units", "units", pairs, weight=weight, delay=0.0)
    net.add(StateProbe("x", "units", "x"))
    t = times(20.0, 0.1) / 20.0
    spiral = np.exp(-t) * np.array([np.cos(2 * t), -np.sin(2 * t)])
    return Case(net.build(), [Run(20.0, {}, {"x": spiral.T})], weights={"recurrent": weight})


@scenario("C6", "C33", "C34")
def coupled_rates_by_euler() -> Case:
    """The map ``x + h/tau (-x + W phi(gain (x - shift)) + bias + current)``."""
    gain, shift, bias = np.array([1.0, 0.5, 2.0]), 0.25, np.array([0.1, 0.0, -0.2])
    net = coupled(rate, gain=gain, shift=shift, bias=bias)
    net.add(Current("step", "units", np.array([0.5, -0.25]), np.array([1.0, 2.0]), neurons=[1]))
    x, trace = X0, []
    for step in range(60):
        current = np.array([0.0, 0.0 if step < 10 else 0.5 if step < 20 else -0.25, 0.0])
        sent = np.tanh(gain * (x - shift))
        x = x + 0.1 * ((-x + W @ sent + bias + current) / TAU)
        trace.append(x)
    return Case(net.build(), [Run(6.0, {}, {"x": trace})], atol=1e-12)


@scenario("C6", "C34")
def coupled_rates_by_exponential_euler() -> Case:
    """Each neuron relaxes to the input of the beginning of the step."""
    x, decay, trace = X0, np.exp(-0.1 / TAU), []
    for _ in range(60):
        x = decay * x + (1 - decay) * (W @ np.tanh(x))
        trace.append(x)
    net = coupled(rate_model(integrator="exponential_euler"))
    return Case(net.build(), [Run(6.0, {}, {"x": trace})], atol=1e-12)


@scenario("C5", "C34")
def exact_integration_holds_the_coupling() -> Case:
    model = rate_model("linear", integrator="exact")
    x, decay, trace = X0, np.exp(-0.1 / TAU), []
    for _ in range(60):
        x = decay * x + (1 - decay) * (W @ x)
        trace.append(x)
    return Case(coupled(model).build(), [Run(6.0, {}, {"x": trace})], atol=1e-12)


@scenario("C6", "C34", "C38")
def coupled_rates_by_runge_kutta() -> Case:
    """Four rounds of sending in a step; a current that changes at every step is held in each."""
    amplitude = np.sin(np.arange(60.0))
    net = coupled(rate_model(integrator="rk4"))
    net.add(Current("wave", "units", amplitude, np.arange(60) * 0.1))
    x, trace = X0, []
    for value in amplitude:
        x = rk4_step(lambda y, i=value: right_side(y) + i / TAU, x, 0.1)
        trace.append(x)
    return Case(net.build(), [Run(6.0, {}, {"x": trace})], atol=1e-12)


@scenario("C6", "C34", "C37", "C31")
def coupled_rates_by_adams_bashforth() -> Case:
    """Three steps of Runge-Kutta, then the slopes of four steps; the same in every run."""
    x, slopes, trace = X0, [], []
    for step in range(60):
        slopes = [right_side(x), *slopes[:3]]
        moved = sum(a * f for a, f in zip(ADAMS, slopes, strict=False))
        x = rk4_step(right_side, x, 0.1) if step < 3 else x + 0.1 * moved
        trace.append(x)
    net = coupled(rate_model(integrator="ab4")).build()
    lasting = {steps: Run(steps * 0.1, {}, {"x": trace[:steps]}) for steps in (2, 3, 4, 60)}
    return Case(net, [lasting[60], lasting[2], lasting[60], lasting[3], lasting[4]], atol=1e-12)


@scenario("C33", "C34")
def the_activity_form() -> Case:
    """The rate is the state: what is summed goes through the activation."""
    net = coupled(rate_model("power_law", "activity", "rk4"), "r", bias=0.5, exponent=1.5)

    def slope(r: np.ndarray) -> np.ndarray:
        return (-r + np.maximum(W @ r + 0.5, 0) ** 1.5) / TAU

    r, trace = X0, []
    for _ in range(60):
        r = rk4_step(slope, r, 0.1)
        trace.append(r)
    return Case(net.build(), [Run(6.0, {}, {"r": trace})], atol=1e-12)


@scenario("C34", "C4")
def populations_couple_within_the_stage() -> Case:
    """Split in two, in either order of description, the neurons do what they do together."""
    x, trace = X0, []
    for _ in range(60):
        x = rk4_step(right_side, x, 0.1)
        trace.append(x)
    net = NetworkBuilder()
    parts = {"late": [0, 2], "early": [1]}
    for name, who in parts.items():
        net.population(
            name, len(who), rate_model(integrator="rk4"), initial={"x": X0[who]}, tau=TAU[who]
        )
        net.add(StateProbe(name, name, "x"))
    for pre, sent in parts.items():
        for post, who in parts.items():
            pairs, weight = edges(W[np.ix_(who, sent)])
            net.connect(f"{pre}_{post}", pre, post, pairs, weight=weight, delay=0.0)
    signals = {name: np.array(trace)[:, who] for name, who in parts.items()}
    return Case(net.build(), [Run(6.0, {}, signals)], atol=1e-12)


@scenario("C33")
def parallel_edges_of_a_coupling_add_up() -> Case:
    """A reader that forgets everything in a step holds the sum of what reached it."""
    net = NetworkBuilder()
    held = np.array([0.5, -2.0])
    net.population("sent", 2, rate_model("linear"), initial={"x": held}, bias=held)
    net.population("read", 2, rate_model("linear"), tau=1.0)
    pairs = [(0, 0), (1, 0), (0, 0), (1, 1)]
    net.connect("one", "sent", "read", pairs, weight=[1.0, 0.5, 2.0, 4.0], delay=0.0)
    net.connect("two", "sent", "read", [(0, 0)], weight=-8.0, delay=0.0)
    net.add(StateProbe("x", "read", "x"))
    expected = np.broadcast_to([3 * 0.5 - 0.5 * 2.0 - 8 * 0.5, -8.0], (3, 2))
    return Case(net.build(), [Run(3.0, {}, {"x": expected})], dt=1.0, atol=0.0)


@scenario("C33", "C17")
def weights_find_couplings_by_sign() -> Case:
    """Excitation drives, inhibition divides; both arrive as signed sums."""
    net = NetworkBuilder()
    net.population("sent", 2, rate_model("linear"), initial={"x": 1.0}, bias=1.0)
    net.population("read", 1, toys.divided)
    net.connect("mixed", "sent", "read", [(0, 0), (1, 0)], weight=[3.0, -0.5], delay=0.0)
    net.add(StateProbe("x", "read", "x"))
    x, trace = 0.0, []
    for _ in range(5):
        x = x + 0.25 * (-x * (1 + 0.5) + 3.0)
        trace.append(x)
    return Case(net.build(), [Run(5.0, {}, {"x": trace})], dt=1.0, atol=1e-15)


@scenario("C33")
def an_output_of_the_users_own() -> Case:
    """A shorthand, a parameter per neuron and erf in the output of a model of two states."""
    from scipy.special import erf

    width, y, trace = np.array([0.5, 2.0]), np.array([[0.2, -0.4], [0.0, 0.0]]), []
    weight = np.array([[0.0, 1.5], [-1.0, 0.0]])

    def slope(y: np.ndarray) -> np.ndarray:
        x, a = y
        sent = 1.0 + erf((x - a) / width)
        return np.array([(-x + weight @ sent) / 4.0, (x - a) / 8.0])

    for _ in range(40):
        y = euler_step(slope, y, 0.5)
        trace.append(y)
    x, a = np.array(trace).transpose(1, 0, 2)
    net = NetworkBuilder()
    net.population("units", 2, toys.adapting_rate, initial={"x": [0.2, -0.4]}, width=width)
    pairs, weights = edges(weight)
    net.connect("recurrent", "units", "units", pairs, weight=weights, delay=0.0)
    net.add(StateProbe("x", "units", "x"), StateProbe("a", "units", "a"))
    return Case(net.build(), [Run(20.0, {}, {"x": x, "a": a})], dt=0.5, atol=1e-12)
