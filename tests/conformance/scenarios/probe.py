"""Probes: sample i is the state at (i + 1) intervals, after the reset; spikes of a selection."""

from __future__ import annotations

import numpy as np

from neurobridge import models
from neurobridge.graph.builder import NetworkBuilder
from neurobridge.graph.probe import SpikeProbe, StateProbe
from neurobridge.graph.stimulus import SpikeTrains
from tests.conformance import toys
from tests.conformance.case import Case, Run, kicks, scenario


def counting(size: int, n_kicks: int) -> NetworkBuilder:
    """Neuron n gains (n + 1) / 8 in every step."""
    net = NetworkBuilder()
    net.population("cell", size, toys.keeper, v_thresh=1000.0)
    for n in range(size):
        net.add(kicks(f"kick{n}", "cell", list(np.arange(float(n_kicks))), (n + 1) / 8, neuron=n))
    return net


@scenario("C29")
def probe_of_every_step_and_every_neuron() -> Case:
    net = counting(3, 6)
    net.add(StateProbe("v", "cell", "v"))
    v = np.outer(np.arange(1, 7), [1, 2, 3]) / 8
    return Case(net.build(), [Run(6.0, {}, {"v": v})], dt=1.0, atol=0.0)


@scenario("C29")
def probe_at_an_interval() -> Case:
    """Of 10 steps, every third: 3, 6 and 9 ms, no sample at 0 and none for the rest."""
    net = counting(2, 10)
    net.add(StateProbe("v", "cell", "v", interval=3.0))
    v = np.outer([3, 6, 9], [1, 2]) / 8
    return Case(net.build(), [Run(10.0, {}, {"v": v})], dt=1.0, atol=0.0)


@scenario("C29")
def probes_of_different_neurons_at_different_intervals() -> Case:
    """Neurons are recorded in ascending order, whatever order they were named in."""
    net = counting(4, 8)
    net.add(StateProbe("some", "cell", "v", neurons=np.array([3, 1]), interval=2.0))
    net.add(StateProbe("one", "cell", "v", neurons=np.array([2]), interval=4.0))
    signals = {"some": np.outer([2, 4, 6, 8], [2, 4]) / 8, "one": [4 * 3 / 8, 8 * 3 / 8]}
    return Case(net.build(), [Run(8.0, {}, signals)], dt=1.0, atol=0.0)


@scenario("C29", "C21")
def probe_sees_the_state_after_the_reset() -> Case:
    net = NetworkBuilder()
    net.population("cell", 1, toys.keeper, v_reset=-3.0)
    net.add(kicks("kick", "cell", [1.0], 5.0), StateProbe("v", "cell", "v"))
    return Case(net.build(), [Run(3.0, {"cell": [(2, 0)]}, {"v": [0, -3, -3]})], dt=1.0, atol=0.0)


@scenario("C30")
def spikes_of_a_selection() -> Case:
    """Probes name what is recorded: two selections of one population, nothing of the other."""
    net = NetworkBuilder()
    net.population("input", 4, models.spike_source)
    net.population("cell", 4, models.lif_delta)
    net.connect("syn", "input", "cell", [(n, n) for n in range(4)], weight=16.0, delay=0.5)
    net.add(SpikeTrains("drive", "input", np.arange(4) + 1.0, np.arange(4)))
    net.add(SpikeProbe("some", "cell", np.array([3, 0])), SpikeProbe("all_of_them", "cell"))
    every = [(15, 0), (25, 1), (35, 2), (45, 3)]
    return Case(net.build(), [Run(6.0, {"some": [every[0], every[3]], "all_of_them": every})])


@scenario("C30")
def spikes_of_all_populations_without_a_probe() -> Case:
    net = NetworkBuilder()
    net.population("input", 1, models.spike_source)
    net.population("cell", 1, models.lif_delta)
    net.connect("syn", "input", "cell", [(0, 0)], weight=16.0, delay=0.5)
    net.add(SpikeTrains("drive", "input", np.array([1.0]), np.array([0])))
    return Case(net.build(), [Run(6.0, {"input": [(10, 0)], "cell": [(15, 0)]})])
