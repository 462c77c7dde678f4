"""Threshold: `>` or `>=` as the model says, level or crossing, and in which step."""

from __future__ import annotations

from neurobridge import models
from neurobridge.graph.builder import NetworkBuilder
from neurobridge.graph.model import NeuronModel
from neurobridge.graph.probe import StateProbe
from tests.conformance import toys
from tests.conformance.case import Case, Run, kicks, scenario, train


def toy_case(
    model: NeuronModel, events, duration: float, stamps, v, initial=None, **values
) -> Case:
    """One toy neuron at dt = 1 ms; ``events`` are (weight, times)."""
    net = NetworkBuilder()
    net.population("cell", 1, model, initial=initial, **values)
    for i, (weight, at) in enumerate(events):
        net.add(kicks(f"kick{i}", "cell", at, weight))
    net.add(StateProbe("v", "cell", "v"))
    return Case(net.build(), [Run(duration, {"cell": train(stamps)}, {"v": v})], dt=1.0, atol=0.0)


@scenario("C19", "C3")
def threshold_reached_exactly_with_greater_or_equal() -> Case:
    return toy_case(toys.keeper, [(0.5, [2.0, 4.0])], 7.0, [5], [0, 0, 0.5, 0.5, 0, 0, 0])


@scenario("C19", "C21")
def threshold_reached_exactly_with_greater() -> Case:
    v = [0, 0, 0.5, 0.5, 1.0, 1.0, 0.5, 0.5]
    return toy_case(toys.dropper, [(0.5, [2.0, 4.0, 6.0])], 8.0, [7], v)


@scenario("C13", "C2")
def delta_synapse_crosses_threshold_in_the_step_of_arrival() -> Case:
    net = NetworkBuilder()
    net.population("cell", 1, models.lif_delta)
    net.add(kicks("kick", "cell", [1.0], 16.0), StateProbe("v", "cell", "v"))
    return Case(net.build(), [Run(3.0, {"cell": [(11, 0)]}, {"v": [-65.0] * 30})])


@scenario("C13")
def delta_synapse_just_below_threshold_never_crosses() -> Case:
    net = NetworkBuilder()
    net.population("cell", 1, models.lif_delta)
    net.add(kicks("kick", "cell", [1.0], 14.999))
    return Case(net.build(), [Run(3.0, {"cell": []})])


@scenario("C20", "C8")
def level_spikes_in_every_step_above_threshold() -> Case:
    v = [0, 0, 2, 2, 2, 2]
    return toy_case(toys.keeper, [(1.0, [2.0])], 6.0, [3, 4, 5, 6], v, v_reset=2.0)


@scenario("C20", "C22")
def crossing_spikes_once_on_the_way_up() -> Case:
    v = [0, 0, 1, 1, 1, 0, 0, 1, 1]
    return toy_case(toys.crosser, [(1.0, [2.0, 7.0]), (-1.0, [5.0])], 9.0, [3, 8], v)


@scenario("C20", "C21")
def crossing_looks_at_the_state_after_reset() -> Case:
    """Above after the reset of step 2: silent. Below after that of step 7: fires in step 8."""
    events = [(3.0, [2.0]), (-1.5, [5.0]), (1.0, [7.0, 8.0])]
    v = [0, 0, 2, 2, 2, 0.5, 0.5, 0.5, 0.5, 0.5]
    return toy_case(toys.stepper, events, 10.0, [3, 8, 9], v)


@scenario("C20", "C31")
def crossing_needs_an_initial_state_below() -> Case:
    v = [2, 2, 0.5, 0.5, 1.5]
    events = [(-1.5, [2.0]), (1.0, [4.0])]
    return toy_case(toys.crosser, events, 5.0, [5], v, initial={"v": 2.0})


@scenario("C20", "C31")
def level_with_an_initial_state_above_spikes_in_the_first_step() -> Case:
    return toy_case(toys.keeper, [], 3.0, [1], [0, 0, 0], initial={"v": 2.0})


@scenario("C20", "C10", "C11")
def crossing_while_clamped_is_missed() -> Case:
    """Clamped in steps 3-5; lifted above threshold in step 4, so the crossing is over when free."""
    events = [(1.0, [2.0, 10.0]), (1.5, [4.0]), (-1.0, [8.0])]
    v = [0, 0, 0, 0, 1.5, 1.5, 1.5, 1.5, 0.5, 0.5, 0.5, 0.5]
    return toy_case(toys.stepper, events, 12.0, [3, 11], v, t_ref=3.0)


@scenario("C20", "C10", "C11")
def level_reached_while_clamped_spikes_when_free() -> Case:
    events = [(1.0, [2.0]), (1.5, [4.0])]
    v = [0, 0, 0, 0, 1.5, 1.5, 0, 0, 0]
    return toy_case(toys.keeper, events, 9.0, [3, 7], v, t_ref=3.0)
