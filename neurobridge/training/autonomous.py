"""Training data of a network that has no task: it runs by itself."""

from __future__ import annotations

__all__ = ["Autonomous"]

from dataclasses import dataclass
from typing import Any

import numpy as np

from neurobridge.errors import NetworkError, UnknownNameError
from neurobridge.graph.network import Network
from neurobridge.tasks.classification import SPLITS
from neurobridge.training.data import Batch, Presentation, Rows, TrainingData
from neurobridge.training.trainable import TrainableNetwork


@dataclass(frozen=True)
class Autonomous(TrainingData):
    """One trial an epoch without input or target, for losses on the network itself.

    Such are those on Lyapunov exponents, which run the network on their own, and penalties on
    weights. The trial has one time step.

    Parameters
    ----------
    validation : bool
        Whether there is a trial to validate with: metrics are then worked out after every epoch,
        and the best epoch is found.
    duration : float
        In ms: how long the network runs where it is verified (:meth:`Fit.network`).
    """

    validation: bool = False
    duration: float = 100.0

    def __post_init__(self) -> None:
        if not 0 < self.duration < np.inf:
            raise NetworkError(f"autonomous: duration must be a time in ms, got {self.duration!r}")

    def rows(self, split: str) -> Rows:
        """See :class:`TrainingData`."""
        if split not in SPLITS:
            raise UnknownNameError("split", split, SPLITS)
        some = split == "train" or (split == "validation" and self.validation)
        return np.arange(int(some), dtype=np.int64)

    def batch(self, model: TrainableNetwork, rows: Rows, seed: int, epoch: int) -> Batch:
        """See :class:`TrainingData`."""
        return Batch(model.inputs([()] * rows.size, model.dt, seed=seed))

    def trial(self, network: Network, row: int, dt: float) -> Presentation:
        """See :class:`TrainingData`."""
        return Presentation((), self.duration, int(row))

    def check(self, model: TrainableNetwork) -> None:
        """See :class:`TrainingData`; any network will do."""

    def describe(self) -> dict[str, Any]:
        """See :class:`TrainingData`."""
        return {"data": "Autonomous", "validation": self.validation}
