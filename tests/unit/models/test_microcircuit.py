"""The microcircuit of Potjans and Diesmann: the formulas of the papers, and its rates."""

from __future__ import annotations

import math

import numpy as np
import pytest

from neurobridge import (
    Network,
    NetworkBuilder,
    NetworkError,
    SpikeTrains,
    StateProbe,
    UnknownNameError,
    models,
    run,
)
from neurobridge.models.networks import expected_rates, measure_rates, microcircuit
from neurobridge.models.networks.microcircuit import (
    GROUPS,
    mean_weights,
    rates_at,
    synapse_numbers,
)

SCALE = 0.05
EXTERNAL = (1600, 1500, 2100, 1900, 2000, 1900, 2900, 2100)


@pytest.fixture(scope="module")
def small() -> Network:
    return microcircuit(SCALE)


def groups(network: Network) -> np.ndarray:
    return network.population("neurons").labels.columns["group"].codes.astype(int)


def block(network: Network, post: str, pre: str) -> np.ndarray:
    edges, group = network.projections["synapses"].edges, groups(network)
    to, source = GROUPS.index(post), GROUPS.index(pre)
    return (group[edges.post] == to) & (group[edges.pre] == source)


def test_the_whole_network_has_a_third_of_a_billion_synapses() -> None:
    """Equation 1, pair by pair; two numbers worked out by hand."""
    numbers = synapse_numbers()
    assert numbers.sum() == pytest.approx(298_880_970, abs=10)
    by_hand = math.log(1 - 0.1009) / math.log(1 - 1 / 20683**2)
    assert numbers[0, 0] == pytest.approx(by_hand, rel=1e-6)
    assert numbers[0, 5] == 0
    assert numbers[5, 4] / 1065 == pytest.approx(300.1, abs=0.1)


def test_numbers_of_neurons_and_synapses_are_scaled(small: Network) -> None:
    sizes = np.bincount(groups(small))
    assert sizes.tolist() == [1034, 292, 1096, 274, 242, 53, 720, 147]
    edges, group = small.projections["synapses"].edges, groups(small)
    found = np.bincount(8 * group[edges.post] + group[edges.pre], minlength=64).reshape(8, 8)
    np.testing.assert_array_equal(found, np.rint(synapse_numbers() * SCALE**2))


def test_pairs_may_have_several_synapses_each_of_its_own(small: Network) -> None:
    """Balls in boxes: of E synapses among P pairs, P (1 - exp(-E/P)) pairs have some."""
    edges = small.projections["synapses"].edges
    here = block(small, "L5E", "L5I")
    pairs = np.unique(np.stack([edges.pre[here], edges.post[here]]), axis=1).shape[1]
    possible = 242 * 53
    expected = possible * -math.expm1(-here.sum() / possible)
    assert pairs == pytest.approx(expected, abs=4 * math.sqrt(expected))
    assert pairs < 0.9 * here.sum()


def test_the_mean_weight_makes_a_potential_of_this_size() -> None:
    """One event of the mean weight onto a neuron at rest."""
    net = NetworkBuilder()
    net.population("cell", 1, models.lif_exp, tau_m=10.0, tau_syn_exc=0.5, c_m=0.25)
    weight = mean_weights()[0, 0]
    net.add(SpikeTrains("one", "cell", [1.0], [0], "exc", weight), StateProbe("v", "cell", "v"))
    v = run(net.build(), 10.0, backend="reference", dt=0.01).signals["v"].values
    assert v.max() + 65 == pytest.approx(0.15, abs=1e-6)


def test_weights_scatter_around_their_mean(small: Network) -> None:
    weight = small.weights("synapses")
    for post, pre, psp in (
        ("L23E", "L23E", 0.15), ("L23E", "L4E", 0.30), ("L4E", "L23E", 0.15), ("L6E", "L6I", -0.6),
    ):  # fmt: skip
        w = weight[block(small, post, pre)]
        mean = psp * mean_weights()[0, 0] / 0.15 / math.sqrt(SCALE)
        assert w.mean() == pytest.approx(mean, rel=4 * 0.1 / math.sqrt(w.size))
        assert w.std() == pytest.approx(0.1 * abs(mean), rel=5 / math.sqrt(2 * w.size))
        assert (np.sign(w) == np.sign(psp)).all()


