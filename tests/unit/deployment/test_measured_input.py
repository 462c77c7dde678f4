"""The largest sum of a step: by hand, by a loop over spikes, and by the twin's own buffers."""

from __future__ import annotations

import numpy as np
import pytest

import neurobridge as nb
from neurobridge import NetworkBuilder, Poisson, SpikeTrains, models
from neurobridge.backends.fixedpoint.findings import chip_findings
from neurobridge.backends.fixedpoint.simulate import simulate
from neurobridge.deployment import max_summed_input, measure_input
from neurobridge.deployment import measured_input as module
from neurobridge.lowering.chip.cells import chip_cells
from neurobridge.lowering.chip.load import load_drive
from neurobridge.lowering.chip.magnitudes import summed_input
from neurobridge.lowering.drive import lower_drive
from neurobridge.lowering.lower import lower
from tests.unit.deployment.networks import random_network

STEPS = 100


def measured(network: nb.Network, recording: nb.Recording) -> dict[str, np.ndarray]:
    program = lower(network, 1.0)
    drive, _ = lower_drive(network, 1.0, STEPS, recording.seed, 0)
    trains = {name: (s.step, s.neuron) for name, s in recording.spikes.items()}
    return measure_input(program, chip_cells(program), drive, trains)


def test_by_hand() -> None:
    b = NetworkBuilder()
    b.population("input", 3, models.spike_source)
    b.population("cell", 2, models.lif_exp)
    edges = [(0, 0), (1, 0), (2, 1)]
    b.connect("a", "input", "cell", edges, weight=[1.0, 2.0, 4.0], delay=[3.0, 1.0, 2.0])
    b.connect("b", "input", "cell", [(2, 0)], weight=-8.0, delay=1.0)
    # 0 at 4 ms with delay 3 meets 1 at 6 ms with delay 1; what leaves at 98 ms arrives in step 99
    time, neuron = [4.0, 6.0, 98.0, 20.0, 20.0], [0, 1, 2, 1, 2]
    b.add(SpikeTrains("given", "input", time=time, neuron=neuron))
    network = b.build()
    found = measured(network, nb.run(network, STEPS, "reference", dt=1.0))["cell"]
    assert found.tolist() == [[3.0, 4.0], [8.0, 0.0]]


def test_what_arrives_after_the_end_does_not_count() -> None:
    b = NetworkBuilder()
    b.population("input", 1, models.spike_source)
    b.population("cell", 1, models.lif_exp)
    b.connect("a", "input", "cell", [(0, 0)], weight=1.0, delay=2.0)
    b.add(SpikeTrains("given", "input", time=[99.0], neuron=[0]))
    network = b.build()
    assert not measured(network, nb.run(network, STEPS, "reference", dt=1.0))["cell"].any()


def by_loop(network: nb.Network, recording: nb.Recording) -> dict[str, np.ndarray]:
    """A sum for every step, a spike and an event at a time."""
    program = lower(network, 1.0)
    drive, _ = lower_drive(network, 1.0, STEPS, recording.seed, 0)
    sums = {n: np.zeros((STEPS, 2, p.size)) for n, p in network.populations.items()}
    for way in program.pathways:
        row = 0 if way.receptor == "exc" else 1
        delay = np.broadcast_to(way.delay, way.n_edges)
        spikes = recording.spikes[way.pre]
        for stamp, neuron in zip(spikes.step, spikes.neuron, strict=True):
            for edge in np.flatnonzero(way.source == neuron):
                step = stamp + delay[edge] - 1
                if step < STEPS:
                    sums[way.post][step, row, way.target[edge]] += abs(way.weight[edge])
    for events in drive.events:
        for step, channel, n in zip(events.step, events.channel, events.count, strict=True):
            place = sums[events.population][step, 0]
            place[events.target[channel]] += n * events.weight[channel]
    return {n: s.max(axis=0) for n, s in sums.items()}


@pytest.mark.parametrize("at_once", [1 << 22, 40])
def test_as_a_loop_over_spikes(
    rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    monkeypatch.setattr(module, "_SUMS_AT_ONCE", at_once)
    monkeypatch.setattr(module, "_EVENTS_AT_ONCE", at_once)
    network = random_network(rng)
    recording = nb.run(network, STEPS, "reference", dt=1.0, seed=3)
    assert recording.spikes["second"].counts.sum() > 20
    expected = by_loop(network, recording)
    for name, values in measured(network, recording).items():
        np.testing.assert_allclose(values, expected[name], rtol=1e-12)


@pytest.mark.parametrize("model", [models.lif_exp, models.lif_cond_exp, models.lif_delta])
def test_a_scale_of_exactly_what_the_twin_measures_does_not_saturate(
    rng: np.random.Generator, model: nb.NeuronModel
) -> None:
    """Below it some buffer is full: the sums are those that the buffers of the twin hold."""
    scale = {"lif_exp": 1.0, "lif_cond_exp": 0.02, "lif_delta": 4.0}[model.name]
    network = random_network(rng, model, scale)
    program = lower(network, 1.0)
    cells, bounds = chip_cells(program), summed_input(program, chip_cells(program))
    drive, _ = lower_drive(network, 1.0, STEPS, 3, 0)

    def saturations(told: dict[str, dict[str, np.ndarray]]) -> int:
        plan, _ = chip_findings(program, {"max_summed_input": told, "split": "never"})
        assert plan is not None
        return sum(simulate(load_drive(plan, drive)).saturations.values())

    found = measured(network, nb.run(network, STEPS, "fixedpoint", dt=1.0, seed=3, accept=ALL))
    assert saturations(max_summed_input(program, cells, found, bounds, 1.01)) == 0
    assert saturations(max_summed_input(program, cells, found, bounds, 0.4)) > 0


ALL = ("weights_rounded", "weights_become_zero", "parameters_rounded")


def test_never_above_the_bound(rng: np.random.Generator) -> None:
    network = random_network(rng)
    program = lower(network, 1.0)
    cells, bounds = chip_cells(program), summed_input(program, chip_cells(program))
    told = max_summed_input(program, cells, bounds, bounds, 2.0)
    for name, bound in bounds.items():
        np.testing.assert_array_equal(told[name]["exc"], bound[0])
        np.testing.assert_array_equal(told[name]["inh"], bound[1])


def test_in_the_unit_of_the_receptor() -> None:
    """A delta synapse moves the membrane by its weight in mV, whatever the chip's unit is."""
    b = NetworkBuilder()
    b.population("cell", 1, models.lif_delta, tau_m=[20.0])
    b.add(Poisson("drive", "cell", rate=10.0, receptor="syn", weight=3.0))
    network = b.build()
    program = lower(network, 1.0)
    cells, bounds = chip_cells(program), summed_input(program, chip_cells(program))
    drive, _ = lower_drive(network, 1.0, 1000, 1, 0)
    assert drive.events[0].count.max() == 1
    trains = {"cell": (np.zeros(0, np.int64), np.zeros(0, np.int32))}
    found = measure_input(program, cells, drive, trains)
    told = max_summed_input(program, cells, found, bounds, 1.0)
    assert told["cell"]["syn"] == pytest.approx([3.0])
