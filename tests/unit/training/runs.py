"""Small runs of training, of a spiking and of a rate network, in a second or less."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import neurobridge as nb
from neurobridge.rng import generator
from neurobridge.tasks import pattern_task
from neurobridge.training import Objective, Train, TrainableNetwork, losses
from neurobridge.training.data import SequenceData, TaskData, TrainingData
from neurobridge.training.fitting import Fit, fit
from tests.unit.training import networks

EPOCHS, BATCH = 4, 5
T_STEPS, N_TRIALS = 8, 16


@dataclass(frozen=True)
class Problem:
    """A network, data and an objective."""

    network: nb.Network
    train: tuple[Train, ...]
    data: TrainingData
    objective: Objective

    def model(self, precision: Any = "float64", **options: Any) -> TrainableNetwork:
        """A new model, untrained."""
        return TrainableNetwork(self.network, 1.0, self.train, precision=precision, **options)

    def fit(self, folder: Path, model: TrainableNetwork | None = None, **options: Any) -> Fit:
        """Train it."""
        made = self.model() if model is None else model
        given = {"epochs": EPOCHS, "batch": BATCH, "learning_rate": 0.03, "seed": 3} | options
        return fit(made, self.data, self.objective, folder, progress=False, **given)


def rates(validation: int = 4) -> Problem:
    """A rate network follows random sequences; nothing can do that well."""
    rng = generator(1, "weights", "sequences")
    splits = np.array(["train"] * (N_TRIALS - validation) + ["validation"] * validation)
    data = SequenceData(
        "task", rng.normal(size=(N_TRIALS, T_STEPS, 2)),
        {"choice": rng.normal(size=(N_TRIALS, T_STEPS, 2))}, splits,
    )  # fmt: skip
    train = (
        Train("projections.recurrent.weight", sign="free"),
        Train("populations.units.tau", bounds=(2.0, 50.0)),
        Train("readouts.choice.weight"),
    )
    objective = Objective(
        {
            "error": losses.MeanSquaredError("choice"),
            "size": losses.Frobenius("readouts.choice.weight"),
        },
        {"size": 0.01},
    )
    return Problem(networks.rate(), train, data, objective)


def spikes(duration: float = 15.0, hz: float = 300.0) -> Problem:
    """A spiking network tells patterns apart that reach it as Poisson spikes."""
    rng = generator(1, "weights", "patterns")
    weight = hz * rng.random((networks.N_IN, 4))
    encoder = nb.Encoder(
        "touch", "input", np.arange(networks.N_IN), weight, np.full(networks.N_IN, 20.0)
    )
    network = networks.spiking().without_stimulus("drive").with_encoder(encoder)
    train = (
        Train("projections.recurrent.weight"),
        Train("populations.cells.v_thresh"),
        Train("readouts.choice.weight"),
    )
    task = pattern_task(4, 3, trials=(3, 1, 1), duration=duration)
    objective = Objective({"choice": losses.CrossEntropy("choice")})
    return Problem(network, train, TaskData(task, "touch"), objective)


def numbers(history: pd.DataFrame) -> pd.DataFrame:
    """A history without what a clock says."""
    return history.drop(columns="seconds")


def parameters(model: TrainableNetwork) -> dict[str, np.ndarray]:
    """What an optimiser moves."""
    return {n: p.detach().numpy().copy() for n, p in model.named_parameters()}
