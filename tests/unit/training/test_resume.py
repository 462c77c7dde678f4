"""A run that stops and goes on gives, bit for bit, the numbers of one that never stopped."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import neurobridge as nb
from tests.requirements import require

require("torch")
require("lightning")

import torch  # noqa: E402

from neurobridge.training import Loss, Objective, Train, TrainableNetwork  # noqa: E402
from neurobridge.training.run_folder import load_run  # noqa: E402
from tests.unit.training import runs  # noqa: E402

ROOT = Path(__file__).parents[3]


def state(folder: Path) -> dict:
    """What the last checkpoint says of parameters and optimiser."""
    found = torch.load(folder / "checkpoints/last.ckpt", weights_only=True)
    moments = found["optimizer_states"][0]
    return {
        **found["state_dict"],
        **{
            f"{i} {name}": torch.as_tensor(value)
            for i, values in moments["state"].items()
            for name, value in values.items()
        },
    }


def assert_same(folder: Path, other: Path) -> None:
    """Parameters, optimiser and history are equal to the last bit."""
    own, expected = state(folder), state(other)
    assert own.keys() == expected.keys()
    for name, value in expected.items():
        assert torch.equal(own[name], value), name
    tables = [runs.numbers(pd.read_csv(f / "metrics.csv")) for f in (folder, other)]
    pd.testing.assert_frame_equal(*tables, check_exact=True)


@pytest.mark.parametrize("precision", ["float32", "float64"])
@pytest.mark.parametrize("kind", ["rates", "spikes"])
def test_stopping_and_going_on(kind: str, precision: str, tmp_path: Path) -> None:
    problem = getattr(runs, kind)()
    whole = problem.fit(tmp_path / "whole", problem.model(precision), epochs=4)
    problem.fit(tmp_path / "parts", problem.model(precision), epochs=1)
    problem.fit(tmp_path / "parts", problem.model(precision), epochs=3, resume=True)
    last = problem.fit(tmp_path / "parts", problem.model(precision), epochs=4, resume=True)
    assert_same(tmp_path / "parts", tmp_path / "whole")
    assert (last.status, last.best_epoch) == ("done", whole.best_epoch)
    for name, value in runs.parameters(whole.model).items():
        np.testing.assert_array_equal(runs.parameters(last.model)[name], value)
    pd.testing.assert_frame_equal(runs.numbers(last.history), runs.numbers(whole.history))


def test_checkpoints_every_few_epochs(tmp_path: Path) -> None:
    """The last epoch has one in any case."""
    problem = runs.rates()
    problem.fit(tmp_path / "whole", epochs=7)
    problem.fit(tmp_path / "parts", epochs=5, save_every=3)
    assert_same_epoch(tmp_path / "parts", 4)
    done = problem.fit(tmp_path / "parts", epochs=7, save_every=3, resume=True)
    assert_same(tmp_path / "parts", tmp_path / "whole")
    assert done.best_epoch == done.history["validation/loss"].argmin()


def assert_same_epoch(folder: Path, epoch: int) -> None:
    found = torch.load(folder / "checkpoints/last.ckpt", weights_only=True)
    assert found["neurobridge"]["epoch"] == epoch


def test_a_folder_may_be_moved(tmp_path: Path) -> None:
    """The best epoch is not forgotten: here it is the first."""
    problem = runs.rates()
    rates = {"learning_rate": 20.0}
    problem.fit(tmp_path / "whole", epochs=6, **rates)
    problem.fit(tmp_path / "parts", epochs=3, **rates)
    (tmp_path / "parts").rename(tmp_path / "moved")
    done = problem.fit(tmp_path / "moved", epochs=6, resume=True, **rates)
    assert_same(tmp_path / "moved", tmp_path / "whole")
    assert done.best_epoch == done.history["validation/loss"].argmin()


def test_going_on_with_another_learning_rate(tmp_path: Path) -> None:
    """What is asked for counts, not what was."""
    problem = runs.rates()
    first = problem.fit(tmp_path / "run", epochs=1, learning_rate=0.05)
    before = runs.parameters(first.model)
    still = problem.fit(tmp_path / "run", epochs=2, learning_rate=1e-12, resume=True)
    for name, value in runs.parameters(still.model).items():
        np.testing.assert_allclose(value, before[name], atol=1e-9)


def test_going_on_with_more_patience(tmp_path: Path) -> None:
    problem = runs.rates()
    options = {"optimiser": lambda p: torch.optim.SGD(p, lr=0.0)}
    problem.fit(tmp_path / "run", epochs=9, patience=2, **options)
    done = problem.fit(tmp_path / "run", epochs=9, patience=4, resume=True, **options)
    assert (done.status, done.epochs) == ("stopped", 5)


def test_a_run_that_is_done_stays_as_it_is(tmp_path: Path) -> None:
    problem = runs.rates()
    first = problem.fit(tmp_path / "run", epochs=2)
    again = problem.fit(tmp_path / "run", problem.model(), epochs=2, resume=True)
    assert (again.status, again.best_epoch) == ("done", first.best_epoch)
    pd.testing.assert_frame_equal(again.history, first.history)
    for name, value in runs.parameters(first.model).items():
        np.testing.assert_array_equal(runs.parameters(again.model)[name], value)


class NotANumber(Loss):
    """A term that becomes NaN in one call."""

    def __init__(self, at: int) -> None:
        self.calls, self.at = 0, at

    def __call__(self, seen) -> torch.Tensor:
        self.calls += seen.model.training
        value = seen.readout("choice").square().mean()
        return value * float("nan") if self.calls == self.at else value


def test_going_on_after_a_loss_that_is_not_a_number(tmp_path: Path) -> None:
    """Three batches an epoch, after one to rehearse: the sixth is the second of epoch 1."""
    problem = runs.rates()
    terms = {"error": problem.objective.terms["error"], "odd": NotANumber(6)}
    broken = replace(problem, objective=Objective(terms))
    with pytest.raises(nb.TrainingError, match=r"epoch 1, batch 1: term 'odd' is nan.*is kept"):
        broken.fit(tmp_path / "parts", epochs=3)
    run = load_run(tmp_path / "parts")
    assert (run["status"], run["epochs_done"]) == ("failed", 1)
    assert run["message"].startswith("TrainingError: epoch 1, batch 1: term 'odd' is nan")
    assert_same_epoch(tmp_path / "parts", 0)

    terms["odd"] = NotANumber(-1)
    mended = replace(problem, objective=Objective(terms))
    mended.fit(tmp_path / "parts", epochs=3, resume=True)
    mended.fit(tmp_path / "whole", epochs=3)
    assert_same(tmp_path / "parts", tmp_path / "whole")


SCRIPT = """
    import signal
    import sys
    from pathlib import Path

    from tests.unit.training import runs

    signal.signal(signal.SIGINT, signal.default_int_handler)
    done = runs.rates().fit(Path(sys.argv[1]), epochs=100_000, {options})
    print(done.status, done.epochs, done.best_epoch)
    print(signal.getsignal(signal.SIGINT) is signal.default_int_handler)
