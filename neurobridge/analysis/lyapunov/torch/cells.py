"""Signals and slopes of neurons of one kind as functions of tensors, with their derivatives."""

from __future__ import annotations

__all__ = ["BoundCells", "CellFunctions"]

from collections.abc import Mapping
from typing import Any

import torch

from neurobridge.analysis.lyapunov.linear_code import (
    CURRENT,
    SIGNAL,
    LinearCode,
    own_name,
    slope_name,
)
from neurobridge.analysis.lyapunov.torch.hoisting import parted
from neurobridge.backends.torch.translate import compile_block

Values = Mapping[str, torch.Tensor]
Partial = torch.Tensor | float
"""A derivative, one a neuron, or the same for all."""


class CellFunctions:
    """What a :class:`LinearCode` works out, compiled.

    Parameters
    ----------
    code : LinearCode
    """

    def __init__(self, code: LinearCode) -> None:
        self.code = code
        moving = {own_name(n) for n in (*code.states, *code.couplings, CURRENT)}
        signals, slopes = parted(code.signals, moving), parted(code.slopes, moving)
        self.fixed = compile_block((*signals.fixed, *slopes.fixed))
        self.of_signal = compile_block(signals.moving)
        self.of_slope = compile_block(slopes.moving)
        self.names = {**signals.names, **slopes.names}

    def bound(self, constants: Values) -> BoundCells:
        """These functions for constants, tensors that broadcast against states (..., n)."""
        return BoundCells(self, constants)


class BoundCells:
    """:class:`CellFunctions` with values of the constants; what depends on them alone is known."""

    def __init__(self, functions: CellFunctions, constants: Values) -> None:
        self.functions, self.code = functions, functions.code
        self.known: dict[str, Any] = {own_name(n): constants[n] for n in self.code.constants}
        self.known["where"] = _where
        functions.fixed(self.known)

    def signal(self, states: Values) -> tuple[Partial, dict[str, Partial]]:
        """What is sent, and its derivative by each state that it depends on."""
        values = self._given(states)
        self.functions.of_signal(values)
        names, by = self.functions.names, self.code.signal_by
        return values[names[SIGNAL]], {s: values[names[name]] for s, name in by.items()}

    def slopes(
        self, states: Values, couplings: Values, current: torch.Tensor | float
    ) -> tuple[dict[str, Partial], dict[tuple[str, str], Partial]]:
        """The slope of each state, and its derivatives by (state, state or coupling)."""
        values = self._given(states)
        values |= self._given(couplings)
        values[own_name(CURRENT)] = current
        self.functions.of_slope(values)
        names, by = self.functions.names, self.code.slope_by
        found = {s: values[names[slope_name(s)]] for s in self.code.states}
        return found, {pair: values[names[name]] for pair, name in by.items()}

    def _given(self, values: Values) -> dict[str, Any]:
        return {**self.known, **{own_name(n): v for n, v in values.items()}}


def _where(condition: Any, yes: Any, no: Any) -> Any:
    """One of two values; of two numbers torch by itself would make float32."""
    if not isinstance(condition, torch.Tensor):
        return yes if condition else no
    if not isinstance(yes, torch.Tensor) and not isinstance(no, torch.Tensor):
        yes = torch.full((), yes, dtype=torch.float64, device=condition.device)
    return torch.where(condition, yes, no)
