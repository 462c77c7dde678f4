"""The largest summed input of a step that a run really has, for every neuron and receptor.

The bound on it, all inputs of a neuron in one step, is mostly far above what happens, and every
factor of two between them costs a bit of the 16 that a weight has. Here the spikes of a run are
played through the weights once more, and only the sums are kept.
"""

from __future__ import annotations

__all__ = ["HEADROOM", "max_summed_input", "measure_input"]

from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from neurobridge.lowering.chip.cells import Cell
from neurobridge.lowering.chip.magnitudes import Magnitudes, event_magnitude, pathway_magnitudes
from neurobridge.lowering.chip.network import RECEPTORS
from neurobridge.lowering.program import Drive, Program

Int = NDArray[np.int64]
Index = NDArray[np.int32]
Real = NDArray[np.float64]
Trains = Mapping[str, tuple[Int, Index]]

HEADROOM = 2.0
"""The chip's spikes are not those of the run that was measured, and another seed has others: a
buffer holds this many times what was measured. It costs one bit."""
_SUMS_AT_ONCE = 1 << 22
"""Sums (steps x neurons) that are held at a time."""
_EVENTS_AT_ONCE = 1 << 22


def measure_input(
    program: Program, cells: Mapping[str, Cell], drive: Drive, spikes: Trains
) -> dict[str, Real]:
    """Largest summed input of one step.

    Parameters
    ----------
    program : Program
    cells : mapping of str to Cell
        By population with dynamics.
    drive : Drive
        What was played into the run.
    spikes : mapping of str to (int64 (k,), int32 (k,))
        Stamps and neurons of all spikes of every population, sources included.

    Returns
    -------
    dict of str to float64 array, shape (2, size)
        By population, for each of the chip's receptors (excitatory, inhibitory): magnitudes in nA
        or uS, without the chip's unit of current.
    """
    largest = {name: np.zeros((2, program.population(name).size)) for name in cells}
    arriving = _by_receptor(program, cells)
    for name, values in largest.items():
        for row, receptor in enumerate(RECEPTORS):
            parts = [_Synapses(edges) for edges in arriving.get((name, receptor), ())]
            events = list(_events(program, cells, drive, name, receptor))
            if parts or events:
                values[row] = _largest(parts, spikes, events, drive.n_steps, values.shape[1])
    return largest


def max_summed_input(
    program: Program,
    cells: Mapping[str, Cell],
    measured: Mapping[str, Real],
    bounds: Mapping[str, Real],
    headroom: float = HEADROOM,
) -> dict[str, dict[str, Real]]:
    """The setting ``max_summed_input`` for what was measured.

    Never above the bound. That every single weight has to fit, even of a synapse that was silent,
    is seen to where the setting is used.

    Parameters
    ----------
    program, cells
        As for :func:`measure_input`.
    measured, bounds : mapping of str to float64 array, shape (2, size)
        As :func:`measure_input` and
        :func:`~neurobridge.lowering.chip.magnitudes.summed_input` return them.
    headroom : float
        Factor on what was measured.

    Returns
    -------
    dict of str to dict of str to float64 array, shape (size,)
        By population and its own receptors, in the unit of their weights.
    """
    chosen: dict[str, dict[str, Real]] = {}
    for name, values in measured.items():
        population, cell = program.population(name), cells[name]
        wanted = np.minimum(headroom * values, bounds[name])
        chosen[name] = {}
        for receptor, (chip, _) in cell.receptors.items():
            rows = [RECEPTORS.index(chip)] if chip else [0, 1]
            factor = np.asarray(cell.factor(receptor, population.parameters, program.dt))
            chosen[name][receptor] = wanted[rows].max(axis=0) / factor
    return chosen


def _by_receptor(
    program: Program, cells: Mapping[str, Cell]
) -> dict[tuple[str, str], list[Magnitudes]]:
    found: dict[tuple[str, str], list[Magnitudes]] = {}
    for edges in pathway_magnitudes(program, cells):
        found.setdefault((edges.pathway.post, edges.receptor), []).append(edges)
    return found


class _Synapses:
    """Edges onto one receptor of one population, by their source."""

    def __init__(self, edges: Magnitudes) -> None:
        self.pre = edges.pathway.pre
        order = np.argsort(edges.source, kind="stable")
        self.target = edges.target[order].astype(np.int64)
        self.value = edges.value[order]
        delay = np.broadcast_to(np.asarray(edges.delay, dtype=np.int64), order.shape)
        self.delay = delay[order]
        self.longest = int(delay.max(initial=1))
        counts = np.bincount(edges.source)
        self.first = np.concatenate([[0], np.cumsum(counts)])

    def arrivals(self, stamp: Int, neuron: Index) -> Iterator[tuple[Int, Int, Real]]:
        """Step, target and weight of what these spikes send, a block of spikes at a time."""
        known = neuron < self.first.size - 1
        stamp, neuron = stamp[known], neuron[known]
        n_edges = self.first[neuron + 1] - self.first[neuron]
        blocks = np.cumsum(n_edges) // _EVENTS_AT_ONCE
        cuts = np.flatnonzero(np.diff(blocks)) + 1
        for block in np.split(np.arange(stamp.size), cuts):
            many = n_edges[block]
            before = np.repeat(np.cumsum(many) - many, many)
            edge = np.repeat(self.first[neuron[block]], many) + np.arange(many.sum()) - before
            yield (
                np.repeat(stamp[block], many) + self.delay[edge] - 1,
                self.target[edge],
                (self.value[edge]),
            )


def _events(
    program: Program, cells: Mapping[str, Cell], drive: Drive, population: str, receptor: str
) -> Iterator[tuple[Int, Int, Real]]:
    """Step, target and weight of what stimuli send to a receptor."""
    for given in drive.events:
        if given.population != population:
            continue
        reached, value = event_magnitude(
            program, cells, population, given.receptor, given.target, given.weight
        )
        if reached == receptor:
            target = given.target[given.channel].astype(np.int64)
            yield given.step, target, value[given.channel] * given.count


def _largest(
    parts: list[_Synapses],
    spikes: Trains,
    events: list[tuple[Int, Int, Real]],
    n_steps: int,
    size: int,
) -> Real:
    """Sums of a window of steps at a time; what arrives later is handed to the next window."""
    longest = max((part.longest for part in parts), default=1)
    window = max(_SUMS_AT_ONCE // size - longest, 1)
    largest = np.zeros(size)
    later = np.zeros((longest, size))
    for begin in range(0, n_steps, window):
        sums = np.zeros((window + longest, size))
        sums[:longest] = later
        for step, target, value in events:
            low, high = np.searchsorted(step, [begin, begin + window])
            _add(sums, step[low:high] - begin, target[low:high], value[low:high])
        for part in parts:
            stamp, neuron = spikes[part.pre]
            low, high = np.searchsorted(stamp, [begin, begin + window])
            for step, target, value in part.arrivals(stamp[low:high], neuron[low:high]):
                _add(sums, step - begin, target, value)
        used = min(window, n_steps - begin)
        np.maximum(largest, sums[:used].max(axis=0), out=largest)
        later = sums[window:]
    return largest


def _add(sums: Real, step: Int, target: Int, value: Real) -> None:
    place = step * sums.shape[1] + target
    sums += np.bincount(place, weights=value, minlength=sums.size).reshape(sums.shape)