"""


def interrupted(folder: Path, epochs: int, options: str = "") -> str:
    """What a script prints whose training is ended by Ctrl-C after some epochs."""
    script = textwrap.dedent(SCRIPT).format(options=options)
    program = subprocess.Popen(
        [sys.executable, "-W", "error", "-c", script, str(folder)], cwd=ROOT, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    table = folder / "metrics.csv"
    for _ in range(600):
        if table.is_file() and table.read_text().count("\n") > epochs:
            break
        assert program.poll() is None, program.stderr.read()
        time.sleep(0.1)
    program.send_signal(signal.SIGINT)
    out, err = program.communicate(timeout=60)
    assert program.returncode == 0, err
    return out


@pytest.mark.slow
def test_going_on_after_ctrl_c(tmp_path: Path) -> None:
    folder = tmp_path / "parts"
    out = interrupted(folder, 3).split()
    run = load_run(folder)
    epochs = run["epochs_done"]
    assert out == ["interrupted", str(epochs), str(run["best_epoch"]), "True"]
    assert run["status"] == "interrupted"
    assert epochs >= 3
    found = torch.load(folder / "checkpoints/last.ckpt", weights_only=True)
    # Ctrl-C can come between the end of an epoch and its checkpoint
    assert found["neurobridge"]["epoch"] in (epochs - 1, epochs - 2)
    problem = runs.rates()
    problem.fit(folder, epochs=epochs + 2, resume=True)
    problem.fit(tmp_path / "whole", epochs=epochs + 2)
    assert_same(folder, tmp_path / "whole")


@pytest.mark.slow
def test_ctrl_c_between_checkpoints(tmp_path: Path) -> None:
    """What the model has is what was saved, and so is what its history says."""
    folder = tmp_path / "parts"
    interrupted(folder, 7, "save_every=4")
    found = torch.load(folder / "checkpoints/last.ckpt", weights_only=True)
    saved = found["neurobridge"]["epoch"] + 1
    assert saved % 4 == 0
    run = load_run(folder)
    assert saved <= run["epochs_done"] < saved + 4
    assert 0 <= run["best_epoch"] < saved
    problem = runs.rates()
    problem.fit(folder, epochs=saved + 5, resume=True)
    problem.fit(tmp_path / "whole", epochs=saved + 5)
    assert_same(folder, tmp_path / "whole")


# -- what does not fit ------------------------------------------------------------------------


OTHERS = {
    "network": lambda p: replace(p, network=p.network.scale("recurrent", 2.0)),
    "paths": lambda p: replace(p, train=p.train[::-1]),
    "bounds": lambda p: replace(
        p, train=(p.train[0], Train("populations.units.tau", bounds=(2.0, 60.0)), p.train[2])
    ),
}


@pytest.mark.parametrize("what", [*OTHERS, "precision", "dt"])
def test_a_checkpoint_of_another_model(what: str, tmp_path: Path) -> None:
    problem = runs.rates()
    problem.fit(tmp_path / "run", epochs=1)
    before = (tmp_path / "run/run.json").read_text()
    other = OTHERS[what](problem) if what in OTHERS else problem
    if what == "dt":
        model = TrainableNetwork(other.network, 0.5, other.train, precision="float64")
    else:
        model = other.model("float32" if what == "precision" else "float64")
    with pytest.raises(nb.TrainingError, match=f"is of another model: .*{what}"):
        other.fit(tmp_path / "run", model, epochs=2, resume=True)
    assert (tmp_path / "run/run.json").read_text() == before


def test_another_optimiser(tmp_path: Path) -> None:
    problem = runs.rates()
    problem.fit(tmp_path / "run", epochs=1)
    with pytest.raises(nb.TrainingError, match="state of Adam, with which SGD cannot go on"):
        problem.fit(tmp_path / "run", epochs=2, resume=True, optimiser="sgd")


def test_another_seed(tmp_path: Path) -> None:
    problem = runs.rates()
    problem.fit(tmp_path / "run", epochs=1)
    with pytest.raises(nb.NetworkError, match=r"seed=4, but the run in .* has seed 3, of which"):
        problem.fit(tmp_path / "run", epochs=2, seed=4, resume=True)


def test_fewer_epochs_than_there_are(tmp_path: Path) -> None:
    problem = runs.rates()
    problem.fit(tmp_path / "run", epochs=2)
    with pytest.raises(nb.NetworkError, match=r"epochs=1 in all, but the run in .* has 2 already"):
        problem.fit(tmp_path / "run", epochs=1, resume=True)


def test_nothing_to_go_on_from(tmp_path: Path) -> None:
    with pytest.raises(nb.FileFormatError, match=r"no checkpoint checkpoints/last\.ckpt to resume"):
        runs.rates().fit(tmp_path / "run", resume=True)


def test_a_damaged_checkpoint(tmp_path: Path) -> None:
    problem = runs.rates()
    problem.fit(tmp_path / "run", epochs=1)
    file = tmp_path / "run/checkpoints/last.ckpt"
    file.write_bytes(file.read_bytes()[:1000])
    with pytest.raises(nb.FileFormatError, match="no checkpoint of neurobridge, or damaged"):
        problem.fit(tmp_path / "run", epochs=2, resume=True)
    torch.save({"state_dict": {}}, file)
    with pytest.raises(nb.FileFormatError, match="no checkpoint of neurobridge, or damaged"):
        problem.fit(tmp_path / "run", epochs=2, resume=True)
