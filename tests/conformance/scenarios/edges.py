"""Edges: weights, signs, receptors, and the networks at the edge of being one."""

from __future__ import annotations

import numpy as np

from neurobridge import models
from neurobridge.graph.builder import NetworkBuilder
from neurobridge.graph.edges import Edges
from neurobridge.graph.probe import StateProbe
from neurobridge.graph.projection import Projection
from neurobridge.graph.stimulus import SpikeTrains
from neurobridge.graph.weight import Explicit, Factorised, LowRank, WeightSum
from tests.conformance import toys
from tests.conformance.case import Case, Run, kicks, scenario, since, times

X = since(times(20.0, 0.1), 2.0)


def volley(n_pre: int, model, n_post: int, **values) -> NetworkBuilder:
    """``n_pre`` sources that spike together at 1 ms."""
    net = NetworkBuilder()
    net.population("input", n_pre, models.spike_source)
    net.population("cell", n_post, model, **values)
    net.add(SpikeTrains("drive", "input", np.full(n_pre, 1.0), np.arange(n_pre)))
    return net


def decay(weight, tau: float) -> np.ndarray:
    return np.where(X >= 0, weight * np.exp(-X / tau), 0.0)


@scenario("C12")
def parallel_edges_add() -> Case:
    """7 + 9 mV cross the threshold of 15 mV, one edge of 9 does not."""
    net = volley(1, models.lif_delta, 2)
    pairs = [(0, 0), (0, 1), (0, 0)]
    net.connect("syn", "input", "cell", pairs, weight=[7.0, 9.0, 9.0], delay=1.0)
    return Case(net.build(), [Run(5.0, {"cell": [(20, 0)]})], weights={"syn": [7.0, 9.0, 9.0]})


@scenario("C12")
def many_inputs_in_one_step_add() -> Case:
    """64 sources of 0.25 mV, exact in any order."""
    net = volley(64, toys.keeper, 1, v_thresh=16.0)
    pairs = np.stack([np.arange(64), np.zeros(64, dtype=int)], axis=1)
    net.connect("syn", "input", "cell", pairs, weight=0.25, delay=1.0)
    net.add(StateProbe("v", "cell", "v"))
    return Case(net.build(), [Run(4.0, {"cell": [(2, 0)]}, {"v": [0, 0, 0, 0]})], dt=1.0, atol=0.0)


@scenario("C17")
def signs_are_routed_to_receptors() -> Case:
    net = volley(2, models.lif_exp, 2, tau_syn_exc=3.0, tau_syn_inh=7.0)
    pairs = [(0, 0), (1, 0), (0, 1), (1, 1)]
    net.connect("syn", "input", "cell", pairs, weight=[0.5, -0.25, 0.0, 0.125], delay=1.0)
    net.add(StateProbe("exc", "cell", "i_exc"), StateProbe("inh", "cell", "i_inh"))
    exc = np.stack([decay(0.5, 3.0), decay(0.125, 3.0)], axis=1)
    inh = np.stack([decay(-0.25, 7.0), decay(0.0, 7.0)], axis=1)
    run = Run(20.0, {"cell": []}, {"exc": exc, "inh": inh})
    return Case(net.build(), [run], weights={"syn": [0.5, -0.25, 0.0, 0.125]})


@scenario("C17")
def conductances_take_magnitudes() -> Case:
    net = volley(2, models.lif_cond_exp, 1, tau_syn_exc=3.0, tau_syn_inh=7.0)
    net.connect("syn", "input", "cell", [(0, 0), (1, 0)], weight=[0.002, -0.004], delay=1.0)
    net.add(StateProbe("exc", "cell", "g_exc"), StateProbe("inh", "cell", "g_inh"))
    signals = {"exc": decay(0.002, 3.0), "inh": decay(0.004, 7.0)}
    run = Run(20.0, {"cell": []}, signals)
    return Case(net.build(), [run], weights={"syn": [0.002, 0.004]}, atol=1e-8)


@scenario("C17")
def projections_name_their_receptor() -> Case:
    """Two projections between the same populations, to different receptors."""
    net = volley(1, models.shiu_lif, 1)
    net.connect("slow", "input", "cell", [(0, 0)], weight=2.0, delay=1.0, receptor="syn")
    net.connect("fast", "input", "cell", [(0, 0)], weight=-3.0, delay=1.0, receptor="kick")
    net.add(StateProbe("v", "cell", "v"), StateProbe("g", "cell", "g"))
    shape = (np.exp(-X / 5.0) - np.exp(-X / 20.0)) / (1 / 20.0 - 1 / 5.0)
    v = np.where(X >= 0, -52 - 3.0 * np.exp(-X / 20.0) + 2.0 / 20.0 * shape, -52)
    run = Run(20.0, {"cell": []}, {"v": v, "g": decay(2.0, 5.0)})
    return Case(net.build(), [run], weights={"slow": [2.0], "fast": [-3.0]})


