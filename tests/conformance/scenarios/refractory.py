"""Refractoriness: a neuron that spikes in step k is clamped in steps k + 1 .. k + R."""

from __future__ import annotations

import numpy as np

from neurobridge import models
from neurobridge.graph.builder import NetworkBuilder
from neurobridge.graph.probe import StateProbe
from tests.conformance import toys
from tests.conformance.case import Case, Run, kicks, scenario, since, times, train
from tests.conformance.scenarios.threshold import toy_case

EVERY_MS = list(np.arange(12.0))


@scenario("C8")
def no_refractory_steps() -> Case:
    return toy_case(toys.keeper, [(1.0, EVERY_MS)], 5.0, [1, 2, 3, 4, 5], [0] * 5)


@scenario("C8", "C11")
def one_refractory_step_and_drop() -> Case:
    """A kick of 2 each step; every second one is lost: 2-1, 1, 1+2-1, 2, 2+2-1, 3."""
    return toy_case(toys.dropper, [(2.0, EVERY_MS)], 6.0, [1, 3, 5], [1, 1, 2, 2, 3, 3], t_ref=1.0)


@scenario("C8", "C10", "C11")
def many_refractory_steps_and_keep() -> Case:
    v = [0.5, 0, 0.5, 1, 1.5, 2, 0, 0.5, 1, 1.5, 2, 0]
    return toy_case(toys.keeper, [(0.5, EVERY_MS)], 12.0, [2, 7, 12], v, t_ref=4.0)


@scenario("C8")
def refractory_steps_differ_between_neurons() -> Case:
    net = NetworkBuilder()
    net.population("cell", 3, toys.keeper, t_ref=[0.0, 1.0, 3.0])
    for n in range(3):
        net.add(kicks(f"kick{n}", "cell", EVERY_MS, 1.0, neuron=n))
    periods = (1, 2, 4)
    spikes = [(s, n) for s in range(1, 11) for n in range(3) if (s - 1) % periods[n] == 0]
    return Case(net.build(), [Run(10.0, {"cell": spikes})], dt=1.0)


@scenario("C3", "C5", "C8", "C27")
def regular_firing_has_the_analytic_period() -> Case:
    """Steps from reset to threshold under constant current, plus R = 20 clamped steps."""
    net = NetworkBuilder()
    net.population("cell", 1, models.lif_exp, i_offset=0.3)
    drive = 0.3 * 20.0 / 0.25
    climb = int(np.ceil(20.0 * np.log(drive / (drive - 15.0)) / 0.1))
    stamps = [climb + i * (climb + 20) for i in range(20) if climb + i * (climb + 20) <= 1000]
    return Case(net.build(), [Run(100.0, {"cell": train(stamps)})])


def released(weight: float, arrival: float, release: float) -> np.ndarray:
    """Membrane of lif_exp that is clamped at rest until ``release`` while its current decays."""
    x = since(times(20.0, 0.1), release)
    current = weight * np.exp(-(release - arrival) / 5.0)
    shape = (np.exp(-x / 5.0) - np.exp(-x / 20.0)) / (1 / 20.0 - 1 / 5.0)
    return np.where(x > 0, -65 + current / 0.25 * shape, -65.0)


@scenario("C9", "C11")
def event_in_a_clamped_step_is_kept() -> Case:
    """Clamped from 0.1 to 2.1 ms; an event at 1.0 ms decays while the membrane waits."""
    net = NetworkBuilder()
    net.population("cell", 1, models.lif_exp, initial={"v": -40.0})
    net.add(kicks("input", "cell", [0.9], 0.5, receptor="exc"))
    net.add(StateProbe("v", "cell", "v"), StateProbe("i_exc", "cell", "i_exc"))
    x = since(times(20.0, 0.1), 1.0)
    current = np.where(x >= 0, 0.5 * np.exp(-x / 5.0), 0.0)
    signals = {"v": released(0.5, 1.0, 2.1), "i_exc": current}
    return Case(net.build(), [Run(20.0, {"cell": [(1, 0)]}, signals)])


