"""ChipPlan: a program laid out for the chip; what is missing for a run is only its drive."""

from __future__ import annotations

__all__ = ["ChipPlan", "Scaled"]

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurobridge.lowering.chip.cells import Cell
from neurobridge.lowering.chip.magnitudes import Magnitudes
from neurobridge.lowering.chip.network import ChipPopulation, ChipProjection
from neurobridge.lowering.chip.parts import Part
from neurobridge.lowering.chip.words import RoundingError, rounding_error
from neurobridge.lowering.program import Program


@dataclass(frozen=True)
class Scaled:
    """Edges of a pathway on one receptor, before and after rounding.

    ``value`` float64 (k,): magnitude in the chip's unit of current; ``word`` int64 (k,);
    ``resolution`` float64 (k,): the value of word 1.
    """

    edges: Magnitudes
    value: NDArray[np.float64]
    word: NDArray[np.int64]
    resolution: NDArray[np.float64]

    @property
    def rounded(self) -> NDArray[np.float64]:
        """What the chip holds, in the unit of ``value``, float64 (k,)."""
        return self.word * self.resolution


@dataclass(frozen=True)
class ChipPlan:
    """A program on the chip.

    Parameters
    ----------
    program : Program
    cells : mapping of str to Cell
        By population with dynamics.
    units : mapping of str to float
        By population: what currents, weights and ``cm`` were multiplied by.
    bounds, summed : mapping of str to float64 array (2, size)
        By population, for each receptor (excitatory, inhibitory) and neuron, in the chip's unit:
        the most that can arrive in one step, and what the scale of weights was chosen for.
    parts : mapping of str to tuple of Part
        By population, sources included.
    populations : tuple of ChipPopulation
        All parts with dynamics, in order.
    scaled : tuple of Scaled
        All weights.
    projections : tuple of ChipProjection
    leads : mapping of str to int
        By source population: steps that its spikes leave before their stamp.
    """

    program: Program
    cells: Mapping[str, Cell]
    units: Mapping[str, float]
    bounds: Mapping[str, NDArray[np.float64]]
    summed: Mapping[str, NDArray[np.float64]]
    parts: Mapping[str, tuple[Part, ...]]
    populations: tuple[ChipPopulation, ...]
    scaled: tuple[Scaled, ...]
    projections: tuple[ChipProjection, ...]
    leads: Mapping[str, int]

    def chip_population(self, name: str) -> ChipPopulation:
        """The chip's population of that name."""
        return next(p for p in self.populations if p.name == name)

    def place(self, population: str) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
        """Where the neurons of a population are: number of the part, and index in it; (size,)."""
        size = self.program.population(population).size
        number, index = np.zeros(size, dtype=np.int64), np.zeros(size, dtype=np.int32)
        for i, part in enumerate(self.parts[population]):
            number[part.neurons] = i
            index[part.neurons] = np.arange(part.neurons.size)
        return number, index

    def resolutions(self, population: str, receptor: str) -> NDArray[np.float64]:
        """The value of word 1 at each neuron, in the chip's unit of current, float64 (size,)."""
        values = np.empty(self.program.population(population).size)
        for part in self.parts[population]:
            values[part.neurons] = self.chip_population(part.name).resolution(receptor)
        return values

    def error(self, population: str) -> RoundingError:
        """What rounding does to all weights onto a population."""
        pieces = [s for s in self.scaled if s.edges.pathway.post == population]
        empty = np.zeros(0)
        return rounding_error(
            np.concatenate([empty, *(s.value for s in pieces)]),
            np.concatenate([empty, *(s.rounded for s in pieces)]),
        )

    def lost_input(self, population: str) -> NDArray[np.float64]:
        """Share of each neuron's input weight that became 0, float64 (size,)."""
        size = self.program.population(population).size
        total, lost = np.zeros(size), np.zeros(size)
        for s in self.scaled:
            if s.edges.pathway.post == population:
                target = s.edges.target
                total += np.bincount(target, weights=s.value, minlength=size)
                lost += np.bincount(target, weights=s.value * (s.word == 0), minlength=size)
        return np.divide(lost, total, out=np.zeros(size), where=total > 0)
