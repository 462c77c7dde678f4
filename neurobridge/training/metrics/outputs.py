"""How right the outputs are."""

from __future__ import annotations

__all__ = ["Accuracy", "OutputError"]

from dataclasses import dataclass

import torch

from neurobridge.training.losses.classes import OfClasses
from neurobridge.training.losses.over_time import weighted_mean
from neurobridge.training.losses.squared import OfOutputs
from neurobridge.training.metrics.metric import Metric
from neurobridge.training.objective import Seen


@dataclass(frozen=True, eq=False)
class Accuracy(OfClasses, Metric):
    """Share of decisions whose largest output is the right class (the first of equal ones).

    Parameters
    ----------
    readout, target, pool, time
        As for :class:`neurobridge.training.losses.CrossEntropy`.
    """

    def measure(self, seen: Seen) -> torch.Tensor:
        """Work it out."""
        scores, labels, weights = self.decisions(seen)
        right = (scores.argmax(-1) == labels).to(weights.dtype)
        return weighted_mean(right, weights)


@dataclass(frozen=True, eq=False)
class OutputError(OfOutputs, Metric):
    r"""Root mean squared error of a readout, relative to the spread of the target.

    .. math:: \Big(\sum_{t b} w_{t b} \lVert o_{t b} - y_{t b} \rVert^2 \Big/
        \sum_{t b} w_{t b} \lVert y_{t b} - \langle y \rangle \rVert^2\Big)^{1/2}

    1 is no better than the mean of the target. NaN or infinite if the target does not vary.

    Parameters
    ----------
    readout, target, time
        As for :class:`neurobridge.training.losses.MeanSquaredError`.
    """

    def measure(self, seen: Seen) -> torch.Tensor:
        """Work it out."""
        difference, weights = self.difference(seen)
        target = torch.where(weights[..., None] > 0, seen.readout(self.readout) - difference, 0.0)
        each = weights[..., None] / weights.sum()
        mean = (each * target).flatten(0, -2).sum(0)
        spread = (each * (target - mean) ** 2).sum()
        return torch.sqrt((each * difference**2).sum() / spread)
