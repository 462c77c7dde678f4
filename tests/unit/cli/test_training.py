"""``neurobridge train`` and ``runs``: files, JSON, exit codes, errors with their line."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest

import neurobridge as nb
from tests.requirements import require
from tests.unit.cli.calling import call
from tests.unit.experiment.files import line_of, write

Capture = pytest.CaptureFixture[str]

TRAINING = """training:
  task: {kind: patterns, features: 2, classes: 2, noise: 0.05, trials: [4, 2, 2], duration: 40 ms}
  input: {neurons: [A, C], strength: 400 Hz, baseline: 20, receptor: exc, weight: 5 nA}
  readout: {neurons: all, start: ridge}
  train:
    projections.synapses.weight: {}
    populations.neurons.v_thresh: {bounds: [-60 mV, -40 mV], by: all}
    readouts.choice.weight: {}
  objective:
    task: {loss: CrossEntropy, readout: choice}
    rate: {loss: RateBounds, population: neurons, high: 200, factor: 1e-3}
  epochs: 2
  batch: 3
  seed: 4
"""
RUN = "run: {duration: 40 ms, dt: 0.5}\n"


@pytest.fixture(autouse=True)
def _torch_is_here() -> None:
    require("torch")
    require("lightning")


def toy(folder: Path, training: str = TRAINING) -> Path:
    return write(folder, run=RUN, training=training)


def test_a_file_is_trained_saved_and_run_elsewhere(
    capfd: Capture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = toy(tmp_path)
    called = call(capfd, "train", path, "--backends", "reference,torch", "--json")
    assert called.code == 0, called.err
    report = called.json
    assert (report["status"], report["epochs"], report["folder"]) == ("done", 2, "runs/toy-1")
    assert report["identical"] is True
    assert report["spikes"]["reference"] == report["spikes"]["torch"] > 20
    assert set(report["accuracy"]) == {"reference", "torch"}
    assert {"train/loss", "train/rate", "validation/accuracy"} <= set(report["metrics"])

    folder = tmp_path / "runs" / "toy-1"
    network = nb.load(folder / "network")
    assert network.id == report["network_id"]
    assert network.history[-1].arguments["seed"] == 4
    before = nb.load_experiment(path).training().network
    assert not np.array_equal(network.weights("synapses"), before.weights("synapses"))
    for name in ("loss", "values", "activity"):
        assert (folder / "figures" / f"{name}.png").read_bytes()[:4] == b"\x89PNG"

    again = call(capfd, "train", path, "--epochs", 1, "--set", "learning_rate=0.01", "--json")
    assert again.json["folder"] == "runs/toy-2"
    found = call(capfd, "runs", "--json").json
    assert [r["folder"] for r in found] == ["runs/toy-1", "runs/toy-2"]
    assert [r["learning_rate"] for r in found] == [1e-3, 0.01]
    text = call(capfd, "runs").out
    assert "runs/toy-2" in text
    assert "1 of 1" in text


def test_a_run_goes_on_where_it_stopped(capfd: Capture, tmp_path: Path) -> None:
    path = toy(tmp_path)
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    expected = call(capfd, "train", path, "--out", whole, "--epochs", 3, "--json").json
    assert call(capfd, "train", path, "--out", parts, "--epochs", 1, "--json").code == 0
    resumed = call(capfd, "train", path, "--out", parts, "--epochs", 3, "--resume", "--json")
    assert resumed.code == 0, resumed.err
    assert resumed.json["metrics"] == expected["metrics"]
    assert resumed.json["network_id"] == expected["network_id"]
    assert nb.load(parts / "network").id == expected["network_id"]


def test_rates_learn_sequences_from_a_file(capfd: Capture, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(6, 20, 2))
    splits = np.array(["train"] * 4 + ["validation", "test"])
    np.savez(tmp_path / "sums.npz", features=x, choice=x.cumsum(1) * 0.1, splits=splits)
    path = write(
        tmp_path,
        model="model: {name: rate_tanh}\n",
        synapses="synapses: {weight: 0.1, delay: 0}\n",
        run="run: {duration: 20 ms, dt: 1}\n",
        training="training:\n  task: {kind: sequences, file: sums.npz}\n"
        "  input: {kind: current}\n  readout: {source: output, pool: none}\n"
        "  train: {populations.neurons.tau: {}, readouts.choice.weight: {},"
        " encoders.input.weight: {}}\n  epochs: 3\n  learning_rate: 0.05\n",
    )
    called = call(capfd, "train", path, "--out", tmp_path / "r", "--json", "--backends",
                  "reference,torch")  # fmt: skip
    assert called.code == 0, called.err
    history = (tmp_path / "r" / "metrics.csv").read_text().splitlines()
    losses = [float(row.split(",")[1]) for row in history[1:]]
    assert losses[2] < losses[0]
    assert called.json["output_difference"]["torch"] < 1e-9


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        ("patterns,", "pattern,", "kind:", "unknown kind 'pattern'; did you mean 'patterns'?"),
        ("epochs: 2", "epoch: 2", "epoch:", "unknown key 'epoch' in 'training'; did you mean"),
        ("epochs: 2", "epochs: 0", "epochs: 0", "epochs: expected a whole number >= 1, got 0"),
        ("CrossEntropy", "CrossEntrophy", "task: {loss", "did you mean 'CrossEntropy'?"),
        ("high: 200", "hi: 200", "rate: {loss", "argument of RateBounds 'hi'; did you mean 'high'"),
        ("loss: RateBounds, population: neurons,", "loss: RateBounds,", "rate: {loss",
         "RateBounds needs 'population'; it takes"),
        ("start: ridge", "start: ridge, pool: max", "readout:", "ridge regression is of spike"),
        ("[A, C]", "[A, D]", "input:", "unknown neuron 'D'"),
        ("[4, 2, 2]", "[0, 2, 2]", "task: {kind", "one to train"),
        ("strength: 400 Hz", "strength: 400 mV", "input:", "strength"),
        ("receptor: exc", "receptor: ampa", "input:", "unknown receptor of model 'lif_exp' 'ampa'"),
        ("duration: 40 ms", "duration: 40.3 ms", "task: {kind", "duration_rounding"),
        ("neurons.v_thresh", "neurons.v_tresh", "neurons.v_tresh", "did you mean 'v_thresh'"),
        ("-60 mV", "-60 ms", "neurons.v_thresh", "bounds: expected a quantity in mV, got '-60 ms'"),
        ("population: neurons,", "population: neuron,", "rate: {loss",
         "spiking population 'neuron'; did you mean 'neurons'"),
        ("loss: CrossEntropy, ", "", "task: {loss", "'loss' is missing; it is one of .*L1"),
        ("factor: 1e-3", "factor: lots", "rate: {loss", "must be a finite number: 'lots'"),
        ("batch: 3", "batch: 3\n  metrics: {m: {loss: Acuracy}}", "metrics:",
         "unknown metric 'Acuracy'; did you mean 'Accuracy'"),
        ("batch: 3", "device: gpu", "training:", "expected 'cpu', 'cuda' or 'cuda:1', got 'gpu'"),
        ("batch: 3", "record: [u]", "training:", "unknown state of 'neurons' 'u'"),
    ],
)  # fmt: skip
def test_errors_name_the_line(
    capfd: Capture, tmp_path: Path, old: str, new: str, line: str, message: str
) -> None:
    path = toy(tmp_path, TRAINING.replace(old, new, 1))
    called = call(capfd, "train", path, "--out", tmp_path / "r")
    assert called.code == 2
    flat = " ".join(called.err.split())
    assert f"line {line_of(path, line if line in path.read_text() else new)}" in flat
    assert re.search(message, flat), flat
    assert not (tmp_path / "r").exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--set", "learning_rte=0.1"], "setting of training 'learning_rte'; did you mean 'learn"),
        (["--set", "clip=fast"], "clip: expected a positive number, got 'fast'"),
        (["--resume"], "--resume goes on with a run: give its folder, --out FOLDER"),
        (["--backends", "reference,brain2"], "unknown backend 'brain2'; did you mean 'brian2'"),
        (["--backends", "torch:speed=2"], "setting of backend 'torch' 'speed'"),
    ],
)
def test_options_are_checked_before_training(
    capfd: Capture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: list[str],
    message: str,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    called = call(capfd, "train", toy(tmp_path), *options)
    assert called.code == 2
    assert message in called.err
    assert not (tmp_path / "runs").exists()


def test_trials_that_are_missing(capfd: Capture, tmp_path: Path) -> None:
    """Without a test there is nothing to run elsewhere; without validation, no metric."""
    path = toy(tmp_path, TRAINING.replace("[4, 2, 2]", "[4, 0, 0]"))
    called = call(capfd, "train", path, "--out", tmp_path / "r", "--backends", "reference")
    assert "no trials in the split 'test'" in called.err
    called = call(capfd, "train", path, "--out", tmp_path / "r", "--json", "--set", "clip=1e0")
    assert called.code == 0, called.err
    assert set(called.json["metrics"]) == {"train/loss", "train/task", "train/rate"}
    assert called.json["accuracy"] == {}


def test_arrays_of_a_file_that_do_not_fit(capfd: Capture, tmp_path: Path) -> None:
    features = np.zeros((2, 4, 1))
    features[1, 2] = np.nan
    np.savez(tmp_path / "x.npz", features=features, choice=np.zeros((2, 4, 1)))
    path = write(
        tmp_path, model="model: {name: rate_tanh}\n", synapses="synapses: {weight: 1, delay: 0}\n",
        training="training:\n  epochs: 1\n  task: {kind: sequences, file: x.npz}\n  train: {}\n"
        "  input: {kind: current}\n  readout: {source: output, pool: none}\n",
    )  # fmt: skip
    called = call(capfd, "train", path)
    assert f"line {line_of(path, 'task:')}: training.task: sequences: 1 of 8 values" in called.err


def test_a_file_without_the_section(capfd: Capture, tmp_path: Path) -> None:
    called = call(capfd, "train", write(tmp_path))
    assert called.code == 2
    assert "there is no section 'training'" in called.err


def test_a_folder_that_is_used(capfd: Capture, tmp_path: Path) -> None:
    path = toy(tmp_path)
    called = call(capfd, "train", path, "--out", tmp_path)
    assert called.code == 2
    assert "is not empty" in called.err


def test_runs_of_an_empty_folder_and_of_none(capfd: Capture, tmp_path: Path) -> None:
    assert json.loads(call(capfd, "runs", tmp_path, "--json").out) == []
    assert "no runs in" in call(capfd, "runs", tmp_path).out
    assert call(capfd, "runs", tmp_path / "none").code == 2


def test_cuda_that_is_not_there(capfd: Capture, tmp_path: Path) -> None:
    import torch

    if torch.cuda.is_available():
        pytest.skip("there is a GPU")
    called = call(capfd, "train", toy(tmp_path), "--out", tmp_path / "r", "--device", "cuda")
    assert called.code == 2
    assert "finds no CUDA device" in called.err


def test_what_the_template_shows_of_training_runs(capfd: Capture, tmp_path: Path) -> None:
    path = tmp_path / "worm.yaml"
    assert call(capfd, "new", path).code == 0
    text = path.read_text(encoding="utf-8")
    plain, _, comments = text.partition("# training:")
    section = "\n".join(line.removeprefix("# ") for line in comments.splitlines())
    path.write_text(f"{plain}training:{section}\n")
    setup = nb.load_experiment(path).training(epochs=1)
    assert [t.path for t in setup.train] == [
        "projections.synapses.weight",
        "populations.neurons.v_thresh",
        "readouts.choice.weight",
    ]
    assert setup.settings.learning_rate == 0.03
    assert setup.data.rows("train").size == 96


def test_without_torch_the_package_to_install_is_named(
    capfd: Capture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("neurobridge.installed.TRAINING", ("torch", "no_such_package"))
    called = call(capfd, "train", toy(tmp_path))
    assert called.code == 2
    assert "training needs no_such_package" in called.err
    assert "pip install 'neurobridge-sim[torch]'" in called.err
