"""fit: what it does is what a loop written by hand does, and it says what it did."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import neurobridge as nb
from tests.requirements import require

require("torch")
require("lightning")

import torch  # noqa: E402

from neurobridge.training import (  # noqa: E402
    Objective,
    SequenceData,
    Train,
    TrainableNetwork,
    losses,
)
from neurobridge.training.checkpoint import load_checkpoint  # noqa: E402
from neurobridge.training.fitting import fit  # noqa: E402
from neurobridge.training.run_folder import load_run  # noqa: E402
from tests.unit.training import runs  # noqa: E402


def by_hand(problem: runs.Problem, epochs: int, optimiser, clip: float | None = None):
    """The loop that one would write."""
    model, data, rows = problem.model(), problem.data, []
    moves = optimiser(model.parameters())
    for epoch in range(epochs):
        found = {}
        for split in ("train", "validation"):
            model.train(split == "train")
            n = data.rows(split).size
            repeat = epoch if split == "train" else 0
            order = data.batches(split, runs.BATCH, 3, repeat, shuffle=split == "train")
            for part in order:
                batch = data.batch(model, part, 3, repeat)
                result = model(batch.inputs, batch.features)
                error = (result.readouts["choice"] - batch.targets["choice"]).square().mean()
                size = model.physical("readouts.choice.weight").square().mean()
                loss = error + 0.01 * size
                if split == "train":
                    moves.zero_grad()
                    loss.backward()
                    if clip is not None:
                        torch.nn.utils.clip_grad_norm_(model.parameters(), clip)
                    moves.step()
                for name, value in (("loss", loss), ("error", error), ("size", size)):
                    key = f"{split}/{name}"
                    found[key] = found.get(key, 0.0) + float(value.detach()) * part.size / n
        rows.append({"epoch": epoch, **found})
    return model, pd.DataFrame(rows)


OPTIMISERS = {
    "adam": lambda p: torch.optim.Adam(p, lr=0.03),
    "adamw": lambda p: torch.optim.AdamW(p, lr=0.03),
    "rmsprop": lambda p: torch.optim.RMSprop(p, lr=0.03),
    "sgd": lambda p: torch.optim.SGD(p, lr=0.03),
    "own": lambda p: torch.optim.SGD(p, lr=0.02, momentum=0.9, nesterov=True),
}


@pytest.mark.parametrize("name", OPTIMISERS)
def test_it_is_the_loop_that_one_would_write(name: str, tmp_path: Path) -> None:
    problem, own = runs.rates(), OPTIMISERS[name]
    optimiser = own if name == "own" else name
    model, expected = by_hand(problem, 3, own, clip=0.05)
    done = problem.fit(tmp_path / "run", epochs=3, optimiser=optimiser, clip=0.05, metrics=None)
    assert done.status == "done"
    assert done.epochs == 3
    pd.testing.assert_frame_equal(
        runs.numbers(done.history)[expected.columns], expected, rtol=1e-12
    )
    load_checkpoint(done.model, tmp_path / "run/checkpoints/last.ckpt")
    for key, value in runs.parameters(model).items():
        np.testing.assert_array_equal(runs.parameters(done.model)[key], value)


def test_the_best_epoch_is_restored(tmp_path: Path) -> None:
    problem = runs.rates()
    done = problem.fit(tmp_path / "run", epochs=6, learning_rate=20.0)
    validation = done.history["validation/loss"]
    assert done.best_epoch == int(validation.argmin())
    assert done.best_epoch < 5  # so that it differs from the last

    model = problem.model()
    problem.fit(tmp_path / "short", model, epochs=done.best_epoch + 1, learning_rate=20.0)
    load_checkpoint(model, tmp_path / "short/checkpoints/last.ckpt")
    for key, value in runs.parameters(model).items():
        np.testing.assert_array_equal(runs.parameters(done.model)[key], value)


def test_without_validation_the_last_epoch_counts(tmp_path: Path) -> None:
    done = runs.rates(validation=0).fit(tmp_path / "run", epochs=2)
    assert done.best_epoch == 1
    assert not any(c.startswith("validation") for c in done.history)
    assert not (tmp_path / "run/checkpoints/best.ckpt").exists()


def test_it_validates_every_few_epochs(tmp_path: Path) -> None:
    problem = runs.rates()
    every = problem.fit(tmp_path / "every", epochs=5)
    done = problem.fit(tmp_path / "third", epochs=5, validate_every=2)
    assert done.history["validation/loss"].notna().tolist() == [False, True, False, True, False]
    pd.testing.assert_series_equal(done.history["train/loss"], every.history["train/loss"])
    known = done.history["validation/loss"].dropna()
    pd.testing.assert_series_equal(known, every.history["validation/loss"][known.index])
    assert done.best_epoch == known.idxmin()
    never = problem.fit(tmp_path / "never", epochs=2, validate_every=3)
    assert never.best_epoch == 1


def test_early_stopping(tmp_path: Path) -> None:
    """With an optimiser that does not move, no epoch is better than the first."""
    options = {"optimiser": lambda p: torch.optim.SGD(p, lr=0.0), "patience": 2}
    done = runs.rates().fit(tmp_path / "run", epochs=9, **options)
    assert (done.status, done.epochs, done.best_epoch) == ("stopped", 3, 0)
    assert load_run(tmp_path / "run")["status"] == "stopped"
    rarely = runs.rates().fit(tmp_path / "rarely", epochs=9, validate_every=2, **options)
    assert (rarely.status, rarely.epochs, rarely.best_epoch) == ("stopped", 6, 1)


def test_a_model_in_evaluation_mode_is_trained_too(tmp_path: Path) -> None:
    model = runs.rates().model().eval()
    done = runs.rates().fit(tmp_path / "run", model, epochs=1)
    assert load_run(tmp_path / "run")["without_gradient"] == []
    expected = runs.rates().fit(tmp_path / "other", epochs=1)
    pd.testing.assert_frame_equal(runs.numbers(done.history), runs.numbers(expected.history))


def test_metrics_are_worked_out_in_validation(tmp_path: Path) -> None:
    problem = runs.rates()
    same = {"again": losses.MeanSquaredError("choice")}
    history = problem.fit(tmp_path / "run", epochs=2, metrics=same).history
    pd.testing.assert_series_equal(
        history["validation/again"], history["validation/error"], check_names=False
    )
    assert "train/again" not in history


def test_paths_without_a_gradient_are_named(tmp_path: Path) -> None:
    problem = runs.rates()
    only = Objective({"size": losses.Frobenius("readouts.choice.weight")})
    model = problem.model()
    done = fit(model, problem.data, only, tmp_path / "run", epochs=1, progress=False)
    unmoved = ["projections.recurrent.weight", "populations.units.tau"]
    assert load_run(tmp_path / "run")["without_gradient"] == unmoved
    assert done.best_epoch == 0


def test_the_trained_network_is_proven_and_says_how_it_came_about(tmp_path: Path) -> None:
    problem = runs.spikes()
    done = problem.fit(tmp_path / "run", epochs=2)
    network = done.network(verify=True)
    step = network.history[-1]
    assert (step.name, step.parent) == ("train", problem.network.id)
    told = dict(step.arguments)
    assert told["task"] == problem.data.task.name
    assert (told["epochs"], told["batch"], told["seed"], told["optimiser"]) == (2, 5, 3, "adam")
    assert told["learning_rate"] == 0.03
    assert "CrossEntropy" in told["objective"]["choice"]
    np.testing.assert_array_equal(
        network.weights("recurrent"),
        done.model.physical("projections.recurrent.weight").detach().numpy(),
    )
    file = tmp_path / "network"
    nb.save(network, file)
    assert nb.load(file).history[-1].arguments == step.arguments


def test_loggers_write_their_files(tmp_path: Path) -> None:
    require("tensorboard")
    done = runs.rates().fit(tmp_path / "run", epochs=2, loggers=["tensorboard"])
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    seen = EventAccumulator(str(tmp_path / "run/tensorboard")).Reload()
    for name in ("train/loss", "train/size", "validation/error"):
        values = [event.value for event in seen.Scalars(name)]
        np.testing.assert_allclose(values, done.history[name], rtol=1e-6)


@pytest.mark.slow
def test_weights_and_biases_are_written_offline(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Each run is one of its own; no address but those of this machine's processes is reached."""
    require("wandb")
    import socket

    import wandb

    def refuse(self: socket.socket, address: object) -> None:
        if self.family != socket.AF_UNIX:
            raise AssertionError(f"connects to {address}")
        connect(self, address)

    connect = socket.socket.connect
    monkeypatch.setattr(socket.socket, "connect", refuse)
    for name in ("first", "second"):
        runs.rates().fit(tmp_path / name, epochs=1, loggers=["wandb"])
        assert len(list((tmp_path / name / "wandb").glob("offline-run-*/run-*.wandb"))) == 1
        assert wandb.run is None
    assert capfd.readouterr().out == ""


