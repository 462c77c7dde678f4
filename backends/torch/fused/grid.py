"""How the values of a population in a batch of runs lie in memory."""

from __future__ import annotations

__all__ = ["Grid", "Rows", "numbers", "unset"]

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

Tensor = torch.Tensor


@dataclass(frozen=True)
class Grid:
    """``n`` neurons in ``batch`` runs, in one row of memory.

    Parameters
    ----------
    n, batch : int
    runs_first : bool
        Whether the runs of a neuron lie apart and the neurons of a run together, (batch, n), as
        matrix products like it; else (n, batch), as products over single edges need it.
    """

    n: int
    batch: int
    runs_first: bool

    @property
    def size(self) -> int:
        """Length of a row."""
        return self.n * self.batch

    def inside(self, tensor: Tensor) -> Tensor:
        """From (..., n, batch) to rows, (rows, size); shares memory if it can."""
        if self.runs_first:
            tensor = tensor.transpose(-1, -2)
        return tensor.contiguous().view(-1, self.size)

    def outside(self, rows: Tensor) -> Tensor:
        """From (rows, size) to (rows, n, batch), the same memory."""
        if self.runs_first:
            return rows.view(-1, self.batch, self.n).transpose(1, 2)
        return rows.view(-1, self.n, self.batch)

    def matrices(self, rows: Tensor) -> tuple[Tensor, ...]:
        """Each row as a matrix, (batch, n) or (n, batch) as it lies in memory."""
        shape = (self.batch, self.n) if self.runs_first else (self.n, self.batch)
        return rows.view(-1, *shape).unbind(0)

    def spread(self, value: Tensor) -> Tensor:
        """From one value a neuron, (n,), to a row (size,)."""
        column = value[None, :] if self.runs_first else value[:, None]
        shape = (self.batch, self.n) if self.runs_first else (self.n, self.batch)
        return column.expand(shape).reshape(self.size)

    def summed(self, row: Tensor) -> Tensor:
        """Sums over the runs, (n,)."""
        if self.runs_first:
            return row.view(self.batch, self.n).sum(0)
        return row.view(self.n, self.batch).sum(1)

    def positions(self, neuron: Tensor, run: Tensor) -> NDArray[Any]:
        """Where neurons are in a row."""
        where = run * self.n + neuron if self.runs_first else neuron * self.batch + run
        return numbers(where)


def unset(n: int, like: Tensor, size: int) -> Tensor:
    """Rows (n, size) that nothing is written to yet.

    NumPy's memory, for it asks for huge pages, which are quicker to get than as many small ones.
    """
    return torch.from_numpy(np.empty((n, size), dtype=numbers(like).dtype))


def numbers(tensor: Tensor) -> NDArray[Any]:
    """A tensor as an array on the same memory."""
    array: NDArray[Any] = tensor.detach().numpy()
    return array


class Rows:
    """Values of a population at several times; a row is counted modulo the number of rows.

    Parameters
    ----------
    tensor : tensor, shape (rows, size)
        Contiguous.
    grid : Grid
    """

    def __init__(self, tensor: Tensor, grid: Grid) -> None:
        self.tensor, self.grid, self.depth = tensor, grid, tensor.shape[0]
        self.array = numbers(tensor)

    @cached_property
    def each(self) -> tuple[Tensor, ...]:
        """The rows, (size,) each."""
        return self.tensor.unbind(0)

    @cached_property
    def cube(self) -> NDArray[Any]:
        """(rows, n, batch), for products over edges."""
        return self.array.reshape(self.depth, self.grid.n, self.grid.batch)

    @cached_property
    def stacked(self) -> NDArray[Any]:
        """(rows n, batch), for products over edges."""
        return self.array.reshape(self.depth * self.grid.n, self.grid.batch)

    @cached_property
    def matrices(self) -> tuple[Tensor, ...]:
        """Each row as a matrix, for matrix products."""
        return self.grid.matrices(self.tensor)
