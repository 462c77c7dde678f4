"""Every silent failure of sPyNNaker is said before anything is built."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import neurobridge as nb
from neurobridge import NetworkBuilder, StateProbe, TickDelays, models
from neurobridge.errors import FindingsError, NetworkError
from tests.unit.lowering.chip.networks import found, planned, star


def checked(network: nb.Network, code: str, dt: float = 1.0, **settings: Any) -> nb.Finding:
    """The finding of that code of the backend, with its arithmetic."""
    findings = nb.check(network, "fixedpoint", dt=dt, **settings)
    return next(f for f in findings if f.code == code)


# -- weights --------------------------------------------------------------------------------------


@pytest.mark.parametrize("weight", [np.nan, np.inf])
def test_weights_that_are_no_numbers_are_refused(weight: float) -> None:
    with pytest.raises(NetworkError, match="finite"):
        star([1.0, weight])


def test_picoamperes_given_as_nanoamperes() -> None:
    finding = found(star([70_000.0]), "input_too_large")
    assert finding.severity == "error"
    assert "70000 nA" in finding.why
    assert "65536 nA" in finding.why
    assert "not pA" in finding.remedy


def test_nanosiemens_given_as_microsiemens() -> None:
    finding = found(star([100.0], models.lif_cond_exp), "input_too_large")
    assert "64 uS" in finding.why


def test_inputs_that_are_too_large_together() -> None:
    network = star(np.full(3, 30_000.0))
    assert found(network, "input_too_large").magnitude == pytest.approx(90_000)
    plan, _ = planned(network, max_summed_input="cell.exc=40000")
    assert plan.populations[0].shifts == (15, 0)


def hub_and_weak() -> nb.Network:
    """A neuron with a weight of 30,000 nA, and one whose only weight is 0.1 nA."""
    b = NetworkBuilder()
    b.population("input", 2, models.spike_source)
    b.population("cell", 2, models.lif_exp)
    b.connect("way", "input", "cell", [(0, 0), (1, 1)], weight=[30_000.0, 0.1], delay=1.0)
    return b.build()


def test_weights_below_the_resolution() -> None:
    finding = found(hub_and_weak(), "weights_become_zero", split="never")
    assert finding.severity == "approximation"
    assert finding.magnitude == 0.5
    assert "1 of 2" in finding.why
    assert "up to 100.00% of its input" in finding.why
    assert "give max_summed_input" in finding.remedy


@pytest.mark.parametrize(("by", "severity"), [(1.5, "note"), (30_000.0, "approximation")])
def test_what_to_do_about_rounded_weights(by: float, severity: str) -> None:
    settings = {"max_summed_input": f"cell.exc={by}", "split": "never"}
    finding = found(star([1.0, 0.3]), "weights_rounded", **settings)
    assert finding.severity == severity
    remedy = {"note": "nothing to do", "approximation": "give max_summed_input from a run"}
    assert finding.remedy.startswith(remedy[severity])


def test_weights_that_hardly_count_may_become_zero() -> None:
    finding = found(star([30_000.0, 0.1]), "weights_become_zero", split="never")
    assert finding.severity == "note"
    assert "up to 0.00% of its input" in finding.why


def test_zeroed_weights_have_to_be_accepted_by_name() -> None:
    network = hub_and_weak()
    with pytest.raises(FindingsError, match="weights_become_zero"):
        nb.run(network, 5.0, "fixedpoint", dt=1.0, split="never")
    accept = ["weights_become_zero"]
    recording = nb.run(network, 5.0, "fixedpoint", dt=1.0, split="never", accept=accept)
    assert "weights_become_zero" in {f.code for f in recording.findings}


def test_a_scale_that_can_saturate_is_said_and_counted() -> None:
    network = star([1.0, 1.0, 1.0, 1.0], c_m=10.0)
    network = network.with_stimulus(
        nb.SpikeTrains("spikes", "input", time=[3.0] * 4, neuron=[0, 1, 2, 3])
    )
    finding = found(network, "input_may_saturate", max_summed_input="cell.exc=1.5")
    assert finding.magnitude == pytest.approx(2, rel=1e-3)
    run = nb.run(network, 6.0, "fixedpoint", dt=1.0, max_summed_input="cell.exc=1.5")
    assert run.status == "degraded"
    assert "full 3 times in 'cell'" in run.message  # 1 fits, the others each meet a full buffer
    assert nb.run(network, 6.0, "fixedpoint", dt=1.0).status == "ok"


# -- parameters -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"c_m": 1e-6}, "cm"),
        ({"tau_m": 1e-6}, "tau_m"),
        ({"tau_m": 70_000.0}, "tau_m"),
        ({"tau_syn_exc": 1e-6}, "tau_syn_E"),
        ({"v_thresh": 70_000.0}, "v_thresh"),
    ],
)
def test_parameters_that_kill_a_core_or_do_not_fit(
    parameters: dict[str, float], words: str
) -> None:
    finding = checked(star([1000.0], **parameters), "parameter_not_on_chip")
    assert finding.severity == "error"
    assert words in finding.why


def test_a_membrane_that_would_never_leak() -> None:
    finding = checked(star([1.0], tau_m=5000.0, c_m=50.0), "parameter_not_on_chip", dt=0.1)
    assert "no leak" in finding.why


def test_slow_leaks_are_said_with_their_error() -> None:
    """exp(-dt/tau) has 15 fractional bits: 0.76 % of the leak at tau = 1000 dt."""
    finding = checked(star([1.0], tau_m=1000.0), "parameters_rounded")
    assert finding.severity == "note"
    assert finding.magnitude == pytest.approx(0.0076, rel=0.02)
    worse = checked(star([1.0], tau_m=1000.0), "parameters_rounded", dt=0.5)
    assert worse.severity == "approximation"


def test_time_constants_have_the_names_that_the_network_gives_them() -> None:
    finding = checked(star([1.0], tau_syn_exc=300.0), "parameters_rounded", dt=0.1)
    assert "the decay of tau_syn_exc is off by" in finding.why


def test_alpha_synapses_with_unlike_inputs() -> None:
    finding = found(star([0.1, 0.3], models.lif_alpha), "alpha_inputs_differ")
    assert finding.severity == "approximation"
    assert finding.magnitude == pytest.approx(0.5)
    plan, findings = planned(star([0.2, 0.2], models.lif_alpha))
    assert plan.populations[0].cell == "IF_curr_alpha"
    assert not [f for f in findings if f.code == "alpha_inputs_differ"]


def test_a_start_of_alpha_synapses_that_the_host_cannot_set() -> None:
    b = NetworkBuilder()
    b.population("cell", 1, models.lif_alpha, initial={"x_exc": 0.1})
    assert "x_exc" in found(b.build(), "initial_state_not_set").why


# -- delays ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("delay", "code"), [(0.4, "delay_below_dt"), (1.5, "delay_rounding")])
def test_delays_between_steps(delay: float, code: str) -> None:
    assert checked(star([1.0], delay=delay), code).severity in ("error", "approximation")


@pytest.mark.parametrize(
    ("delay", "per_core"), [(31, 256), (32, 128), (63, 128), (64, 64), (127, 64), (4095, 2)]
)
def test_delays_are_kept_within_the_ring_buffers(delay: int, per_core: int) -> None:
    """A delay of D steps is D + 1 on the chip, and 256 neurons on a core leave 32 slots."""
    b = NetworkBuilder()
    b.population("cell", 300, models.lif_exp)
    b.connect("way", "cell", "cell", [(0, 1)], weight=1.0, delay=float(delay))
    plan, findings = planned(b.build())
    assert plan.populations[0].neurons_per_core == per_core
    assert plan.projections[0].delay == delay + 1
    assert bool([f for f in findings if f.code == "few_neurons_per_core"]) == (per_core < 256)


def test_delays_longer_than_any_ring_buffer() -> None:
    b = NetworkBuilder()
    b.population("cell", 2, models.lif_exp)
    b.connect("way", "cell", "cell", [(0, 1)], weight=1.0, delay=4096.0)
    finding = found(b.build(), "delay_too_long")
    assert finding.severity == "error"
    assert finding.magnitude == 4097


def test_delays_of_two_extension_stages_arrive_on_time() -> None:
    """Where sPyNNaker's delay extension loses synapses: 100 neurons onto 256, delay 80."""
    b = NetworkBuilder()
    b.population("input", 100, models.spike_source)
    b.population("cell", 256, models.lif_exp, t_ref=0.0)
    pairs = [(i % 100, i) for i in range(256)]
    ticks = TickDelays(np.arange(1, 257, dtype=np.uint16) % 80 + 1, tick=1.0)
    b.connect("way", "input", "cell", pairs, weight=100.0, delay=ticks.ms)
    b.add(nb.SpikeTrains("all", "input", time=np.zeros(100), neuron=np.arange(100)))
    network = b.build()
    recording = nb.run(network, 100.0, "fixedpoint", dt=1.0)
    exact = nb.run(network, 100.0, "reference", dt=1.0)
    first = _first_spikes(recording)
    assert first == _first_spikes(exact)
    assert len(first) == 256


