"""Where everything is: neurons in blocks, kinds, ports, lanes of delay, shares of threads."""

from __future__ import annotations

__all__ = ["Layout", "Place", "lay_out"]

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurobridge.backends.native.kind import LANES
from neurobridge.lowering.program import Program


@dataclass(frozen=True)
class Place:
    """Where a population begins, in neurons of the whole network, and how many it has."""

    first: int
    size: int

    @property
    def blocks(self) -> range:
        """Its blocks."""
        return range(self.first // LANES, (self.first + self.size - 1) // LANES + 1)


@dataclass(frozen=True)
class Layout:
    """All indices of a program.

    Parameters
    ----------
    places : mapping of str to Place
        Populations with dynamics come first, in description order, each filled up to whole blocks;
        sources follow without gaps.
    n_padded : int
        Neurons with dynamics, idle ones included.
    n_senders : int
        The same and all sources.
    ports : tuple of (population, receptor)
        Receptors that anything reaches are addressed by their position here.
    lanes : tuple of (delay, port)
        What leaves a neuron is kept apart by delay and port; longer delays first.
    chunk : int
        Steps for which all spikes that arrive are known at their beginning.
    shares : int64 array, shape (threads + 1,)
        First block of each thread.
    """

    places: dict[str, Place]
    n_padded: int
    n_senders: int
    ports: tuple[tuple[str, str], ...]
    lanes: tuple[tuple[int, int], ...]
    chunk: int
    shares: NDArray[np.int64]

    @property
    def threads(self) -> int:
        """Number of threads."""
        return int(self.shares.size) - 1

    def port(self, population: str, receptor: str) -> int:
        """Position of a receptor among the ports."""
        return self.ports.index((population, receptor))


MOST_CHUNK = 32
"""Most steps between two looks at what goes on."""


def lay_out(program: Program, threads: int) -> Layout:
    """The layout of a program for a number of threads, which may turn out to be smaller."""
    places, first = {}, 0
    cells = [p for p in program.populations if not p.is_source]
    for p in cells:
        places[p.name] = Place(first, p.size)
        first += -(-p.size // LANES) * LANES
    n_padded = first
    for p in program.populations:
        if p.is_source:
            places[p.name] = Place(first, p.size)
            first += p.size
    ports = tuple((p.name, r.name) for p in cells for r in p.code.receptors)
    spiking = [p for p in program.pathways if not p.continuous and p.n_edges]
    lanes = {
        (int(d), ports.index((p.post, p.receptor))) for p in spiking for d in np.unique(p.delay)
    }
    sources = {p.name for p in program.populations if p.is_source}
    own = [p.delay_range[0] for p in spiking if p.pre not in sources]
    return Layout(
        places, n_padded, first, ports,
        tuple(sorted(lanes, key=lambda lane: (-lane[0], lane[1]))),
        min([*own, MOST_CHUNK]),
        _shares(program, places, n_padded // LANES, threads),
    )  # fmt: skip


def _shares(
    program: Program, places: dict[str, Place], n_blocks: int, threads: int
) -> NDArray[np.int64]:
    """Blocks for each thread with about as many incoming edges and neurons."""
    threads = max(1, min(threads, n_blocks))
    work = np.full(n_blocks + 1, float(LANES))
    work[0] = 0.0
    for path in program.pathways:
        place = places[path.post]
        ends = np.minimum((np.arange(len(place.blocks)) + 1) * LANES, place.size)
        edges = np.diff(path.indptr[np.concatenate([[0], ends])])
        work[place.blocks.start + 1 : place.blocks.stop + 1] += edges / 8
    total = np.cumsum(work)
    inner = np.searchsorted(total, total[-1] * np.arange(1, threads) / threads)
    shares = np.concatenate([[0], inner, [n_blocks]])
    return np.maximum.accumulate(np.asarray(shares, dtype=np.int64))
