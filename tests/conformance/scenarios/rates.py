"""Continuous coupling with delays, in mixed networks, and through every activation."""

from __future__ import annotations

import numpy as np
from scipy.special import erf, expit, ndtr

from neurobridge.graph.builder import NetworkBuilder
from neurobridge.graph.model import Integrator
from neurobridge.graph.probe import StateProbe
from neurobridge.graph.stimulus import SpikeTrains
from neurobridge.models import rate_model, spike_source
from tests.conformance import toys
from tests.conformance.case import Case, Run, scenario, train
from tests.conformance.scenarios.coupling import ADAMS, TAU, X0, W, edges
from tests.conformance.scenarios.integrators import rk4_step

DELAYS = np.array([[1, 3, 2], [7, 1, 4], [2, 5, 1]])
"""Steps, post x pre."""


@scenario("C35")
def a_delayed_rate_counts_steps() -> Case:
    """x halves in every step, and half of it arrives three steps later; 0 before."""
    net = NetworkBuilder()
    net.population("sent", 1, rate_model("linear"), initial={"x": 1.0}, tau=2.0)
    net.population("read", 1, rate_model("linear"), tau=1.0)
    net.connect("p", "sent", "read", [(0, 0)], weight=0.5, delay=3.0)
    net.add(StateProbe("sent", "sent", "x"), StateProbe("read", "read", "x"))
    sent = [0.5, 0.25, 0.125, 0.0625, 0.03125, 0.015625]
    read = [0.0, 0.0, 0.0, 0.5, 0.25, 0.125]
    run = Run(6.0, {}, {"sent": sent, "read": read})
    early = Run(2.0, {}, {"sent": sent[:2], "read": read[:2]})
    return Case(net.build(), [run, early, run], dt=1.0, atol=0.0)


def delayed_case(integrator: Integrator) -> Case:
    """Every edge with a delay of its own; what arrives is constant in the step."""
    net = NetworkBuilder()
    model = rate_model(integrator=integrator)
    net.population("units", 3, model, initial={"x": X0}, tau=TAU)
    pairs, weight = edges(W)
    delay = DELAYS[pairs[:, 1], pairs[:, 0]] * 0.1
    net.connect("recurrent", "units", "units", pairs, weight=weight, delay=delay)
    net.add(StateProbe("x", "units", "x"))
    x, sent, slopes, trace, decay = X0, [], [], [], np.exp(-0.1 / TAU)
    for step in range(60):
        sent.append(np.tanh(x))
        heard = np.zeros(3)
        for post, pre in np.ndindex(3, 3):
            then = step - DELAYS[post, pre]
            heard[post] += W[post, pre] * sent[then][pre] if then >= 0 else 0.0

        def slope(y: np.ndarray, heard: np.ndarray = heard) -> np.ndarray:
            return (-y + heard) / TAU

        slopes = [slope(x), *slopes[:3]]
        if integrator == "euler":
            x = x + 0.1 * slopes[0]
        elif integrator == "exponential_euler":
            x = decay * x + (1 - decay) * heard
        elif integrator == "rk4" or step < 3:
            x = rk4_step(slope, x, 0.1)
        else:
            x = x + 0.1 * sum(a * f for a, f in zip(ADAMS, slopes, strict=True))
        trace.append(x)
    runs = [Run(steps * 0.1, {}, {"x": trace[:steps]}) for steps in (60, 4, 60)]
    return Case(net.build(), runs, atol=1e-12)


@scenario("C35")
def delayed_rates_by_euler() -> Case:
    return delayed_case("euler")


@scenario("C35")
def delayed_rates_by_exponential_euler() -> Case:
    return delayed_case("exponential_euler")


@scenario("C35", "C34")
def delayed_rates_by_runge_kutta() -> Case:
    return delayed_case("rk4")


@scenario("C35", "C37")
def delayed_rates_by_adams_bashforth() -> Case:
    return delayed_case("ab4")


@scenario("C34", "C35")
def with_and_without_delay_onto_one_coupling() -> Case:
    """The part without delay is heard in every stage, the other once a step."""
    net = NetworkBuilder()
    net.population("units", 3, rate_model(integrator="rk4"), initial={"x": X0}, tau=TAU)
    now, later = np.tril(W), np.triu(W, 1)
    for name, matrix, delay in (("now", now, 0.0), ("later", later, 0.5)):
        pairs, weight = edges(matrix)
        net.connect(name, "units", "units", pairs, weight=weight, delay=delay)
    net.add(StateProbe("x", "units", "x"))
    x, sent, trace = X0, [np.zeros(3)] * 5, []
    for _ in range(60):
        sent.append(np.tanh(x))
        heard = later @ sent[-6]
        x = rk4_step(lambda y, h=heard: (-y + now @ np.tanh(y) + h) / TAU, x, 0.1)
        trace.append(x)
    return Case(net.build(), [Run(6.0, {}, {"x": trace})], atol=1e-12)