def _first_spikes(recording: nb.Recording) -> dict[int, int]:
    spikes = recording.spikes["cell"]
    neurons, at = np.unique(spikes.neuron, return_index=True)
    return dict(zip(neurons.tolist(), spikes.step[at].tolist(), strict=True))


# -- rows, steps, cells, probes -------------------------------------------------------------------


def test_too_many_parallel_synapses() -> None:
    b = NetworkBuilder()
    b.population("input", 1, models.spike_source)
    b.population("cell", 2, models.lif_exp)
    b.connect("way", "input", "cell", [(0, 0)] * 200 + [(0, 1)] * 57, weight=0.01, delay=1.0)
    finding = found(b.build(), "row_too_long")
    assert finding.severity == "error"
    assert finding.magnitude == 257
    planned(b.build(), neurons_per_core=1)


def test_a_step_that_the_clock_cannot_keep() -> None:
    finding = found(star([1.0]), "dt_too_short", dt=0.05)
    assert "0.1 ms" in finding.why


@pytest.mark.parametrize(
    ("model", "nearest"),
    [
        (models.shiu_lif, "lif_"),
        (models.adex, "lif_cond_exp"),
        (models.hodgkin_huxley, "lif_cond_exp"),
        (models.izhikevich, "izhikevich_exp"),
        (models.lif_receptors(["ach", "gaba"]), "lif_"),
    ],
)
def test_models_without_a_cell(model: nb.NeuronModel, nearest: str) -> None:
    b = NetworkBuilder()
    b.population("cell", 1, model)
    finding = found(b.build(), "no_chip_cell")
    assert finding.severity == "error"
    assert f"nearest that it has is '{nearest}" in finding.why
    assert "reference" in finding.remedy


