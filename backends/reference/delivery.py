"""Event delivery: which weights arrive where, in which step."""

from __future__ import annotations

__all__ = ["Mailbox", "OutgoingEdges"]

from collections import defaultdict

import numpy as np
from numpy.typing import NDArray

from neurobridge.lowering.program import Pathway


class OutgoingEdges:
    """The edges of a pathway, by presynaptic neuron."""

    def __init__(self, pathway: Pathway) -> None:
        order = np.argsort(pathway.source, kind="stable")
        n_pre = int(pathway.source.max()) + 1 if pathway.n_edges else 0
        self.target = pathway.target[order]
        self.weight = pathway.weight[order]
        self.delay = pathway.delay if isinstance(pathway.delay, int) else pathway.delay[order]
        self.indptr = np.zeros(n_pre + 1, dtype=np.int64)
        np.cumsum(np.bincount(pathway.source, minlength=n_pre), out=self.indptr[1:])

    def of(self, neurons: NDArray[np.int32]) -> NDArray[np.int64]:
        """Positions of all edges that leave these neurons."""
        neurons = neurons[neurons < self.indptr.size - 1]
        first, last = self.indptr[neurons], self.indptr[neurons + 1]
        length = last - first
        total = int(length.sum())
        if not total:
            return np.zeros(0, dtype=np.int64)
        skip = np.repeat(first - np.concatenate([[0], np.cumsum(length)[:-1]]), length)
        return np.asarray(np.arange(total) + skip, dtype=np.int64)


class Mailbox:
    """Events on their way to one receptor, by the step in which they arrive."""

    def __init__(self) -> None:
        self.due: dict[int, list[tuple[NDArray[np.int32], NDArray[np.float64]]]] = defaultdict(list)

    def send(self, edges: OutgoingEdges, neurons: NDArray[np.int32], step: int) -> None:
        """Post spikes that are stamped ``step``: they are due in step ``step - 1 + delay``."""
        chosen = edges.of(neurons)
        if not chosen.size:
            return
        target, weight = edges.target[chosen], edges.weight[chosen]
        if isinstance(edges.delay, int):
            self.due[step - 1 + edges.delay].append((target, weight))
            return
        delay = edges.delay[chosen]
        for d in np.unique(delay):
            now = delay == d
            self.due[step - 1 + int(d)].append((target[now], weight[now]))

    def put(self, step: int, target: NDArray[np.int32], weight: NDArray[np.float64]) -> None:
        """Events from outside that are due in ``step``; they are summed before all spikes."""
        self.due[step].insert(0, (target, weight))

    def take(self, step: int, size: int) -> NDArray[np.float64] | None:
        """Summed weight of each neuron in ``step``, or None if nothing arrives."""
        parts = self.due.pop(step, None)
        if parts is None:
            return None
        target = np.concatenate([p[0] for p in parts])
        weight = np.concatenate([p[1] for p in parts])
        return np.asarray(np.bincount(target, weights=weight, minlength=size), dtype=np.float64)
