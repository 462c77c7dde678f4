"""Named integrators, one step after the other, in plain arithmetic."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from neurobridge import models
from neurobridge.graph.builder import NetworkBuilder
from neurobridge.graph.model import NeuronModel
from neurobridge.graph.probe import StateProbe
from neurobridge.graph.stimulus import Current
from tests.conformance import toys
from tests.conformance.case import Case, Run, kicks, scenario, train

Slope = Callable[[np.ndarray], np.ndarray]


def euler_step(slope: Slope, y: np.ndarray, h: float) -> np.ndarray:
    return y + h * slope(y)


def rk4_step(slope: Slope, y: np.ndarray, h: float) -> np.ndarray:
    a = slope(y)
    b = slope(y + h / 2 * a)
    c = slope(y + h / 2 * b)
    d = slope(y + h * c)
    return y + h / 6 * (a + 2 * b + 2 * c + d)


def quadratic_case(model: NeuronModel, advance) -> Case:
    """A kick over the unstable point, a spike, a clamped millisecond in which z goes on, again."""
    h, current, clamped, spikes, trace = 0.1, 1.5, 0, [], []
    y = np.zeros(2)

    def slope(y: np.ndarray) -> np.ndarray:
        v, z = y
        dv = 0.05 * v * (v - 4.0) - z + current / 0.5
        return np.array([0.0 if clamped else dv, 0.1 * (0.3 * v - z)])

    for step in range(400):
        y = advance(slope, y, h)
        free, clamped = clamped == 0, max(clamped - 1, 0)
        if step == 20:
            y[0] += 2.0
        if y[0] >= 20.0 and free:
            spikes.append(step + 1)
            y, clamped = np.array([0.0, y[1] + 0.5]), 10
        trace.append(y)
    assert len(spikes) > 1
    v, z = np.array(trace).T
    net = NetworkBuilder()
    net.population("cell", 1, model)
    net.add(Current("step", "cell", current), kicks("kick", "cell", [2.0], 2.0))
    net.add(StateProbe("v", "cell", "v"), StateProbe("z", "cell", "z"))
    return Case(net.build(), [Run(40.0, {"cell": train(spikes)}, {"v": v, "z": z})], atol=1e-8)


@scenario("C6", "C9")
def integrator_euler() -> Case:
    return quadratic_case(toys.quadratic.with_integrator("euler"), euler_step)


@scenario("C6", "C9")
def integrator_rk4() -> Case:
    return quadratic_case(toys.quadratic, rk4_step)


@scenario("C6", "C9")
def integrator_exponential_euler() -> Case:
    """Conductances: each state relaxes to its goal of the moment, the others held."""
    h, v, g, trace, spikes, clamped = 0.1, -40.0, 0.0, [], [], 0
    for step in range(300):
        rate = 1 / 20.0 + g / 0.25
        goal = (-65.0 / 20.0 + g * 0.0 / 0.25) / rate
        if not clamped:
            v = goal + (v - goal) * np.exp(-rate * h)
        g *= np.exp(-h / 5.0)
        free, clamped = clamped == 0, max(clamped - 1, 0)
        if step in (10, 100):
            g += 0.005
        if v >= -50.0 and free:
            spikes.append(step + 1)
            v, clamped = -65.0, 20
        trace.append((v, g))
    assert spikes[0] == 1
    v_trace, g_trace = np.array(trace).T
    net = NetworkBuilder()
    model = models.lif_cond_exp.with_integrator("exponential_euler")
    net.population("cell", 1, model, initial={"v": -40.0})
    net.add(kicks("kick", "cell", [1.0, 10.0], 0.005, receptor="exc"))
    net.add(StateProbe("v", "cell", "v"), StateProbe("g", "cell", "g_exc"))
    signals = {"v": v_trace, "g": g_trace}
    return Case(net.build(), [Run(30.0, {"cell": train(spikes)}, signals)])


@scenario("C5", "C6")
def exact_integration_does_not_depend_on_the_step() -> Case:
    """One step of 2 ms equals twenty of 0.1 ms: the samples lie on the solution."""
    net = NetworkBuilder()
    net.population("cell", 1, models.lif_exp, initial={"i_exc": 0.2}, tau_syn_exc=3.0)
    net.add(StateProbe("v", "cell", "v"))
    t = np.arange(1, 11) * 2.0
    shape = (np.exp(-t / 3.0) - np.exp(-t / 20.0)) / (1 / 20.0 - 1 / 3.0)
    return Case(net.build(), [Run(20.0, {"cell": []}, {"v": -65 + 0.2 / 0.25 * shape})], dt=2.0)


@scenario("C6", "C21")
def a_model_of_the_users_own() -> Case:
    """A shorthand, exp and where, by the Runge-Kutta method; kicked once, it fires."""
    h, y, trace, spikes = 0.1, np.array([0.0, 0.0]), [], []

    def slope(y: np.ndarray) -> np.ndarray:
        v, p = y
        drive = (1.0 if v < 2.0 else 2.0) * 0.5
        return np.array([(0.0 - v) / 10.0 + drive, (1 / (1 + np.exp(-v / 2.0)) - p) / 5.0])

    for step in range(400):
        y = rk4_step(slope, y, h)
        if step == 150:
            y[0] += 1.5
        if y[0] >= 6.0:
            spikes.append(step + 1)
            y[0] = 0.0
        trace.append(y.copy())
    assert spikes
    v, p = np.array(trace).T
    net = NetworkBuilder()
    net.population("cell", 1, toys.gated)
    net.add(kicks("kick", "cell", [15.0], 1.5))
    net.add(StateProbe("v", "cell", "v"), StateProbe("p", "cell", "p"))
    return Case(net.build(), [Run(40.0, {"cell": train(spikes)}, {"v": v, "p": p})])


@scenario("C6", "C21")
def adex_adapts() -> Case:
    """Spike times of a step current at 0.1 ms, by the same method in plain arithmetic."""
    h, y, spikes, zs = 0.1, np.array([-70.6, 0.0]), [], []

    def slope(y: np.ndarray) -> np.ndarray:
        u = min(y[0], 0.0)
        leak, spike = -0.03 * (u + 70.6), 0.03 * 2.0 * np.exp((u + 50.4) / 2.0)
        return np.array([(leak + spike - y[1] + 1.0) / 0.281, (0.004 * (u + 70.6) - y[1]) / 144.0])

    for step in range(2000):
        y = rk4_step(slope, y, h)
        if y[0] >= 0.0:
            spikes.append(step + 1)
            y = np.array([-70.6, y[1] + 0.0805])
        zs.append(y[1])
    intervals = np.diff(spikes)
    assert len(spikes) > 3
    assert intervals[-1] > intervals[0]
    net = NetworkBuilder()
    net.population("cell", 1, models.adex)
    net.add(Current("step", "cell", 1.0), StateProbe("z", "cell", "z"))
    return Case(net.build(), [Run(200.0, {"cell": train(spikes)}, {"z": zs})], atol=1e-7)


@scenario("C6", "C21", "C22")
def izhikevich_fires_regularly() -> Case:
    """Forward Euler of the published equations with 10 mV/ms of drive."""
    h, v, u, spikes = 0.1, -65.0, -13.0, []
    for step in range(3000):
        dv, du = 0.04 * v * v + 5 * v + 140 - u + 10.0, 0.02 * (0.2 * v - u)
        v, u = v + h * dv, u + h * du
        if v >= 30.0:
            spikes.append(step + 1)
            v, u = -65.0, u + 8.0
    assert len(spikes) > 3
    net = NetworkBuilder()
    net.population("cell", 1, models.izhikevich)
    net.add(Current("step", "cell", 0.01))
    return Case(net.build(), [Run(300.0, {"cell": train(spikes)})])
