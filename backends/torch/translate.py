"""From the language of a program to torch: functions of tensors, made from its expressions."""

from __future__ import annotations

__all__ = ["compile_block", "compile_expression"]

import math
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from typing import Any

import torch

from neurobridge.expression import FUNCTIONS, render
from neurobridge.lowering.evaluate import NUMPY
from neurobridge.lowering.program import Assignment

Values = Mapping[str, Any]


def _either(name: str) -> Callable[[Any], Any]:
    """A function of a tensor, or of a plain number that an expression was written with."""
    of_tensor, of_number = getattr(torch, name), getattr(math, name, abs)
    return lambda x: of_tensor(x) if isinstance(x, torch.Tensor) else of_number(x)


def _exprel(x: Any) -> Any:
    """``(exp(x) - 1) / x``, 1 at 0."""
    if not isinstance(x, torch.Tensor):
        return math.expm1(x) / x if x else 1.0
    small = x == 0
    safe = torch.where(small, 1.0, x)
    return torch.where(small, 1.0 + 0.5 * x, torch.expm1(safe) / safe)


def _where(condition: Any, yes: Any, no: Any) -> Any:
    if not isinstance(condition, torch.Tensor):
        return yes if condition else no
    return torch.where(condition, yes, no)


_NAMESPACE: dict[str, Any] = {name: _either(name) for name in FUNCTIONS - {"exprel"}}
_NAMESPACE |= {"exprel": _exprel, "where": _where}


def compile_expression(expression: str) -> Callable[[Values], Any]:
    """A function from the values of names to the value of the expression."""
    code = compile(render(expression, NUMPY), "<expression>", "eval")
    return lambda values: eval(code, _NAMESPACE, values)


def compile_block(assignments: Sequence[Assignment]) -> Callable[[MutableMapping[str, Any]], None]:
    """A function that runs the assignments in order on a mapping of names to tensors."""
    source = "\n".join(f"{a.target} = {render(a.expression, NUMPY)}" for a in assignments)
    code = compile(source, "<model>", "exec")

    def run(values: MutableMapping[str, Any]) -> None:
        exec(code, _NAMESPACE, values)

    return run