@scenario("C12", "C17")
def a_distinct_weight_on_every_edge() -> Case:
    """Given in shuffled order, read back in canonical order, and felt where they belong."""
    n_pre, n_post = 5, 7
    pre, post = (a.ravel() for a in np.meshgrid(np.arange(n_pre), np.arange(n_post)))
    weight = (pre + 1) / 8 + (post + 1) / 256
    shuffle = np.argsort(np.sin(np.arange(pre.size) * 12.9898))
    net = NetworkBuilder()
    net.population("input", n_pre, models.spike_source)
    net.population("cell", n_post, toys.keeper, v_thresh=1000.0)
    net.add(SpikeTrains("drive", "input", np.arange(n_pre) + 1.0, np.arange(n_pre)))
    pairs = np.stack([pre, post], axis=1)[shuffle]
    net.connect("syn", "input", "cell", pairs, weight=weight[shuffle], delay=1.0)
    net.add(StateProbe("v", "cell", "v"))
    jumps = np.zeros((8, n_post))
    jumps[1 : n_pre + 1] = weight.reshape(n_post, n_pre).T
    run = Run(8.0, {"cell": []}, {"v": np.cumsum(jumps, axis=0)})
    return Case(net.build(), [run], dt=1.0, weights={"syn": weight}, atol=0.0)


def three_edges(**more) -> tuple[NetworkBuilder, Edges]:
    net = NetworkBuilder()
    net.population("input", 2, models.spike_source, sign=[1, -1])
    net.population("cell", 2, models.lif_delta)
    edges, _ = Edges.from_pairs([0, 1, 0], [0, 0, 1], 2, 2, count=[1, 2, 3], **more)
    return net, edges


@scenario("C17")
def factorised_weights_with_groups() -> Case:
    """sign x count x scale[group] x unit."""
    net, edges = three_edges(columns={"kind": np.array([0, 1, 1])})
    weight = Factorised("2 mV", np.array([1.0, 0.5]), group="kind")
    network = net.build().with_projection(Projection("syn", "input", "cell", edges, weight, 1.0))
    return Case(network, [Run(1.0)], weights={"syn": [2.0, -2.0, 3.0]})


@scenario("C17")
def weights_that_are_sums_of_low_rank_and_explicit() -> Case:
    net, edges = three_edges()
    low = LowRank(np.array([[1.0], [2.0]]), np.array([[0.5], [0.25]]))
    weight = WeightSum((low, Explicit(np.array([1.0, 2.0, 4.0], dtype=np.float32))))
    network = net.build().with_projection(Projection("syn", "input", "cell", edges, weight, 1.0))
    return Case(network, [Run(1.0)], weights={"syn": [1.5, 2.25, 5.0]})


@scenario("C12")
def one_neuron_of_each() -> Case:
    """Arrays of length one stay arrays."""
    net = volley(1, models.lif_delta, 1, v_thresh=[-60.0], t_ref=[1.0])
    net.connect("syn", "input", "cell", [(0, 0)], weight=[6.0], delay=[0.5])
    net.add(StateProbe("v", "cell", "v", interval=1.0))
    signals = {"v": [[-65.0]] * 3}
    return Case(net.build(), [Run(3.0, {"cell": [(15, 0)]}, signals)], weights={"syn": [6.0]})


@scenario("C12")
def projection_without_edges() -> Case:
    net = volley(2, models.lif_exp, 2)
    net.connect("none", "input", "cell", [], weight=1.0, delay=1.0)
    net.add(StateProbe("v", "cell", "v", interval=1.0))
    run = Run(5.0, {"input": [(10, 0), (10, 1)], "cell": []}, {"v": np.full((5, 2), -65.0)})
    return Case(net.build(), [run], weights={"none": []})


@scenario("C12", "C15")
def neurons_without_edges_beside_connected_ones() -> Case:
    """The last neurons of both sides have none."""
    net = volley(3, models.lif_delta, 4)
    net.connect("syn", "input", "cell", [(0, 1), (1, 1)], weight=8.0, delay=1.0)
    return Case(net.build(), [Run(5.0, {"cell": [(20, 1)]})], weights={"syn": [8.0, 8.0]})


@scenario("C15", "C17")
def one_source_through_two_projections() -> Case:
    net = volley(1, models.lif_delta, 3)
    net.connect("early", "input", "cell", [(0, 0), (0, 2)], weight=16.0, delay=0.5)
    net.connect("late", "input", "cell", [(0, 1), (0, 2)], weight=16.0, delay=3.0)
    spikes = [(15, 0), (15, 2), (40, 1), (40, 2)]
    return Case(net.build(), [Run(5.0, {"input": [(10, 0)], "cell": spikes})])


@scenario("C18")
def a_gain_that_differs_between_neurons() -> Case:
    """The event of an alpha synapse is w e / tau, and tau is a neuron's own."""
    tau = np.array([2.0, 4.0])
    net = NetworkBuilder()
    net.population("cell", 2, models.lif_alpha, tau_syn_exc=tau)
    for n in range(2):
        net.add(kicks(f"kick{n}", "cell", [1.9], 0.5, neuron=n, receptor="exc"))
    net.add(StateProbe("i", "cell", "i_exc"))
    x = np.where(X >= 0, X, 0.0)[:, None]
    current = 0.5 * np.e * x / tau * np.exp(-x / tau)
    return Case(net.build(), [Run(20.0, {"cell": []}, {"i": current})])


@scenario("C17")
def silenced_neurons_send_nothing_and_scaled_edges_more() -> Case:
    net = volley(2, models.lif_delta, 1)
    net.connect("syn", "input", "cell", [(0, 0), (1, 0)], weight=[16.0, 8.0], delay=1.0)
    network = net.build().silence("input", [0]).scale("syn", 2.0)
    return Case(network, [Run(5.0, {"cell": [(20, 0)]})], weights={"syn": [16.0]})
