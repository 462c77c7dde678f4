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
        self.compiled = device.type == "cpu"
        self.offsets = np.concatenate([[0], np.cumsum(np.bincount(source, minlength=shape[1]))])
        self.rows = np.ascontiguousarray(np.asarray(target, dtype=np.int32)[order])
        if not self.compiled:
            self.target = torch.as_tensor(self.rows.astype(np.int64), device=device)
            self.source = torch.as_tensor(np.asarray(source, np.int64)[order], device=device)


class _Compiled(torch.autograd.Function):
    """Kernels of our own, on the CPU."""

    @staticmethod
    def forward(
        ctx: Any, weight: torch.Tensor, x: torch.Tensor, pattern: SparsePattern
    ) -> torch.Tensor:
        from neurobridge.backends.torch.kernels import scatter

        x = x.contiguous()
        ctx.save_for_backward(weight, x)
        ctx.pattern = pattern
        out = x.new_zeros((pattern.shape[0], x.shape[1]))
        arrays = (weight.numpy(force=True), x.numpy(force=True), out.numpy())
        scatter(pattern.offsets, pattern.rows, *arrays)
        return out

    @staticmethod
    def backward(ctx: Any, *grads: torch.Tensor) -> Any:
        from neurobridge.backends.torch.kernels import gather

        weight, x = ctx.saved_tensors
        pattern, grad = ctx.pattern, grads[0].contiguous()
        wants_weight, wants_signal = ctx.needs_input_grad[:2]
        of_weight, of_signal = torch.zeros_like(weight), torch.zeros_like(x)
        gather(
            pattern.offsets, pattern.rows, weight.numpy(force=True), x.numpy(force=True),
            grad.numpy(force=True), of_signal.numpy(), of_weight.numpy(),
            wants_signal, wants_weight,
        )  # fmt: skip
        return of_weight if wants_weight else None, of_signal if wants_signal else None, None


class _Portable(torch.autograd.Function):
    """Torch operations, for any device."""

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
    n, step = pattern.rows.size, max(CHUNK // max(batch, 1), 1)
    return [slice(i, min(i + step, n)) for i in range(0, n, step)]


def product(weight: torch.Tensor, x: torch.Tensor, pattern: SparsePattern) -> torch.Tensor:
    """``W @ x`` with ``x`` of shape (sources, batch), and a gradient on the edges only.

    Parameters
    ----------
    weight : tensor (E,)
        In the order of ``pattern.order``.
    """
    kind = _Compiled if pattern.compiled else _Portable
    result: torch.Tensor = kind.apply(weight, x, pattern)  # type: ignore[no-untyped-call]
    return result
