"""Parts of a population: neurons that share a weight scale, and few enough to be listed at once."""

from __future__ import annotations

__all__ = ["Part", "by_scale", "by_size", "free_name", "mapped_fastest", "name_parts"]

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurobridge.lowering.chip.scale import shift_for

LOOKED_AT = 5e-7
"""Seconds for a synapse in a list that is looked through."""
GROUPED = 2e-5
"""Seconds for a sender in a list."""
WORTH_PARTS = 5.0


@dataclass(frozen=True)
class Part:
    """Some neurons of a population of the network, which are one population on the chip.

    ``neurons`` int32 (k,), ascending, are indices in ``population``.
    """

    name: str
    population: str
    neurons: NDArray[np.int32]


def by_scale(summed: NDArray[np.float64], gain: int, at_most: int) -> list[NDArray[np.int32]]:
    """Neurons grouped by the shift that they need.

    Parameters
    ----------
    summed : float64 array, shape (2, size)
        Largest summed input of one step for each receptor.
    gain : int
    at_most : int
        Number of groups.

    Returns
    -------
    list of int32 arrays
        Ascending indices, each neuron in one group; groups of smaller scale first.
    """
    size = summed.shape[1]
    everybody = np.arange(size, dtype=np.int32)
    if at_most <= 1 or size < 2:
        return [everybody]
    needed = np.array([shift_for(s, gain) for s in summed.max(axis=0)])
    cuts = _cuts(needed, at_most)
    group = np.searchsorted(cuts, needed, side="right")
    return [everybody[group == g] for g in range(len(cuts) + 1) if (group == g).any()]


def _cuts(needed: NDArray[np.int64], at_most: int) -> list[int]:
    """Shifts at which new groups begin: where the most bits of resolution are won in all."""
    levels, counts = np.unique(needed, return_counts=True)
    cuts: list[int] = []
    while len(cuts) + 1 < min(at_most, levels.size):
        candidates = [int(level) for level in levels[1:] if int(level) not in cuts]
        cuts.append(min(candidates, key=lambda c: _lost_bits(levels, counts, [*cuts, c])))
    return sorted(cuts)


def _lost_bits(levels: NDArray[np.int64], counts: NDArray[np.int64], cuts: list[int]) -> int:
    """Bits by which the shifts of the groups exceed what their neurons need, over all neurons."""
    group = np.searchsorted(sorted(cuts), levels, side="right")
    return sum(
        int(((levels[group == g].max() - levels) * counts)[group == g].sum())
        for g in np.unique(group)
    )


def by_size(neurons: NDArray[np.int32], at_most: int) -> list[NDArray[np.int32]]:
    """A group in consecutive pieces of at most so many neurons."""
    return [neurons[i : i + at_most] for i in range(0, neurons.size, at_most)]


def mapped_fastest(size: int, per_core: int, n_synapses: int, n_senders: int) -> int:
    """Neurons of a part with which a population is mapped in the least time.

    sPyNNaker looks through a list of synapses once for every core of its target, and groups it by
    its senders: ``a C/P E + b S P`` seconds for ``P`` parts, ``C`` cores, ``E`` synapses and ``S``
    senders. ``benchmarks/spinnaker_mapping.py`` measures it.

    Parameters
    ----------
    size, per_core : int
        Neurons of the population, and of a core.
    n_synapses, n_senders : int
        Synapses onto the population, and neurons that have some.

    Returns
    -------
    int
        Whole cores; ``size`` where parts would save less than :data:`WORTH_PARTS` seconds.
    """
    n_cores = -(-size // per_core)
    looking, grouping = LOOKED_AT * n_cores * n_synapses, GROUPED * n_senders
    if looking < WORTH_PARTS:
        return size
    n_parts = min(max(1, round(math.sqrt(looking / grouping))), n_cores)
    return -(-n_cores // n_parts) * per_core


def name_parts(population: str, groups: Sequence[NDArray[np.int32]], taken: set[str]) -> list[Part]:
    """Names for the parts of a population: its own if it is whole, else numbered ones.

    Names that are given are added to ``taken``.
    """
    if len(groups) == 1:
        return [Part(free_name(population, taken), population, groups[0])]
    return [
        Part(free_name(f"{population}_{i}", taken), population, neurons)
        for i, neurons in enumerate(groups)
    ]


def free_name(name: str, taken: set[str]) -> str:
    """A name that is not taken, which it is from now on."""
    while name in taken:
        name += "_"
    taken.add(name)
    return name
