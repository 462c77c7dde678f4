"""What a drive plays into a network, as rows (step, neuron, value) for the script's players."""

from __future__ import annotations

__all__ = ["current_table", "event_table", "source_table"]

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from neurobridge.backends.brian2.binary import Table
from neurobridge.lowering.program import CurrentInput, EventInput, Index, Int, Real, SourceSpikes


def event_table(inputs: Sequence[EventInput], size: int, gain: float | Real) -> Table:
    """Events into one receptor, summed for each step and neuron, times the receptor's gain.

    Parameters
    ----------
    inputs : sequence of EventInput
        All of one population and receptor; added in this order.
    size : int
        Neurons in the population.
    gain : float or float64 array, shape (size,)
    """
    if not inputs:
        return _EMPTY
    key = np.concatenate([i.step * size + i.target[i.channel] for i in inputs])
    weight = np.concatenate([i.weight[i.channel] * i.count for i in inputs])
    if key.size > 1 and not np.all(key[1:] > key[:-1]):
        key, place = np.unique(key, return_inverse=True)
        weight = np.bincount(place, weights=weight, minlength=key.size)
    step, neuron = np.divmod(key, size)
    factor = gain if isinstance(gain, float) else gain[neuron]
    return Table(step, neuron.astype(np.int32), weight * factor)


def source_table(spikes: Sequence[SourceSpikes]) -> Table:
    """Spikes of one source population; the values mean nothing."""
    if not spikes:
        return _EMPTY
    stamp = np.concatenate([s.stamp for s in spikes])
    neuron = np.concatenate([s.neuron for s in spikes])
    return Table(stamp, neuron, np.zeros(0))


def current_table(inputs: Sequence[CurrentInput]) -> Table:
    """Total injected current of one population: the value of a neuron whenever it may change."""
    if not inputs:
        return _EMPTY
    columns = np.concatenate([i.neuron for i in inputs])
    neurons, count = np.unique(columns, return_counts=True)
    shared = neurons[count > 1]
    parts = [_alone(i, ~np.isin(i.neuron, shared)) for i in inputs]
    if shared.size:
        parts.append(_summed(inputs, shared))
    step, neuron, value = (np.concatenate(column) for column in zip(*parts, strict=True))
    order = np.argsort(step, kind="stable")
    return Table(step[order], neuron[order], value[order])


def _alone(current: CurrentInput, chosen: NDArray[np.bool_]) -> tuple[Int, Index, Real]:
    """Rows of the neurons that no other column reaches."""
    return _rows(current.start, current.neuron[chosen], current.value[:, chosen])


def _summed(inputs: Sequence[CurrentInput], shared: Index) -> tuple[Int, Index, Real]:
    """Rows of the neurons that several columns reach: their sum, at every change of any."""
    start = np.unique(np.concatenate([i.start for i in inputs]))
    total = np.zeros((start.size, shared.size))
    for current in inputs:
        now = np.searchsorted(current.start, start, side="right") - 1
        for column in np.flatnonzero(np.isin(current.neuron, shared)):
            place = np.searchsorted(shared, current.neuron[column])
            total[:, place] += np.where(now >= 0, current.value[now, column], 0.0)
    return _rows(start, shared, total)


def _rows(start: Int, neuron: Index, value: Real) -> tuple[Int, Index, Real]:
    return np.repeat(start, neuron.size), np.tile(neuron, start.size), value.ravel()


_EMPTY = Table(np.empty(0, np.int64), np.empty(0, np.int32), np.empty(0))
