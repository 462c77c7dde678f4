"""Transforms: from a number that may be anything to one that keeps its sign and its bounds.

A constraint that is a transform cannot be violated, whatever the optimiser does. Rounding cannot
either: results are kept within the outermost numbers of the precision that are still allowed.
"""

from __future__ import annotations

__all__ = ["Bounds", "Transform", "bounded", "free"]

import math
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn.functional import softplus

Real = NDArray[np.float64]
Tensor = torch.Tensor

INSIDE = 1e-6
"""What may not lie on a bound stays this far away, in units of its typical distance; what begins on
a bound that it may touch begins so far inside, for on it there is no gradient."""


@dataclass(frozen=True)
class Bounds:
    """What values are allowed; an open bound is not itself allowed."""

    low: float = -math.inf
    high: float = math.inf
    low_open: bool = False
    high_open: bool = False

    @property
    def any(self) -> bool:
        """Whether there is a bound at all."""
        return math.isfinite(self.low) or math.isfinite(self.high)

    @property
    def closed(self) -> bool:
        """Whether there are two of them."""
        return math.isfinite(self.low) and math.isfinite(self.high)

    def narrowed(self, low: float, high: float) -> Bounds:
        """Within further bounds, which are allowed themselves."""
        return Bounds(
            max(low, self.low), min(high, self.high),
            self.low_open and low <= self.low, self.high_open and high >= self.high,
        )  # fmt: skip

    def holds(self, values: Real) -> NDArray[np.bool_]:
        """Where values are allowed."""
        above = values > self.low if self.low_open else values >= self.low
        below = values < self.high if self.high_open else values <= self.high
        return above & below

    def limits(
        self, dtype: torch.dtype, above: float = 0.0, below: float = 0.0
    ) -> tuple[float, float]:
        """The smallest and the largest number of a precision that is allowed.

        ``above`` and ``below`` are distances to keep from the lower and from the upper bound.
        """
        low, high = self.low + above, self.high - below
        least, most = (torch.tensor(v, dtype=dtype) for v in (low, high))
        infinity = torch.tensor(math.inf, dtype=dtype)
        if least.double() < low or (self.low_open and least.double() <= self.low):
            least = torch.nextafter(least, infinity)
        if most.double() > high or (self.high_open and most.double() >= self.high):
            most = torch.nextafter(most, -infinity)
        return least.item(), most.item()

    def within(self, values: Tensor) -> Tensor:
        """Allowed values that a change of precision may have rounded to the outside, mended."""
        return values.clamp(*self.limits(values.dtype)) if self.any else values


class Transform(nn.Module):
    """Takes what is trained to the physical value; ``start`` is where it begins."""

    start: Tensor

    def keep(self, name: str, value: Real | None, dtype: torch.dtype) -> None:
        """Numbers that move with the module to another device."""
        self.register_buffer(name, None if value is None else torch.as_tensor(value, dtype=dtype))


class _Free(Transform):
    """``size * x``."""

    def __init__(self, value: Real, dtype: torch.dtype) -> None:
        super().__init__()
        self.size = _typical(value)
        self.keep("start", value / self.size, dtype)

    def forward(self, x: Tensor) -> Tensor:
        return self.size * x


class _Bounded(Transform):
    """``sign * (origin + size * share(x))``.

    From one bound, the share of the typical distance is a softplus; between two, the share of the
    width is a sigmoid. It stays ``least`` and ``most`` away from open bounds.
    """

    sign: Tensor | None

    def __init__(
        self, value: Real, sign: Real | None, bounds: Bounds, moves: NDArray[np.bool_],
        dtype: torch.dtype,
    ) -> None:  # fmt: skip
        super().__init__()
        up, self.two = math.isfinite(bounds.low), bounds.closed
        self.origin = bounds.low if up else bounds.high
        distance = np.abs(value - self.origin)
        size = bounds.high - bounds.low if self.two else _typical(distance[moves])
        share = np.where(moves, distance / size, 0.5)
        self.size = size if up else -size
        self.least = _margin(share, bounds.low_open if up else bounds.high_open)
        self.most = _margin(1.0 - share, bounds.high_open) if self.two else 0.0
        ends = (self.least, self.most) if up else (self.most, self.least)
        self.limits = bounds.limits(dtype, ends[0] * size, ends[1] * size)
        self.keep("start", self._inverse(share), dtype)
        self.keep("sign", sign, dtype)

    def _inverse(self, share: Real) -> Real:
        """What the share is of; on a bound there is none, so it is taken a little inside."""
        inverse: Real
        if self.two:
            share = (share - self.least) / (1.0 - self.least - self.most)
            on_bound = (share <= 0) | (share >= 1)
            share = np.where(on_bound, np.clip(share, INSIDE, 1.0 - INSIDE), share)
            inverse = np.log(share) - np.log1p(-share)
        else:
            share = share - self.least
            share = np.where(share <= 0, INSIDE, share)
            inverse = share + np.log(-np.expm1(-share))
        return inverse

    def forward(self, x: Tensor) -> Tensor:
        if self.two:
            share = self.least + (1.0 - self.least - self.most) * torch.sigmoid(x)
        else:
            share = self.least + softplus(x)
        values = (self.origin + self.size * share).clamp(*self.limits)
        return values if self.sign is None else self.sign * values


def free(value: Real, dtype: torch.dtype) -> Transform:
    """Any value, in units of its typical size, so that one learning rate fits all."""
    return _Free(value, dtype)


def bounded(
    value: Real,
    bounds: Bounds,
    dtype: torch.dtype,
    moves: NDArray[np.bool_] | None = None,
    sign: Real | None = None,
) -> Transform:
    """A value between two bounds, either of which may be infinite.

    Parameters
    ----------
    value : float64 array (n,)
        Within the bounds, where it moves.
    bounds : Bounds
    dtype : torch.dtype
    moves : bool array (n,), optional
        Elsewhere values do not matter; default all.
    sign : float64 array (n,), optional
        -1, 0 or 1; ``value`` and ``bounds`` are then of the magnitude, and what is 0 stays 0.
    """
    if not bounds.any:
        return free(value, dtype)
    moves = np.ones(value.shape, dtype=bool) if moves is None else moves
    return _Bounded(value, sign, bounds, moves, dtype)


def _typical(value: Real) -> float:
    """Mean size of the elements that are not 0; 1 if all are."""
    nonzero = np.abs(value[value != 0])
    return float(nonzero.mean()) if nonzero.size else 1.0


def _margin(share: Real, is_open: bool) -> float:
    """How far from an open bound values stay, so that none that there is becomes impossible."""
    return min(INSIDE, 0.5 * float(share.min(initial=1.0))) if is_open else 0.0
