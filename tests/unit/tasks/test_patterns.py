"""Pattern tasks: prototypes and noise as asked for, reproducible."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

from neurobridge.errors import NetworkError
from neurobridge.tasks import pattern_task


def test_trials_are_prototypes_plus_noise_of_the_given_strength() -> None:
    task = pattern_task(50, 3, noise=[0.0, 0.1, 0.4], trials=(40, 2, 0), seed=3)
    assert task.n_trials == 3 * 3 * 42
    assert [(task.splits == s).sum() for s in ("train", "validation", "test")] == [360, 18, 0]
    clean = task.conditions["noise"] == 0
    prototypes = np.stack([task.features[clean & (task.label == c)][0] for c in range(3)])
    assert ((prototypes >= 0) & (prototypes < 1)).all()
    assert np.abs(prototypes[0] - prototypes[1]).mean() > 0.1
    for strength in (0.0, 0.1, 0.4):
        at = task.conditions["noise"] == strength
        rest = task.features[at] - prototypes[task.label[at]]
        n = rest.size  # 6300: the standard error of the deviation is strength / sqrt(2 n)
        assert abs(rest.std() - strength) <= 4 * strength / np.sqrt(2 * n)
        assert abs(rest.mean()) <= 4 * strength / np.sqrt(n)
    assert np.unique(np.bincount(task.label)).tolist() == [126]


def test_the_same_seed_gives_the_same_task_and_another_does_not() -> None:
    assert pattern_task(4, 2) == pattern_task(4, 2)
    assert pattern_task(4, 2) != pattern_task(4, 2, seed=1)
    assert pattern_task(4, 2).features[0].tolist() != pattern_task(4, 2, name="b").features[
        0
    ].tolist()  # fmt: skip


def test_names() -> None:
    task = pattern_task(2, 3, duration="0.1 s", onset=10.0)  # type: ignore[arg-type]
    assert task.classes == ("A", "B", "C")
    assert task.feature_names == ("f0", "f1")
    assert (task.duration, task.onset, task.offset) == (100.0, 10.0, 100.0)
    assert pattern_task(1, 27).classes[26] == "c26"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n_features": 0}, "n_features must be a whole number >= 1, got 0"),
        ({"n_classes": 1}, "task 'patterns': n_classes must be a whole number >= 2, got 1"),
        ({"n_classes": 2.0}, "n_classes must be a whole number >= 2, got 2.0"),
        ({"noise": -0.1}, "noise must be finite and >= 0, got [-0.1]"),
        ({"noise": []}, "noise must be finite and >= 0, got []"),
        ({"noise": [0.1, 0.1]}, "the strengths of noise must differ, got [0.1, 0.1]"),
        ({"trials": 5}, "trials are three whole numbers (train, validation, test), with one to"),
        ({"trials": (0, 1, 1)}, "with one to train on at least; got (0, 1, 1)"),
        ({"trials": (1, 1)}, "trials are three whole numbers"),
    ],
)
def test_what_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(NetworkError, match=re.escape(message)):
        pattern_task(**({"n_features": 2, "n_classes": 2} | options))
