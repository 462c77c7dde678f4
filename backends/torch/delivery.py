"""Delivery: the edges of a pathway as one matrix a delay, dense or sparse."""

from __future__ import annotations

__all__ = ["Route"]

import numpy as np
import torch
from numpy.typing import NDArray

from neurobridge.backends.torch.sparse import SparsePattern, product
from neurobridge.lowering.program import Pathway

Index = NDArray[np.int32]

DENSE_ENTRIES = 1 << 20
DENSE_SHARE = 0.3
"""A matrix is dense if it has at most so many entries, or at least this share of its entries."""


class Route:
    """A pathway, ready to multiply signals of shape (n_pre, B) with its weights."""

    def __init__(self, pathway: Pathway, n_pre: int, device: torch.device) -> None:
        self.pathway = pathway
        n_post = pathway.indptr.size - 1
        delay = np.broadcast_to(pathway.delay, (pathway.n_edges,))
        self.parts: dict[int, _Dense | _Sparse] = {}
        for d in np.unique(delay).tolist():
            chosen = np.flatnonzero(delay == d)
            entries = n_post * n_pre
            dense = entries <= DENSE_ENTRIES or chosen.size >= DENSE_SHARE * entries
            kind = _Dense if dense else _Sparse
            target, source = pathway.target[chosen], pathway.source[chosen]
            edges = None if chosen.size == delay.size else chosen
            self.parts[int(d)] = kind(target, source, (n_post, n_pre), edges, device)

    def products(self, weight: torch.Tensor, signal: torch.Tensor) -> dict[int, torch.Tensor]:
        """What the targets get from ``signal``, by delay in steps."""
        return {d: part.times(weight, signal) for d, part in self.parts.items()}

    def product(self, delay: int, weight: torch.Tensor, signal: torch.Tensor) -> torch.Tensor:
        """What the targets get over the edges of one delay."""
        return self.parts[delay].times(weight, signal)


class _Part:
    def __init__(self, edges: NDArray[np.int64] | None, device: torch.device) -> None:
        self.edges = None if edges is None else torch.as_tensor(edges, device=device)

    def own(self, weight: torch.Tensor) -> torch.Tensor:
        return weight if self.edges is None else weight[self.edges]


class _Dense(_Part):
    """Parallel edges of a pair add up in its entry."""

    def __init__(
        self,
        target: Index,
        source: Index,
        shape: tuple[int, int],
        edges: NDArray[np.int64] | None,
        device: torch.device,
    ) -> None:
        super().__init__(edges, device)
        self.shape = shape
        flat = target.astype(np.int64) * shape[1] + source
        self.flat = torch.as_tensor(flat, device=device)
        self.kept: tuple[torch.Tensor, int, torch.Tensor] | None = None

    def times(self, weight: torch.Tensor, signal: torch.Tensor) -> torch.Tensor:
        return self.matrix(weight) @ signal

    def matrix(self, weight: torch.Tensor) -> torch.Tensor:
        """The matrix of these weights; the same one as long as they are the same."""
        kept = self.kept
        fresh = kept is None or kept[0] is not weight or kept[1] != weight._version
        if fresh or torch.is_grad_enabled() != kept[2].requires_grad:  # type: ignore[index]
            flat = weight.new_zeros(self.shape[0] * self.shape[1])
            made = flat.index_add(0, self.flat, self.own(weight)).view(self.shape)
            self.kept = (weight, weight._version, made)
        assert self.kept is not None
        return self.kept[2]

    def forget(self) -> None:
        """Let go of the graph of the last matrix."""
        self.kept = None


class _Sparse(_Part):
    def __init__(
        self,
        target: Index,
        source: Index,
        shape: tuple[int, int],
        edges: NDArray[np.int64] | None,
        device: torch.device,
    ) -> None:
        super().__init__(edges, device)
        self.pattern = SparsePattern(target, source, shape, device)

    def times(self, weight: torch.Tensor, signal: torch.Tensor) -> torch.Tensor:
        return product(self.own(weight), signal, self.pattern)

    def forget(self) -> None:
        """Nothing is kept."""
