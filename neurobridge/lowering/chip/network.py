"""ChipNetwork: what is on the machine for one run, and what comes back.

Times are in the chip's own steps. A chip step ``t`` covers ``[t dt, (t+1) dt)``: input of the ring
buffers is added first, then states are recorded, then they move and the threshold is tested.
:mod:`neurobridge.lowering.chip.timing` says how these steps lie to those of ``docs/contract.md``.

The numbers are those that the host tools are given. Weights are whole multiples of the weight
resolution of their target, so that every tool stores the same 16-bit integer for them.
"""

from __future__ import annotations

__all__ = [
    "RECEPTORS",
    "RECORDABLE",
    "ChipCurrent",
    "ChipNetwork",
    "ChipPopulation",
    "ChipProjection",
    "ChipResult",
    "ChipSource",
    "weight_gain",
]

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

Int = NDArray[np.int64]
Index = NDArray[np.int32]
Real = NDArray[np.float64]

RECEPTORS = ("excitatory", "inhibitory")
"""Receptors of every cell, in the order in which the chip numbers them."""

RECORDABLE = ("v", "gsyn_exc", "gsyn_inh")
"""What can be recorded besides spikes; currents in nA or conductances in uS, never negative."""


def weight_gain(cell: str) -> int:
    """What weights onto a cell are multiplied by before they are scaled: ``G``."""
    return 1024 if cell == "IF_cond_exp" else 1


@dataclass(frozen=True)
class ChipPopulation:
    """Neurons with one cell type and one weight scale for each receptor.

    Parameters
    ----------
    name : str
    size : int
    cell : str
        PyNN's name: ``"IF_curr_exp"``, ``"IF_cond_exp"``, ``"IF_curr_alpha"``, ``"IF_curr_delta"``
        or ``"Izhikevich"``.
    parameters : mapping of str to float or float64 array (size,)
        PyNN's names and units; all of the cell's parameters.
    initial : mapping of str to float or float64 array (size,)
        PyNN's names of the initial state (``"v"``, ``"isyn_exc"``, ``"u"`` ...).
    shifts : tuple of two int
        Left shift of the ring buffers, excitatory and inhibitory, 0 ... 15. The resolution of a
        weight is ``2**(shift - 15) / G`` with ``G = 1024`` for conductances, else 1.
    neurons_per_core : int
    record : tuple of str
        A subset of :data:`RECORDABLE` and ``"spikes"``.
    recorded : mapping of str to int32 array or None
        For names in ``record``: which neurons, ascending; None or absent: all.
    """

    name: str
    size: int
    cell: str
    parameters: Mapping[str, float | Real]
    initial: Mapping[str, float | Real]
    shifts: tuple[int, int]
    neurons_per_core: int
    record: tuple[str, ...] = ("spikes",)
    recorded: Mapping[str, Index | None] = field(default_factory=dict)

    @property
    def gain(self) -> int:
        """What weights are multiplied by before they are scaled: ``G``."""
        return weight_gain(self.cell)

    def resolution(self, receptor: str) -> float:
        """The weight (nA or uS) of integer 1."""
        return 2.0 ** (self.shifts[RECEPTORS.index(receptor)] - 15) / self.gain

    def neurons(self, variable: str) -> Index:
        """The neurons whose ``variable`` is recorded, ascending."""
        chosen = self.recorded.get(variable)
        return np.arange(self.size, dtype=np.int32) if chosen is None else chosen


@dataclass(frozen=True)
class ChipSource:
    """Neurons that send given spikes: a ``SpikeSourceArray``.

    ``step`` int64 (k,), ``neuron`` int32 (k,), sorted by (step, neuron). A pair that stands there
    ``m`` times is ``m`` spikes in one step.
    """

    name: str
    size: int
    step: Int
    neuron: Index
    neurons_per_core: int = 256


@dataclass(frozen=True)
class ChipProjection:
    """Synapses between two populations onto one receptor; at most one for each such triple.

    ``source`` and ``target`` int32 (E,) are indices in ``pre`` and ``post``. ``word`` uint16 (E,)
    is the integer weight, a magnitude. ``delay`` in chip steps, one int or int32 (E,), is at least
    1: a spike of step ``t`` is added to the input of step ``t + delay``. Sorted by (target,
    source) unless it says otherwise; equal pairs are separate synapses.
    """

    name: str
    pre: str
    post: str
    receptor: str
    source: Index
    target: Index
    word: NDArray[np.uint16]
    delay: int | Index

    @property
    def n_edges(self) -> int:
        """Number of synapses."""
        return int(self.source.size)

    @cached_property
    def delays(self) -> Index:
        """Delay of every synapse, int32 (E,)."""
        return np.broadcast_to(np.asarray(self.delay, dtype=np.int32), self.source.shape)


@dataclass(frozen=True)
class ChipCurrent:
    """A current into ``neurons`` (int32, of ``population``): a ``StepCurrentSource``.

    ``value[c]`` (nA) holds from ``start[c]`` (int64, ascending, chip steps) to the next; before
    the first there is none. All neurons get the same.
    """

    population: str
    neurons: Index
    start: Int
    value: Real


@dataclass(frozen=True)
class ChipNetwork:
    """Everything that is loaded for one run of ``n_steps`` chip steps of ``dt`` ms."""

    dt: float
    n_steps: int
    populations: tuple[ChipPopulation, ...]
    sources: tuple[ChipSource, ...]
    projections: tuple[ChipProjection, ...]
    currents: tuple[ChipCurrent, ...] = ()

    def population(self, name: str) -> ChipPopulation:
        """The population (not source) of that name."""
        return next(p for p in self.populations if p.name == name)

    @cached_property
    def sizes(self) -> dict[str, int]:
        """Neurons of every population and source by name, in order."""
        sizes = {p.name: p.size for p in self.populations}
        return sizes | {s.name: s.size for s in self.sources}


@dataclass(frozen=True)
class ChipResult:
    """What a run gave: raw integers, as the chip holds them.

    Parameters
    ----------
    spikes : mapping of str to (int64 (k,), int32 (k,))
        By population: step in whose update the threshold was reached, and neuron; sorted.
    states : mapping of (str, str) to int32 array, shape (n_steps, n)
        By population and variable, s16.15 raw: the state of the recorded neurons in step ``t``,
        after its input was added and before it moved.
    saturations : mapping of str to int
        By population: how often a ring buffer was full when a weight was added to it.
    provenance : mapping
        Whatever else is known about the run.
    """

    spikes: Mapping[str, tuple[Int, Index]]
    states: Mapping[tuple[str, str], NDArray[np.int32]]
    saturations: Mapping[str, int]
    provenance: Mapping[str, Any] = field(default_factory=dict)
