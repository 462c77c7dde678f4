"""What cannot be trained is refused before anything is written, and what goes wrong is named."""

from __future__ import annotations

import json
import signal
from dataclasses import replace
from pathlib import Path

import pytest

import neurobridge as nb
from tests.requirements import require
from tests.unit.training import networks

require("torch")
require("lightning")

import torch  # noqa: E402

from neurobridge.training import (  # noqa: E402
    Loss,
    Objective,
    Settings,
    TrainableNetwork,
    load_checkpoint,
    losses,
)
from neurobridge.training.checks import check_sharing  # noqa: E402
from tests.unit.training import runs  # noqa: E402

SETTINGS = {
    "epochs": (0, "epochs: expected a whole number >= 1, got 0"),
    "batch": (2.5, "batch: expected a whole number >= 1, got 2.5"),
    "learning_rate": (0.0, "learning_rate: expected a positive number, got 0.0"),
    "clip": (float("inf"), "clip: expected a positive number, got inf"),
    "validate_every": (True, "validate_every: expected a whole number"),
    "patience": (-1, "patience: expected a whole number >= 1, got -1"),
    "save_every": (0, "save_every: expected a whole number >= 1"),
    "processes": (0, "processes: expected a whole number >= 1"),
    "seed": (0.5, "seed: expected a whole number, got 0.5"),
    "optimiser": ("adma", "did you mean 'adam'"),
    "loggers": (["tensorbord"], "did you mean 'tensorboard'"),
}


@pytest.mark.parametrize("name", SETTINGS)
def test_settings(name: str) -> None:
    value, message = SETTINGS[name]
    with pytest.raises(nb.NeurobridgeError, match=message):
        Settings(**{"epochs": 1, name: value})


def test_an_optimiser_that_is_none() -> None:
    with pytest.raises(nb.NetworkError, match=r"a function that makes a torch\.optim\.Optimizer"):
        Settings(1, optimiser=3)
    own = Settings(1, optimiser=lambda parameters: None)
    with pytest.raises(nb.NetworkError, match=r"must return a torch\.optim\.Optimizer, got None"):
        own.make_optimiser([torch.nn.Parameter(torch.zeros(1))])


def test_a_logger_that_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("neurobridge.training.settings.find_spec", lambda name: None)
    with pytest.raises(nb.NetworkError, match=r"'wandb' is not installed: pip install .*\[loggers"):
        Settings(1, loggers="wandb")


def squared() -> Loss:
    return losses.MeanSquaredError("choice")


def no_specs(problem: runs.Problem) -> runs.Problem:
    return replace(problem, train=())


