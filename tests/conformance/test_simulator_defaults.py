"""What the simulators do by default: the table of the contract, row by row."""

from __future__ import annotations

import numpy as np
import pytest

from tests.requirements import require


@pytest.fixture
def brian2():
    require("brian2")
    import brian2

    brian2.start_scope()
    before = brian2.prefs.codegen.target, brian2.defaultclock.dt
    brian2.prefs.codegen.target, brian2.defaultclock.dt = "numpy", 1 * brian2.ms
    yield brian2
    brian2.prefs.codegen.target, brian2.defaultclock.dt = before


def brian2_spikes(brian2, equations: str, refractory: float, kicks: list[float], delay: float = 0):
    """Labels of the spikes of one neuron in ms, kicked by 2 at the given times."""
    ms = brian2.ms
    neuron = brian2.NeuronGroup(
        1, equations, threshold="v > 1", reset="v = 0", refractory=refractory * ms, method="euler"
    )
    source = brian2.SpikeGeneratorGroup(1, np.zeros(len(kicks), int), np.array(kicks) * ms)
    synapse = brian2.Synapses(source, neuron, on_pre="v += 2")
    synapse.connect()
    synapse.delay = delay * ms
    spikes, trace = brian2.SpikeMonitor(neuron), brian2.StateMonitor(neuron, "v", record=True)
    brian2.Network(neuron, source, synapse, spikes, trace).run(12 * ms)
    return np.rint(spikes.t / ms).astype(int).tolist(), trace.v[0]


def test_brian2_tests_the_threshold_before_events_and_labels_the_beginning(brian2) -> None:
    """A kick at 2 ms without delay meets the threshold in the step from 3 ms on, labelled 3."""
    assert brian2_spikes(brian2, "v : 1", 0, [2.0])[0] == [3]


def test_brian2_takes_delays_of_zero_and_more(brian2) -> None:
    assert brian2_spikes(brian2, "v : 1", 0, [2.0], delay=4)[0] == [7]


@pytest.mark.parametrize("refractory", [2, 3, 5])
def test_brian2_clamps_one_step_less(brian2, refractory: int) -> None:
    """2 a ms: over threshold in each free step, so the period is the clamped steps plus one."""
    spikes, _ = brian2_spikes(brian2, "dv/dt = 2/ms : 1 (unless refractory)", refractory, [])
    assert set(np.diff(spikes)) == {refractory}


def test_brian2_drops_events_onto_what_is_clamped_only(brian2) -> None:
    """Kicked at 2 ms, fires at 3; a kick at 5 ms falls into the refractory period of 6 ms."""
    clamped = "dv/dt = 0/ms : 1 (unless refractory)"
    assert brian2_spikes(brian2, clamped, 6, [2.0, 5.0])[1][-1] == 0
    assert brian2_spikes(brian2, "v : 1", 6, [2.0, 5.0])[0] == [3, 9]


def nest_delta(**parameters):
    """iaf_psc_delta at 1 ms that does not leak; spikes and membrane after kicks of 2 mV."""
    require("nest")
    import nest

    kicks = parameters.pop("kicks")
    nest.ResetKernel()
    nest.set(resolution=1.0)
    neuron = nest.Create("iaf_psc_delta", params={
        "E_L": 0.0, "V_m": 0.0, "V_reset": 0.0, "V_th": 1.0, "tau_m": 1e9, **parameters,
    })  # fmt: skip
    source = nest.Create("spike_generator", params={"spike_times": kicks})
    spikes, meter = nest.Create("spike_recorder"), nest.Create("multimeter")
    meter.set(record_from=["V_m"], interval=1.0)
    nest.Connect(source, neuron, syn_spec={"weight": 2.0, "delay": 1.0})
    nest.Connect(neuron, spikes)
    nest.Connect(meter, neuron)
    nest.Simulate(15.0)
    return spikes.events["times"].tolist(), np.array(meter.events["V_m"])


def test_nest_adds_events_before_the_threshold_and_stamps_the_end() -> None:
    """Sent at 2 ms with a delay of 1 ms: over threshold at the end of that step, stamped 3."""
    assert nest_delta(kicks=[2.0], t_ref=2.0)[0] == [3.0]


def test_nest_clamps_t_ref() -> None:
    """An event in each step: the period is the clamped steps plus one."""
    spikes, _ = nest_delta(kicks=list(np.arange(1.0, 15.0)), t_ref=3.0)
    assert set(np.diff(spikes)) == {4.0}


def test_nest_drops_or_keeps_delta_events_while_clamped() -> None:
    lost = nest_delta(kicks=[2.0, 4.0], t_ref=4.0)
    assert lost[0] == [3.0]
    assert lost[1][-1] == pytest.approx(0.0, abs=1e-6)
    kept = nest_delta(kicks=[2.0, 4.0], t_ref=4.0, refractory_input=True)
    assert kept[0] == [3.0, 8.0]


def test_nest_takes_greater_or_equal() -> None:
    assert nest_delta(kicks=[2.0], t_ref=1.0, V_th=2.0)[0] == [3.0]
