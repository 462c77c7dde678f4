"""Reset: statements in the order written, each seeing the ones before."""

from __future__ import annotations

from neurobridge import models
from neurobridge.graph.builder import NetworkBuilder
from neurobridge.graph.probe import StateProbe
from tests.conformance import toys
from tests.conformance.case import Case, Run, kicks, scenario
from tests.conformance.scenarios.threshold import toy_case


@scenario("C21")
def reset_by_subtraction_keeps_the_surplus() -> Case:
    events = [(0.75, [1.0, 3.0, 5.0]), (2.0, [6.0])]
    v = [0, 0.75, 0.75, 0.5, 0.5, 0.25, 1.25]
    return toy_case(toys.dropper, events, 7.0, [4, 6, 7], v)


@scenario("C21")
def reset_statements_run_in_order() -> Case:
    """z: 0 -> 0.5 -> 1, v = -1; then z: 1 -> 1.5 -> 3, v = -3."""
    net = NetworkBuilder()
    net.population("cell", 1, toys.adapter)
    net.add(kicks("first", "cell", [1.0], 1.0), kicks("second", "cell", [3.0], 2.5))
    net.add(StateProbe("v", "cell", "v"), StateProbe("z", "cell", "z"))
    signals = {"v": [0, -1, -1, -3, -3], "z": [0, 1, 1, 3, 3]}
    return Case(net.build(), [Run(5.0, {"cell": [(2, 0), (4, 0)]}, signals)], dt=1.0, atol=0.0)


@scenario("C21", "C22", "C29")
def reset_of_the_synaptic_variable() -> Case:
    """The fly neuron: a spike clears g too, also what arrived in the spiking step."""
    net = NetworkBuilder()
    net.population("cell", 1, models.shiu_lif, initial={"v": -40.0, "g": 30.0})
    net.add(kicks("input", "cell", [0.0], 30.0, receptor="syn"))
    net.add(StateProbe("v", "cell", "v"), StateProbe("g", "cell", "g"))
    signals = {"v": [-52.0] * 100, "g": [0.0] * 100}
    return Case(net.build(), [Run(10.0, {"cell": [(1, 0)]}, signals)])


@scenario("C21", "C22")
def reset_to_different_values_per_neuron() -> Case:
    net = NetworkBuilder()
    net.population("cell", 2, toys.keeper, v_reset=[-1.0, 0.5])
    for n in range(2):
        net.add(kicks(f"kick{n}", "cell", [1.0, 2.0], 1.0, neuron=n))
    net.add(StateProbe("v", "cell", "v"))
    signals = {"v": [[0, 0], [-1, 0.5], [0, 0.5], [0, 0.5]]}
    run = Run(4.0, {"cell": [(2, 0), (2, 1), (3, 1)]}, signals)
    return Case(net.build(), [run], dt=1.0, atol=0.0)