def test_rate_models_are_refused_once() -> None:
    b = NetworkBuilder()
    b.population("cell", 1, models.rate)
    findings = nb.check(b.build(), "fixedpoint", dt=1.0)
    assert [f.code for f in findings if f.severity == "error"] == ["continuous_unsupported"]


def test_states_that_are_not_recorded() -> None:
    b = NetworkBuilder()
    b.population("cell", 1, models.izhikevich_exp)
    b.add(StateProbe("recovery", "cell", "u"))
    assert "'u'" in found(b.build(), "state_not_recorded").why


def test_a_reset_above_the_threshold() -> None:
    network = star([1.0], v_reset=-40.0)
    assert "every one of them" in found(network, "reset_above_threshold").why
    planned(star([1.0], v_reset=-40.0, t_ref=0.0))


def test_another_peak_of_izhikevich_spikes() -> None:
    b = NetworkBuilder()
    b.population("cell", 2, models.izhikevich_exp, v_thresh=[30.0, 35.0])
    assert "35 mV" in found(b.build(), "fixed_threshold").why


# -- settings -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"split": "atuo"}, "did you mean 'auto'"),
        ({"split": 0}, "at least 1"),
        ({"neurons_per_core": 512}, "1 to 256"),
        ({"max_summed_input": {"cel": {"exc": 1.0}}}, "did you mean 'cell'"),
        ({"max_summed_input": {"cell": {"ex": 1.0}}}, "did you mean 'exc'"),
        ({"max_summed_input": {"cell": {"exc": np.nan}}}, "a number >= 0"),
        ({"max_summed_input": {"cell": {"exc": [1.0, 2.0]}}}, "one for each of 1"),
        ({"max_summed_input": {"cell": 3.0}}, "mapping of receptors"),
        ({"max_summed_input": "cell.exc"}, "population.receptor=number"),
        ({"max_summed_input": 7}, "expected a mapping"),
    ],
)
def test_settings_that_are_wrong(settings: dict[str, Any], words: str) -> None:
    finding = found(star([1.0]), "chip_setting", **settings)
    assert finding.severity == "error"
    assert words in finding.why


def test_unknown_settings_are_named() -> None:
    with pytest.raises((FindingsError, KeyError), match="neurons_per_cor"):
        nb.compile(star([1.0]), "fixedpoint", dt=1.0, neurons_per_cor=5)
