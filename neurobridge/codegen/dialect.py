"""How compiled code writes the expressions of a program."""

from __future__ import annotations

__all__ = ["NUMBA"]

from neurobridge.expression import Dialect

NUMBA = Dialect(
    where=lambda c, a, b: f"({a} if {c} else {b})",
    conjunction="&",
    disjunction="|",
)
