"""How active neurons are: spikes per trial, rates in Hz, mean outputs of rate neurons."""

from __future__ import annotations

__all__ = ["check_bounds", "mean_rates", "spike_counts"]

import math

import torch

from neurobridge.errors import NetworkError
from neurobridge.training.losses.subset import OfNeurons
from neurobridge.training.objective import Seen


def spike_counts(chosen: OfNeurons, seen: Seen, population: str) -> torch.Tensor:
    """Spikes of each chosen neuron in each trial, (n, B)."""
    spikes = seen.spikes(population)
    return spikes[:, chosen.chosen(seen, population)].sum(0)


def mean_rates(chosen: OfNeurons, seen: Seen, population: str) -> torch.Tensor:
    """Mean rate of each chosen neuron in each trial, (n, B).

    In Hz for spiking neurons; the mean output for rate neurons.
    """
    if population in seen.result.outputs.rates:
        return seen.rates(population)[:, chosen.chosen(seen, population)].mean(0)
    seconds = seen.spikes(population).shape[0] * seen.dt / 1000.0
    return spike_counts(chosen, seen, population) / seconds


def check_bounds(low: float | None, high: float | None, where: str) -> None:
    """Raise unless there is a bound, both are finite and not negative, and they are in order."""
    for name, value in (("low", low), ("high", high)):
        if value is not None and not 0 <= value < math.inf:
            raise NetworkError(f"{where}: {name} must be finite and >= 0, got {value}")
    if low is None and high is None:
        raise NetworkError(f"{where}: give low=, high= or both")
    if low is not None and high is not None and low > high:
        raise NetworkError(f"{where}: low={low:g} is above high={high:g}")


def below(values: torch.Tensor, low: float | None) -> torch.Tensor:
    """How far values are below a bound, 0 if they are not."""
    return torch.zeros_like(values) if low is None else torch.relu(low - values)


def above(values: torch.Tensor, high: float | None) -> torch.Tensor:
    """How far values are above a bound, 0 if they are not."""
    return torch.zeros_like(values) if high is None else torch.relu(values - high)
