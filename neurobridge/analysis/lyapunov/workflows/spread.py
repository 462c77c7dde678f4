"""Spread: values of a parameter that differ from neuron to neuron, or from group to group."""

from __future__ import annotations

__all__ = ["Spread", "group_of_each"]

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurobridge.errors import NetworkError, UnknownNameError
from neurobridge.graph.labels import MISSING
from neurobridge.graph.population import Population
from neurobridge.rng import generator

Real = NDArray[np.float64]


@dataclass(frozen=True)
class Spread:
    """Independent normal values.

    Parameters
    ----------
    mean : float
    sd : float
        Standard deviation; 0 for one value for all.

    Raises
    ------
    NetworkError
        If one is not finite, or ``sd`` is negative.
    """

    mean: float
    sd: float = 0.0

    def __post_init__(self) -> None:
        if not np.isfinite(self.mean):
            raise NetworkError(f"mean of a spread: expected a finite number, got {self.mean!r}")
        if not (np.isfinite(self.sd) and self.sd >= 0):
            raise NetworkError(f"standard deviation: expected a number >= 0, got {self.sd!r}")

    def values(
        self, population: Population, parameter: str, by: str | None, seed: int
    ) -> float | Real:
        """Values of a population's neurons: one number, or float64 (n,).

        Parameters
        ----------
        population : Population
        parameter : str
            Each has a random stream of its own.
        by : str, optional
            Label whose neurons share a value; default: a value for each neuron.
        seed : int
        """
        if not self.sd:
            return self.mean
        names, index = group_of_each(population, by)
        rng = generator(seed, f"lyapunov.{parameter}", population.name)
        drawn: Real = self.mean + self.sd * rng.standard_normal(len(names))
        return drawn[index]


def group_of_each(
    population: Population, by: str | None
) -> tuple[tuple[str, ...], NDArray[np.intp]]:
    """Names of the groups in alphabetical order, and the group of each neuron.

    Parameters
    ----------
    population : Population
    by : str, optional
        A label; by default each neuron is a group of its own, in the order of the neurons.

    Raises
    ------
    UnknownNameError
        If there is no such label.
    NetworkError
        If some neurons have none.
    """
    if by is None:
        return tuple(map(str, range(population.size))), np.arange(population.size)
    if by not in population.labels.columns:
        known = list(population.labels.columns)
        hint = "" if known else "These neurons have no labels at all; leave the label out"
        raise UnknownNameError(f"label of population {population.name!r}", by, known, hint)
    values = np.asarray(population.labels[by].values, dtype=str)
    without = np.flatnonzero(values == MISSING)
    if without.size:
        raise NetworkError(
            f"label {by!r}: {without.size} of {population.size} neurons have none, the first is "
            f"neuron {without[0]}, so it is not known with whom they share a value; take another "
            "label, or select the neurons that have one"
        )
    names, index = np.unique(values, return_inverse=True)
    return tuple(str(n) for n in names), np.asarray(index)
