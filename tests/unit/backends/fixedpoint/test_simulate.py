"""Runs: delays, currents, several populations and cores, what is recorded."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from neurobridge.backends.fixedpoint.simulate import simulate
from neurobridge.errors import BackendError
from neurobridge.lowering.chip.network import ChipNetwork, ChipResult
from tests.unit.backends.fixedpoint.networks import (
    current,
    network,
    population,
    projection,
    source,
)


def delta(size: int = 1, **more: object) -> object:
    return population(size=size, cell="IF_curr_delta", **more)


def random_network(rng: np.random.Generator, words: int = 3000) -> ChipNetwork:
    """Two populations and a source with connections of all kinds."""
    sizes = {"a": 30, "b": 20, "source": 10}
    populations = [
        population("a", 30, i_offset=rng.uniform(1.0, 2.0, 30), neurons_per_core=8),
        population("b", 20, "Izhikevich", i_offset=rng.uniform(3, 8, 20), shifts=(3, 2)),
    ]
    trains = source(*(sorted(rng.integers(0, 60, 12).tolist()) for _ in range(10)))
    synapses = [
        projection(
            [
                (
                    int(rng.integers(sizes[pre])),
                    int(rng.integers(sizes[post])),
                    int(rng.integers(words)),
                    int(rng.integers(1, 17)),
                )
                for _ in range(200)
            ],
            pre,
            post,
            receptor,
        )
        for pre in sizes
        for post in ("a", "b")
        for receptor in ("excitatory", "inhibitory")
    ]
    return network(populations, trains, *synapses, n_steps=60)


def same(one: ChipResult, other: ChipResult) -> bool:
    return all(np.array_equal(one.states[key], other.states[key]) for key in one.states) and all(
        np.array_equal(a, b)
        for name in one.spikes
        for a, b in zip(one.spikes[name], other.spikes[name], strict=True)
    )


def test_a_drive_that_wraps_around_is_counted() -> None:
    """20 MOhm: -65 + 20 * 3,000 fits below 65,536 mV, -65 + 20 * 3,300 becomes -65,137 mV."""
    cells = population(size=2, i_offset=np.array([3000.0, 3300.0]), tau_refrac=1.0)
    result = simulate(network(cells, n_steps=4))
    step, neuron = result.spikes["cells"]
    assert (step.tolist(), neuron.tolist()) == ([0, 2], [0, 0])
    assert (result.states["cells", "v"][1:, 1] < -65 * 2**15).all()
    assert result.provenance["overflows"] == {"cells": 4}


@pytest.mark.parametrize("delay", [1, 2, 7, 16, 4096])
def test_a_spike_acts_after_its_delay(delay: int) -> None:
    synapse = projection([(0, 0, 100, delay)])
    result = simulate(network(delta(), source([3]), synapse, n_steps=delay + 5))
    assert np.flatnonzero(result.states["cells", "gsyn_exc"]).tolist() == [3 + delay]


def test_delays_of_one_projection_may_differ_and_equal_pairs_add_up() -> None:
    rows = [(0, 0, 100, 2), (0, 0, 7, 5), (1, 0, 30, 1), (0, 0, 1, 2)]
    result = simulate(network(delta(), source([0, 1], [1]), projection(rows)))
    assert result.states["cells", "gsyn_exc"][:7, 0].tolist() == [0, 0, 131, 101, 0, 7, 7]


def test_several_spikes_of_one_source_neuron_in_a_step_all_count() -> None:
    result = simulate(network(delta(), source([2, 2, 2]), projection([(0, 0, 100, 1)])))
    assert result.states["cells", "gsyn_exc"][3] == [300]
    assert result.provenance["synaptic_events_by_core"]["cells"].tolist() == [3]


def test_receptors_and_shifts() -> None:
    synapses = [
        projection([(0, 0, 100, 1)], receptor="excitatory"),
        projection([(0, 0, 5, 1)], receptor="inhibitory"),
    ]
    result = simulate(network(delta(shifts=(2, 4)), source([0]), *synapses, n_steps=3))
    assert result.states["cells", "gsyn_exc"][:, 0].tolist() == [0, 400, 0]
    assert result.states["cells", "gsyn_inh"][:, 0].tolist() == [0, 80, 0]


def test_neurons_drive_each_other_across_populations() -> None:
    first = population("first", 2, i_offset=np.array([100.0, 0.0]), tau_refrac=3.0)
    second = population("second", 2, "IF_curr_delta")
    result = simulate(
        network([second, first], projection([(0, 1, 9, 2)], "first", "second"), n_steps=8)
    )
    assert result.spikes["first"][0].tolist() == [0, 4]
    assert result.states["second", "gsyn_exc"].T.tolist() == [[0] * 8, [0, 0, 9, 0, 0, 0, 9, 0]]


def test_currents_hold_until_the_next_and_add_up() -> None:
    """Rest is reached at once with tau_m of a step and no threshold: V follows the current."""
    cells = population(size=3, tau_m=0.1, cm=0.1, v_thresh=1e4, v_rest=0.0, initial={"v": 0.0})
    result = simulate(
        network(
            cells,
            current([2, 4, 50], [1.5, -0.5, 9.0], [0, 1]),
            current([3], [0.25], [1]),
            n_steps=7,
        )
    )
    v = result.states["cells", "v"] / 2**15
    np.testing.assert_allclose(v[:, 0], [0, 0, 0, 1.5, 1.5, -0.5, -0.5], atol=1e-3)
    np.testing.assert_allclose(v[:, 1], [0, 0, 0, 1.5, 1.75, -0.25, -0.25], atol=1e-3)
    assert not v[:, 2].any()


def test_a_neuron_that_a_current_names_twice_gets_it_once() -> None:
    once, twice = (
        simulate(network(population(), current([0], [1.0], neurons))) for neurons in ([0], [0, 0])
    )
    assert same(once, twice)


def test_split_populations_and_their_order_change_nothing(rng: np.random.Generator) -> None:
    whole = random_network(rng)
    turned = replace(
        whole, populations=whole.populations[::-1], projections=whole.projections[::-1]
    )
    assert same(simulate(whole), simulate(turned))
    assert sum(steps.size for steps, _ in simulate(whole).spikes.values()) > 50


def test_what_is_recorded_is_part_of_everything(rng: np.random.Generator) -> None:
    whole = random_network(rng)
    chosen = np.array([3, 4, 17], dtype=np.int32)
    part = replace(
        whole,
        populations=(
            replace(
                whole.populations[0],
                record=("spikes", "gsyn_inh"),
                recorded={"spikes": chosen, "gsyn_inh": chosen[:2]},
            ),
            replace(whole.populations[1], record=()),
        ),
    )
    all_of_it, result = simulate(whole), simulate(part)
    assert set(result.states) == {("a", "gsyn_inh")}
    assert set(result.spikes) == {"a"}
    expected = all_of_it.states["a", "gsyn_inh"][:, chosen[:2]]
    np.testing.assert_array_equal(result.states["a", "gsyn_inh"], expected)
    step, neuron = all_of_it.spikes["a"]
    kept = np.isin(neuron, chosen)
    assert kept.any()
    np.testing.assert_array_equal(result.spikes["a"][0], step[kept])
    np.testing.assert_array_equal(result.spikes["a"][1], neuron[kept])
    assert result.states["a", "gsyn_inh"].dtype == np.int32


def test_saturation_is_counted_by_core_and_can_be_left_out() -> None:
    rows = [(0, 0, 65535, 1), (1, 0, 1, 1), (0, 2, 40000, 1), (1, 2, 40000, 1), (2, 2, 9, 1)]
    made = network(delta(3, neurons_per_core=2), source([0], [0], [0]), projection(rows), n_steps=3)
    result = simulate(made)
    assert result.states["cells", "gsyn_exc"][1].tolist() == [65535, 0, 65535]
    assert result.saturations == {"cells": 3}
    assert result.provenance["saturations_by_core"]["cells"].tolist() == [1, 2]
    free = simulate(made, saturate=False)
    assert free.states["cells", "gsyn_exc"][1].tolist() == [65536, 0, 80009]
    assert free.saturations == {"cells": 0}


def test_without_saturation_both_runs_are_the_same(rng: np.random.Generator) -> None:
    made = random_network(rng)
    assert simulate(made).saturations == {"a": 0, "b": 0}
    assert same(simulate(made), simulate(made, saturate=False))


def test_order_of_arrival_changes_the_count_alone() -> None:
    words = {"x": 60000, "y": 9000, "z": 1}
    synapses = [projection([(0, 0, word, 1)], name) for name, word in words.items()]
    sources = [source([0], name=name) for name in words]
    made = network(delta(), *sources, *synapses, n_steps=3)
    assert simulate(made).saturations == {"cells": 2}
    last = simulate(made, arrival=["z", "y", "cells", "x"])
    assert last.saturations == {"cells": 1}
    assert same(simulate(made), last)
    with pytest.raises(BackendError, match="each population and source once"):
        simulate(made, arrival=["z", "y", "x"])


def test_progress_is_told() -> None:
    told: list[int] = []
    simulate(network(population(), n_steps=250), told.append)
    assert told == [100, 200]


def test_a_network_of_sources_only() -> None:
    result = simulate(network([], source([1])))
    assert (result.spikes, result.states, result.saturations) == ({}, {}, {})
