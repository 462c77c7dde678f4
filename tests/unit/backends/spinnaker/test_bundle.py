"""Bundles: what is in them, and that they run where neurobridge is not installed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from neurobridge.backends.fixedpoint.simulate import simulate
from neurobridge.backends.spinnaker.bundle import write_bundle
from neurobridge.errors import BackendError
from neurobridge.lowering.chip.network import ChipNetwork, ChipPopulation
from tests.requirements import require
from tests.unit.backends.spinnaker.networks import population, synapses, train
from tests.unit.backends.spinnaker.test_mapping import two_boards

ALONE = """
import runpy, sys
class Refuses:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "neurobridge":
            raise ImportError(f"{name} is not there")
sys.meta_path.insert(0, Refuses())
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""
"""Runs a script where neurobridge cannot be imported."""


def network(rng: np.random.Generator) -> ChipNetwork:
    cells = replace(population("IF_curr_exp", 60, 32), record=("spikes", "v"))
    lists = (
        synapses(rng, "in", "IF_curr_exp", "excitatory", (20, 60), 500),
        synapses(rng, "IF_curr_exp", "IF_curr_exp", "inhibitory", (60, 60), 500, delay=(2, 9)),
    )
    return ChipNetwork(1.0, 50, (cells,), (train(rng, "in", 20, 50, 150),), lists)


@pytest.fixture
def bundle(tmp_path: Path, rng: np.random.Generator) -> Path:
    require("spynnaker")
    net = network(rng)
    return write_bundle(
        tmp_path / "bundle", net, expected=simulate(net), manifest={"seed": 3},
        reports={"quantisation": {"error": np.float64(0.5)}, "mapping": two_boards()},
    )  # fmt: skip


