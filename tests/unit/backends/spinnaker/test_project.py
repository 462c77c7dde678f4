"""The project folder: what sPyNNaker is given, and what the binaries make of it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from neurobridge.backends.fixedpoint.simulate import simulate
from neurobridge.backends.spinnaker.child import run_project, start_python
from neurobridge.backends.spinnaker.machine import Machine
from neurobridge.backends.spinnaker.project import read_results, write_project
from neurobridge.errors import BackendError
from neurobridge.lowering.chip.network import ChipNetwork
from tests.requirements import require
from tests.unit.backends.spinnaker.networks import every_cell, population, synapses, train

HELD = """
import json, sys
import numpy as np
from importlib.util import module_from_spec, spec_from_file_location
spec = spec_from_file_location("project", "run.py")
project = module_from_spec(spec)
spec.loader.exec_module(project)
network = project.Network("spiNNaker")
network.build()
network.run()
from spynnaker.pyNN.data import SpynnakerDataView
held = {}
for projection in SpynnakerDataView.iterate_projections():
    vertex, info = projection._projection_edge.post_vertex, projection._synapse_information
    scale = vertex.get_weight_scales(vertex.get_ring_buffer_shifts())[info.synapse_type]
    slices = [core.vertex_slice for core in vertex.machine_vertices]
    columns = []
    for part in slices:
        block = info.connector.create_synaptic_block(slices, part, info.synapse_type, info)
        columns.append([
            block["source"], block["target"] + part.lo_atom,
            np.rint(np.abs(block["weight"]) * scale), np.rint(block["delay"] / network.dt),
        ])
    held[projection.label] = np.concatenate(columns, axis=1).astype(int).tolist()
json.dump(held, open("held.json", "w"))
network.sim.end()
"""


@pytest.mark.slow
def test_words_and_delays_are_those_of_the_network(
    tmp_path: Path, rng: np.random.Generator
) -> None:
    require("spynnaker")
    network = every_cell(rng, dt=0.1)
    write_project(tmp_path, network, time_scale_factor=10)
    (tmp_path / "held.py").write_text(HELD)
    start_python(["held.py"], tmp_path, Machine(kind="virtual"))
    held = json.loads((tmp_path / "held.json").read_text())
    assert sorted(held) == sorted(p.name for p in network.projections)
    for p in network.projections:
        expected = np.array([p.source, p.target, p.word, p.delays])
        columns = np.array(held[p.name])
        assert np.array_equal(_sorted(columns), _sorted(expected)), p.name


def _sorted(columns: Any) -> Any:
    return columns[:, np.lexsort(columns)]


def test_lists_are_sorted_by_source(tmp_path: Path, rng: np.random.Generator) -> None:
    write_project(tmp_path, every_cell(rng), time_scale_factor=1)
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    with np.load(tmp_path / "arrays.npz") as arrays:
        for p in manifest["projections"]:
            source, target = arrays[p["source"]], arrays[p["target"]]
            assert np.array_equal(np.lexsort((target, source)), np.arange(source.size)), p["name"]


@pytest.mark.slow
@pytest.mark.parametrize("dt", [1.0, 0.5])
def test_the_binaries_do_what_the_twin_does(
    tmp_path: Path, rng: np.random.Generator, dt: float
) -> None:
    require("spynnaker")
    require("unicorn")
    network = every_cell(rng, dt)
    result, info = ran(tmp_path, network)
    expected = simulate(network)
    assert info["evidence"] == "chip model"
    assert sum(step.size for step, _ in expected.spikes.values()) > 100
    for p in network.populations:
        for found, wanted in zip(result.spikes[p.name], expected.spikes[p.name], strict=True):
            assert np.array_equal(found, wanted), p.name
        for variable in p.record[1:]:
            held, wanted = (r.states[p.name, variable] for r in (result, expected))
            assert np.array_equal(held, wanted), (p.name, variable)
    assert result.saturations == dict(expected.saturations)


@pytest.mark.slow
def test_some_neurons_recorded_and_lost_sums_counted(
    tmp_path: Path, rng: np.random.Generator
) -> None:
    require("spynnaker")
    require("unicorn")
    cells = population("IF_curr_exp", 30, 8)
    chosen = {"v": np.array([2, 9, 29], np.int32), "spikes": np.array([0, 9], np.int32)}
    cells = replace(cells, record=("spikes", "v"), recorded=chosen)
    full = synapses(rng, "in", "IF_curr_exp", "excitatory", (10, 30), 600, largest=65535)
    network = ChipNetwork(1.0, 20, (cells,), (train(rng, "in", 10, 20, 200),), (full,))
    result, info = ran(tmp_path, network)
    expected = simulate(network)
    assert expected.saturations["IF_curr_exp"] > 0
    assert result.saturations == dict(expected.saturations)
    assert list(info["lost"]) == ["Times_synaptic_weights_have_saturated"]
    assert np.array_equal(result.states["IF_curr_exp", "v"], expected.states["IF_curr_exp", "v"])
    step, neuron = expected.spikes["IF_curr_exp"]
    keep = np.isin(neuron, chosen["spikes"])
    assert result.spikes["IF_curr_exp"][0].tolist() == step[keep].tolist()
    assert result.spikes["IF_curr_exp"][1].tolist() == neuron[keep].tolist()


def ran(folder: Path, network: ChipNetwork) -> Any:
    """Result and info of a run in the chip model."""
    machine = Machine(kind="softboard")
    write_project(folder, network, time_scale_factor=machine.scale(network.dt))
    run_project(folder, machine)
    return read_results(folder, network)


@pytest.mark.slow
def test_another_scale_of_weights_stops_the_run(tmp_path: Path, rng: np.random.Generator) -> None:
    require("spynnaker")
    write_project(tmp_path, every_cell(rng), time_scale_factor=1)
    path = tmp_path / "manifest.json"
    manifest = json.loads(path.read_text())
    manifest["populations"][0]["max_expected_summed_weight"][0] *= 4
    path.write_text(json.dumps(manifest))
    with pytest.raises(BackendError, match=r"planned with shifts \[3, 2\], sPyNNaker chose \[5, 2"):
        run_project(tmp_path, Machine(kind="virtual"))


def test_results_that_are_missing_or_of_another_network(
    tmp_path: Path, rng: np.random.Generator
) -> None:
    network = every_cell(rng)
    with pytest.raises(BackendError, match=r"left no results\.npz"):
        read_results(tmp_path, network)
    arrays: dict[str, Any] = {}
    for p in network.populations:
        arrays[f"{p.name}.spikes.step"] = np.zeros(0, np.int64)
        arrays[f"{p.name}.spikes.neuron"] = np.zeros(0, np.int32)
        arrays |= {f"{p.name}.{v}": np.zeros((5, p.size), np.int32) for v in p.record[1:]}
    np.savez(tmp_path / "results.npz", info=np.array("{}"), **arrays)
    with pytest.raises(BackendError, match=r"expected 60 steps of 40 neurons, .* \(5, 40\)"):
        read_results(tmp_path, network)
