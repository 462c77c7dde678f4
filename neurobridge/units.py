"""Units: one coherent canonical set, and the way in from strings and Brian2 quantities.

Everything inside is a float in **ms, mV, nA, nF, uS, MOhm** (PyNN's set): products of these need
no factors (nF mV / ms = nA, uS mV = nA, MOhm nF = ms). Rates are given in Hz, which is the one
exception: as part of an equation a rate in Hz counts as 1e-3 per ms.
"""

from __future__ import annotations

__all__ = ["Dimension", "Unit", "parse_quantity", "parse_unit"]

import ast
import re
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from neurobridge.errors import UnitError, suggest


@dataclass(frozen=True)
class Dimension:
    """Exponents of voltage, time and current."""

    voltage: Fraction = Fraction(0)
    time: Fraction = Fraction(0)
    current: Fraction = Fraction(0)

    def __mul__(self, other: Dimension) -> Dimension:
        return Dimension(
            self.voltage + other.voltage, self.time + other.time, self.current + other.current
        )

    def __truediv__(self, other: Dimension) -> Dimension:
        return self * other**-1

    def __pow__(self, power: Fraction | int) -> Dimension:
        return Dimension(self.voltage * power, self.time * power, self.current * power)

    @property
    def is_none(self) -> bool:
        """Whether this is dimensionless."""
        return self == DIMENSIONLESS

    def __str__(self) -> str:
        """The dimension in canonical units, e.g. ``nA/mV``."""
        named = _CANONICAL_NAME.get(self)
        if named is not None:
            return named
        pairs = (("mV", self.voltage), ("ms", self.time), ("nA", self.current))
        up = [u if p == 1 else f"{u}^{p}" for u, p in pairs if p > 0]
        down = [u if p == -1 else f"{u}^{-p}" for u, p in pairs if p < 0]
        text = "*".join(up) or "1"
        return f"{text}/{'/'.join(down)}" if down else text


DIMENSIONLESS = Dimension()
_V = Dimension(voltage=Fraction(1))
_T = Dimension(time=Fraction(1))
_I = Dimension(current=Fraction(1))

_CANONICAL_NAME = {
    DIMENSIONLESS: "1",
    _V: "mV",
    _T: "ms",
    _I: "nA",
    _I * _T / _V: "nF",
    _I / _V: "uS",
    _V / _I: "MOhm",
    _T**-1: "1/ms",
}


@dataclass(frozen=True)
class Unit:
    """A unit as ``factor`` canonical units of its dimension."""

    factor: float
    dimension: Dimension

    def __mul__(self, other: Unit) -> Unit:
        return Unit(self.factor * other.factor, self.dimension * other.dimension)

    def __truediv__(self, other: Unit) -> Unit:
        return Unit(self.factor / other.factor, self.dimension / other.dimension)

    def __pow__(self, power: int) -> Unit:
        return Unit(self.factor**power, self.dimension**power)


def _prefixed(symbol: str, canonical_prefix: str, dimension: Dimension) -> dict[str, Unit]:
    """All SI prefixes of a symbol, as multiples of the canonical one."""
    exponents = {"": 0, "k": 3, "M": 6, "G": 9, "m": -3, "u": -6, "µ": -6, "n": -9, "p": -12}
    base = exponents[canonical_prefix]
    return {p + symbol: Unit(float(f"1e{e - base}"), dimension) for p, e in exponents.items()}


UNITS: dict[str, Unit] = {
    "1": Unit(1.0, DIMENSIONLESS),
    **_prefixed("V", "m", _V),
    **_prefixed("s", "m", _T),
    **_prefixed("A", "n", _I),
    **_prefixed("F", "n", _I * _T / _V),
    **_prefixed("S", "u", _I / _V),
    **_prefixed("Ohm", "M", _V / _I),
    **_prefixed("ohm", "M", _V / _I),
    "Hz": Unit(1e-3, _T**-1),
    "kHz": Unit(1.0, _T**-1),
}


def parse_unit(text: str) -> Unit:
    """The unit that a text such as ``"nA/mV**2"`` names.

    Raises
    ------
    UnitError
        If a symbol in it is unknown, or the text is not a product of units.
    """
    source = text.strip().replace("^", "**").replace("µ", "u").replace("Ω", "Ohm").replace("·", "*")
    try:
        tree = ast.parse(source, mode="eval").body
    except SyntaxError as err:
        raise UnitError(f"{text!r} is not a unit; expected something like 'mV' or 'nA/ms'") from err
    return _unit_of(tree, text)


