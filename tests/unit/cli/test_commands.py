"""Each command: what it prints, its JSON, its exit code."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import neurobridge as nb
from neurobridge.comparison.execute import Job
from neurobridge.connectome import Connectome
from neurobridge.io.recording_file import load_recording
from tests.unit.cli.calling import call
from tests.unit.experiment.files import write

Capture = pytest.CaptureFixture[str]

DRIVE = """stimuli:
  drive: {kind: poisson, neurons: [A], rate: 300 Hz, weight: 5 nA, receptor: exc}
probes:
  all: {kind: spikes}
  v: {kind: state, variable: v, interval: 1 ms}
"""


@pytest.fixture
def toy(tmp_path: Path) -> Path:
    return write(tmp_path, drive=DRIVE)


def test_backends(capfd: Capture) -> None:
    called = call(capfd, "backends", "--json")
    found = {b["name"]: b for b in called.json}
    assert {"reference", "brian2", "nest"} <= set(found)
    assert found["reference"]["available"] is True
    assert found["reference"]["features"]["threads"] is False
    text = call(capfd, "backends").out
    assert all(name in text for name in found)
    assert "delays per edge" in call(capfd, "backends", "--features").out


def test_info_of_an_experiment(capfd: Capture, toy: Path) -> None:
    document = call(capfd, "info", toy, "--json").json
    assert (document["neurons"], document["edges"]) == (3, 4)
    assert document["projections"]["synapses"]["weight"] == [-10.0, 8.0]
    assert document["run"]["duration"] == 50.0
    assert document["connectome"]["synapses"] == 14
    text = call(capfd, "info", toy).out
    assert "4 edges neurons to neurons, weights -10 to 8 nA" in text
    assert "Poisson onto 1 neurons" in text


def test_info_and_run_of_a_network_folder(capfd: Capture, toy: Path, tmp_path: Path) -> None:
    network = nb.load_experiment(toy).network()
    folder = nb.save(network, tmp_path / "net")
    assert call(capfd, "info", folder, "--json").json["id"] == network.id
    refused = call(capfd, "run", folder)
    assert refused.code == 2
    assert "is a network without a duration; say --duration" in refused.err
    ran = call(capfd, "run", folder, "--duration", "50 ms", "--json")
    expected = nb.run(network, 50.0, "reference", dt=0.1)
    assert ran.json["spikes"] == expected.n_spikes > 0
    assert ran.json["backend"] == "native"
    assert ran.json["spike_hash"] == expected.spike_hash
    assert all(ran.json[key] > 0 for key in ("build_s", "run_s", "peak_mb"))


def test_check(capfd: Capture, toy: Path) -> None:
    fine = call(capfd, "check", toy, "--json")
    assert (fine.code, fine.json["ok"]) == (0, True)
    coarse = call(capfd, "check", toy, "--dt", "0.3", "--json")
    assert (coarse.code, coarse.json["ok"]) == (2, False)
    codes = {f["code"] for f in coarse.json["backends"]["native"]["findings"]}
    assert codes == {"delay_rounding", "refractory_rounding", "interval_rounding"}
    accepted = call(capfd, "check", toy, "--dt", "0.3", "--accept", ",".join(codes), "--json")
    assert (accepted.code, accepted.json["ok"]) == (0, True)
    text = call(capfd, "check", toy, "--dt", "0.3").out
    assert "stops" in text
    assert "delay_rounding" in text


def test_run_saves_what_a_run_from_python_gives(capfd: Capture, toy: Path, tmp_path: Path) -> None:
    folder = tmp_path / "recording"
    called = call(capfd, "run", toy, "--seed", "7", "--out", folder, "--by", "role")
    assert called.code == 0
    assert "the state probes will record 0.0012 MB" in called.err  # 3 x 50 x 8 bytes
    assert "motor" in called.out
    expected = nb.run(nb.load_experiment(toy).network(), 50.0, dt=0.1, seed=7)
    saved = load_recording(folder)
    assert saved.n_spikes == expected.n_spikes > 0
    assert saved.spikes["all"].same_as(expected.spikes["all"])
    assert np.array_equal(saved.signals["v"].values, expected.signals["v"].values)
    again = call(capfd, "run", toy, "--out", folder)
    assert again.code == 2
    assert "holds a recording already; choose another folder" in again.err


def test_a_recording_is_not_mixed_with_other_files(
    capfd: Capture, toy: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "connectome"
    assert call(capfd, "connectome", "build", "celegans", "--out", folder).code == 0
    before = sorted(folder.iterdir())
    called = call(capfd, "run", toy, "--out", folder)
    assert called.code == 2
    assert f"{folder} is not empty, it holds 'edges.parquet'; a recording needs a new" in " ".join(
        called.err.split()
    )
    assert sorted(folder.iterdir()) == before
    called = call(capfd, "run", toy, "--out", folder / "edges.parquet")
    assert called.code == 2
    assert "is a file; a recording needs a new or an empty folder" in called.err


def test_run_tells_rates_in_json(capfd: Capture, toy: Path) -> None:
    called = call(capfd, "run", toy, "--duration", "100", "--json")
    recording = nb.run(nb.load_experiment(toy).network(), 100.0, "reference", dt=0.1)
    rates = called.json["rates"]["all"]
    assert rates["spikes"] == recording.n_spikes
    assert rates["mean_hz"] == pytest.approx(recording.n_spikes / 3 / 0.1)


def test_a_recording_that_is_too_large_is_refused_before_the_run(
    capfd: Capture, tmp_path: Path
) -> None:
    probes = "probes:\n  v: {kind: state, variable: v}\n"
    path = write(tmp_path, probes=probes)
    called = call(capfd, "run", path, "--duration", "1e9")
    assert called.code == 2
    # 3 neurons, 1e10 steps, 8 bytes
    assert "the state probes would record 240,000 MB, the cap is 4,096 MB" in called.err


def test_compare_needs_two_backends(capfd: Capture, toy: Path) -> None:
    called = call(capfd, "compare", toy)
    assert called.code == 2
    assert "a comparison needs at least two backends, got only 'native'" in called.err


@pytest.mark.parametrize("wanted", [True, False])
def test_errors_of_a_chip_are_told_apart_unless_that_is_not_wanted(
    capfd: Capture, wanted: bool
) -> None:
    names = ["--backends", "reference,fixedpoint", "--duration", "20", "--dt", "0.5"]
    more = [] if wanted else ["--no-attribution"]
    called = call(capfd, "compare", "celegans", *names, "--no-baseline", "--json", *more)
    assert (called.json["attribution"] is not None) == wanted


def test_backends_that_differ_give_code_3(
    capfd: Capture, toy: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    run = Job.run

    def shifted(self: Job, chosen: nb.BackendRun, seed: int, *rest: object, **more: object):
        return run(self, nb.BackendRun(chosen.label, "reference"), seed, None)

    monkeypatch.setattr(Job, "run", shifted)
    names = ["--backends", "reference,nest", "--json", "--report", tmp_path / "r.html"]
    same = call(capfd, "compare", toy, *names)
    assert (same.code, same.json["identical"]) == (0, True)
    assert "neurobridge compare" in (tmp_path / "r.html").read_text(encoding="utf-8")
    assert same.json["report"] == str(tmp_path / "r.html")

    def other_dice(self: Job, chosen: nb.BackendRun, seed: int, *rest: object, **more: object):
        recording = run(
            self, nb.BackendRun(chosen.label, "reference"), seed + (chosen.label == "nest"), None
        )
        return recording.replace(seed=seed)

    monkeypatch.setattr(Job, "run", other_dice)
    differing = call(capfd, "compare", toy, *names[:3], "--no-baseline")
    assert (differing.code, differing.json["identical"]) == (3, False)
    text = call(capfd, "compare", toy, *names[:2], "--no-baseline").out
    assert "not identical: 1 of 2 backends" in text


def test_connectome_build_info_and_select(capfd: Capture, toy: Path, tmp_path: Path) -> None:
    built = call(
        capfd, "connectome", "build", "celegans", "--set", "gap_junctions=false",
        "--out", tmp_path / "worm", "--json",
    )  # fmt: skip
    assert (built.json["neurons"], built.json["edges"]) == (302, 3709)
    assert Connectome.load(tmp_path / "worm").digest == built.json["digest"]
    chosen = call(
        capfd, "connectome", "select", tmp_path / "worm", "role == 'motor'", "--min-synapses", "5",
        "--largest-component", "--out", tmp_path / "motor", "--json",
    )  # fmt: skip
    by_hand = Connectome.load(tmp_path / "worm").select("role == 'motor'").prune(5)
    by_hand = by_hand.largest_component()
    assert chosen.json["digest"] == by_hand.digest
    assert chosen.json["neurons"] == by_hand.n_neurons < 123
    assert call(capfd, "connectome", "info", tmp_path / "motor", "--json").json["edges"] == (
        by_hand.n_edges
    )
    of_experiment = call(capfd, "connectome", "info", toy, "--json").json
    assert (of_experiment["neurons"], of_experiment["excitatory_edges"]) == (3, 3)
    assert "Cook" in call(capfd, "connectome", "info", "celegans").out


def test_numbers_that_json_cannot_hold_become_null(capfd: Capture, toy: Path) -> None:
    one = call(capfd, "connectome", "select", toy, "id == 1", "--json")
    assert one.json["density"] is None


def test_new_writes_a_file_that_runs(capfd: Capture, tmp_path: Path) -> None:
    path = tmp_path / "worm.yaml"
    assert call(capfd, "new", path).code == 0
    assert nb.load_experiment(path).name == "worm"
    assert call(capfd, "check", path, "--backends", "reference").code == 0
    again = call(capfd, "new", path)
    assert again.code == 2
    assert "worm.yaml exists already; choose another name" in again.err
    wrong = call(capfd, "new", tmp_path / "worm.json")
    assert wrong.code == 2
    assert "an experiment is a YAML file, e.g. worm.yaml" in wrong.err
    assert call(capfd, "new", tmp_path / "other").code == 0
    assert (tmp_path / "other.yaml").is_file()


def test_version_and_help(capfd: Capture) -> None:
    assert call(capfd, "--version").out.strip() == f"neurobridge {nb.__version__}"
    text = call(capfd, "--help").out
    for command in ("demo", "new", "backends", "info", "check", "run", "compare", "export"):
        assert command in text


def test_json_is_all_of_stdout_even_if_a_library_prints(
    capfd: Capture, toy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import os

    from neurobridge.cli import looking

    def noisy() -> list[object]:
        os.write(1, b"a banner from C++\n")
        return []

    monkeypatch.setattr(looking, "list_backends", noisy)
    called = call(capfd, "backends", "--json")
    assert json.loads(called.out) == []
    assert "a banner from C++" in called.err


def test_options_of_a_source_that_are_text_stay_text(capfd: Capture, tmp_path: Path) -> None:
    (tmp_path / "connections.csv").write_text(
        "pre_root_id,post_root_id,neuropil,syn_count,nt_type\n"
        "720575940600000001,720575940600000002,X,7,ACH\n",
        encoding="utf-8",
    )
    called = call(
        capfd, "connectome", "info", "codex", "--path", tmp_path, "--set", "release=783", "--json"
    )
    assert called.json["release"] == "783"
    assert called.json["synapses"] == 7
