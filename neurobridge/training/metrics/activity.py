"""How active neurons are."""

from __future__ import annotations

__all__ = ["ActiveFraction", "IntervalVariation", "MeanRate"]

from dataclasses import dataclass

import torch

from neurobridge.errors import NetworkError
from neurobridge.training.losses.rates import mean_rates, spike_counts
from neurobridge.training.losses.subset import OfNeurons
from neurobridge.training.metrics.metric import Metric, mean_of_defined
from neurobridge.training.objective import Seen


@dataclass(frozen=True, eq=False)
class MeanRate(OfNeurons, Metric):
    """Mean over neurons and trials of the rate in Hz, or of the output of a rate population.

    Parameters
    ----------
    population : str
    where, neurons, others
        See :class:`neurobridge.training.losses.subset.OfNeurons`.
    """

    population: str

    def measure(self, seen: Seen) -> torch.Tensor:
        """Work it out."""
        return mean_rates(self, seen, self.population).mean()


@dataclass(frozen=True, eq=False)
class ActiveFraction(OfNeurons, Metric):
    """Share of neurons that spike in a trial, the mean over trials.

    Parameters
    ----------
    population : str
    at_least : int
        So many spikes count as active.
    where, neurons, others
        See :class:`neurobridge.training.losses.subset.OfNeurons`.
    """

    population: str
    at_least: int = 1

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.at_least < 1:
            raise NetworkError(f"{self._name}: at_least must be 1 or more, got {self.at_least}")

    def measure(self, seen: Seen) -> torch.Tensor:
        """Work it out."""
        counts = spike_counts(self, seen, self.population)
        return (counts >= self.at_least).to(counts.dtype).mean()


@dataclass(frozen=True, eq=False)
class IntervalVariation(OfNeurons, Metric):
    r"""Coefficient of variation of interspike intervals, the mean over spike trains.

    .. math:: CV = \sigma_{ISI} / \langle ISI \rangle

    of every neuron and trial with three spikes or more (Softky & Koch 1993, J. Neurosci. 13:334); 0
    is regular, 1 a Poisson process. NaN if there is no such train.

    Parameters
    ----------
    population : str
    where, neurons, others
        See :class:`neurobridge.training.losses.subset.OfNeurons`.
    """

    population: str

    def measure(self, seen: Seen) -> torch.Tensor:
        """Work it out."""
        spikes = seen.spikes(self.population)[:, self.chosen(seen, self.population)]
        trains = spikes.flatten(1).T
        train, step = torch.nonzero(trains, as_tuple=True)
        same = train[1:] == train[:-1]
        interval, owner = (step[1:] - step[:-1])[same].to(trains.dtype), train[1:][same]

        def per_train(values: torch.Tensor) -> torch.Tensor:
            return trains.new_zeros(trains.shape[0]).index_add(0, owner, values)

        n = per_train(torch.ones_like(interval))
        mean = per_train(interval) / n
        variance = per_train((interval - mean[owner]) ** 2) / n
        cv = torch.sqrt(variance) / mean
        return mean_of_defined(torch.where(n > 1, cv, torch.nan))
