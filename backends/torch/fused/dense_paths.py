"""Spikes and signals by matrix products: forward and backward in one step.

The gradient of the weights is one product at the end, over all steps and runs.
"""

from __future__ import annotations

__all__ = ["DenseSignal", "DenseSpikes", "Product"]

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from neurobridge.backends.torch.fused.grid import Grid, Rows
from neurobridge.backends.torch.fused.parts import Part

Tensor = torch.Tensor


@dataclass(frozen=True)
class Product:
    """Rows of what was sent, from ``origin`` on, and gradients of what arrived in ``n`` steps."""

    sent: Rows
    origin: int
    grad: Rows
    n: int


class _Dense:
    def __init__(self, part: Part, weight: Tensor) -> None:
        self.part, own = part, part.own(weight.detach())
        if part.entry is not None:  # parallel edges add up in their entry
            own = own.new_zeros(part.shape[0] * part.shape[1]).index_add_(0, part.entry, own)
        self.matrix = own.view(part.shape)
        self.transposed = self.matrix.t().contiguous()

    def want_weight_gradient(self) -> None:
        """Nothing is to be done before :meth:`weight_gradient`."""

    def _add_product(self, x: Tensor, out: Tensor, grid: Grid) -> None:
        if grid.runs_first:
            out.addmm_(x, self.transposed)
        else:
            out.addmm_(self.matrix, x)

    def _add_back(self, grad: Tensor, out: Tensor, grid: Grid) -> None:
        if grid.runs_first:
            out.addmm_(grad, self.matrix)
        else:
            out.addmm_(self.transposed, grad)

    def _weight_gradient(self, products: Sequence[Product], shift: int, delay: int) -> Tensor:
        total = torch.zeros_like(self.matrix)
        for p in products:
            first, grid = p.origin - delay, p.sent.grid
            if grid.runs_first:
                arrived = p.grad.tensor[shift : shift + p.n].view(-1, p.grad.grid.n)
                total.addmm_(arrived.t(), p.sent.tensor[first : first + p.n].view(-1, grid.n))
                continue
            for i in range(p.n):
                total.addmm_(p.grad.matrices[shift + i], p.sent.matrices[first + i].t())
        flat = total.view(-1)
        return flat if self.part.entry is None else flat[self.part.entry]


class DenseSpikes(_Dense):
    """From spikes to a receptor; see :class:`SparseSpikes`."""

    def __init__(self, part: Part, weight: Tensor, lead: int) -> None:
        super().__init__(part, weight)
        self.shift = part.longest - lead

    def forward(self, t: int, where: NDArray[np.int64], spikes: Rows, ring: Rows) -> None:
        """Send the spikes of a row, if there are any."""
        if where.size:
            row = ring.matrices[(t + self.shift) % ring.depth]
            self._add_product(spikes.matrices[t % spikes.depth], row, spikes.grid)

    def backward(
        self, t: int, where: NDArray[np.int64], ring: Rows, of_spikes: Rows | None
    ) -> None:
        """Add the gradient of the spikes."""
        if of_spikes is not None:
            row = ring.matrices[(t + self.shift) % ring.depth]
            self._add_back(row, of_spikes.matrices[0], ring.grid)

    def weight_gradient(self, products: Sequence[Product]) -> Tensor:
        """The gradient of the weights of this part."""
        return self._weight_gradient(products, self.shift, 0)


class DenseSignal(_Dense):
    """From a signal to a coupling; see :class:`SparseSignal`."""

    def forward(self, row: int, signals: Rows, t: int, out: Rows) -> None:
        """Add what arrives in step ``t``; the signal of now is in ``row``."""
        sent = signals.matrices[(row - self.part.longest) % signals.depth]
        self._add_product(sent, out.matrices[t % out.depth], out.grid)

    def backward(self, row: int, signals: Rows, t: int, grad: Rows, of_signal: Rows) -> None:
        """Add the gradient of the signal in ``row``, from that of what arrives then."""
        arrived = grad.matrices[(t + self.part.longest) % grad.depth]
        self._add_back(arrived, of_signal.matrices[row % of_signal.depth], grad.grid)

    def weight_gradient(self, products: Sequence[Product]) -> Tensor:
        """The gradient of the weights of this part."""
        return self._weight_gradient(products, 0, self.part.longest)
