"""Pathways cut into parts that are delivered in one go."""

from __future__ import annotations

__all__ = ["Part", "parts_of"]

from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray

from neurobridge.lowering.program import Pathway

DENSE_SIGNALS, DENSE_SPIKES = 0.15, 0.3
"""A part of one delay is a matrix from this share of its entries on.

Measured for 128 to 1,024 neurons, 3 % of spikes, products and gradients on one core: the share at
which both take the same time does not depend on the size. It is 0.07 to 0.1 for signals of one run
and 0.1 to 0.2 for those of 8 and 32; for spikes 0.1 to 0.15, 0.2, and 0.3. Below 100 neurons either
is as quick.
"""


class Part:
    """Edges of a pathway, and how they lie in memory.

    Parameters
    ----------
    pathway : Pathway
    index : int
        Of the pathway in its program.
    n_pre : int
    edges : int64 array or None
        Which; None for all.
    """

    def __init__(
        self, pathway: Pathway, index: int, n_pre: int, edges: NDArray[np.int64] | None
    ) -> None:
        chosen = slice(None) if edges is None else edges
        self.pathway, self.index = pathway, index
        self.edges = None if edges is None else torch.as_tensor(edges)
        self.shape = (pathway.indptr.size - 1, n_pre)
        self.target = np.array(pathway.target[chosen])
        self.source = np.array(pathway.source[chosen])
        delay = np.array(np.broadcast_to(pathway.delay, (pathway.n_edges,))[chosen], dtype=np.int32)
        self.longest = int(delay.max())
        self.delay = delay[:1] if delay.min() == self.longest else delay
        share = DENSE_SIGNALS if pathway.continuous else DENSE_SPIKES
        entries = self.shape[0] * self.shape[1]
        self.dense = self.delay.size == 1 and self.source.size >= share * entries

    def own(self, weight: torch.Tensor) -> torch.Tensor:
        """Weights of these edges out of those of the pathway."""
        return weight if self.edges is None else weight[self.edges]

    @cached_property
    def by_target(self) -> NDArray[np.int64]:
        """First edge of each target, and the number of edges."""
        return _pointers(self.target, self.shape[0])

    @cached_property
    def by_source(self) -> NDArray[np.int64]:
        """The same for sources, edges sorted by them."""
        return _pointers(self.source, self.shape[1])

    @cached_property
    def order(self) -> NDArray[np.int64]:
        """From edges by source to edges as they are given, by target."""
        return np.argsort(self.source, kind="stable")

    @cached_property
    def target_by_source(self) -> NDArray[np.int32]:
        """Targets of the edges, sorted by source."""
        return self.target[self.order]

    @cached_property
    def delay_by_source(self) -> NDArray[np.int32]:
        """Delays of the edges, sorted by source, or the one of all."""
        return self.delay if self.delay.size == 1 else self.delay[self.order]

    @cached_property
    def entry(self) -> torch.Tensor | None:
        """Entry of the matrix of each edge, or None if edges are entries in order."""
        entry = self.target.astype(np.int64) * self.shape[1] + self.source
        everything = np.array_equal(entry, np.arange(self.shape[0] * self.shape[1]))
        return None if everything else torch.as_tensor(entry)


def parts_of(pathway: Pathway, index: int, n_pre: int) -> list[Part]:
    """The parts of a pathway: of a continuous one, what couples at once and what comes later."""
    if not pathway.n_edges:
        return []
    low, high = pathway.delay_range
    if low or not high:
        return [Part(pathway, index, n_pre, None)]
    later = np.broadcast_to(pathway.delay, (pathway.n_edges,)) > 0
    return [Part(pathway, index, n_pre, np.flatnonzero(w)) for w in (~later, later)]


def _pointers(sorted_by: NDArray[np.int32], n: int) -> NDArray[np.int64]:
    counts = np.bincount(sorted_by, minlength=n)
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
