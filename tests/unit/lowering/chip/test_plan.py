"""Plans: signs, integers, delays and units, by hand."""

from __future__ import annotations

import numpy as np
import pytest

import neurobridge as nb
from neurobridge import NetworkBuilder, Poisson, SpikeTrains, models
from neurobridge.lowering.chip.network import RECEPTORS, ChipProjection
from neurobridge.lowering.chip.plan import ChipPlan
from neurobridge.lowering.chip.weights_back import held_weights
from tests.unit.lowering.chip.networks import planned, star


def projection(plan: ChipPlan, receptor: str) -> ChipProjection:
    (chosen,) = (p for p in plan.projections if p.receptor == receptor)
    return chosen


def test_signs_find_their_receptor_and_weights_are_magnitudes() -> None:
    plan, _ = planned(star([1.0, -0.5, 0.25, -1.0]))
    exc, inh = (projection(plan, r) for r in RECEPTORS)
    assert exc.source.tolist() == [0, 2]
    assert inh.source.tolist() == [1, 3]
    assert exc.word.tolist() == [32768, 8192]  # 1.25 nA in all: shift 0, 2**-15 nA
    assert inh.word.tolist() == [16384, 32768]
    assert plan.populations[0].shifts == (0, 0)


def test_delta_synapses_of_both_signs_find_their_receptor() -> None:
    plan, _ = planned(star([3.0, -2.0], models.lif_delta))
    assert projection(plan, "excitatory").source.tolist() == [0]
    assert projection(plan, "inhibitory").source.tolist() == [1]


def test_a_delta_weight_moves_the_membrane_by_itself() -> None:
    """R w/dt (1 - exp(-dt/tau)) is the jump of the chip."""
    plan, _ = planned(star([3.0], models.lif_delta), dt=0.5)
    (scaled,) = plan.scaled
    p = plan.populations[0].parameters
    jump = p["tau_m"] / p["cm"] * scaled.value / 0.5 * -np.expm1(-0.5 / p["tau_m"])
    assert jump == pytest.approx(3.0, rel=1e-12)


def test_an_alpha_weight_is_the_peak() -> None:
    """The chip's alpha function is w t/tau**2 exp(-t/tau): its peak is w/(e tau)."""
    plan, _ = planned(star([0.5], models.lif_alpha, tau_syn_exc=8.0))
    (scaled,) = plan.scaled
    assert scaled.value / plan.units["cell"] / (np.e * 8.0) == pytest.approx(0.5, rel=1e-12)


def test_currents_and_capacitance_share_a_unit() -> None:
    plan, findings = planned(star([0.01], i_offset=0.02, c_m=0.25))
    unit = plan.units["cell"]
    population = plan.populations[0]
    assert unit == 128  # 0.01 nA becomes 1.28 nA
    assert population.parameters["cm"] == 0.25 * unit
    assert population.parameters["i_offset"] == 0.02 * unit
    assert projection(plan, "excitatory").word.tolist() == [round(0.01 * unit * 2**15)]
    assert [f.code for f in findings if f.code == "unit_of_current"]


def test_conductances_keep_their_unit() -> None:
    plan, _ = planned(star([0.001], models.lif_cond_exp))
    assert plan.units["cell"] == 1
    assert projection(plan, "excitatory").word.tolist() == [round(0.001 * 1024 * 2**15)]


def test_initial_currents_and_conductances() -> None:
    """A register of the chip holds 1,024 times a conductance, and inhibition as a magnitude."""
    start = {"v": -60.0, "i_exc": 0.25, "i_inh": -0.5}
    plan, _ = planned(star([1.5], c_m=40.0, initial=start))
    assert dict(plan.populations[0].initial) == {"v": -60.0, "isyn_exc": 0.25, "isyn_inh": 0.5}
    network = star([0.001], models.lif_cond_exp, initial={"g_exc": 0.002, "g_inh": 0.004})
    plan, _ = planned(network)
    assert plan.populations[0].initial["isyn_exc"] == 0.002 * 1024
    exact = nb.run(
        network.with_probe(nb.StateProbe("g", "cell", "g_exc")), 5.0, "reference", dt=1.0
    )
    chip = nb.run(
        network.with_probe(nb.StateProbe("g", "cell", "g_exc")), 5.0, "fixedpoint", dt=1.0
    )
    np.testing.assert_allclose(
        chip.signals["g"].values[:3], exact.signals["g"].values[:3], atol=5e-5
    )


def test_parameters_of_an_izhikevich_cell_are_per_capacitance() -> None:
    network = star([5.0], models.izhikevich_exp, c_m=2.0, i_offset=3.0)
    plan, _ = planned(network)
    assert plan.populations[0].parameters["i_offset"] == 1.5
    assert plan.scaled[0].value.tolist() == [2.5]


@pytest.mark.parametrize(
    ("model", "from_neurons", "lead"), [(models.lif_exp, 3, 0), (models.lif_delta, 2, 1)]
)
def test_delays_on_the_chip(model: nb.NeuronModel, from_neurons: int, lead: int) -> None:
    """A delay of two steps; sources send in step ``stamp - lead``."""
    b = NetworkBuilder()
    b.population("input", 1, models.spike_source)
    b.population("cell", 2, model)
    b.connect("in", "input", "cell", [(0, 0)], weight=1.0, delay=2.0)
    b.connect("rec", "cell", "cell", [(0, 1)], weight=1.0, delay=2.0)
    plan, _ = planned(b.build())
    delays = {p.pre: p.delay for p in plan.projections}
    assert delays == {"input": 2, "cell": from_neurons}
    assert plan.leads == {"input": lead}


