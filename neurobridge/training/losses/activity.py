"""Regularisers of activity: mean, bounds, spread and variation of rates, and what they cost.

Rates are in Hz for spiking populations, and mean outputs for rate populations. ``r_ib`` is the rate
of neuron ``i`` in trial ``b``, ``r_i`` its mean over trials, ``n_ib`` a number of spikes.
"""

from __future__ import annotations

__all__ = [
    "FiringRate",
    "MetabolicCost",
    "RateBounds",
    "RateSpread",
    "RateVariation",
    "SpikeCountBounds",
]

import math
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import torch

from neurobridge.errors import NetworkError, TrainingError
from neurobridge.training.losses.rates import above, below, check_bounds, mean_rates, spike_counts
from neurobridge.training.losses.subset import OfNeurons
from neurobridge.training.objective import Loss, Seen

Per = Literal["neuron", "population"]


@dataclass(frozen=True, eq=False)
class FiringRate(OfNeurons, Loss):
    r"""Pull firing rates towards a target.

    .. math:: L = \frac{1}{n} \sum_i (r_i - r^*)^2 \quad \text{per neuron}, \qquad
        L = \Big(\frac{1}{n} \sum_i r_i - r^*\Big)^2 \quad \text{per population}

    Bellec et al. (2018), NeurIPS regularise single neurons so.

    Parameters
    ----------
    population : str
    target : float
        In Hz, or in the unit of the output of a rate population.
    per : {"neuron", "population"}
    where, neurons, others
        See :class:`OfNeurons`.
    """

    population: str
    target: float
    per: Per = "neuron"

    def __post_init__(self) -> None:
        super().__post_init__()
        _finite(self.target, f"{self._name}, target")
        if self.per not in get_args(Per):
            raise NetworkError(
                f"{self._name}: per must be one of {get_args(Per)}, got {self.per!r}"
            )

    def __call__(self, seen: Seen) -> torch.Tensor:
        """The value."""
        rates = mean_rates(self, seen, self.population).mean(1)
        if self.per == "population":
            return (rates.mean() - self.target) ** 2
        return ((rates - self.target) ** 2).mean()


@dataclass(frozen=True, eq=False)
class RateBounds(OfNeurons, Loss):
    r"""Keep the rate of every neuron within bounds.

    .. math:: L = \frac{1}{n} \sum_i [r_{low} - r_i]_+^2 + [r_i - r_{high}]_+^2

    Parameters
    ----------
    population : str
    low, high : float, optional
        In Hz, or in the unit of the output of a rate population.
    where, neurons, others
        See :class:`OfNeurons`.
    """

    population: str
    low: float | None = None
    high: float | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        check_bounds(self.low, self.high, self._name)

    def __call__(self, seen: Seen) -> torch.Tensor:
        """The value."""
        rates = mean_rates(self, seen, self.population).mean(1)
        return (below(rates, self.low) ** 2 + above(rates, self.high) ** 2).mean()


@dataclass(frozen=True, eq=False)
class SpikeCountBounds(OfNeurons, Loss):
    r"""A lower bound for every neuron and an upper one for the population, in spikes per trial.

    .. math:: L = \frac{1}{B} \sum_b \Big\{ \frac{1}{n} \sum_i [n_{low} - n_{ib}]_+^2 +
        \Big[\frac{1}{n} \sum_i n_{ib} - n_{high}\Big]_+^2 \Big\}

    (Zenke & Vogels 2021, Neural Comput. 33:899.) The lower bound wakes silent neurons, the upper
    one leaves it to them who spikes.

    Parameters
    ----------
    population : str
        A spiking one.
    low, high : float, optional
    where, neurons, others
        See :class:`OfNeurons`.
    """

    population: str
    low: float | None = None
    high: float | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        check_bounds(self.low, self.high, self._name)

    def __call__(self, seen: Seen) -> torch.Tensor:
        """The value."""
        counts = spike_counts(self, seen, self.population)
        silent = below(counts, self.low) ** 2
        busy = above(counts.mean(0), self.high) ** 2
        return silent.mean() + busy.mean()


