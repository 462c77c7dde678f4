"""Spikes and signals over single edges: forward and backward in one step."""

from __future__ import annotations

__all__ = ["SparseSignal", "SparseSpikes"]

from functools import cached_property
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from neurobridge.backends.torch.fused.grid import Rows, numbers
from neurobridge.backends.torch.fused.kernels import (
    gather_signal,
    gather_spikes,
    pull_signal,
    pull_spikes,
    push_spikes,
)
from neurobridge.backends.torch.fused.parts import Part

MANY = 0.06
"""Share of neurons above which it is quicker to go through all edges than through spikes."""


AT_ONCE = np.zeros(1, dtype=np.int32)


class _Sparse:
    def __init__(self, part: Part, weight: torch.Tensor) -> None:
        self.part = part
        self.weight = numbers(part.own(weight))
        self.of_weight: NDArray[Any] = self.weight[:0]

    @cached_property
    def weight_by_source(self) -> NDArray[Any]:
        return self.weight[self.part.order]

    def want_weight_gradient(self) -> None:
        """Sum up the gradients of the weights from now on."""
        self.of_weight = np.zeros_like(self.weight)

    def weight_gradient(self, products: object) -> torch.Tensor:
        """The gradient of the weights of this part, summed up on the way."""
        found = np.empty_like(self.of_weight)
        found[self.part.order] = self.of_weight
        return torch.from_numpy(found)


class SparseSpikes(_Sparse):
    """From spikes to a receptor.

    Parameters
    ----------
    part : Part
    weight : tensor
        Of the whole pathway.
    lead : int
        Steps by which spikes are sent earlier than those of this step: 1 for sources, whose spikes
        are stamped at its beginning.
    """

    def __init__(self, part: Part, weight: torch.Tensor, lead: int) -> None:
        super().__init__(part, weight)
        self.lead = lead

    def forward(self, t: int, where: NDArray[np.int64], spikes: Rows | None, ring: Rows) -> None:
        """Send the spikes at these positions (also given as rows of 0 and 1)."""
        part, now = self.part, (t - self.lead) % ring.depth
        if spikes is None or where.size <= MANY * spikes.grid.size:
            push_spikes(
                where, part.by_source, part.target_by_source, self.weight_by_source,
                part.delay_by_source, now, ring.depth, ring.stacked,
            )  # fmt: skip
        elif part.delay.size == 1:
            pull_signal(
                spikes.cube, t % spikes.depth, part.by_target, part.source, self.weight, AT_ONCE,
                ring.cube[(now + part.longest) % ring.depth],
            )  # fmt: skip
        else:
            pull_spikes(
                spikes.cube[t % spikes.depth], part.by_target, part.source, self.weight,
                part.delay, now, ring.depth, ring.stacked,
            )  # fmt: skip

    def backward(
        self, t: int, where: NDArray[np.int64], ring: Rows, of_spikes: Rows | None
    ) -> None:
        """Add the gradients of the spikes of this step, from those of the ring."""
        part = self.part
        into = ring.stacked[:0] if of_spikes is None else of_spikes.stacked
        gather_spikes(
            where, part.by_source, part.target_by_source, self.weight_by_source,
            part.delay_by_source, (t - self.lead) % ring.depth, ring.depth, ring.stacked,
            into, self.of_weight,
        )  # fmt: skip


class SparseSignal(_Sparse):
    """From a signal to a coupling."""

    def forward(self, row: int, signals: Rows, t: int, out: Rows) -> None:
        """Add what arrives in step ``t``; the signal of now is in ``row``."""
        part = self.part
        pull_signal(
            signals.cube, row % signals.depth, part.by_target, part.source, self.weight,
            part.delay, out.cube[t % out.depth],
        )  # fmt: skip

    def backward(self, row: int, signals: Rows, t: int, grad: Rows, of_signal: Rows) -> None:
        """Add the gradient of the signal in ``row``, from those of what arrives from ``t`` on."""
        part = self.part
        gather_signal(
            signals.cube[row % signals.depth], part.by_source, part.target_by_source,
            self.weight_by_source, part.delay_by_source, t % grad.depth, grad.depth,
            grad.stacked, of_signal.cube[row % of_signal.depth], self.of_weight,
        )  # fmt: skip