def run(bundle: Path, *arguments: str, alone: bool = True) -> subprocess.CompletedProcess[str]:
    """Run Python in a bundle, with an empty home folder but for an empty .spynnaker.cfg."""
    home = bundle.parent / "home"
    home.mkdir(exist_ok=True)
    (home / ".spynnaker.cfg").touch()
    script = bundle.parent / "alone.py"
    script.write_text(ALONE)
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        [sys.executable, *(["-I", str(script)] if alone else []), *arguments],
        cwd=bundle,
        env={**os.environ, "HOME": str(home), "PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )


def test_what_is_in_it(bundle: Path) -> None:
    assert sorted(str(p.relative_to(bundle)) for p in bundle.rglob("*") if p.is_file()) == [
        "README.md", "arrays.npz", "cfg/board.cfg", "cfg/board_of_4_chips.cfg",
        "cfg/ebrains.cfg", "cfg/spalloc.cfg", "cfg/virtual.cfg", "check.py", "expected.npz",
        "manifest.json", "mapping.json", "mapping.png", "quantisation.json", "requirements.txt",
        "run.py",
    ]  # fmt: skip
    requirements = (bundle / "requirements.txt").read_text().splitlines()
    assert requirements[:2] == ["spynnaker==1!7.4.1", "pynn==0.13.0"]
    assert all("==" in line for line in requirements)
    readme = (bundle / "README.md").read_text()
    assert "The network has not been run on hardware" in readme
    assert "3 cores on 2 chips of 2 boards" in readme
    assert 'command="run.py {system}"' in readme
    assert "neurobridge" not in (bundle / "run.py").read_text().replace("nothing of", "")
    assert '"seed": 3' in (bundle / "manifest.json").read_text()


@pytest.mark.slow
def test_runs_alone_on_a_virtual_board(bundle: Path) -> None:
    shutil.copy(bundle / "cfg" / "virtual.cfg", bundle / "spynnaker.cfg")
    done = run(bundle, "run.py", "spiNNaker")
    assert "mapped onto 3 cores; a virtual board computes nothing" in done.stdout, done.stderr
    checked = run(bundle, "check.py")
    assert (checked.returncode, "NO RESULT" in checked.stderr) == (1, True)


@pytest.mark.slow
def test_runs_in_the_chip_model_and_is_identical(bundle: Path) -> None:
    require("unicorn")
    shutil.copy(bundle / "cfg" / "virtual.cfg", bundle / "spynnaker.cfg")
    model = ("-m", "neurobridge.backends.spinnaker.softboard")
    done = run(bundle, *model, "run.py", "spiNNaker", alone=False)
    assert done.returncode == 0, done.stderr
    checked = run(bundle, "check.py")
    assert checked.returncode == 0, checked.stdout
    assert "IDENTICAL" in checked.stdout
    assert "evidence: chip model" in checked.stdout
    assert "IF_curr_exp.v: 50 steps identical to the last bit" in checked.stdout


@pytest.mark.slow
@pytest.mark.parametrize(("simulator", "package"), [("nest", "nest"), ("neuron", "neuron")])
def test_runs_alone_in_other_simulators(bundle: Path, simulator: str, package: str) -> None:
    require("spynnaker")
    require(package)
    done = run(bundle, "run.py", simulator)
    assert done.returncode == 0, done.stderr
    assert f"by {simulator}" in done.stdout
    assert f"note: {simulator} has its own arithmetic" in done.stderr
    checked = run(bundle, "check.py")
    assert checked.returncode == 1
    assert f"NOT COMPARABLE bit for bit: {simulator}" in checked.stdout
    with np.load(bundle / "expected.npz") as expected, np.load(bundle / "results.npz") as found:
        wanted, got = (f["IF_curr_exp.spikes.step"].size for f in (expected, found))
    assert abs(wanted - got) <= 0.2 * wanted


@pytest.mark.parametrize("simulator", ["spinaker", "--help"])
def test_a_simulator_that_there_is_not_costs_no_results(bundle: Path, simulator: str) -> None:
    (bundle / "results.npz").write_bytes(b"of a night on the machine")
    done = run(bundle, "run.py", simulator)
    assert done.returncode == 1
    assert f"'{simulator}' cannot be used here" in done.stderr
    assert "spiNNaker, nest, neuron" in done.stderr
    assert "Traceback" not in done.stderr
    assert (bundle / "results.npz").exists()


# ---- check.py ------------------------------------------------------------------------------------


def results(bundle: Path, evidence: str = "hardware", **changed: Any) -> Path:
    """results.npz as the twin's own result, with something changed."""
    import json

    net = network(np.random.default_rng(0))
    twin = simulate(net)
    write_bundle(bundle, net, expected=twin, manifest={}, reports={})
    step, neuron = twin.spikes["IF_curr_exp"]
    arrays = {
        "IF_curr_exp.spikes.step": step,
        "IF_curr_exp.spikes.neuron": neuron,
        "IF_curr_exp.v": twin.states["IF_curr_exp", "v"],
    }
    info = {"evidence": evidence, "lost": {}, "spynnaker": "1!7.4.1", "n_cores": 3}
    info |= changed.pop("info", {})
    np.savez(bundle / "results.npz", info=np.array(json.dumps(info)), **(arrays | changed))
    return bundle


def test_identical(tmp_path: Path) -> None:
    require("spynnaker")
    checked = run(results(tmp_path / "b"), "check.py")
    assert checked.returncode == 0
    assert "IDENTICAL to what is expected; evidence: hardware" in checked.stdout


def test_one_spike_too_many_and_a_state_that_differs(tmp_path: Path) -> None:
    require("spynnaker")
    twin = simulate(network(np.random.default_rng(0)))
    step, neuron = twin.spikes["IF_curr_exp"]
    states = twin.states["IF_curr_exp", "v"].copy()
    states[31, 7] += 1
    changed = {
        "IF_curr_exp.spikes.step": np.append(step, 49),
        "IF_curr_exp.spikes.neuron": np.append(neuron, 59).astype(np.int32),
        "IF_curr_exp.v": states,
    }
    checked = run(results(tmp_path / "b", **changed), "check.py")
    assert checked.returncode == 1
    assert f"{step.size:,} spikes expected, {step.size + 1:,} found" in checked.stdout
    assert "found neuron 59 in step 49" in checked.stdout
    assert "IF_curr_exp.v differs from step 31 on" in checked.stdout
    assert "DIFFERENT, or not to be trusted: 2 reasons above" in checked.stdout


def test_losses_are_named(tmp_path: Path) -> None:
    require("spynnaker")
    info = {"lost": {"Number_of_late_spikes": 12}}
    checked = run(results(tmp_path / "b", info=info), "check.py")
    assert checked.returncode == 1
    assert "lost in the run: Number_of_late_spikes = 12" in checked.stdout
    assert "1 reason above" in checked.stdout


def test_no_results(bundle: Path) -> None:
    checked = run(bundle, "check.py")
    assert checked.returncode == 1
    assert "run the network first" in checked.stderr


def test_results_that_were_cut_off_or_come_from_elsewhere(bundle: Path) -> None:
    whole = (bundle / "expected.npz").read_bytes()
    for content, words in ((whole[:300], "copy it again"), (whole, "was not written by run.py")):
        (bundle / "results.npz").write_bytes(content)
        checked = run(bundle, "check.py")
        assert checked.returncode == 1
        assert words in checked.stderr
        assert "Traceback" not in checked.stderr


# ---- what is refused -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("manifest", "reports"),
    [
        ({"server": "https://me:hunter2@spinnaker.cs.man.ac.uk/spalloc/"}, {}),
        ({"token": "abc"}, {}),
        ({"note": "password = hunter2"}, {}),
        ({}, {"mapping": {"deep": [{"a": "Bearer abcdefghijkl"}]}}),
        ({}, {"log": {"a": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.abc"}}),
    ],
)
def test_passwords_are_refused(
    tmp_path: Path, rng: np.random.Generator, manifest: Any, reports: Any
) -> None:
    net = network(rng)
    with pytest.raises(BackendError, match="given away") as caught:
        write_bundle(
            tmp_path / "b", net, expected=simulate(net), manifest=manifest, reports=reports
        )
    assert "hunter2" not in str(caught.value)
    assert not (tmp_path / "b").exists()


def test_folders_and_results_that_do_not_fit(tmp_path: Path, rng: np.random.Generator) -> None:
    net = network(rng)
    twin = simulate(net)
    (tmp_path / "file").touch()
    with pytest.raises(BackendError, match="not empty"):
        write_bundle(tmp_path, net, expected=twin, manifest={}, reports={})
    with pytest.raises(BackendError, match="no spikes of 'IF_curr_exp'"):
        write_bundle(
            tmp_path / "b", net, expected=replace(twin, spikes={}), manifest={}, reports={}
        )
    with pytest.raises(BackendError, match=r"v of 'IF_curr_exp' has shape \(50, 60\), not"):
        write_bundle(
            tmp_path / "b", replace(net, n_steps=51), expected=twin, manifest={}, reports={}
        )


def chain(strong: int) -> ChipNetwork:
    """A source makes the neurons of a population fire one after the other."""
    n = 6
    base = population("IF_curr_exp", n, i_offset=0.0, v_reset=-65.0)
    cells = ChipPopulation(
        "chain", n, base.cell, base.parameters, {"v": -65.0}, (6, 0), 256, ("spikes",)
    )
    first = synapses(np.random.default_rng(0), "in", "chain", "excitatory", (1, 1), 1, delay=4)
    ring = replace(
        first, name="ring", pre="chain", source=np.arange(n - 1, dtype=np.int32),
        target=np.arange(1, n, dtype=np.int32), word=np.full(n - 1, strong, np.uint16), delay=7,
    )  # fmt: skip
    first = replace(first, word=np.array([strong], np.uint16))
    spike = replace(
        train(np.random.default_rng(0), "in", 1, 9, 2), step=np.array([5]),
        neuron=np.array([0], np.int32),
    )  # fmt: skip
    return ChipNetwork(0.1, 120, (cells,), (spike,), (first, ring))


@pytest.mark.slow
def test_delays_mean_the_same_in_other_simulators(tmp_path: Path) -> None:
    """Spikes of a chain come within a step of the chip's, however long it is."""
    require("spynnaker")
    require("nest")
    net = chain(65_000)
    twin = simulate(net)
    folder = write_bundle(tmp_path / "b", net, expected=twin, manifest={}, reports={})
    done = run(folder, "run.py", "nest")
    assert done.returncode == 0, done.stderr
    with np.load(folder / "results.npz") as found:
        got = found["chain.spikes.step"]
    wanted = twin.spikes["chain"][0]
    assert wanted.size >= 6
    assert got.size == wanted.size
    assert np.abs(got - wanted).max() <= 1
