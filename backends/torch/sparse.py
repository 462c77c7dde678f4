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
    """Which edges exist, in rows by target and in rows by source.

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
        def put(array: NDArray[Any]) -> torch.Tensor:
            return torch.as_tensor(np.asarray(array, dtype=np.int64), device=device)

        order = np.argsort(source, kind="stable")
        self.shape = shape
        self.target, self.source, self.by_source = put(target), put(source), put(order)
        self.rows, self.columns = put(_offsets(target, shape[0])), self.source
        self.rows_t = put(_offsets(source, shape[1]))
        self.columns_t = put(np.asarray(target)[order])

    def matrix(self, weight: torch.Tensor) -> torch.Tensor:
        """The weights as a CSR matrix, (targets, sources)."""
        return _csr(self.rows, self.columns, weight, self.shape)

    def transposed(self, weight: torch.Tensor) -> torch.Tensor:
        """The weights as a CSR matrix, (sources, targets)."""
        return _csr(self.rows_t, self.columns_t, weight[self.by_source], self.shape[::-1])


def _offsets(index: NDArray[np.int32], n: int) -> NDArray[np.int64]:
    return np.concatenate([[0], np.cumsum(np.bincount(index, minlength=n))])


def _csr(
    rows: torch.Tensor, columns: torch.Tensor, values: torch.Tensor, shape: tuple[int, ...]
) -> torch.Tensor:
    return torch.sparse_csr_tensor(rows, columns, values, shape, check_invariants=False)


class _Product(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, weight: torch.Tensor, x: torch.Tensor, pattern: SparsePattern
    ) -> torch.Tensor:
        ctx.save_for_backward(weight, x)
        ctx.pattern = pattern
        return pattern.matrix(weight) @ x

    @staticmethod
    def backward(ctx: Any, *grads: torch.Tensor) -> Any:
        weight, x = ctx.saved_tensors
        pattern, (grad,) = ctx.pattern, grads
        of_weight = _on_edges(grad, x, pattern) if ctx.needs_input_grad[0] else None
        of_x = pattern.transposed(weight) @ grad if ctx.needs_input_grad[1] else None
        return of_weight, of_x, None


def _on_edges(grad: torch.Tensor, x: torch.Tensor, pattern: SparsePattern) -> torch.Tensor:
    """``sum_b grad[target, b] x[source, b]`` of every edge, some edges at a time."""
    step = max(CHUNK // max(x.shape[1], 1), 1)
    parts = [
        (grad[target] * x[source]).sum(1)
        for target, source in zip(
            torch.split(pattern.target, step), torch.split(pattern.source, step), strict=True
        )
    ]
    return torch.cat(parts) if parts else grad.new_zeros(0)


def product(weight: torch.Tensor, x: torch.Tensor, pattern: SparsePattern) -> torch.Tensor:
    """``W @ x`` with the weights of the edges, shape (E,), and ``x`` of shape (sources, batch)."""
    result: torch.Tensor = _Product.apply(weight, x, pattern)  # type: ignore[no-untyped-call]
    return result