def _unit_of(node: ast.expr, text: str) -> Unit:
    if isinstance(node, ast.Name):
        if node.id not in UNITS:
            raise UnitError(f"unknown unit {node.id!r} in {text!r}{suggest(node.id, UNITS)}")
        return UNITS[node.id]
    if isinstance(node, ast.Constant) and node.value == 1:
        return UNITS["1"]
    if isinstance(node, ast.BinOp):
        if isinstance(node.op, ast.Mult):
            return _unit_of(node.left, text) * _unit_of(node.right, text)
        if isinstance(node.op, ast.Div):
            return _unit_of(node.left, text) / _unit_of(node.right, text)
        if isinstance(node.op, ast.Pow):
            return _unit_of(node.left, text) ** _whole_power(node.right, text)
    raise UnitError(f"{text!r} is not a product of units such as 'nA/mV**2'")


def _whole_power(node: ast.expr, text: str) -> int:
    try:
        power = ast.literal_eval(node)
    except ValueError:
        power = None
    if isinstance(power, bool) or not isinstance(power, int):
        raise UnitError(
            f"unit {text!r}: expected a whole number as power, as in 'mV**2', "
            f"got {ast.unparse(node)!r}"
        )
    return power


_QUANTITY = re.compile(r"\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*(.*)\Z")


def parse_quantity(value: Any, unit: str, where: str) -> Any:
    """A value in canonical units of the same dimension as ``unit``.

    Parameters
    ----------
    value : float, array, str or brian2.Quantity
        Numbers are taken to be in ``unit``. Strings carry their own unit, ``"20 ms"``; so do
        Brian2 quantities.
    unit : str
        The unit in which plain numbers are given.
    where : str
        What the value is for, for the message of an error.

    Returns
    -------
    float or ndarray
        In ``unit``.

    Raises
    ------
    UnitError
        If the dimension differs, the string is not a number followed by a unit, or an array
        holds anything but numbers.
    """
    wanted = parse_unit(unit)
    if isinstance(value, str):
        match = _QUANTITY.match(value)
        if match is None:
            raise UnitError(f"{where}: {value!r} is not a number with a unit, such as '20 {unit}'")
        number, symbol = float(match[1]), match[2].strip()
        if not symbol:
            raise UnitError(
                f"{where}: {value!r} has no unit; write '{value.strip()} {unit}', or give the "
                f"number {value.strip()} itself, which is taken to be in {unit}"
            )
        given = parse_unit(symbol)
        _check_dimension(given.dimension, wanted.dimension, value, unit, where)
        return _rescale(number, given.factor, wanted.factor)
    if hasattr(value, "dim") and hasattr(value, "has_same_dimensions"):
        return _from_brian2(value, wanted, unit, where)
    if np.asarray(value).dtype.kind not in "biuf":
        raise UnitError(
            f"{where}: expected numbers in {unit}, got {value!r}; an array holds plain numbers in "
            f"{unit}, only a single value may be text with a unit"
        )
    return value


def _rescale(number: Any, given: float, wanted: float) -> Any:
    """``number * given / wanted``, by a power of ten that is exact in binary if there is one."""
    ratio = given / wanted
    if ratio >= 1 or given == 0:
        return number * round(ratio, 12) if ratio != 1 else number
    return number / round(wanted / given, 12)


def _check_dimension(
    got: Dimension, expected: Dimension, value: object, unit: str, where: str
) -> None:
    if got != expected:
        raise UnitError(f"{where}: expected a quantity in {unit}, got {value!r}, which is in {got}")


def _from_brian2(value: Any, wanted: Unit, unit: str, where: str) -> Any:
    """A Brian2 quantity (SI base units m, kg, s, A) in canonical units."""
    length, mass, time, current, *rest = [Fraction(x).limit_denominator() for x in value.dim._dims]
    # volt = m^2 kg s^-3 A^-1: mass counts volts, and the rest must be what volts leave over.
    volts = mass
    if length != 2 * volts or any(rest):
        raise UnitError(f"{where}: expected a quantity in {unit}, got {value}")
    dimension = Dimension(volts, time + 3 * volts, current + volts)
    _check_dimension(dimension, wanted.dimension, value, unit, where)
    # The canonical unit in SI: mV = 1e-3, ms = 1e-3, nA = 1e-9.
    exponent = -3 * dimension.voltage - 3 * dimension.time - 9 * dimension.current
    number = np.asarray(value, dtype=float) / 10.0 ** float(exponent) / wanted.factor
    return float(number) if number.ndim == 0 else number