@scenario("C34", "C35")
def integrators_differ_across_a_delay() -> Case:
    """Euler sends to Adams-Bashforth sends to Runge-Kutta, a step later each."""
    net = NetworkBuilder()
    methods: tuple[Integrator, ...] = ("euler", "ab4", "rk4")
    for name in methods:
        model = rate_model("sigmoid", integrator=name)
        net.population(name, 1, model, initial={"x": 1.0}, tau=2.0)
        net.add(StateProbe(name, name, "x"))
    net.connect("first", "euler", "ab4", [(0, 0)], weight=2.0, delay=0.1)
    net.connect("second", "ab4", "rk4", [(0, 0)], weight=-3.0, delay=0.1)
    x, sent, slopes, traces = dict.fromkeys(methods, 1.0), dict.fromkeys(methods, 0.0), [], []
    for step in range(40):
        heard = {"euler": 0.0, "ab4": 2.0 * sent["euler"], "rk4": -3.0 * sent["ab4"]}
        sent = {name: 1 / (1 + np.exp(-value)) for name, value in x.items()}
        slope = {name: lambda y, h=h: (-y + h) / 2.0 for name, h in heard.items()}
        slopes = [slope["ab4"](x["ab4"]), *slopes[:3]]
        stepped = {name: rk4_step(slope[name], x[name], 0.1) for name in ("ab4", "rk4")}
        if step >= 3:
            stepped["ab4"] = x["ab4"] + 0.1 * sum(a * f for a, f in zip(ADAMS, slopes, strict=True))
        x = {"euler": x["euler"] + 0.1 * slope["euler"](x["euler"]), **stepped}
        traces.append([x[name] for name in methods])
    columns = np.array(traces).T
    return Case(net.build(), [Run(4.0, {}, dict(zip(methods, columns, strict=True)))], atol=1e-12)


@scenario("C33")
def the_output_of_every_activation() -> Case:
    """Senders stand still at x; readers with tau = dt hold 2 phi(gain (x - shift))."""
    x = np.array([-3.0, -0.75, 0.0, 0.25, 0.5, 1.0, 2.5])
    u = 1.5 * (x - 0.25)
    positive = np.maximum(u, 0)
    expected = {
        "tanh": np.tanh(u),
        "tanh_positive": expit(2 * u),
        "relu": positive,
        "softplus": np.logaddexp(0, u),
        "sigmoid": expit(u),
        "erf": erf(u / np.sqrt(2)),
        "normal_cdf": ndtr(u),
        "brunel_sqrt": np.where(u < 1, positive**2, 2 * np.sqrt(np.maximum(u - 0.75, 0))),
        "power_law": positive**1.7,
        "linear": u,
    }
    net = NetworkBuilder()
    signals = {}
    for name, phi in expected.items():
        more = {"exponent": 1.7} if name == "power_law" else {}
        net.population(
            f"{name}_sent", x.size, rate_model(name), initial={"x": x}, bias=x, gain=1.5,
            shift=0.25, **more,
        )  # fmt: skip
        net.population(f"{name}_read", x.size, rate_model("linear"), tau=1.0)
        net.connect(
            f"{name}_to", f"{name}_sent", f"{name}_read", [(i, i) for i in range(x.size)],
            weight=2.0, delay=0.0,
        )  # fmt: skip
        net.add(StateProbe(name, f"{name}_read", "x"))
        signals[name] = np.broadcast_to(2 * phi, (2, x.size))
    return Case(net.build(), [Run(2.0, {}, signals)], dt=1.0, atol=1e-14)


@scenario("C36")
def rates_and_spikes_in_one_network() -> Case:
    """A source kicks a rate, the rate charges a spiking neuron, its spikes kick the rate."""
    net = NetworkBuilder()
    net.population("input", 1, spike_source)
    net.population("rates", 1, toys.kicked_rate)
    net.population("cells", 1, toys.listener, v_thresh=2.0, c_m=1.0)
    net.add(SpikeTrains("drive", "input", np.array([1.0]), np.array([0])))
    net.connect("kick", "input", "rates", [(0, 0)], weight=4.0, delay=1.0, receptor="kick")
    net.connect("charge", "rates", "cells", [(0, 0)], weight=0.5, delay=0.0)
    net.connect("back", "cells", "rates", [(0, 0)], weight=-1.0, delay=2.0, receptor="kick")
    net.add(StateProbe("x", "rates", "x"), StateProbe("v", "cells", "v"))
    # The kick is added at the end of step 1 and sent from step 2 on; x halves in every step.
    # v takes half of x: 2 in step 2, which is a spike of stamp 3 that arrives in step 4, then 1 ...
    x = [0.0, 4.0, 2.0, 1.0, 0.5 - 1.0, -0.25, -0.125]
    v = [0.0, 0.0, 0.0, 1.0, 1.5, 1.25, 1.125]
    spikes = {"input": train([1]), "cells": train([3])}
    run = Run(7.0, spikes, {"x": x, "v": v}, unrecorded=("rates",))
    return Case(net.build(), [run, run], dt=1.0, atol=0.0)
