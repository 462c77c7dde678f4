"""Transforms: from a number that may be anything to one that keeps its sign and its bounds.

A constraint that is a transform cannot be violated, whatever the optimiser does.
"""

from __future__ import annotations

__all__ = ["Transform", "bounded", "free", "signed"]

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch.nn.functional import softplus

Tensor = torch.Tensor


@dataclass(frozen=True)
class Transform:
    """``forward`` takes what is trained to the physical value, ``start`` is where it begins."""

    forward: Callable[[Tensor], Tensor]
    start: Tensor


def free(value: Tensor) -> Transform:
    """Any value, in units of its typical size, so that one learning rate fits all."""
    size = _typical(value)
    return Transform(lambda x: size * x, value / size)


def signed(value: Tensor) -> Transform:
    """``sign(value) * size * softplus(x)``: the sign stays, and what is 0 stays 0."""
    sign, size = torch.sign(value), _typical(value)
    return Transform(lambda x: sign * size * softplus(x), _softplus_inverse(value.abs() / size))


def bounded(value: Tensor, low: float, high: float) -> Transform:
    """A value between two bounds, either of which may be infinite."""
    has_low, has_high = low > -float("inf"), high < float("inf")
    if has_low and has_high:
        width = high - low
        return Transform(lambda x: low + width * torch.sigmoid(x), _logit((value - low) / width))
    if has_low:
        size = _typical(value - low)
        start = _softplus_inverse((value - low) / size)
        return Transform(lambda x: low + size * softplus(x), start)
    if has_high:
        size = _typical(high - value)
        start = _softplus_inverse((high - value) / size)
        return Transform(lambda x: high - size * softplus(x), start)
    return free(value)


def _typical(value: Tensor) -> Tensor:
    """Mean size of the elements that are not 0; 1 if all are."""
    nonzero = value.abs()[value != 0]
    return nonzero.mean() if nonzero.numel() else value.new_ones(())


def _softplus_inverse(y: Tensor) -> Tensor:
    """``x`` with ``softplus(x) = y``; minus infinity for 0."""
    return y + torch.log(-torch.expm1(-y))


def _logit(share: Tensor) -> Tensor:
    """``x`` with ``sigmoid(x) = share``; a value on a bound begins a little inside."""
    return torch.logit(share, eps=1e-6)