RUNS = {
    "nothing is trained": (no_specs, {}, "nothing is trained; name at least one path"),
    "data that do not fit": (
        lambda p: replace(p, data=replace(p.data, encoder="tusk")), {}, "did you mean 'task'",
    ),
    "no trials": (
        lambda p: replace(p, data=replace(p.data, splits=["test"] * runs.N_TRIALS)), {},
        "no trials in their split 'train'",
    ),
    "patience without validation": (
        lambda p: runs.rates(validation=0), {"patience": 1}, "patience= needs validation",
    ),
    "metrics without validation": (
        lambda p: runs.rates(validation=0), {"metrics": {"m": squared()}},
        "metrics= needs validation",
    ),
    "a term called loss": (
        lambda p: replace(p, objective=Objective({"loss": squared()})), {},
        "cannot be called 'loss': that is the sum",
    ),
    "a metric called as a term": (
        lambda p: p, {"metrics": {"error": squared()}}, "'error' has the name of a term",
    ),
    "a term that does not fit": (
        lambda p: replace(p, objective=Objective({"error": losses.MeanSquaredError("chioce")})), {},
        "term 'error': unknown readout 'chioce'; did you mean 'choice'",
    ),
    "a metric that does not fit": (
        lambda p: p, {"metrics": {"m": losses.StateError("units", "x")}},
        "metric 'm': state 'x' of 'units' is not recorded",
    ),
    "a target of other steps": (
        lambda p: replace(p, network=p.network.with_readout(
            replace(p.network.readouts["choice"], pool="mean"))), {},
        r"\(5, 2\), got \(5, 8, 2\); a readout that is to follow .* pool='none'",
    ),
    "a batch too small to share": (
        lambda p: p, {"processes": 2, "batch": 11},
        "the 12 trials of 'train' in batches of 11 leave a batch of 1, which 2 processes cannot",
    ),
    "an optimiser that is none": (
        lambda p: p, {"optimiser": lambda parameters: 1}, "must return a torch.optim.Optimizer",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", RUNS)
def test_a_run_that_cannot_go_well(case: str, tmp_path: Path) -> None:
    change, options, message = RUNS[case]
    with pytest.raises(nb.NeurobridgeError, match=message):
        change(runs.rates()).fit(tmp_path / "run", **options)
    assert not (tmp_path / "run").exists()


def test_a_folder_in_use(tmp_path: Path) -> None:
    problem = runs.rates()
    problem.fit(tmp_path / "run", epochs=1)
    before = (tmp_path / "run/run.json").read_bytes()
    with pytest.raises(nb.FileFormatError, match="is not empty; choose another folder"):
        problem.fit(tmp_path / "run", epochs=1)
    assert (tmp_path / "run/run.json").read_bytes() == before
    (tmp_path / "file").touch()
    with pytest.raises(nb.FileFormatError, match="is not empty"):
        problem.fit(tmp_path / "file", epochs=1)


class Odd(Loss):
    """A term with a finite value whose gradient is not: the root of 0."""

    def __call__(self, seen) -> torch.Tensor:
        return (0.0 * seen.readout("choice")).abs().sum().sqrt()


def test_a_gradient_that_is_not_finite(tmp_path: Path) -> None:
    problem = replace(runs.rates(), objective=Objective({"odd": Odd()}))
    model = problem.model()
    message = (
        r"epoch 0, batch 0: 16 of 16 gradients of 'readouts.choice.weight' are not finite\..*clip="
    )
    problem = replace(problem, train=(problem.train[2], *problem.train[:2]))
    model = problem.model()
    with pytest.raises(nb.TrainingError, match=message):
        problem.fit(tmp_path / "run", model)
    assert all((value == 0).all() for value in runs.parameters(model).values())
    run = json.loads((tmp_path / "run/run.json").read_text())
    assert (run["status"], run["epochs_done"]) == ("failed", 0)
    assert "gradients of 'readouts.choice.weight'" in run["message"]


class Ending(Loss):
    """Ends the program in the second epoch."""

    def __init__(self, how: BaseException) -> None:
        self.how, self.calls = how, 0

    def __call__(self, seen) -> torch.Tensor:
        self.calls += seen.model.training
        if self.calls == 5:  # the first is the rehearsal
            raise self.how
        return seen.readout("choice").square().mean()


class Failing(Ending):
    """Goes wrong in a way that nobody foresaw."""

    def __init__(self) -> None:
        super().__init__(ZeroDivisionError("by nothing"))


def test_an_error_of_a_term(tmp_path: Path) -> None:
    """Whatever goes wrong, the account of the run says so."""
    with pytest.raises(ZeroDivisionError):
        replace(runs.rates(), objective=Objective({"x": Failing()})).fit(tmp_path / "run")
    run = json.loads((tmp_path / "run/run.json").read_text())
    assert (run["status"], run["epochs_done"]) == ("failed", 1)
    assert run["message"] == "ZeroDivisionError: by nothing"


def test_ctrl_c_ends_training_and_nothing_else(tmp_path: Path) -> None:
    before = signal.getsignal(signal.SIGINT)
    problem = replace(runs.rates(), objective=Objective({"x": Ending(KeyboardInterrupt())}))
    done = problem.fit(tmp_path / "run")
    assert (done.status, done.epochs, done.best_epoch) == ("interrupted", 1, 0)
    assert signal.getsignal(signal.SIGINT) is before
    assert json.loads((tmp_path / "run/run.json").read_text())["status"] == "interrupted"


def test_an_exit_is_an_exit(tmp_path: Path) -> None:
    problem = replace(runs.rates(), objective=Objective({"x": Ending(SystemExit(7))}))
    with pytest.raises(SystemExit, match="7"):
        problem.fit(tmp_path / "run")
    run = json.loads((tmp_path / "run/run.json").read_text())
    assert (run["status"], run["epochs_done"]) == ("interrupted", 1)


def test_processes_are_for_cpus(tmp_path: Path) -> None:
    problem = runs.rates()
    model = problem.model()
    model.options = replace(model.options, device="cuda")
    settings = Settings(1, batch=4, processes=2)
    with pytest.raises(nb.NetworkError, match="share the work on CPUs, but the model is on 'cuda'"):
        check_sharing(model, problem.data, settings)


class Reading(Loss):
    """Reads what the run says of itself while it runs."""

    def __init__(self, file: Path) -> None:
        self.file, self.seen = file, set()

    def __call__(self, seen) -> torch.Tensor:
        if self.file.exists():  # not in the rehearsal
            self.seen.add(json.loads(self.file.read_text())["status"])
        return seen.readout("choice").square().mean()


def test_a_run_that_is_going_on(tmp_path: Path) -> None:
    reading = Reading(tmp_path / "run/run.json")
    replace(runs.rates(), objective=Objective({"x": reading})).fit(tmp_path / "run", epochs=1)
    assert reading.seen == {"running"}


def test_checkpoints_to_load(tmp_path: Path) -> None:
    problem = runs.rates()
    model = problem.model().eval()
    done = problem.fit(tmp_path / "run", epochs=1)
    inputs = problem.data.batch(model, problem.data.rows("train"), seed=1, epoch=0)
    before = model(inputs.inputs, inputs.features).readouts["choice"]
    load_checkpoint(model, tmp_path / "run/checkpoints/last.ckpt")
    assert not model.training
    after = model(inputs.inputs, inputs.features).readouts["choice"]
    assert not torch.equal(before, after)
    done.model.eval()
    assert torch.equal(after, done.model(inputs.inputs, inputs.features).readouts["choice"])

    with pytest.raises(nb.FileFormatError, match="there is no checkpoint"):
        load_checkpoint(model, tmp_path / "nothing.ckpt")
    other = TrainableNetwork(networks.rate("relu"), 1.0, problem.train, precision="float64")
    with pytest.raises(nb.TrainingError, match=r"of another model: network \w{12} \.\.\. there"):
        load_checkpoint(other, tmp_path / "run/checkpoints/best.ckpt")
