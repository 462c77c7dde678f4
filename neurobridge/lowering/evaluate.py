"""Evaluate expressions and blocks of assignments with NumPy."""

from __future__ import annotations

__all__ = ["NUMPY", "compile_block", "evaluate"]

from collections.abc import Callable, Mapping, MutableMapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurobridge.expression import FUNCTIONS, Dialect, render
from neurobridge.lowering.program import Assignment

NUMPY = Dialect(
    where=lambda c, a, b: f"where({c}, {a}, {b})",
    conjunction="&",
    disjunction="|",
    negation="~",
)


def _exprel(x: Any) -> Any:
    """``(exp(x) - 1) / x``, 1 at 0."""
    x = np.asarray(x, dtype=np.float64)
    safe = np.where(x == 0, 1.0, x)
    return np.where(x == 0, 1.0, np.expm1(safe) / safe)


def _special(name: str) -> Any:
    """A function that NumPy lacks; SciPy takes 0.2 s to import, and few models need it."""

    def call(x: Any) -> Any:
        import scipy.special

        return getattr(scipy.special, name)(x)

    return call


_OWN = {"exprel": _exprel, "erf": _special("erf"), "erfc": _special("erfc")}
_NAMESPACE: dict[str, Any] = {name: getattr(np, name) for name in FUNCTIONS - set(_OWN)}
_NAMESPACE |= _OWN | {"where": np.where, "__builtins__": {}}


def evaluate(expression: str, values: Mapping[str, Any]) -> float | NDArray[np.float64]:
    """The value of an expression; a float if everything in it is scalar."""
    result = eval(render(expression, NUMPY), dict(_NAMESPACE), dict(values))
    array = np.asarray(result, dtype=np.float64)
    return float(array) if array.ndim == 0 else array


def compile_block(
    assignments: Sequence[Assignment],
) -> Callable[[MutableMapping[str, Any]], None]:
    """A function that runs the assignments in order on a mapping of names to arrays."""
    source = "\n".join(f"{a.target} = {render(a.expression, NUMPY)}" for a in assignments)
    code = compile(source, "<model>", "exec")

    def run(values: MutableMapping[str, Any]) -> None:
        exec(code, _NAMESPACE, values)

    return run
