"""Drives on the chip, and what comes back."""

from __future__ import annotations

import numpy as np
import pytest

import neurobridge as nb
from neurobridge import Current, NetworkBuilder, SpikeTrains, StateProbe, models
from neurobridge.errors import BackendError
from neurobridge.lowering.chip.load import load_drive
from neurobridge.lowering.chip.network import ChipNetwork
from neurobridge.lowering.drive import lower_drive
from tests.unit.lowering.chip.networks import planned, star


def loaded(network: nb.Network, n_steps: int = 10, **settings: object) -> ChipNetwork:
    plan, _ = planned(network, **settings)
    drive, _ = lower_drive(network, 1.0, n_steps, seed=0, trial=0)
    return load_drive(plan, drive)


def test_sources_send_at_their_stamp() -> None:
    network = loaded(star([1.0]))
    (source,) = network.sources
    assert (source.name, source.step.tolist(), source.neuron.tolist()) == ("input", [3], [0])
    assert network.n_steps == 11


def test_sources_of_delta_synapses_send_a_step_earlier() -> None:
    (source,) = loaded(star([1.0], models.lif_delta)).sources
    assert source.step.tolist() == [2]


def test_events_come_from_a_neuron_each() -> None:
    b = NetworkBuilder()
    b.population("cell", 4, models.lif_exp)
    b.add(
        SpikeTrains(
            "kick", "cell", time=[2.0, 2.0, 3.0], neuron=[3, 3, 1], weight=0.5, receptor="exc"
        )
    )
    network = loaded(b.build())
    (source,) = network.sources
    (lists,) = network.projections
    assert source.name == "kick_input"
    assert source.step.tolist() == [2, 2, 3]
    assert source.neuron.tolist() == [1, 1, 0]
    assert list(zip(lists.source, lists.target, strict=True)) == [(0, 1), (1, 3)]
    assert lists.delay == 1


def test_events_of_inhibition_and_several_parts() -> None:
    b = NetworkBuilder()
    b.population("cell", 3, models.lif_exp, c_m=40.0)
    b.add(
        SpikeTrains("soft", "cell", time=[2.0] * 2, neuron=[0, 2], weight=-0.5, receptor="inh"),
        SpikeTrains("hard", "cell", time=[2.0], neuron=[1], weight=-900.0, receptor="inh"),
    )
    network = loaded(b.build(), split=2)
    assert [p.shifts for p in network.populations] == [(0, 0), (0, 9)]
    assert {(p.pre, p.post, p.receptor) for p in network.projections} == {
        ("soft_input", "cell_0", "inhibitory"),
        ("hard_input", "cell_1", "inhibitory"),
    }
    soft = next(p for p in network.projections if p.pre == "soft_input")
    assert soft.word.tolist() == [16384, 16384]


def test_neurons_with_the_same_current_share_a_source() -> None:
    b = NetworkBuilder()
    b.population("cell", 4, models.lif_exp)
    amplitude = [[0.1, 0.2, 0.1], [0.0, 0.0, 0.0]]
    b.add(Current("step", "cell", amplitude, time=[2.0, 5.0], neurons=[0, 1, 3]))
    first, second = loaded(b.build()).currents
    assert first.neurons.tolist() == [0, 3]
    assert first.start.tolist() == [2, 5]
    assert first.value.tolist() == [0.1, 0.0]
    assert second.neurons.tolist() == [1]


def test_an_event_that_would_have_to_leave_before_the_run() -> None:
    b = NetworkBuilder()
    b.population("cell", 1, models.lif_delta)
    b.add(SpikeTrains("kick", "cell", time=[0.0], neuron=[0], weight=1.0))
    with pytest.raises(BackendError, match=r"one step later .* start = dt"):
        nb.run(b.build(), 5.0, "fixedpoint", dt=1.0)


def test_a_stimulus_that_was_not_planned_for() -> None:
    network = star([1.0])
    stronger = SpikeTrains("kick", "cell", time=[1.0], neuron=[0], weight=500.0, receptor="exc")
    with nb.compile(network, "fixedpoint", dt=1.0) as compiled:
        with pytest.raises(BackendError, match="does not fit into the scale of 'cell'"):
            compiled.run(5.0, stimuli=[stronger])
        assert compiled.run(5.0).status == "ok"


def test_only_what_probes_want_is_recorded() -> None:
    b = NetworkBuilder()
    b.population("cell", 5, models.lif_exp)
    b.population("other", 2, models.lif_exp)
    b.add(
        StateProbe("v", "cell", "v", neurons=[1, 4], interval=2.0),
        StateProbe("i", "cell", "i_inh", neurons=[0]),
        nb.SpikeProbe("s", "cell", neurons=[2]),
    )
    cell, other = loaded(b.build()).populations
    assert set(cell.record) == {"v", "gsyn_inh", "spikes"}
    assert cell.recorded["v"].tolist() == [1, 4]
    assert cell.recorded["spikes"].tolist() == [2]
    assert other.record == ()


def test_samples_are_those_of_the_contract() -> None:
    """A current from step 2 on moves v of the sample after it; both receptors have their sign."""
    b = NetworkBuilder()
    b.population("cell", 3, models.lif_exp)
    b.add(
        Current("step", "cell", amplitude=0.1, time=2.0, neurons=[1]),
        SpikeTrains("kick", "cell", time=[4.0], neuron=[2], weight=-0.2, receptor="inh"),
        StateProbe("v", "cell", "v", neurons=[1, 2], interval=1.0),
        StateProbe("i", "cell", "i_inh", neurons=[0, 2], interval=2.0),
    )
    network = b.build()
    exact = nb.run(network, 12.0, "reference", dt=1.0)
    chip = nb.run(network, 12.0, "fixedpoint", dt=1.0)
    assert chip.signals["i"].values.shape == (6, 2)
    np.testing.assert_allclose(chip.signals["v"].values, exact.signals["v"].values, atol=2e-3)
    mean = 5.0 * -np.expm1(-1 / 5.0)
    np.testing.assert_allclose(
        chip.signals["i"].values, exact.signals["i"].values * mean, atol=2e-4
    )


def test_interrupted_runs_keep_what_there_is() -> None:
    network = star(np.full(1, 100.0), i_offset=2.0)

    def stop(step: int) -> None:
        raise KeyboardInterrupt

    recording = nb.run(network, 500.0, "fixedpoint", dt=1.0, progress=stop)
    whole = nb.run(network, 500.0, "fixedpoint", dt=1.0)
    assert recording.status == "incomplete"
    kept = whole["cell"].step <= recording["cell"].n_steps
    assert recording["cell"].step.tolist() == whole["cell"].step[kept].tolist()
    assert 0 < kept.sum() < kept.size
