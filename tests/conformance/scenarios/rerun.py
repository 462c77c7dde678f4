"""Runs of one compiled network: each from the initial state, with what was asked for it."""

from __future__ import annotations

import numpy as np

from neurobridge import models
from neurobridge.graph.builder import NetworkBuilder
from neurobridge.graph.probe import StateProbe
from neurobridge.graph.stimulus import Current, Poisson, SpikeTrains
from tests.conformance.case import Case, Run, kicks, scenario, since, times, train
from tests.conformance.scenarios.stimulus import poisson_stamps, spikes_of


def relay() -> NetworkBuilder:
    """Two sources, each onto its own neuron, 4 ms later; long refractory."""
    net = NetworkBuilder()
    net.population("input", 2, models.spike_source)
    net.population("cell", 2, models.lif_delta, t_ref=6.0)
    net.connect("syn", "input", "cell", [(0, 0), (1, 1)], weight=16.0, delay=4.0)
    net.add(SpikeTrains("drive", "input", np.array([1.0, 5.5]), np.array([0, 1])))
    return net


@scenario("C31", "C32")
def run_again_gives_the_same() -> Case:
    """Ends with neuron 0 clamped for 5 ms more and a spike on its way to neuron 1."""
    run = Run(6.0, {"input": [(10, 0), (55, 1)], "cell": [(50, 0)]})
    return Case(relay().build(), [run, run, run])


@scenario("C32")
def run_again_longer_and_shorter() -> Case:
    long = Run(12.0, {"input": [(10, 0), (55, 1)], "cell": [(50, 0), (95, 1)]})
    short = Run(4.0, {"input": [(10, 0)], "cell": []})
    return Case(relay().build(), [short, long, short])


@scenario("C32")
def run_again_with_another_seed() -> Case:
    net = NetworkBuilder()
    net.population("input", 2, models.spike_source)
    net.add(Poisson("noise", "input", rate=100.0))
    runs = [
        Run(100.0, {"input": spikes_of(
            [poisson_stamps("noise", n, [100.0], 100.0, seed) for n in range(2)]
        )}, seed=seed)
        for seed in (0, 1, 0)
    ]  # fmt: skip
    return Case(net.build(), runs)


@scenario("C32")
def run_again_with_other_stimuli() -> Case:
    """One run replaces a stimulus, one adds another; then both are gone.

    The first run ends with a spike on its way to neuron 0, which the second must not deliver.
    """
    short = Run(4.0, {"input": [(10, 0)], "cell": []})
    own = Run(12.0, {"input": [(10, 0), (55, 1)], "cell": [(50, 0), (95, 1)]})
    other = SpikeTrains("drive", "input", np.array([2.0]), np.array([1]))
    replaced = Run(12.0, {"input": [(20, 1)], "cell": [(60, 1)]}, stimuli=[other])
    extra = kicks("kick", "cell", [0.0], 16.0, neuron=1)
    more = Run(
        12.0, {"input": own.spikes["input"], "cell": [(1, 1), (50, 0), (95, 1)]}, stimuli=[extra]
    )
    return Case(relay().build(), [short, replaced, own, more, own])


@scenario("C27", "C32")
def run_again_with_another_current() -> Case:
    """A current that was not there when the network was built."""
    net = NetworkBuilder()
    net.population("cell", 1, models.lif_exp)
    net.add(StateProbe("v", "cell", "v"))
    rest = np.full(100, -65.0)
    x = since(times(10.0, 0.1), 2.0)
    charged = np.where(x >= 0, -65 + 8.0 * (1 - np.exp(-x / 20.0)), -65.0)
    step = Current("step", "cell", 0.1, 2.0)
    runs = [
        Run(10.0, {}, {"v": rest}),
        Run(10.0, {}, {"v": charged}, stimuli=[step]),
        Run(10.0, {}, {"v": rest}),
    ]
    return Case(net.build(), runs)


@scenario("C32")
def run_again_with_other_parameters() -> Case:
    """They hold for the runs after it too; propagators are worked out anew."""
    net = NetworkBuilder()
    net.population("cell", 2, models.lif_exp, i_offset=[0.3, 0.4])
    climb = [int(np.ceil(20.0 * np.log(d / (d - 15.0)) / 0.1)) for d in (24.0, 32.0)]
    slow = [int(np.ceil(30.0 * np.log(d / (d - 15.0)) / 0.1)) for d in (36.0, 48.0)]

    def regular(steps: list[int]) -> list[tuple[int, int]]:
        return sorted(
            pair for n, c in enumerate(steps) for pair in train(range(c, 501, c + 20), neuron=n)
        )

    runs = [
        Run(50.0, {"cell": regular(climb)}),
        Run(50.0, {"cell": regular(slow)}, parameters={"cell": {"tau_m": 30.0}}),
        Run(50.0, {"cell": regular(slow)}),
        Run(50.0, {"cell": regular(climb)}, parameters={"cell": {"tau_m": "20 ms"}}),
    ]
    return Case(net.build(), runs)


@scenario("C18", "C32")
def run_again_with_another_gain() -> Case:
    """The gain of an alpha synapse depends on its time constant."""
    net = NetworkBuilder()
    net.population("cell", 1, models.lif_alpha)
    net.add(kicks("kick", "cell", [0.9], 0.1, receptor="exc"), StateProbe("i", "cell", "i_exc"))
    x = np.maximum(since(times(20.0, 0.1), 1.0), 0.0)
    runs = [
        Run(20.0, {}, {"i": 0.1 * np.e * x / tau * np.exp(-x / tau)},
            parameters={"cell": {"tau_syn_exc": tau}})
        for tau in (5.0, 2.0)
    ]  # fmt: skip
    return Case(net.build(), runs)


@scenario("C32")
def run_again_from_another_initial_state() -> Case:
    """The model starts at rest, and rest is a parameter: nothing moves, now elsewhere."""
    net = NetworkBuilder()
    net.population("cell", 2, models.lif_exp, v_rest=[-65.0, -64.0])
    net.add(StateProbe("v", "cell", "v"))
    runs = [
        Run(5.0, {}, {"v": np.tile(rest, (50, 1))}, parameters={"cell": {"v_rest": rest}})
        for rest in ([-65.0, -64.0], [-60.0, -70.0])
    ]
    return Case(net.build(), runs)
