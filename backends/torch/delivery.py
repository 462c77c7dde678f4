"""Delivery: the edges of a pathway as one matrix a delay, dense or sparse."""

from __future__ import annotations

__all__ = ["Route"]

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray

from neurobridge.backends.torch.sparse import SparsePattern, product
from neurobridge.lowering.program import Pathway

DENSE_ENTRIES = 1 << 16
DENSE_SHARE = 0.2
"""A matrix is dense if it has at most so many entries, or at least this share of its entries.

Measured for batches of 32 on one core, product and gradients: up to 256 x 256 dense is faster at
any density, from 512 x 512 sparse is faster up to a share of 0.1 to 0.3.
"""

Product = Callable[[torch.Tensor], torch.Tensor]
"""From a signal (n_pre, B) to what the targets get, (n_post, B)."""


class Route:
    """A pathway, ready to be multiplied with weights."""

    def __init__(self, pathway: Pathway, n_pre: int, device: torch.device) -> None:
        self.pathway = pathway
        shape = (pathway.indptr.size - 1, n_pre)
        delay = np.broadcast_to(pathway.delay, (pathway.n_edges,))
        self.parts = {
            int(d): _Part(pathway, np.flatnonzero(delay == d), shape, device)
            for d in np.unique(delay)
        }

    def with_weights(self, weight: torch.Tensor) -> dict[int, Product]:
        """The product of each delay (in steps) with these weights, (E,)."""
        return {d: part.with_weights(weight) for d, part in self.parts.items()}


class _Part:
    """The edges of one delay. Where they are dense, parallel edges add up in their entry."""

    def __init__(
        self,
        pathway: Pathway,
        edges: NDArray[np.int64],
        shape: tuple[int, int],
        device: torch.device,
    ) -> None:
        target, source = pathway.target[edges], pathway.source[edges]
        everything = edges.size == pathway.n_edges
        self.edges = None if everything else torch.as_tensor(edges, device=device)
        self.shape, entries = shape, shape[0] * shape[1]
        self.dense = entries <= DENSE_ENTRIES or edges.size >= DENSE_SHARE * entries
        if self.dense:
            entry = target.astype(np.int64) * shape[1] + source
            self.entry = torch.as_tensor(entry, device=device)
        else:
            self.pattern = SparsePattern(target, source, shape, device)

    def with_weights(self, weight: torch.Tensor) -> Product:
        own = weight if self.edges is None else weight[self.edges]
        if not self.dense:
            by_source = own[self.pattern.order]
            return lambda signal: product(by_source, signal, self.pattern)
        flat = own.new_zeros(self.shape[0] * self.shape[1])
        matrix = flat.index_add(0, self.entry, own).view(self.shape)
        return lambda signal: matrix @ signal
