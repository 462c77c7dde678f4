"""Noisy patterns: a classification task for any network, without any data."""

from __future__ import annotations

__all__ = ["pattern_task"]

from collections.abc import Sequence

import numpy as np

from neurobridge.errors import NetworkError
from neurobridge.frozen import FrozenDict
from neurobridge.rng import generator
from neurobridge.tasks.classification import SPLITS, ClassificationTask, checked_trials


def pattern_task(
    n_features: int,
    n_classes: int,
    *,
    noise: float | Sequence[float] = (0.05, 0.1, 0.2),
    seed: int = 0,
    trials: tuple[int, int, int] = (20, 5, 10),
    name: str = "patterns",
    duration: float = 200.0,
    onset: float = 0.0,
    offset: float = np.inf,
) -> ClassificationTask:
    """Trials of some patterns under noise.

    Each class has a prototype, uniform in 0 .. 1 for each feature. A trial is a prototype plus
    Gaussian noise, so a feature can be below 0 and above 1. The noise of a trial depends on
    ``seed``, ``name`` and the number of the trial alone.

    Parameters
    ----------
    n_features, n_classes : int
    noise : float or sequence of float
        Standard deviations; each split has trials of each.
    seed : int
    trials : (int, int, int)
        Trials of training, validation and test, for each class and strength of noise.
    name, duration, onset, offset
        Of the task; times in ms.

    Returns
    -------
    ClassificationTask
        With the condition ``noise``. Features are called ``f0``, ``f1`` ..., classes ``A``, ``B``
        ... (``c0``, ``c1`` ... if there are more than 26).

    Raises
    ------
    NetworkError
        If an option does not fit.
    """
    strengths = [float(s) for s in np.atleast_1d(noise)]
    _check(n_features, n_classes, strengths, f"task {name!r}")
    counts = checked_trials(trials, f"task {name!r}")
    prototypes = generator(seed, "prototypes", name).random((n_classes, n_features))
    plan = [
        (label, strength, split)
        for split, n in zip(SPLITS, counts, strict=True)
        for strength in strengths
        for label in range(n_classes)
        for _ in range(n)
    ]
    features = [
        prototypes[label]
        + strength * generator(seed, "pattern", name, number).standard_normal(n_features)
        for number, (label, strength, _) in enumerate(plan)
    ]
    labels, strength_of, splits = zip(*plan, strict=True)
    letters = n_classes <= 26
    return ClassificationTask(
        name,
        np.array(features),
        np.array(labels),
        tuple(chr(ord("A") + i) if letters else f"c{i}" for i in range(n_classes)),
        tuple(f"f{i}" for i in range(n_features)),
        np.array(splits),
        duration,
        onset,
        offset,
        conditions=FrozenDict({"noise": np.array(strength_of)}),
    )


def _check(n_features: int, n_classes: int, strengths: list[float], where: str) -> None:
    for what, number, least in (("n_features", n_features, 1), ("n_classes", n_classes, 2)):
        if not isinstance(number, (int, np.integer)) or number < least:
            raise NetworkError(f"{where}: {what} must be a whole number >= {least}, got {number!r}")
    if not strengths or not all(0 <= s < np.inf for s in strengths):
        raise NetworkError(f"{where}: noise must be finite and >= 0, got {strengths}")
    if len(set(strengths)) != len(strengths):
        raise NetworkError(f"{where}: the strengths of noise must differ, got {strengths}")
