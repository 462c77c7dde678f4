"""What is kept of a run: spikes and states of the neurons that are recorded."""

from __future__ import annotations

__all__ = ["Recorder"]

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from neurobridge.backends.fixedpoint.fixed import Int
from neurobridge.lowering.chip.network import RECORDABLE, ChipPopulation

Spikes = tuple[Int, NDArray[np.int32]]


class Recorder:
    """Collects the states of each step, and all spikes."""

    def __init__(
        self, populations: Sequence[ChipPopulation], first: Mapping[str, int], n_steps: int
    ) -> None:
        self.populations, self.first = populations, first
        self.fired: list[Int] = []
        self.states: dict[tuple[str, str], NDArray[np.int32]] = {}
        self._chosen: list[tuple[int, Int, NDArray[np.int32]]] = []
        for population in populations:
            for variable in dict.fromkeys(population.record):
                if variable == "spikes":
                    continue
                neurons = population.neurons(variable)
                table = np.zeros((n_steps, neurons.size), dtype=np.int32)
                self.states[population.name, variable] = table
                place = neurons.astype(np.int64) + first[population.name]
                self._chosen.append((RECORDABLE.index(variable), place, table))

    @property
    def wants_states(self) -> bool:
        """Whether any state is recorded."""
        return bool(self._chosen)

    def keep(self, step: int, state: Sequence[Int]) -> None:
        """Keep the states of a step; each of ``state`` int64 (n,), as in :data:`RECORDABLE`."""
        for variable, place, table in self._chosen:
            table[step] = state[variable][place]

    def spikes(self) -> dict[str, Spikes]:
        """Spikes of every population that records them, sorted by (step, neuron)."""
        counts = [f.size for f in self.fired]
        step = np.repeat(np.arange(len(counts), dtype=np.int64), counts)
        place = np.concatenate([np.zeros(0, dtype=np.int64), *self.fired])
        return {
            p.name: self._spikes_of(p, step, place - self.first[p.name])
            for p in self.populations
            if "spikes" in p.record
        }

    @staticmethod
    def _spikes_of(population: ChipPopulation, step: Int, neuron: Int) -> Spikes:
        chosen = np.zeros(population.size + 1, dtype=bool)
        chosen[population.neurons("spikes")] = True
        inside = (neuron >= 0) & (neuron < population.size)
        kept = chosen[np.where(inside, neuron, population.size)]
        return step[kept], neuron[kept].astype(np.int32)