@dataclass(frozen=True, eq=False)
class RateSpread(OfNeurons, Loss):
    r"""Pull the standard deviation of rates over neurons towards a target.

    .. math:: L = (\sigma - \sigma^*)^2, \qquad
        \sigma^2 = \frac{1}{n} \sum_i (r_i - \bar r)^2, \quad \bar r = \frac{1}{n} \sum_i r_i

    Parameters
    ----------
    population : str
    target : float
        In Hz or in the unit of the output; 0 makes all neurons alike.
    where, neurons, others
        See :class:`OfNeurons`.
    """

    population: str
    target: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        _not_negative(self.target, f"{self._name}, target")

    def __call__(self, seen: Seen) -> torch.Tensor:
        """The value."""
        rates = mean_rates(self, seen, self.population).mean(1)
        return (_deviation(rates) - self.target) ** 2


@dataclass(frozen=True, eq=False)
class RateVariation(OfNeurons, Loss):
    r"""Pull the coefficient of variation of rates over neurons towards a target.

    .. math:: L = (\sigma / \bar r - c^*)^2

    with the mean and the deviation of :class:`RateSpread`. (That of interspike intervals has no
    gradient; it is a metric, :class:`neurobridge.training.metrics.IntervalVariation`.)

    Parameters
    ----------
    population : str
    target : float
    where, neurons, others
        See :class:`OfNeurons`.

    Raises
    ------
    TrainingError
        If the mean rate is not above 0, where it is not defined.
    """

    population: str
    target: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        _not_negative(self.target, f"{self._name}, target")

    def __call__(self, seen: Seen) -> torch.Tensor:
        """The value."""
        rates = mean_rates(self, seen, self.population).mean(1)
        mean = rates.mean()
        if not bool(mean > 0):
            raise TrainingError(
                f"{self._name} of {self.population!r}: the mean rate is {float(mean.detach()):g}, "
                "where a coefficient of variation is not defined; start from a network that is "
                "active, or use RateSpread"
            )
        return (_deviation(rates) / mean - self.target) ** 2


@dataclass(frozen=True, eq=False)
class MetabolicCost(OfNeurons, Loss):
    r"""What activity costs.

    .. math:: L = \frac{1}{n B} \sum_{i b} c_i |r_{ib}|^p

    with ``c = 1``, or the number of synapses that a neuron makes: a spike costs most where it
    arrives (Attwell & Laughlin 2001, J. Cereb. Blood Flow Metab. 21:1133). For rate populations the
    power is taken in every time step, and then the mean.

    Parameters
    ----------
    population : str
    power : {1, 2}
    per_synapse : bool
        Count the synapses of all projections from the population, with the counts of the
        connectome where it has them.
    where, neurons, others
        See :class:`OfNeurons`.
    """

    population: str
    power: Literal[1, 2] = 1
    per_synapse: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.power not in (1, 2):
            raise NetworkError(f"{self._name}: power must be 1 or 2, got {self.power!r}")

    def __call__(self, seen: Seen) -> torch.Tensor:
        """The value."""
        index = self.chosen(seen, self.population)
        if self.population in seen.result.outputs.rates:
            cost = (seen.rates(self.population)[:, index].abs() ** self.power).mean(0)
        else:
            cost = mean_rates(self, seen, self.population) ** self.power
        if self.per_synapse:
            made = torch.as_tensor(synapses_made(seen, self.population)).to(index.device)
            cost = cost * made[index, None].to(cost.dtype)
        return cost.mean()


def synapses_made(seen: Seen, population: str) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Synapses onto other neurons that each neuron makes, float64 (n,)."""
    network = seen.model.network
    made = np.zeros(network.population(population).size)
    for projection in network.projections.values():
        if projection.pre == population:
            edges = projection.edges
            made += np.bincount(edges.pre, weights=edges.count, minlength=made.size)
    return made


def _deviation(rates: torch.Tensor) -> torch.Tensor:
    """Standard deviation with a gradient of 0 where all are equal."""
    deviation: torch.Tensor = torch.linalg.vector_norm(rates - rates.mean())
    return deviation / math.sqrt(rates.numel())


def _finite(value: float, where: str) -> None:
    if not math.isfinite(value):
        raise NetworkError(f"{where} must be finite, got {value}")


def _not_negative(value: float, where: str) -> None:
    if not 0 <= value < math.inf:
        raise NetworkError(f"{where} must be finite and >= 0, got {value}")