def test_delays_are_on_the_grid_and_not_below_it(small: Network) -> None:
    """A normal distribution cut off at a thirtieth, or a fifteenth, of its mean."""
    delay = small.projections["synapses"].delay.ms
    inhibitory = groups(small)[small.projections["synapses"].edges.pre] % 2 == 1
    for mean, some in ((1.5, ~inhibitory), (0.75, inhibitory)):
        lowest = (0.05 - mean) / (0.5 * mean)
        beyond = 0.5 * math.erfc(lowest / math.sqrt(2))
        density = math.exp(-(lowest**2) / 2) / math.sqrt(2 * math.pi)
        assert delay[some].mean() == pytest.approx(mean * (1 + 0.5 * density / beyond), rel=0.01)
        assert delay[some].min() == pytest.approx(0.1)


def test_input_from_outside_and_the_current_that_replaces_what_is_lost(small: Network) -> None:
    group = groups(small)
    external = small.stimuli["external"]
    np.testing.assert_allclose(external.rate, 8 * 0.05 * np.array(EXTERNAL)[group])
    assert external.weight == pytest.approx(0.0878085 / math.sqrt(0.05), rel=1e-6)
    current = small.population("neurons").parameters["i_offset"]
    w, lost = 0.0878085, 1 - math.sqrt(0.05)
    in_l5i = sum(
        (1 if i % 2 == 0 else -4) * synapse_numbers()[5, i] / 1065 * rate
        for i, rate in enumerate((0.903, 2.965, 4.414, 5.876, 7.569, 8.633, 1.105, 7.829))
    )
    expected = 0.5e-3 * lost * w * (in_l5i + 1900 * 8)
    np.testing.assert_allclose(current[group == 5], expected, rtol=1e-5)


def test_a_whole_network_needs_no_current_unless_the_input_is_one() -> None:
    """In-degrees of the whole: nothing is lost."""
    spikes = microcircuit(0.01, k_scale=1.0)
    assert (spikes.population("neurons").parameters["i_offset"] == 0).all()
    dc, poisson = (microcircuit(0.01, external=kind) for kind in ("dc", "poisson"))
    assert not dc.stimuli
    more = [n.population("neurons").parameters["i_offset"] for n in (dc, poisson)]
    mean = 0.5e-3 * 0.0878085 * 8 * np.array(EXTERNAL)[groups(dc)]
    np.testing.assert_allclose(more[0] - more[1], math.sqrt(0.01) * mean, rtol=1e-5)
    for network in (spikes, dc):
        with pytest.raises(NetworkError, match="names no rates"):
            expected_rates(network)


def test_rates_of_other_sizes_lie_between_those_that_are_known() -> None:
    """In the inverse root of the scale: the middle of sqrt(5) and sqrt(10)."""
    between = rates_at((2 / (math.sqrt(5) + math.sqrt(10))) ** 2)
    assert between[0].group == "L23E"
    assert between[0].rate == pytest.approx((0.597 + 0.510) / 2, rel=1e-6)


def test_papers_and_seeds(small: Network) -> None:
    assert {"potjans2014", "vanalbada2015"} <= {r.key for r in small.references}
    assert microcircuit(0.01).id == microcircuit(0.01).id != microcircuit(0.01, seed=2).id


@pytest.mark.slow
def test_the_rates_of_a_tenth() -> None:
    network = microcircuit(0.1)
    recording = run(network, 700.0, backend="reference", dt=0.1, seed=1)
    for measured in measure_rates(network, recording):
        assert measured.agrees, measured


def test_what_is_refused() -> None:
    with pytest.raises(NetworkError, match="scale: expected a number above 0 and up to 1"):
        microcircuit(2.0)
    with pytest.raises(NetworkError, match="k_scale: expected a number above 0 and up to 1"):
        microcircuit(0.1, k_scale=0.0)
    with pytest.raises(NetworkError, match="leaves no neuron of L5E"):
        microcircuit(0.0001)
    with pytest.raises(UnknownNameError, match="external input of the microcircuit"):
        microcircuit(0.1, external="noise")
