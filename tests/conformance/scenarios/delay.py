"""Delays: a spike stamped s through a delay of D steps is added in phase 2 of step s + D - 1."""

from __future__ import annotations

import numpy as np

from neurobridge import models
from neurobridge.graph.builder import NetworkBuilder
from neurobridge.graph.stimulus import SpikeTrains
from tests.conformance.case import Case, Run, kicks, scenario, train

FIRES = 16.0
"""A jump that takes lif_delta from rest over its threshold."""


def source_and_cells(n_cells: int, spike_times: list[float]) -> NetworkBuilder:
    net = NetworkBuilder()
    net.population("input", 1, models.spike_source)
    net.population("cell", n_cells, models.lif_delta)
    neurons = np.zeros(len(spike_times), dtype=int)
    net.add(SpikeTrains("drive", "input", np.array(spike_times), neurons))
    return net


@scenario("C15", "C23")
def delay_of_one_step_from_a_source() -> Case:
    """A source spike at 0 ms is felt at dt, in the first step."""
    net = source_and_cells(1, [0.0])
    net.connect("syn", "input", "cell", [(0, 0)], weight=FIRES, delay=0.1)
    return Case(net.build(), [Run(1.0, {"input": [(0, 0)], "cell": [(1, 0)]})])


@scenario("C4", "C15")
def delay_of_one_step_along_a_chain() -> Case:
    """Each neuron fires one step after the one before, whatever their order in the population."""
    net = source_and_cells(5, [0.5])
    net.connect("first", "input", "cell", [(0, 2)], weight=FIRES, delay=0.1)
    chain = [(2, 4), (4, 1), (1, 0), (0, 3)]
    net.connect("chain", "cell", "cell", chain, weight=FIRES, delay=0.1)
    spikes = [(6, 2), (7, 4), (8, 1), (9, 0), (10, 3)]
    return Case(net.build(), [Run(2.0, {"cell": spikes})])


@scenario("C15")
def delay_of_many_steps() -> Case:
    net = source_and_cells(1, [1.0, 30.0])
    net.connect("syn", "input", "cell", [(0, 0)], weight=FIRES, delay=20.0)
    return Case(net.build(), [Run(60.0, {"cell": [(210, 0), (500, 0)]})])


@scenario("C15")
def delays_differ_between_edges() -> Case:
    net = source_and_cells(4, [1.0])
    pairs, delays = [(0, 3), (0, 0), (0, 2), (0, 1)], [5.0, 0.1, 1.0, 0.3]
    net.connect("syn", "input", "cell", pairs, weight=FIRES, delay=delays)
    return Case(net.build(), [Run(10.0, {"cell": [(11, 0), (13, 1), (20, 2), (60, 3)]})])


@scenario("C15", "C12")
def delays_of_parallel_edges_differ() -> Case:
    """The same pair twice: neither edge replaces the other."""
    net = source_and_cells(1, [1.0])
    net.connect("syn", "input", "cell", [(0, 0), (0, 0)], weight=FIRES, delay=[1.0, 5.0])
    return Case(net.build(), [Run(10.0, {"cell": [(20, 0), (60, 0)]})])


@scenario("C16")
def delay_longer_than_the_run() -> Case:
    net = source_and_cells(1, [1.0])
    net.connect("syn", "input", "cell", [(0, 0)], weight=FIRES, delay=50.0)
    return Case(net.build(), [Run(20.0, {"input": [(10, 0)], "cell": []})])


@scenario("C16")
def arrival_at_the_very_end() -> Case:
    """Stamped 1.0 ms: a delay of 4.0 ms arrives at the end, one of 4.1 ms after it."""
    net = source_and_cells(2, [1.0])
    net.connect("syn", "input", "cell", [(0, 0), (0, 1)], weight=FIRES, delay=[4.0, 4.1])
    return Case(net.build(), [Run(5.0, {"cell": [(50, 0)]})])


@scenario("C15")
def autapse_of_one_step() -> Case:
    net = NetworkBuilder()
    net.population("cell", 1, models.lif_delta, t_ref=0.0)
    net.connect("self", "cell", "cell", [(0, 0)], weight=FIRES, delay=0.1)
    net.add(kicks("kick", "cell", [0.3], FIRES))
    return Case(net.build(), [Run(1.0, {"cell": train(range(4, 11))})])


@scenario("C11", "C15")
def autapse_of_one_step_is_lost_while_clamped() -> Case:
    net = NetworkBuilder()
    net.population("cell", 1, models.lif_delta, t_ref=0.1)
    net.connect("self", "cell", "cell", [(0, 0)], weight=FIRES, delay=0.1)
    net.add(kicks("kick", "cell", [0.3], FIRES))
    return Case(net.build(), [Run(1.0, {"cell": [(4, 0)]})])


@scenario("C11", "C15")
def self_loop_just_longer_than_the_refractory_period() -> Case:
    """R = 20: a spike stamped s comes back in step s + 21 - 1 = s + 20, the first free one."""
    net = NetworkBuilder()
    net.population("cell", 1, models.lif_delta)
    net.connect("self", "cell", "cell", [(0, 0)], weight=FIRES, delay=2.1)
    net.add(kicks("kick", "cell", [0.0], FIRES))
    return Case(net.build(), [Run(10.0, {"cell": train([1, 22, 43, 64, 85])})])
