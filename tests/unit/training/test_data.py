"""Batches hold what a trial is on every backend, with shapes that are written down."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import neurobridge as nb
from neurobridge.tasks import pattern_task
from tests.requirements import require
from tests.unit.training import networks

require("torch")

import torch  # noqa: E402

from neurobridge.training import SequenceData, TaskData, TrainableNetwork  # noqa: E402
from tests.unit.training import runs  # noqa: E402


def sequences(**changes) -> SequenceData:
    given = {
        "encoder": "task",
        "features": np.arange(36.0).reshape(6, 3, 2),
        "targets": {
            "choice": np.arange(36.0).reshape(6, 3, 2), "label": np.arange(6),
            "when": np.arange(18).reshape(6, 3), "final": np.arange(12.0).reshape(6, 2),
        },
    }  # fmt: skip
    return SequenceData(**given | changes)


def test_sequences_become_batches() -> None:
    model = TrainableNetwork(networks.rate(), 1.0, [], precision="float32")
    data = sequences()
    batch = data.batch(model, np.array([4, 1]), seed=1, epoch=0)
    assert (batch.size, batch.inputs.n_steps) == (2, 3)
    features = batch.features["task"]
    assert (features.shape, features.dtype) == ((3, 2, 2), torch.float32)
    assert features[2, 0].tolist() == data.features[4, 2].tolist()
    shapes = {name: tuple(value.shape) for name, value in batch.targets.items()}
    assert shapes == {"choice": (3, 2, 2), "label": (2,), "when": (3, 2), "final": (2, 2)}
    assert batch.targets["label"].dtype == batch.targets["when"].dtype == torch.int64
    assert batch.targets["choice"][1, 1].tolist() == data.targets["choice"][1, 1].tolist()
    assert batch.targets["when"][:, 0].tolist() == [12, 13, 14]


def test_what_a_sequence_does_on_torch_it_does_on_the_reference() -> None:
    network, data = networks.rate(), sequences(features=np.sin(np.arange(36.0)).reshape(6, 3, 2))
    model = TrainableNetwork(network, 0.5, [], precision="float64", record=[("units", "x")])
    batch = data.batch(model, np.array([2, 5]), seed=1, epoch=0)
    states = model(batch.inputs, batch.features).outputs.states["units", "x"]
    watched = network.with_probe(nb.StateProbe("x", "units", "x"))
    with nb.compile(watched, "reference", dt=0.5) as compiled:
        for place, row in enumerate((2, 5)):
            trial = data.trial(network, row, 0.5)
            recording = compiled.run(trial.duration, stimuli=trial.stimuli, trial=trial.number)
            np.testing.assert_allclose(
                states[:, :, place].numpy(), recording.signals["x"].values, atol=1e-12
            )


@pytest.mark.parametrize("bias", [0.0, 0.3])
@pytest.mark.parametrize(("onset", "offset"), [(0.0, np.inf), (4.0, 9.0), (0.0, 9.0), (4.0, 12.0)])
def test_currents_of_a_task_are_those_of_its_trials(
    bias: float, onset: float, offset: float
) -> None:
    """Between onset and offset the features, elsewhere none, and the bias of the encoder always."""
    encoder = nb.Encoder(
        "touch", "cells", np.arange(0, networks.N, 2), np.full((12, 4), 0.9), np.full(12, bias),
        kind="current",
    )  # fmt: skip
    network = networks.spiking().without_stimulus("drive").with_encoder(encoder)
    watched = network.with_probe(nb.StateProbe("v", "cells", "v"))
    task = pattern_task(4, 3, trials=(1, 1, 1), duration=12.0, onset=onset, offset=offset)
    data = TaskData(task, "touch")
    model = TrainableNetwork(network, 1.0, [], precision="float64", record=[("cells", "v")])
    data.check(model)
    rows = np.array([1, 7, 20])
    batch = data.batch(model, rows, seed=1, epoch=0)
    voltages = model(batch.inputs, batch.features).outputs.states["cells", "v"]
    assert batch.targets["label"].tolist() == task.label[rows].tolist()
    with nb.compile(watched, "reference", dt=1.0) as compiled:
        for place, row in enumerate(rows):
            made = task.trial(int(row), encoder)
            recording = compiled.run(12.0, seed=1, trial=made.number, stimuli=made.stimuli)
            np.testing.assert_allclose(
                voltages[:, :, place].numpy(), recording.signals["v"].values, rtol=1e-12
            )


def test_spikes_of_a_task_are_those_of_its_trials() -> None:
    """In epoch 0, which is also that of validation and test."""
    problem = runs.spikes()
    task, network = problem.data.task, problem.network
    model = TrainableNetwork(network, 1.0, [], precision="float64")
    rows = problem.data.rows("validation")
    spikes = model(problem.data.batch(model, rows, seed=3, epoch=0).inputs).outputs.spikes["cells"]
    total = 0
    with nb.compile(network, "reference", dt=1.0) as compiled:
        for place, row in enumerate(rows):
            made = task.trial(int(row), network.encoders["touch"])
            recording = compiled.run(task.duration, seed=3, trial=made.number, stimuli=made.stimuli)
            step, neuron = spikes[:, :, place].nonzero().T.tolist() if len(spikes) else ([], [])
            assert (np.array(step) + 1).tolist() == recording.spikes["cells"].step.tolist()
            assert neuron == recording.spikes["cells"].neuron.tolist()
            total += len(step)
    assert total > 20


def drawn(batch) -> list:
    events = batch.inputs.sources["input"]
    return [events.step.tolist(), events.neuron.tolist(), events.trial.tolist()]


def test_every_epoch_has_draws_of_its_own() -> None:
    """No trial of a later epoch has the draws of any trial of an earlier one."""
    problem = runs.spikes()
    model, data = problem.model(), problem.data
    task = data.task
    alike = replace(task, features=np.ones_like(task.features))
    data = replace(data, task=alike)
    rows = data.rows("train")
    trains = set()
    for epoch in range(3):
        for row in rows:
            trains.add(str(drawn(data.batch(model, rows[rows == row], seed=1, epoch=epoch))))
    assert len(trains) == 3 * rows.size
    one = drawn(data.batch(model, rows, seed=1, epoch=1))
    assert drawn(data.batch(model, rows, seed=1, epoch=1)) == one
    assert drawn(data.batch(model, rows, seed=2, epoch=1)) != one


def test_a_trial_does_not_depend_on_its_batch() -> None:
    problem = runs.spikes()
    model, data = problem.model(), problem.data
    events = data.batch(model, np.array([3, 8, 5]), seed=1, epoch=2).inputs.sources["input"]
    alone = data.batch(model, np.array([8]), seed=1, epoch=2).inputs.sources["input"]
    mine = events.trial == 1
    assert events.step[mine].tolist() == alone.step.tolist()
    assert events.neuron[mine].tolist() == alone.neuron.tolist()


def test_as_many_outputs_as_steps_are_no_sequence() -> None:
    """Two outputs, two steps: a readout that pools is to give one vector a trial."""
    network = networks.rate()
    pooling = replace(network.readouts["choice"], pool="mean")
    wanted = np.arange(6.0).reshape(3, 2)
    data = SequenceData("task", np.zeros((3, 2, 2)), {"choice": wanted, "mask": wanted})
    model = TrainableNetwork(network.with_readout(pooling), 1.0, [])
    targets = data.batch(model, data.rows("train"), seed=0, epoch=0).targets
    assert targets["choice"].tolist() == wanted.tolist()
    assert targets["mask"].tolist() == wanted.T.tolist()


# -- what does not fit ------------------------------------------------------------------------


SEQUENCES = {
    "dimensions": ({"features": np.zeros((6, 3))}, "features must be numbers of shape"),
    "not finite": (
        {"features": np.full((6, 3, 2), np.nan)},
        "36 of 36 values of the features",
    ),
    "numbers": ({"targets": {"choice": np.zeros((5, 3, 2))}}, "numbers for 6 trials, got"),
    "texts": ({"targets": {"choice": np.array(list("abcdef"))}}, "must have numbers for 6 trials"),
    "infinite": (
        {"targets": {"choice": np.full(6, np.inf)}},
        "first at .0. .trial",
    ),
    "splits": ({"splits": np.array(["train"] * 5)}, "5,. splits for 6 trials"),
    "split": ({"splits": np.array(["train"] * 5 + ["tset"])}, "did you mean 'test'"),
}


@pytest.mark.parametrize("case", SEQUENCES)
def test_sequences_that_do_not_fit(case: str) -> None:
    changes, message = SEQUENCES[case]
    with pytest.raises(nb.NeurobridgeError, match=message):
        sequences(**changes)


def test_splits() -> None:
    data = sequences(splits=np.array(["train", "test", "validation"] * 2))
    assert data.rows("test").tolist() == [1, 4]
    with pytest.raises(nb.UnknownNameError, match="did you mean 'train'"):
        data.rows("trian")


CHECKS = {
    "no encoder": (sequences(encoder="tusk"), networks.rate(), "did you mean 'task'"),
    "features": (
        sequences(features=np.zeros((6, 3, 5))), networks.rate(), "takes 2 features, .* have 5",
    ),
    "rates": (sequences(encoder="touch"), runs.spikes().network, "need one of kind 'current'"),
    "task without encoder": (
        TaskData(pattern_task(4, 3), "tuch"), runs.spikes().network, "did you mean 'touch'",
    ),
    "task with other features": (
        TaskData(pattern_task(5, 3), "touch"), runs.spikes().network, "expected 4 features",
    ),
    "receptor": (
        TaskData(pattern_task(2, 3), "task", receptor="exc"), networks.rate(),
        "injects a current, which has no receptor and no weight",
    ),
    "weight": (
        TaskData(pattern_task(2, 3), "task", weight=1.0), networks.rate(), "which has no receptor",
    ),
    "onset between steps": (
        TaskData(pattern_task(2, 3, onset=2.5), "task"), networks.rate(), "2.5",
    ),
    "duration between steps": (
        TaskData(pattern_task(2, 3, duration=20.5), "task"), networks.rate(), "duration_rounding",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CHECKS)
def test_data_that_do_not_fit_the_network(case: str) -> None:
    data, network, message = CHECKS[case]
    with pytest.raises(nb.NeurobridgeError, match=message):
        data.check(TrainableNetwork(network, 1.0, []))
