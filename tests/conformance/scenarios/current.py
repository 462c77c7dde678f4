"""Injected current: a value holds from its start step until the next; several add up."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtri

from neurobridge import models
from neurobridge.graph.builder import NetworkBuilder
from neurobridge.graph.probe import StateProbe
from neurobridge.graph.stimulus import Current, DiffusionNoise, WhiteNoise
from neurobridge.rng import uniforms
from tests.conformance import toys
from tests.conformance.case import Case, Run, scenario, since, times

T = times(30.0, 0.1)


def charged(amplitude: float, start: float) -> np.ndarray:
    """What a current step from ``start`` on adds to the membrane of lif_exp."""
    x = np.maximum(since(T, start), 0.0)
    return amplitude * 20.0 / 0.25 * (1 - np.exp(-x / 20.0))


def driven(*currents, size: int = 1) -> NetworkBuilder:
    net = NetworkBuilder()
    net.population("cell", size, models.lif_exp)
    net.add(*currents, StateProbe("v", "cell", "v"))
    return net


def quiet(net: NetworkBuilder, v: np.ndarray, **run) -> Case:
    return Case(net.build(), [Run(30.0, {"cell": []}, {"v": v}, **run)])


@scenario("C5", "C27")
def current_from_the_start() -> Case:
    """The first sample, at 0.1 ms, has felt it for one step."""
    return quiet(driven(Current("step", "cell", 0.1)), -65 + charged(0.1, 0.0))


@scenario("C27")
def current_on_and_off() -> Case:
    pulse = Current("pulse", "cell", np.array([0.1, 0.0]), np.array([5.0, 12.5]))
    return quiet(driven(pulse), -65 + charged(0.1, 5.0) - charged(0.1, 12.5))


@scenario("C27")
def currents_overlap_and_add() -> Case:
    first = Current("first", "cell", np.array([0.1, 0.0]), np.array([2.0, 20.0]))
    second = Current("second", "cell", np.array([-0.05, 0.0]), np.array([10.0, 25.0]))
    v = charged(0.1, 2.0) - charged(0.1, 20.0) - charged(0.05, 10.0) + charged(0.05, 25.0)
    return quiet(driven(first, second), -65 + v)


@scenario("C27")
def current_differs_between_neurons() -> Case:
    amplitude = np.array([[0.1, -0.1], [0.05, 0.0]])
    current = Current("step", "cell", amplitude, np.array([3.0, 8.0]), neurons=np.array([2, 0]))
    first = charged(-0.1, 3.0) + charged(0.1, 8.0)
    third = charged(0.1, 3.0) + charged(-0.05, 8.0)
    v = np.stack([first, np.zeros(300), third], axis=1)
    return quiet(driven(current, size=3), -65 + v)


def recursion(current: np.ndarray) -> np.ndarray:
    """Exact membrane of lif_exp under one value a step, (T, n)."""
    v, trace, decay = np.full(current.shape[1], -65.0), [], np.exp(-0.1 / 20.0)
    for i in current:
        goal = -65 + i * 20.0 / 0.25
        v = goal + (v - goal) * decay
        trace.append(v)
    return np.array(trace)


@scenario("C27")
def current_that_changes_in_every_step() -> Case:
    amplitude = 0.1 * np.sin(np.arange(300) / 7.0)
    current = Current("wave", "cell", amplitude, np.arange(300) * 0.1)
    return quiet(driven(current), recursion(amplitude[:, None]))


def noise(name: str, seed: int, n: int, length: int) -> np.ndarray:
    """Standard normal values (length, n), draw by draw."""
    pairs = [uniforms(seed, "stimulus", name, 0, np.arange(n), b) for b in range(length // 2 + 1)]
    draws = [ndtri(pairs[i // 2][:, i % 2]) for i in range(length)]
    return np.array(draws)


@scenario("C28")
def white_noise_in_every_step() -> Case:
    net = driven(WhiteNoise("noise", "cell", std=0.2, interval=0.1, mean=0.02), size=2)
    return quiet(net, recursion(0.02 + 0.2 * noise("noise", 7, 2, 300)), seed=7)


@scenario("C28")
def white_noise_that_holds_in_a_window() -> Case:
    """Values of 1 ms from 5.0 to 20.5 ms: 15 whole ones and half a one, then silence."""
    std = np.array([0.2, 0.1])
    stimulus = WhiteNoise("noise", "cell", std=std, interval=1.0, start=5.0, stop=20.5)
    held = np.repeat(std * noise("noise", 7, 2, 16), 10, axis=0)
    current = np.zeros((300, 2))
    current[50:205] = held[:155]
    return quiet(driven(stimulus, size=2), recursion(current), seed=7)


@scenario("C39", "C27")
def diffusion_noise_in_a_window() -> Case:
    """Drawn in every step; its standard deviation is that of a step of a Wiener process over dt."""
    intensity = np.array([0.2, 0.1])
    stimulus = DiffusionNoise("noise", "cell", intensity, mean=0.05, start=2.0, stop=20.0)
    current = np.zeros((300, 2))
    current[20:200] = 0.05 + intensity / np.sqrt(0.1) * noise("noise", 7, 2, 180)
    return quiet(driven(stimulus, size=2), recursion(current), seed=7)


@scenario("C39", "C38")
def diffusion_noise_moves_rates() -> Case:
    """Euler-Maruyama: ``x + h/tau (mean - x) + intensity/tau sqrt(h) z``, and nothing else."""
    net = NetworkBuilder()
    net.population("units", 3, models.rate_model("linear"), tau=5.0)
    net.add(DiffusionNoise("noise", "units", 0.5, mean=-1.0), StateProbe("x", "units", "x"))
    x, trace = np.zeros(3), []
    for z in noise("noise", 7, 3, 50):
        x = x + 0.1 / 5.0 * (-1.0 - x) + 0.5 / 5.0 * np.sqrt(0.1) * z
        trace.append(x)
    return Case(net.build(), [Run(5.0, {}, {"x": trace}, seed=7)], atol=1e-12)


@scenario("C6", "C27")
def current_into_a_counting_neuron() -> Case:
    """0.25 nA into 0.5 nF is 0.5 mV a step, and a clamped neuron takes none of it."""
    net = NetworkBuilder()
    net.population("cell", 1, toys.keeper, t_ref=2.0)
    net.add(Current("step", "cell", 0.25, 1.0), StateProbe("v", "cell", "v"))
    v = [0, 0.5, 0, 0, 0, 0.5, 0, 0, 0, 0.5]
    return Case(net.build(), [Run(10.0, {"cell": [(3, 0), (7, 0)]}, {"v": v})], dt=1.0)
