"""Equations as text, ``dx/dt = expression : unit``, with checks of their units."""

from __future__ import annotations

__all__ = ["Equation", "check_dimensions", "dimension_of", "parse_equations", "resolve_units"]

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction

from neurobridge.errors import ModelError, UnitError, suggest
from neurobridge.expression import names_in, parse, substitute
from neurobridge.units import DIMENSIONLESS, UNITS, Dimension, parse_unit

_LINE = re.compile(r"(d(?P<state>\w+)/dt|(?P<name>\w+))\s*=\s*(?P<body>[^:]+):(?P<unit>.+)\Z")
_PER_TIME = Dimension(time=Fraction(-1))


@dataclass(frozen=True)
class Equation:
    """One line. ``differential`` tells ``dx/dt = ...`` from ``x = ...``."""

    name: str
    expression: str
    unit: str
    differential: bool

    def __str__(self) -> str:
        left = f"d{self.name}/dt" if self.differential else self.name
        return f"{left} = {self.expression} : {self.unit}"


def parse_equations(text: str, where: str) -> tuple[Equation, ...]:
    """The equations in a text; each ends with ``: unit`` and may span lines. ``#`` comments."""
    found: list[Equation] = []
    for line in _statements(text):
        match = _LINE.match(line)
        if match is None:
            raise ModelError(
                f"{where}: cannot read the line {line!r}; "
                "write 'dv/dt = expression : mV' or 'name = expression : unit'"
            )
        name = match["state"] or match["name"]
        body, unit = match["body"].strip(), match["unit"].strip()
        parse(body, f"{where}, equation of {name!r}")
        if name in {e.name for e in found}:
            raise ModelError(f"{where}: {name!r} is defined twice")
        found.append(Equation(name, body, unit, match["state"] is not None))
    return tuple(found)


def _statements(text: str) -> Iterator[str]:
    """Lines of the text, joined until the one that carries the unit."""
    pending = ""
    for raw in text.splitlines():
        pending = f"{pending} {raw.split('#', 1)[0].strip()}".strip()
        if ":" in pending:
            yield pending
            pending = ""
    if pending:
        yield pending


def resolve_units(expression: str, known: Mapping[str, Dimension]) -> str:
    """Replace unit names such as ``mV`` by their number of canonical units."""
    units = {
        n: repr(UNITS[n].factor) for n in names_in(expression) if n in UNITS and n not in known
    }
    return substitute(expression, units) if units else expression


def check_dimensions(equation: Equation, known: Mapping[str, Dimension], where: str) -> None:
    """Raise :class:`UnitError` unless both sides of an equation have the same dimension."""
    expected = parse_unit(equation.unit).dimension
    if equation.differential:
        expected = expected * _PER_TIME
    got = dimension_of(equation.expression, known, f"{where}, {equation}")
    if got != expected:
        raise UnitError(
            f"{where}: in '{equation}' the left side is in {expected}, the right side in {got}"
        )


def dimension_of(expression: str, known: Mapping[str, Dimension], where: str) -> Dimension:
    """The dimension of an expression, given those of its names."""
    return _Checker(known, where).of(parse(expression, where))


class _Checker:
    """Walks an expression and keeps the books of its dimensions."""

    def __init__(self, known: Mapping[str, Dimension], where: str) -> None:
        self.known, self.where = known, where

    def of(self, node: ast.expr) -> Dimension:
        if isinstance(node, ast.Constant):
            return DIMENSIONLESS
        if isinstance(node, ast.Name):
            return self._name(node.id)
        if isinstance(node, ast.UnaryOp):
            return self.of(node.operand)
        if isinstance(node, ast.BinOp):
            return self._binary(node)
        if isinstance(node, ast.Compare):
            self._same(node.left, node.comparators[0])
            return DIMENSIONLESS
        if isinstance(node, ast.BoolOp):
            for value in node.values:
                self.of(value)
            return DIMENSIONLESS
        if isinstance(node, ast.Call):
            return self._call(node)
        raise ModelError(f"{self.where}: {ast.unparse(node)} has no dimension")

    def _name(self, name: str) -> Dimension:
        if name in self.known:
            return self.known[name]
        if name in UNITS:
            return UNITS[name].dimension
        raise ModelError(f"{self.where}: unknown name {name!r}{suggest(name, sorted(self.known))}")

    def _binary(self, node: ast.BinOp) -> Dimension:
        if isinstance(node.op, ast.Mult):
            return self.of(node.left) * self.of(node.right)
        if isinstance(node.op, ast.Div):
            return self.of(node.left) / self.of(node.right)
        if isinstance(node.op, ast.Pow):
            return self._power(node)
        return self._same(node.left, node.right)

    def _power(self, node: ast.BinOp) -> Dimension:
        base = self.of(node.left)
        if not self.of(node.right).is_none:
            raise UnitError(
                f"{self.where}: the power in {ast.unparse(node)} must be a plain number"
            )
        if base.is_none:
            return base
        try:
            power = ast.literal_eval(node.right)
        except ValueError as err:
            raise UnitError(
                f"{self.where}: {ast.unparse(node)} raises a quantity in {base} to a power that is "
                "not a fixed number"
            ) from err
        return base ** Fraction(power).limit_denominator(100)

    def _same(self, left: ast.expr, right: ast.expr) -> Dimension:
        a, b = self.of(left), self.of(right)
        if a == b or _is_zero(right):
            return a
        if _is_zero(left):
            return b
        raise UnitError(
            f"{self.where}: '{ast.unparse(left)}' is in {a} but '{ast.unparse(right)}' is in {b}"
        )

    def _call(self, node: ast.Call) -> Dimension:
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        if name == "where":
            self.of(node.args[0])
            return self._same(node.args[1], node.args[2])
        inner = self.of(node.args[0])
        if name == "abs":
            return inner
        if name == "sqrt":
            return inner ** Fraction(1, 2)
        if not inner.is_none:
            raise UnitError(
                f"{self.where}: {name}() needs a plain number, but '{ast.unparse(node.args[0])}' "
                f"is in {inner}"
            )
        return DIMENSIONLESS


def _is_zero(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value == 0