def test_the_run_in_the_end(tmp_path: Path) -> None:
    problem = runs.rates()
    done = problem.fit(tmp_path / "run", epochs=3, clip=1.0)
    run = json.loads((tmp_path / "run/run.json").read_text())
    assert run["status"] == "done"
    assert run["epochs_done"] == run["epochs"] == 3
    assert run["best_epoch"] == done.best_epoch
    best = done.history.iloc[done.best_epoch]
    assert run["metrics"] == {k: best[k] for k in run["metrics"]}
    assert set(run["metrics"]) == {c for c in done.history if "/" in c}
    assert run["network"] == problem.network.id
    assert run["paths"] == [s.path for s in problem.train]
    assert run["n_parameters"] == sum(p.numel() for p in done.model.parameters())
    assert (run["clip"], run["precision"], run["dt"]) == (1.0, "float64", 1.0)
    table = pd.read_csv(tmp_path / "run/metrics.csv")
    pd.testing.assert_frame_equal(table, done.history)


def test_random_input_differs_between_epochs_and_never_in_validation(tmp_path: Path) -> None:
    """Without moving, validation stays the same, and training meets other spikes in every epoch."""
    still = {"optimiser": lambda p: torch.optim.SGD(p, lr=0.0)}
    history = runs.spikes().fit(tmp_path / "run", epochs=3, **still).history
    assert history["validation/loss"].nunique() == 1
    assert history["train/loss"].nunique() == 3
    other = runs.spikes().fit(tmp_path / "other", epochs=3, seed=4, **still).history
    assert (history["train/loss"] != other["train/loss"]).all()


