"""Trained: values of one path as a torch module, which keeps every constraint."""

from __future__ import annotations

__all__ = ["Trained", "asked_bounds", "bounds_of_magnitude", "declared_bounds", "made"]

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from neurobridge.errors import NetworkError
from neurobridge.graph.model import Parameter
from neurobridge.rng import permutation
from neurobridge.training.groups import Grouping
from neurobridge.training.specification import Target, Train
from neurobridge.training.transforms import Bounds, Transform, bounded
from neurobridge.units import parse_quantity

Real = NDArray[np.float64]
Mask = NDArray[np.bool_]


class Trained(nn.Module):
    """Values of one path.

    What the optimiser moves is ``step``, 0 at first; the physical value is
    ``transform(start + rate * step)``, so a learning rate of an element acts under any optimiser.

    Parameters
    ----------
    spec : Train
    target : Target
    transform : Transform
        Of the groups.
    grouping : Grouping
        Of the elements.
    rate : float64 array, shape (n_groups,)
        Where it is 0, the value stays what it is to the last bit.
    moves : bool array, shape (n,)
        Other elements keep their value.
    value : tensor
        Initial physical values, n in all.
    """

    rate: torch.Tensor
    code: torch.Tensor
    value: torch.Tensor
    held: torch.Tensor | None
    fixed: torch.Tensor | None

    def __init__(
        self,
        spec: Train,
        target: Target,
        transform: Transform,
        grouping: Grouping,
        rate: Real,
        moves: Mask,
        value: torch.Tensor,
    ) -> None:
        super().__init__()
        self.spec, self.target, self.transform, self.grouping = spec, target, transform, grouping
        self.step = nn.Parameter(torch.zeros_like(transform.start))
        self.shares = not grouping.each
        shape, held = value.shape, (rate == 0)[grouping.code]
        self.register_buffer("rate", torch.as_tensor(rate, dtype=value.dtype))
        self.register_buffer("code", torch.as_tensor(grouping.code))
        self.register_buffer("value", value)
        self.register_buffer("held", torch.as_tensor(held).view(shape) if held.any() else None)
        fixed = None if moves.all() else torch.as_tensor(~moves).view(shape)
        self.register_buffer("fixed", fixed)

    def forward(self) -> torch.Tensor:
        """Physical value of every element, of the shape of the initial ones."""
        values: torch.Tensor = self.transform(self.transform.start + self.rate * self.step)
        if self.shares:
            values = values[self.code]
        values = values.view_as(self.value)
        for unchanged in (self.held, self.fixed):
            if unchanged is not None:
                values = torch.where(unchanged, self.value, values)
        return values


def made(
    spec: Train,
    target: Target,
    grouping: Grouping,
    rate: Real,
    moves: Mask,
    value: Real,
    dtype: torch.dtype,
    bounds: Bounds,
    sign: Real | None = None,
    declared: Bounds | None = None,
) -> Trained:
    """The module, once everything about it is known.

    ``bounds`` are of the magnitude if there is a ``sign``; ``declared`` ones hold for elements that
    do not move as well.
    """
    if not moves.any():
        raise NetworkError(
            f"path {spec.path!r}: where={dict(spec.where or {})} selects nothing"
            if value.size
            else f"path {spec.path!r}: there is nothing to train, it has no element"
        )
    rates = _rates(spec, rate, grouping, moves)
    if spec.number is not None:
        can = moves if sign is None else moves & (sign != 0)
        moves = moves & _drawn(spec, grouping, grouping.members(can) & (rates > 0))[grouping.code]
    shared = grouping.shared(value.ravel(), spec.path, moves)
    some = grouping.members(moves)
    what = "values" if sign is None else "magnitudes"
    if sign is not None:
        shared = np.abs(shared)
        if bounds.low > 0:
            _check_inside(spec, shared[some], bounds, what)
        some &= sign != 0
        if not some.any():
            raise NetworkError(
                f"path {spec.path!r}: all weights are 0 and keep their sign, so nothing can be "
                "trained; give them values, or sign='free'"
            )
    _check_inside(spec, shared[some], bounds, what)
    transform = bounded(shared, bounds, dtype, some, sign)
    initial = (declared or Bounds()).within(torch.as_tensor(value, dtype=dtype))
    return Trained(spec, target, transform, grouping, rates, moves, initial)


def _drawn(spec: Train, grouping: Grouping, can: Mask) -> Mask:
    """As many groups of those that can be trained as were asked for, bool (n_groups,)."""
    assert spec.number is not None
    there = int(can.sum())
    if spec.number > there:
        what = "values" if grouping.each else "groups"
        raise NetworkError(
            f"path {spec.path!r}: number={spec.number}, but only {there} {what} can be trained; "
            "ask for fewer, or leave number out to train all"
        )
    order = permutation(spec.seed, "training.number", spec.path, 0, grouping.size)
    drawn = np.zeros(grouping.size, dtype=bool)
    drawn[order[can[order]][: spec.number]] = True
    return drawn


def _check_inside(spec: Train, values: Real, bounds: Bounds, what: str) -> None:
    outside = ~bounds.holds(values)
    if outside.any():
        raise NetworkError(
            f"path {spec.path!r}: {int(outside.sum())} of {values.size} {what} are outside of the "
            f"bounds {bounds.low:g} .. {bounds.high:g}, e.g. {values[outside][0]:g}; mend the "
            "values or the bounds"
        )


def _rates(spec: Train, rate: Real, grouping: Grouping, moves: Mask) -> Real:
    """Learning rate factor of each group."""
    if rate.ndim == 0:
        return np.full(grouping.size, float(rate))
    if rate.size != moves.size:
        raise NetworkError(
            f"path {spec.path!r}: {rate.size} learning rates for {moves.size} elements; give one, "
            "or one for each"
        )
    return grouping.shared(rate.ravel(), f"{spec.path}, learning_rate", moves)


def asked_bounds(spec: Train, unit: str, declared: Bounds) -> Bounds:
    """The declared bounds, narrowed by those that were asked for."""
    asked: Any = spec.bounds or (None, None)
    where = f"path {spec.path!r}, bounds"
    if not isinstance(asked, tuple) or len(asked) != 2:
        raise NetworkError(f"path {spec.path!r}: bounds are (low, high), got {asked!r}")
    low, high = (
        default if given is None else float(parse_quantity(given, unit, where))
        for given, default in zip(asked, (-np.inf, np.inf), strict=True)
    )
    bounds = declared.narrowed(low, high)
    if not bounds.low < bounds.high:
        raise NetworkError(
            f"{where}: the lower bound {bounds.low:g} is not below the upper {bounds.high:g}"
        )
    return bounds


def bounds_of_magnitude(spec: Train, unit: str) -> Bounds:
    """Bounds of weights that keep their sign: above 0, and within what was asked for."""
    for given in spec.bounds or ():
        if given is not None and parse_quantity(given, unit, f"path {spec.path!r}, bounds") < 0:
            raise NetworkError(
                f"path {spec.path!r}: with a fixed sign bounds are of the magnitude, which is not "
                f"below 0, got {given!r}; give (low, high) of the magnitude, or sign='free'"
            )
    return asked_bounds(spec, unit, Bounds(low=0.0, low_open=True))


def declared_bounds(parameter: Parameter) -> Bounds:
    """The bounds of a declaration."""
    return Bounds(
        max(parameter.above, parameter.at_least), min(parameter.below, parameter.at_most),
        parameter.above >= parameter.at_least, parameter.below <= parameter.at_most,
    )  # fmt: skip