@scenario("C9", "C11")
def event_in_a_clamped_step_is_dropped() -> Case:
    net = NetworkBuilder()
    net.population("cell", 1, models.shiu_lif, initial={"v": -40.0})
    net.add(kicks("input", "cell", [0.9], 5.0, receptor="syn"))
    net.add(StateProbe("v", "cell", "v"), StateProbe("g", "cell", "g"))
    signals = {"v": [-52.0] * 200, "g": [0.0] * 200}
    return Case(net.build(), [Run(20.0, {"cell": [(1, 0)]}, signals)])


@scenario("C8", "C11")
def last_clamped_step_drops_and_the_next_takes() -> Case:
    """Spike in step 0, R = 20: an event in step 20 is lost, one in step 21 is not."""
    net = NetworkBuilder()
    net.population("cell", 2, models.lif_delta, initial={"v": -40.0})
    net.add(
        kicks("last", "cell", [2.0], 5.0, neuron=0), kicks("next", "cell", [2.1], 5.0, neuron=1)
    )
    net.add(StateProbe("v", "cell", "v"))
    x = since(times(5.0, 0.1), 2.2)
    taken = np.where(x >= 0, -65 + 5.0 * np.exp(-x / 20.0), -65.0)
    signals = {"v": np.stack([np.full(50, -65.0), taken], axis=1)}
    return Case(net.build(), [Run(5.0, {"cell": [(1, 0), (1, 1)]}, signals)])


@scenario("C11", "C12", "C21")
def event_in_the_spiking_step_is_swallowed_by_the_reset() -> Case:
    """Two kicks of 1 in one step: 2 is over 1, and the reset leaves nothing of either."""
    return toy_case(toys.keeper, [(1.0, [3.0, 3.0])], 6.0, [4], [0] * 6, t_ref=1.0)


@scenario("C11", "C21")
def event_in_the_spiking_step_outlives_a_subtracting_reset() -> Case:
    return toy_case(
        toys.dropper, [(0.75, [3.0, 3.0])], 6.0, [4], [0, 0, 0, 0.5, 0.5, 0.5], t_ref=1.0
    )


@scenario("C9", "C11")
def current_event_in_the_spiking_step_is_kept() -> Case:
    net = NetworkBuilder()
    net.population("cell", 1, models.lif_exp, initial={"v": -40.0})
    net.add(kicks("input", "cell", [0.0], 0.5, receptor="exc"), StateProbe("v", "cell", "v"))
    return Case(net.build(), [Run(20.0, {"cell": [(1, 0)]}, {"v": released(0.5, 0.1, 2.1)})])


@scenario("C9")
def a_free_state_follows_a_clamped_one_exactly() -> Case:
    """z relaxes to the held v = 0.5 for two steps of 1 ms, then to a v that decays again."""
    net = NetworkBuilder()
    net.population("cell", 1, toys.follower, initial={"v": 4.0})
    net.add(StateProbe("v", "cell", "v"), StateProbe("z", "cell", "z"))

    def towards(v: float, z: float, x: float) -> float:
        """z after x ms behind a decaying v: dz/dt = (v e^(-x/10) - z) / 4."""
        part = v / 4.0 / (1 / 4.0 - 1 / 10.0)
        return part * np.exp(-x / 10.0) + (z - part) * np.exp(-x / 4.0)

    z = [towards(4.0, 0.0, 1.0)]  # free in step 0, spikes at 1 ms
    z += [0.5 + (z[0] - 0.5) * np.exp(-x / 4.0) for x in (1.0, 2.0)]
    z += [towards(0.5, z[2], x) for x in (1.0, 2.0, 3.0, 4.0, 5.0)]
    v = [0.5, 0.5, 0.5, *(0.5 * np.exp(-x / 10.0) for x in (1.0, 2.0, 3.0, 4.0, 5.0))]
    return Case(net.build(), [Run(8.0, {"cell": [(1, 0)]}, {"v": v, "z": z})], dt=1.0)