def test_the_order_depends_on_seed_and_epoch_alone() -> None:
    data = runs.rates().data
    orders = {
        key: np.concatenate(list(data.batches("train", 5, *key, shuffle=True))).tolist()
        for key in ((1, 0), (1, 1), (2, 0))
    }
    assert all(sorted(order) == list(range(12)) for order in orders.values())
    assert len({tuple(order) for order in orders.values()}) == 3
    again = np.concatenate(list(data.batches("train", 3, 1, 0, shuffle=True)))
    assert again.tolist() == orders[1, 0]  # and not on the size of batches
    assert [p.size for p in data.batches("train", 5, 1, 0, shuffle=True)] == [5, 5, 2]


def test_the_number_of_threads_of_the_machine_changes_nothing(tmp_path: Path) -> None:
    """More than 32,768 edges share a factor: torch would share such sums among threads."""
    rng = np.random.default_rng(3)
    b = nb.NetworkBuilder()
    b.population("units", 200, nb.models.rate_model("tanh"))
    pairs = np.stack(np.meshgrid(np.arange(200), np.arange(200)), -1).reshape(-1, 2)
    b.connect("all", "units", "units", pairs, weight=rng.normal(size=40_000) * 0.07, delay=0.0)
    everyone = np.arange(200)
    b.add(
        nb.Encoder("in", "units", everyone, rng.normal(size=(200, 3)), np.zeros(200), "current"),
        nb.Readout("out", "units", everyone, rng.normal(size=(2, 200)) * 0.1, np.zeros(2),
                   source="output", pool="none"),
    )  # fmt: skip
    network = b.build()
    x = rng.normal(size=(32, 20, 3))
    data = SequenceData("in", x, {"out": x[:, :, :2].cumsum(1)})
    found = []
    before = torch.get_num_threads()
    try:
        for n in (1, 2):
            torch.set_num_threads(n)
            train = [
                Train("projections.all.weight", sign="free"),
                Train("projections.all.scale", by="all"),
                Train("readouts.out.weight"),
            ]
            model = TrainableNetwork(network, 1.0, train)
            objective = Objective({"out": losses.MeanSquaredError("out")})
            fit(model, data, objective, tmp_path / str(n), epochs=3, batch=16, progress=False)
            assert torch.get_num_threads() == n
            found.append([p.detach().clone() for p in model.parameters()])
    finally:
        torch.set_num_threads(before)
    for one, other in zip(*found, strict=True):
        assert torch.equal(one, other)
