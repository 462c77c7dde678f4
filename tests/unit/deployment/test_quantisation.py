"""Rounding errors by part and by cell type, worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

import neurobridge as nb
from neurobridge import NetworkBuilder, models
from neurobridge.deployment.grouping import group_neurons
from neurobridge.errors import UnknownNameError
from tests.unit.deployment.networks import planned, random_network, without_tools

pytestmark = pytest.mark.usefixtures("without_tools")
__all__ = ["without_tools"]

UNIT = 2.0**-15


def three_types() -> nb.Network:
    """Weights in resolutions of shift 2; the last neuron gets nothing."""
    b = NetworkBuilder()
    b.population("input", 2, models.spike_source)
    labels = {"cell_type": ["even", "odd", "odd", "alone"], "side": ["l", "l", "r", ""]}
    b.population("cell", 4, models.lif_exp, labels=labels)
    step = 4 * UNIT
    weight = [1000 * step, 10.25 * step, 0.4 * step]
    edges = [(0, 0), (0, 1), (1, 2)]
    b.connect("way", "input", "cell", edges, weight=weight, delay=1.0)
    return b.build()


def test_by_hand() -> None:
    told = {"cell": {"exc": 5.0, "inh": 0.0}}  # 5 nA: shift 2
    deployment = planned(three_types(), max_summed_input=told, split="never", by="cell_type")
    (part,) = deployment.quantisation.parts
    unit = deployment.plan.units["cell"]
    assert unit == 1.0
    assert (part.part, part.receptor, part.shift) == ("cell", "exc", 2)
    assert part.resolution == 4 * UNIT
    assert part.unit == "nA"
    assert (part.error.n, part.error.became_zero) == (3, 1)
    assert part.error.total == pytest.approx((0.25 + 0.4) / 1010.65)
    assert part.error.drift == pytest.approx(-(0.25 + 0.4) / 1010.65)
    assert part.error.largest == 1.0
    assert part.bound_headroom == pytest.approx(65535 / 1000)
    assert part.measured_headroom is None  # no source spikes

    odd, even = deployment.quantisation.groups  # the worst first; without weights there is no row
    assert (odd.name, odd.neurons, odd.error.n, odd.error.became_zero) == ("odd", 2, 2, 1)
    assert odd.error.total == pytest.approx(0.65 / 10.65)
    assert (even.name, even.error.total) == ("even", 0.0)


def test_groups_and_parts_have_every_weight_once(rng: np.random.Generator) -> None:
    network = random_network(rng)
    found = planned(network, split=4).quantisation
    assert sum(p.error.n for p in found.parts) == network.n_edges
    assert sum(g.error.n for g in found.groups) == network.n_edges
    assert sum(g.neurons for g in found.groups) == 19


def test_another_label() -> None:
    groups = group_neurons(three_types(), "side")
    assert groups.names == ("(none)", "l", "r")
    assert groups.sizes.tolist() == [1, 2, 1]


def test_populations_without_a_label() -> None:
    b = NetworkBuilder()
    b.population("one", 2, models.lif_exp)
    b.population("two", 3, models.lif_exp)
    groups = group_neurons(b.build(), None)
    assert (groups.label, groups.names, groups.sizes.tolist()) == ("", ("one", "two"), [2, 3])


def test_an_unknown_label() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'side'"):
        group_neurons(three_types(), "sid")


def test_delta_synapses_are_reported_in_mv(rng: np.random.Generator) -> None:
    found = planned(random_network(rng, models.lif_delta, 4.0)).quantisation
    assert {p.unit for p in found.parts} == {"mV"}
    assert {p.receptor for p in found.parts} == {"syn (excitatory)", "syn (inhibitory)"}
