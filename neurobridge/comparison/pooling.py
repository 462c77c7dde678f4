"""Populations side by side in one numbering, and runs cut to the time that they share."""

from __future__ import annotations

__all__ = ["Pool", "pooled", "until"]

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from neurobridge.recording import Spikes


@dataclass(frozen=True)
class Pool:
    """Spikes of several populations, with the neurons of all numbered one after the other.

    Parameters
    ----------
    spikes : Spikes
        All spikes; neuron ``offsets[p] + i`` is neuron ``i`` of population ``names[p]``.
    names : tuple of str
    offsets : int64 array, shape (len(names) + 1,)
    """

    spikes: Spikes
    names: tuple[str, ...]
    offsets: NDArray[np.int64]

    def locate(self, neuron: int) -> tuple[str, int]:
        """Population and index in it of a neuron of the pool."""
        which = int(np.searchsorted(self.offsets, neuron, side="right")) - 1
        return self.names[which], int(neuron - self.offsets[which])


def pooled(spikes: Mapping[str, Spikes]) -> Pool:
    """Pool populations in the order of the mapping.

    Parameters
    ----------
    spikes : mapping of str to Spikes
        At least one population; all of the same run, hence of one dt and one length.
    """
    names = tuple(spikes)
    parts = list(spikes.values())
    offsets = np.cumsum([0, *(p.size for p in parts)], dtype=np.int64)
    if len(parts) == 1:
        return Pool(parts[0], names, offsets)
    step = np.concatenate([p.step for p in parts])
    trial = np.concatenate([p.trial for p in parts])
    neuron = _shifted([p.neuron for p in parts], offsets)
    order = np.lexsort((neuron, step, trial))
    everyone = all(p.neurons is None for p in parts)
    whole = Spikes(
        step=step[order],
        neuron=neuron[order],
        trial=trial[order],
        dt=parts[0].dt,
        n_steps=max(p.n_steps for p in parts),
        size=int(offsets[-1]),
        neurons=None if everyone else _shifted([p.recorded for p in parts], offsets),
    )
    return Pool(whole, names, offsets)


def until(spikes: Spikes, n_steps: int) -> Spikes:
    """The spikes of the first ``n_steps`` steps, as if the run had ended there."""
    if n_steps >= spikes.n_steps:
        return spikes
    kept = spikes.step <= n_steps
    return replace(
        spikes,
        step=spikes.step[kept],
        neuron=spikes.neuron[kept],
        trial=spikes.trial[kept],
        n_steps=n_steps,
    )


def _shifted(neurons: list[NDArray[np.int32]], offsets: NDArray[np.int64]) -> NDArray[np.int32]:
    moved = [n + offset for n, offset in zip(neurons, offsets[:-1], strict=True)]
    together: NDArray[np.int32] = np.concatenate(moved).astype(np.int32)
    return together