def test_projections_between_the_same_populations_are_one_list() -> None:
    b = NetworkBuilder()
    b.population("a", 3, models.lif_exp)
    b.connect("one", "a", "a", [(0, 1), (2, 0)], weight=1.0, delay=1.0)
    b.connect("two", "a", "a", [(1, 1), (0, 0)], weight=0.5, delay=4.0)
    plan, _ = planned(b.build())
    (only,) = plan.projections
    assert list(zip(only.target, only.source, only.delays, strict=True)) == [
        (0, 0, 5), (0, 2, 2), (1, 0, 2), (1, 1, 5)
    ]  # fmt: skip


def test_the_scale_holds_all_inputs_at_once() -> None:
    plan, _ = planned(star(np.full(100, 1.0)))
    assert plan.populations[0].shifts == (6, 0)  # 100 nA < 2**7 nA
    assert plan.bounds["cell"].ravel().tolist() == [100.0, 0.0]


def test_rounding_up_of_many_weights_gets_one_bit_more() -> None:
    """4 equal weights of 0.49999 nA sum to a full buffer before rounding, and above it after."""
    weight = (65535.0 / 4) * 2.0**-15
    plan, _ = planned(star(np.full(4, weight), tau_m=20.0, c_m=40.0))
    assert plan.units["cell"] == 1
    assert sum(int(w) for w in plan.projections[0].word) <= 65535
    assert plan.populations[0].shifts == (1, 0)


def test_stimuli_count_as_often_as_they_can_come() -> None:
    b = NetworkBuilder()
    b.population("cell", 2, models.lif_exp)
    b.add(
        SpikeTrains(
            "kick", "cell", time=[1.0, 1.0, 5.0], neuron=[0, 0, 0], weight=3.0, receptor="exc"
        ),
        Poisson("noise", "cell", rate=10.0, weight=-0.5, receptor="inh"),
    )
    plan, _ = planned(b.build())
    assert plan.bounds["cell"][0].tolist() == [6.0, 0.0]
    assert (plan.bounds["cell"][1] >= 0.5).all()


def test_a_given_maximum_wins_and_single_weights_still_fit() -> None:
    weights = np.array([10.0, 1.0, 1.0])
    free, _ = planned(star(weights))
    told, findings = planned(star(weights), max_summed_input={"cell": {"exc": 2.5}})
    assert free.populations[0].shifts == (3, 0)
    assert told.summed["cell"][0].tolist() == [10.0]
    assert told.populations[0].shifts == (3, 0)
    text, _ = planned(star([1.0, 1.0, 1.0, 1.0]), max_summed_input="cell.exc=1.5; cell.inh=1")
    assert text.populations[0].shifts == (0, 0)
    assert not [f for f in findings if f.severity == "error"]


def test_populations_of_mixed_scale_are_split_where_it_helps() -> None:
    b = NetworkBuilder()
    b.population("input", 1000, models.spike_source)
    b.population("cell", 2, models.lif_exp)
    hub = [(i, 0) for i in range(1000)]
    b.connect("hub", "input", "cell", hub, weight=30.0, delay=1.0)
    b.connect("weak", "input", "cell", [(0, 1)], weight=0.05, delay=1.0)
    plan, findings = planned(b.build())
    assert [p.name for p in plan.populations] == ["cell_0", "cell_1"]
    assert [p.neurons.tolist() for p in plan.parts["cell"]] == [[1], [0]]
    assert plan.populations[0].shifts[0] < plan.populations[1].shifts[0]
    assert [f.where for f in findings if f.code == "population_split"] == ["population 'cell'"]
    whole, findings = planned(b.build(), split="never")
    assert [p.name for p in whole.populations] == ["cell"]
    assert whole.error("cell").became_zero == 1
    assert [f.severity for f in findings if f.code == "weights_become_zero"] == ["approximation"]


def test_weights_come_back_in_order_sign_and_unit(rng: np.random.Generator) -> None:
    weights = rng.normal(0, 0.05, 50)
    plan, _ = planned(star(weights))
    held = held_weights(plan)
    merged = np.empty(50)
    for i, way in enumerate(plan.program.pathways):
        merged[way.source] = held[i]
    np.testing.assert_allclose(merged, weights, rtol=0, atol=2.0**-15)
    error = np.abs(merged - weights).sum() / np.abs(weights).sum()
    assert error == pytest.approx(plan.error("cell").total, rel=1e-9)


def test_a_heavy_tail_keeps_every_weight(rng: np.random.Generator) -> None:
    """2,000 inputs of 5 to 2,405 synapses of 0.275 nA and one delay, where sPyNNaker's own scale
    rounds 99 % of the weights to zero."""
    synapses = np.clip(np.round(5 * rng.uniform(0, 1, 2000) ** (-1 / 1.2)), 5, 2405)
    network = star(synapses * 0.275)
    plan, findings = planned(network)
    predicted = plan.error("cell")
    held = held_weights(plan)[0]
    assert predicted.became_zero == 0
    assert (held > 0).all()
    assert np.abs(held - synapses * 0.275).sum() / (synapses * 0.275).sum() == pytest.approx(
        predicted.total, rel=1e-9
    )
    (said,) = (f for f in findings if f.code == "weights_rounded")
    assert said.magnitude == predicted.total
    measured, _ = planned(network, max_summed_input="cell.exc=1000")
    assert measured.error("cell").total < 0.002
