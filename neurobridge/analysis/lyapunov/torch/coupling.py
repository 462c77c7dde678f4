"""Products of signals, and of their tangents, with the coupling matrix of a system."""

from __future__ import annotations

__all__ = ["Coupling", "DenseCoupling", "SparseCoupling", "SparsePattern"]

import warnings
from abc import ABC, abstractmethod
from functools import cached_property
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray


class Coupling(ABC):
    """What turns signals (..., r, m) of m neurons into couplings (..., r, n), r vectors at once."""

    @abstractmethod
    def __call__(self, signals: torch.Tensor) -> torch.Tensor:
        """The couplings."""

    @abstractmethod
    def to(self, dtype: torch.dtype) -> Coupling:
        """The same in another precision."""


class DenseCoupling(Coupling):
    """A dense matrix.

    Parameters
    ----------
    transposed : tensor (m, n), or (S, m, n) for signals (S, r, m) of S systems
        pre x post.
    """

    def __init__(self, transposed: torch.Tensor) -> None:
        self.transposed = transposed

    def __call__(self, signals: torch.Tensor) -> torch.Tensor:
        """See :class:`Coupling`."""
        return torch.matmul(signals, self.transposed)

    def to(self, dtype: torch.dtype) -> DenseCoupling:
        """See :class:`Coupling`."""
        return DenseCoupling(self.transposed.to(dtype))


class SparsePattern:
    """Which entries of a matrix (n, m) exist, by rows and by columns.

    Parameters
    ----------
    indptr, indices : int array
        Of compressed rows.
    shape : (int, int)
    device : torch.device
    """

    def __init__(
        self,
        indptr: NDArray[Any],
        indices: NDArray[Any],
        shape: tuple[int, int],
        device: torch.device,
    ) -> None:
        row = np.repeat(np.arange(shape[0]), np.diff(indptr))
        order = np.lexsort((row, indices))
        columns = np.concatenate([[0], np.cumsum(np.bincount(indices, minlength=shape[1]))])
        self.shape = shape
        self.rows = self._on(indptr, device), self._on(indices, device)
        self.columns = self._on(columns, device), self._on(row[order], device)
        self.order = self._on(order, device)

    @staticmethod
    def _on(array: NDArray[Any], device: torch.device) -> torch.Tensor:
        return torch.as_tensor(np.ascontiguousarray(array, dtype=np.int64), device=device)

    def matrix(self, weights: torch.Tensor) -> torch.Tensor:
        """The matrix (n, m) with these weights, in the order of its rows."""
        return _compressed(*self.rows, weights, self.shape)

    def transposed(self, weights: torch.Tensor) -> torch.Tensor:
        """Its transpose (m, n)."""
        return _compressed(*self.columns, weights[self.order], self.shape[::-1])


def _compressed(
    indptr: torch.Tensor, indices: torch.Tensor, values: torch.Tensor, shape: tuple[int, int]
) -> torch.Tensor:
    with warnings.catch_warnings():  # that they are in beta state, and unchecked
        warnings.simplefilter("ignore", UserWarning)
        return torch.sparse_csr_tensor(indptr, indices, values, shape, check_invariants=False)


class _Product(torch.autograd.Function):
    """``signals W^T``, with a gradient on the entries that exist."""

    @staticmethod
    def forward(
        ctx: Any, weights: torch.Tensor, signals: torch.Tensor, coupling: SparseCoupling
    ) -> torch.Tensor:
        ctx.save_for_backward(signals)
        ctx.coupling = coupling
        return (coupling.matrix @ signals.T).T

    @staticmethod
    def backward(ctx: Any, *grads: torch.Tensor) -> Any:
        (signals,) = ctx.saved_tensors
        grad = grads[0]
        of_weights = of_signals = None
        if ctx.needs_input_grad[0]:
            left, right = grad.T.contiguous(), signals.contiguous()
            sampled = torch.sparse.sampled_addmm(ctx.coupling.matrix, left, right, beta=0.0)
            of_weights = sampled.values()
        if ctx.needs_input_grad[1]:
            of_signals = (ctx.coupling.transposed @ grad.T).T
        return of_weights, of_signals, None


class SparseCoupling(Coupling):
    """A sparse matrix.

    Parameters
    ----------
    weights : tensor (E,)
    pattern : SparsePattern
    blocks : int
        More than 1: the matrix is block diagonal, with a block for each of so many systems, and
        signals are (blocks, r, m).
    """

    def __init__(self, weights: torch.Tensor, pattern: SparsePattern, blocks: int = 1) -> None:
        self.weights, self.pattern, self.blocks = weights, pattern, blocks

    @cached_property
    def matrix(self) -> torch.Tensor:
        """The matrix (n, m) in compressed rows."""
        return self.pattern.matrix(self.weights.detach())

    @cached_property
    def transposed(self) -> torch.Tensor:
        """Its transpose (m, n)."""
        return self.pattern.transposed(self.weights.detach())

    def __call__(self, signals: torch.Tensor) -> torch.Tensor:
        """See :class:`Coupling`."""
        if self.blocks > 1:
            r = signals.shape[1]
            flat = signals.transpose(0, 1).reshape(r, -1)
            return self._product(flat).reshape(r, self.blocks, -1).transpose(0, 1)
        flat = signals.reshape(-1, signals.shape[-1])
        return self._product(flat).reshape(*signals.shape[:-1], -1)

    def _product(self, flat: torch.Tensor) -> torch.Tensor:
        found: torch.Tensor = _Product.apply(self.weights, flat, self)  # type: ignore[no-untyped-call]
        return found

    def to(self, dtype: torch.dtype) -> SparseCoupling:
        """See :class:`Coupling`."""
        return SparseCoupling(self.weights.to(dtype), self.pattern, self.blocks)
