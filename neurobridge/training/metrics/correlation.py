"""How well states follow those of a teacher."""

from __future__ import annotations

__all__ = ["StateCorrelation"]

from dataclasses import dataclass

import torch

from neurobridge.training.losses.squared import states_and_teacher
from neurobridge.training.losses.subset import OfNeurons
from neurobridge.training.metrics.metric import Metric, mean_of_defined
from neurobridge.training.objective import Seen


@dataclass(frozen=True, eq=False)
class StateCorrelation(OfNeurons, Metric):
    r"""Pearson correlation of a state with that of a teacher, the mean over neurons.

    .. math:: \rho_i = \frac{\langle (x_i - \bar x_i)(x^*_i - \bar x^*_i) \rangle}
        {\sigma(x_i)\, \sigma(x^*_i)}

    over all steps and trials of neuron ``i``. A neuron of which either does not vary has none, and
    is not counted; NaN if there is no other.

    Parameters
    ----------
    population : str
    variable : str
        A recorded state such as ``v``, or ``"output"``.
    target : str, optional
        Target of the batch, (T, n, B); default ``"POPULATION.VARIABLE"``.
    where, neurons, others
        See :class:`neurobridge.training.losses.subset.OfNeurons`.
    """

    population: str
    variable: str
    target: str | None = None

    def measure(self, seen: Seen) -> torch.Tensor:
        """Work it out."""
        return mean_of_defined(self.per_neuron(seen))

    def per_neuron(self, seen: Seen) -> torch.Tensor:
        """The correlation of each chosen neuron, (n,), NaN where it is not defined."""
        pair = states_and_teacher(self, seen, self.population, self.variable, self.target)
        a, b = (x.detach().double().transpose(0, 1).flatten(1) for x in pair)
        varies = (a != a[:, :1]).any(1) & (b != b[:, :1]).any(1)
        a, b = a - a.mean(1, keepdim=True), b - b.mean(1, keepdim=True)
        rho = (a * b).sum(1) / torch.sqrt((a * a).sum(1) * (b * b).sum(1))
        return torch.where(varies, rho, torch.nan)
