"""Classification tasks: columns that fit, splits, batches, trials and scores."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from neurobridge.errors import NetworkError, UnknownNameError
from neurobridge.graph.builder import NetworkBuilder
from neurobridge.graph.encoder import Encoder
from neurobridge.graph.readout import Readout
from neurobridge.graph.stimulus import Current, Poisson
from neurobridge.lowering.compiled import compile as compile_network
from neurobridge.models.source import spike_source
from neurobridge.rng import uniforms
from neurobridge.tasks import Accuracy, ClassificationTask, pattern_task


def task(**changes: Any) -> ClassificationTask:
    fields = {
        "name": "toy",
        "features": [[0.1, 0.2], [0.3, 0.4], [0.5, 0.6], [0.7, 0.8]],
        "label": [0, 1, 1, 0],
        "classes": ["rose", "rust"],
        "feature_names": ["Or1", "Or2"],
        "splits": ["train", "test", "train", "test"],
        "duration": 100.0,
        "conditions": {"dose": [1.0, 1.0, 0.5, 0.5], "day": ["mo", "tu", "mo", "mo"]},
    }
    return ClassificationTask(**(fields | changes))


def encoder(**changes: Any) -> Encoder:
    fields = {
        "name": "nose", "population": "orn", "neurons": [0, 1, 2],
        "weight": [[10.0, 0.0], [0.0, 10.0], [5.0, -50.0]], "bias": [8.0, 8.0, 8.0],
        "features": ["Or1", "Or2"],
    }  # fmt: skip
    return Encoder(**(fields | changes))


# -- parts ----------------------------------------------------------------------------------------


def test_a_split_keeps_columns_and_numbers() -> None:
    test = task().split("test")
    assert test.features.tolist() == [[0.3, 0.4], [0.7, 0.8]]
    assert test.label.tolist() == [1, 0]
    assert test.number.tolist() == [1, 3]
    assert test.conditions["dose"].tolist() == [1.0, 0.5]
    assert test.conditions["day"].tolist() == ["tu", "mo"]
    assert test.classes == ("rose", "rust")
    assert test.split("test") == test != task()
    with pytest.raises(UnknownNameError, match="unknown split of task 'toy' 'tests'; did you mean"):
        task().split("tests")
    with pytest.raises(UnknownNameError, match="'validation'; known: train, test"):
        task().split("validation")


def test_trials_are_taken_by_index_or_mask() -> None:
    assert task().take([3, 0]).number.tolist() == [3, 0]
    assert task().take(np.array([False, True, True, False])).label.tolist() == [1, 1]
    assert task().take([]).n_trials == 0


def test_sizes_and_repr() -> None:
    t = task(offset="80 ms", onset=20)
    assert (t.n_trials, t.n_features, t.n_classes) == (4, 2, 2)
    assert (t.onset, t.offset, task().offset) == (20.0, 80.0, 100.0)
    assert repr(t) == (
        "<ClassificationTask 'toy': 2 classes, 2 features, 2 train + 2 test trials of 100 ms>"
    )


# -- batches --------------------------------------------------------------------------------------


def test_every_epoch_has_all_trials_in_an_order_of_its_own() -> None:
    patterns = pattern_task(3, 4, trials=(10, 0, 0), noise=0.1)
    epochs = [np.concatenate(list(patterns.batches(16, seed=5, epoch=e))) for e in (0, 1, 0)]
    for order in epochs:
        assert sorted(order.tolist()) == list(range(40))
    assert epochs[0].tolist() == epochs[2].tolist() != epochs[1].tolist()
    assert epochs[0].tolist() != np.concatenate(list(patterns.batches(16, 6, 0))).tolist()
    assert [b.size for b in patterns.batches(16, 5, 0)] == [16, 16, 8]
    assert np.concatenate(list(patterns.batches(7, 5, 0))).tolist() == epochs[0].tolist()


def test_the_order_is_that_of_documented_draws() -> None:
    patterns = pattern_task(1, 2, trials=(5, 0, 0), noise=0)
    draws = [uniforms(1, "batches", "patterns", 2, i, 0)[0] for i in range(10)]
    order = np.concatenate(list(patterns.batches(4, seed=1, epoch=2)))
    assert order.tolist() == sorted(range(10), key=draws.__getitem__)


# -- trials ---------------------------------------------------------------------------------------


def test_the_stimuli_of_a_trial() -> None:
    trial = task(onset=20.0, offset=70.0).trial(2, encoder(), receptor="exc", weight="1 nA")
    rest = {"neurons": [0, 1, 2], "receptor": "exc", "weight": "1 nA"}
    silent = [8.0, 8.0, 8.0]
    expected = (
        Poisson("nose_stimulus", "orn", [13.0, 14.0, 0.0], start=20.0, stop=70.0, **rest),
        Poisson("nose_before", "orn", silent, start=0.0, stop=20.0, **rest),
        Poisson("nose_after", "orn", silent, start=70.0, stop=100.0, **rest),
    )
    assert trial.stimuli == expected
    assert (trial.number, trial.label) == (2, 1)


def test_a_split_trial_keeps_the_number_of_the_whole_task() -> None:
    assert task().split("test").trial(1, encoder()).number == 3


def test_nothing_is_added_where_nothing_drives() -> None:
    assert [s.name for s in task().trial(0, encoder()).stimuli] == ["nose_stimulus"]
    quiet = encoder(bias=[0.0, 0.0, 0.0])
    assert len(task(onset=20.0, offset=70.0).trial(0, quiet).stimuli) == 1
    inhibited = encoder(bias=[-5.0, -5.0, -5.0])
    assert len(task(onset=20.0, offset=70.0).trial(0, inhibited).stimuli) == 1


def test_a_trial_of_currents() -> None:
    trial = task(onset=20.0).trial(0, encoder(kind="current"))
    on, before = trial.stimuli
    assert on == Current(
        "nose_stimulus", "orn", [[9.0, 10.0, -1.5], [0, 0, 0]], [20.0, 100.0], [0, 1, 2]
    )
    assert before == Current("nose_before", "orn", [[8.0] * 3, [0.0] * 3], [0.0, 20.0], [0, 1, 2])


def test_a_run_of_all_trials_is_classified() -> None:
    """Rates of 200 Hz against 20 Hz in 500 ms: a readout of the source counts is never wrong."""
    net = NetworkBuilder()
    net.population("orn", 2, spike_source)
    net.add(
        Encoder("nose", "orn", [0, 1], np.eye(2) * 180, [20.0, 20.0]),
        Readout("says", "orn", [0, 1], np.eye(2), [0.0, 0.0], classes=["left", "right"]),
    )
    network = net.build()
    one_hot = np.tile(np.eye(2), (4, 1))
    t = task(
        features=one_hot, label=[0, 1] * 4, classes=["left", "right"], splits=["test"] * 8,
        conditions={}, duration=500.0,
    )  # fmt: skip
    predicted, counts = [], []
    with compile_network(network, "reference", dt=0.1) as compiled:
        for i in range(t.n_trials):
            trial = t.trial(i, network.encoders["nose"])
            recording = compiled.run(t.duration, stimuli=trial.stimuli, trial=trial.number, seed=1)
            predicted.append(network.readouts["says"].classify(recording))
            counts.append(tuple(recording.spikes["orn"].counts.tolist()))
    assert t.accuracy(predicted) == Accuracy(8, 8)
    assert len(set(counts)) > 4  # each trial has draws of its own


# -- scores ---------------------------------------------------------------------------------------


def test_scores_by_index_and_by_name() -> None:
    t = task()
    for predicted in ([0, 1, 0, 0], ["rose", "rust", "rose", "rose"], np.array([0, 1, 0, 0])):
        assert t.accuracy(predicted) == Accuracy(3, 4)
        assert t.confusion(predicted).counts.tolist() == [[2, 0], [1, 1]]
        assert t.accuracy_by("dose", predicted) == {0.5: Accuracy(1, 2), 1.0: Accuracy(2, 2)}
        assert t.accuracy_by("day", predicted) == {"mo": Accuracy(2, 3), "tu": Accuracy(1, 1)}
    with pytest.raises(UnknownNameError, match="unknown condition of task 'toy' 'doses'; did you"):
        t.accuracy_by("doses", [0, 1, 0, 0])
    with pytest.raises(UnknownNameError, match="unknown class of task 'toy' 'roses'; did you mean"):
        t.accuracy(["roses", "rust", "rust", "rust"])


# -- what is refused ------------------------------------------------------------------------------

REFUSED: dict[str, tuple[Callable[[], Any], str]] = {
    "flat": (lambda: task(features=[1.0, 2.0]), "features must be finite, of shape (n_trials, n_f"),
    "NaN": (lambda: task(features=np.full((4, 2), np.nan)), "got shape (4, 2) with 8 not finite"),
    "classes": (lambda: task(classes=["x", "x"]), "task 'toy', classes must be a list of differen"),
    "a text": (lambda: task(classes="rose"), "classes must be a list of different texts, got 'ros"),
    "names": (lambda: task(feature_names=["a"]), "task 'toy': 1 names for 2 features"),
    "labels": (
        lambda: task(label=[0, 1]),
        "task 'toy': label must be 4 integers, one a trial; got int64 of shape (2,)",
    ),
    "float labels": (lambda: task(label=[0.0] * 4), "label must be 4 integers, one a trial"),
    "range": (
        lambda: task(label=[0, 1, 2, 0]), "labels must be 0 .. 1 for 2 classes, got 0 .. 2"
    ),
    "negative": (lambda: task(label=[0, 1, -1, 0]), "for 2 classes, got -1 .. 1"),
    "splits": (lambda: task(splits=[1, 2, 3, 4]), "splits must be 4 texts, one a trial"),
    "numbers": (
        lambda: task(number=[0, 0, 1, 2]), "two trials have the same number, so they would share"
    ),
    "condition": (
        lambda: task(conditions={"dose": [1.0]}), "dose must be 4 numbers or texts, one a trial"
    ),
    "times": (
        lambda: task(onset=50, offset=50),
        "expected 0 <= onset < offset <= duration, got 50.0, 50.0 and 100.0 ms",
    ),
    "too long": (lambda: task(offset=101), "got 0.0, 101.0 and 100.0 ms"),
    "endless": (lambda: task(duration=np.inf), "got 0.0, inf and inf ms"),
    "no trial": (lambda: task().take([4]), "task 'toy': there is no trial 4, only 0..3"),
    "from the end": (lambda: task().trial(-1, encoder()), "there is no trial -1, only 0..3"),
    "mask": (
        lambda: task().take(np.array([True])), "trials must be indices or a mask of 4, got bool of"
    ),
    "batch": (
        lambda: list(task().batches(0, 0, 0)), "a batch needs a whole number >= 1, got 0"
    ),
    "other features": (
        lambda: task().trial(0, encoder(features=["Or1", "Or3"])),
        "encoder 'nose' is for other features, it lacks ['Or2']; make it for task.feature_names",
    ),
    "order": (
        lambda: task().trial(0, encoder(features=["Or2", "Or1"])),
        "encoder 'nose' is for other features, it has others, or another order",
    ),
    "predictions": (
        lambda: task().accuracy([0, 1]), "expected the predicted class of each of 4 trials"
    ),
    "soft predictions": (lambda: task().accuracy([0.5] * 4), "by index or name, got float64"),
    "no class": (lambda: task().accuracy([0, 1, 2, 0]), "there is no class 2, only 2"),
}  # fmt: skip


@pytest.mark.parametrize(("make", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_what_is_refused(make: Callable[[], Any], message: str) -> None:
    with pytest.raises(NetworkError, match=re.escape(message)):
        make()


def test_splits_have_three_names() -> None:
    with pytest.raises(UnknownNameError, match="'training'; did you mean 'train'"):
        task(splits=["train", "training", "test", "test"])
