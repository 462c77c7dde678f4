"""Derivatives of powers and functions, as text."""

from __future__ import annotations

__all__ = ["ONE", "bracketed", "is_atom", "slope", "slope_of_power", "times"]

import ast
import math

ONE = "1.0"


def slope_of_power(base: str, node: ast.expr, exponent: str) -> str:
    """``d(a**b)/da``."""
    if isinstance(node, ast.Constant):
        number = float(node.value)  # type: ignore[arg-type]
        if number == 1:
            return ONE
        if number == 2:
            return f"(2.0*{base})"
        return f"({number!r}*{bracketed(base)}**{number - 1!r})"
    return f"({exponent}*{base}**({exponent} - 1.0))"


def slope(function: str, g: str, x: str, y: str) -> str:
    """``g`` times the derivative of ``y = function(x)``."""
    rules = {
        "exp": f"{g}*{y}",
        "log": f"{g}/{x}",
        "sqrt": f"0.5*{g}/{y}",
        "sin": f"{g}*cos({x})",
        "cos": f"-({g}*sin({x}))",
        "tan": f"{g}*(1.0 + {y}*{y})",
        "tanh": f"{g}*(1.0 - {y}*{y})",
        "sinh": f"{g}*cosh({x})",
        "cosh": f"{g}*sinh({x})",
        "expm1": f"{g}*({y} + 1.0)",
        "log1p": f"{g}/(1.0 + {x})",
        "abs": f"where({x} > 0, {g}, where({x} < 0, -{g}, 0.0))",
        "exprel": f"{g}*{_slope_of_exprel(x, y)}",
        "erf": f"{g}*{2 / math.sqrt(math.pi)!r}*exp(-({x}*{x}))",
        "erfc": f"-({g}*{2 / math.sqrt(math.pi)!r}*exp(-({x}*{x})))",
    }
    return rules[function]


def _slope_of_exprel(x: str, y: str) -> str:
    """``(exp(x) - exprel(x))/x``, by its series near 0, where the difference cancels."""
    series = " + ".join([f"{k / math.factorial(k + 1)!r}" + f"*{x}" * (k - 1) for k in range(1, 8)])
    small = f"abs({x}) < 0.03"
    return f"where({small}, {series}, (exp({x}) - {y})/where({small}, 1.0, {x}))"


def times(a: str, b: str) -> str:
    """A product, a factor of 1 left out."""
    if ONE in (a, b):
        return b if a == ONE else a
    return f"{bracketed(a)}*{bracketed(b)}"


def is_atom(text: str) -> bool:
    """Whether it is one name or number."""
    return text.isidentifier() or text.replace(".", "", 1).isdigit()


def bracketed(text: str) -> str:
    """In brackets, unless it is one name or number."""
    return text if is_atom(text) else f"({text})"
