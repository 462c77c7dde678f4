"""Sparse products whose gradient stays on the edges that exist.

``torch.sparse`` makes the gradient of a weight matrix dense, 77 GB for a fly brain. Here it is a
vector with one entry an edge.
"""

from __future__ import annotations

__all__ = ["SparsePattern", "product"]

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

CHUNK = 1 << 24
"""Products of one edge and one batch entry that are held at once in the gradient of weights."""


class SparsePattern:
    """Which edges exist, in rows by source.

    Parameters
    ----------
    target, source : int array, shape (E,)
        In order of the targets.
    shape : (int, int)
        Number of targets and of sources.
    """

    def __init__(
        self,
        target: NDArray[np.int32],
        source: NDArray[np.int32],
        shape: tuple[int, int],
        device: torch.device,
    ) -> None:
        order = np.argsort(source, kind="stable")
        self.shape = shape
        self.order = torch.as_tensor(order, device=device)
        self.target = torch.as_tensor(np.asarray(target, np.int64)[order], device=device)
        self.source = torch.as_tensor(np.asarray(source, np.int64)[order], device=device)


class _Product(torch.autograd.Function):
    """``W @ x``, some edges at a time."""

    @staticmethod
    def forward(
        ctx: Any, weight: torch.Tensor, x: torch.Tensor, pattern: SparsePattern
    ) -> torch.Tensor:
        ctx.save_for_backward(weight, x)
        ctx.pattern = pattern
        out = x.new_zeros((pattern.shape[0], x.shape[1]))
        for part in _chunks(pattern, x.shape[1]):
            out.index_add_(0, pattern.target[part], weight[part, None] * x[pattern.source[part]])
        return out

    @staticmethod
    def backward(ctx: Any, *grads: torch.Tensor) -> Any:
        weight, x = ctx.saved_tensors
        pattern, grad = ctx.pattern, grads[0]
        of_weight, of_signal = torch.zeros_like(weight), torch.zeros_like(x)
        for part in _chunks(pattern, x.shape[1]):
            arriving = grad[pattern.target[part]]
            of_weight[part] = (arriving * x[pattern.source[part]]).sum(1)
            of_signal.index_add_(0, pattern.source[part], weight[part, None] * arriving)
        return of_weight, of_signal, None


def _chunks(pattern: SparsePattern, batch: int) -> list[slice]:
    """Edges, some at a time."""
    n, step = pattern.target.numel(), max(CHUNK // max(batch, 1), 1)
    return [slice(i, min(i + step, n)) for i in range(0, n, step)]


def product(weight: torch.Tensor, x: torch.Tensor, pattern: SparsePattern) -> torch.Tensor:
    """``W @ x`` with ``x`` of shape (sources, batch), and a gradient on the edges only.

    Parameters
    ----------
    weight : tensor (E,)
        In the order of ``pattern.order``.
    """
    result: torch.Tensor = _Product.apply(weight, x, pattern)  # type: ignore[no-untyped-call]
    return result
