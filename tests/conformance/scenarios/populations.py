"""Several populations, parameters and initial states that differ between neurons."""

from __future__ import annotations

import numpy as np

from neurobridge import models
from neurobridge.graph.builder import NetworkBuilder
from neurobridge.graph.probe import StateProbe
from tests.conformance import toys
from tests.conformance.case import Case, Run, kicks, scenario, times


@scenario("C4", "C15", "C17")
def populations_in_both_directions() -> Case:
    """Ping-pong between a delta neuron and a fly neuron, 3 and 5 steps apart.

    Both are refractory for 0.5 ms (5 steps); a round takes 8, so every spike gets through.
    """
    net = NetworkBuilder()
    net.population("ping", 1, models.lif_delta, t_ref=0.5)
    net.population("pong", 1, models.shiu_lif, t_ref=0.5)
    net.connect("there", "ping", "pong", [(0, 0)], weight=8.0, delay=0.3, receptor="kick")
    net.connect("back", "pong", "ping", [(0, 0)], weight=16.0, delay=0.5)
    net.add(kicks("serve", "ping", [0.0], 16.0))
    ping = [(s, 0) for s in range(1, 101, 8)]
    pong = [(s + 3, 0) for s in range(1, 98, 8)]
    return Case(net.build(), [Run(10.0, {"ping": ping, "pong": pong})])


@scenario("C4")
def populations_whose_order_does_not_matter() -> Case:
    """Mutual spikes in one step: both neurons are hit one step later, in either order of naming."""
    net = NetworkBuilder()
    net.population("b", 1, toys.keeper)
    net.population("a", 1, toys.keeper)
    net.connect("ab", "a", "b", [(0, 0)], weight=1.0, delay=1.0)
    net.connect("ba", "b", "a", [(0, 0)], weight=1.0, delay=1.0)
    net.add(kicks("both_a", "a", [2.0], 1.0), kicks("both_b", "b", [2.0], 1.0))
    spikes = [(s, 0) for s in range(3, 9)]
    return Case(net.build(), [Run(8.0, {"a": spikes, "b": spikes})], dt=1.0)


@scenario("C5", "C31")
def parameters_and_initial_states_differ_between_neurons() -> Case:
    tau, rest = np.array([5.0, 10.0, 20.0, 20.0]), np.array([-60.0, -65.0, -70.0, -70.0])
    offset, start = np.array([0.0, 0.1, 0.0, 0.2]), np.array([-55.0, -65.0, -60.0, -70.0])
    net = NetworkBuilder()
    net.population(
        "cell", 4, models.lif_exp, initial={"v": start}, tau_m=tau, v_rest=rest, i_offset=offset
    )
    net.add(StateProbe("v", "cell", "v"))
    goal = rest + offset * tau / 0.25
    v = goal + (start - goal) * np.exp(-times(20.0, 0.1)[:, None] / tau)
    return Case(net.build(), [Run(20.0, {"cell": []}, {"v": v})])


@scenario("C5", "C31")
def initial_synaptic_current() -> Case:
    """A state that has no event yet starts where the description says."""
    net = NetworkBuilder()
    net.population("cell", 1, models.lif_exp, initial={"i_exc": "200 pA"}, tau_syn_exc=3.0)
    net.add(StateProbe("v", "cell", "v"), StateProbe("i", "cell", "i_exc"))
    t = times(20.0, 0.1)
    shape = (np.exp(-t / 3.0) - np.exp(-t / 20.0)) / (1 / 20.0 - 1 / 3.0)
    signals = {"v": -65 + 0.2 / 0.25 * shape, "i": 0.2 * np.exp(-t / 3.0)}
    return Case(net.build(), [Run(20.0, {"cell": []}, signals)])


@scenario("C5", "C8", "C19")
def thresholds_differ_between_neurons() -> Case:
    net = NetworkBuilder()
    net.population("cell", 3, models.lif_delta, v_thresh=[-62.0, -54.0, -40.0], t_ref=1.0)
    for n in range(3):
        net.add(kicks(f"kick{n}", "cell", [1.0, 3.0], 8.0, neuron=n))
    spikes = [(11, 0), (31, 0), (31, 1)]
    return Case(net.build(), [Run(5.0, {"cell": spikes})])
