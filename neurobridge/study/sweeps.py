"""The values that a parameter takes in a study: listed, evenly spaced, or drawn."""

from __future__ import annotations

__all__ = [
    "Drawn",
    "Listed",
    "Spaced",
    "Sweep",
    "SweepValue",
    "expanded",
    "refuse_twice",
    "sweep_of",
]

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BeforeValidator

from neurobridge.errors import NetworkError, suggest
from neurobridge.rng import uniforms

Convert = Callable[[Any], float]
"""A value as a file writes it, in canonical units."""

SPACINGS = ("linear", "log")
EXAMPLE = (
    "expected a list such as [10, 20], {from: 5, to: 25, steps: 5}, or {low: 5, high: 25, "
    "samples: 8}"
)


@dataclass(frozen=True)
class Listed:
    """These values, in this order."""

    values: tuple[float | str, ...]


@dataclass(frozen=True)
class Spaced:
    """``steps`` values from ``first`` to ``last``, both included."""

    first: float | str
    last: float | str
    steps: int
    spacing: str


@dataclass(frozen=True)
class Drawn:
    """A range. ``samples`` values are drawn from it by ``seed``; without, a search chooses."""

    low: float | str
    high: float | str
    samples: int | None
    spacing: str
    seed: int


Sweep = Listed | Spaced | Drawn


def sweep_of(given: Any) -> Sweep:
    """A sweep as a file writes it.

    Raises
    ------
    ValueError
        If it is none, has unknown keys, or has nothing to go through.
    """
    if isinstance(given, (Listed, Spaced, Drawn)):
        return given
    if isinstance(given, list):
        return _listed(given)
    if not isinstance(given, dict):
        raise ValueError(f"{EXAMPLE}, got {given!r}; write one value as [{given}]")
    if "from" in given or "to" in given:
        _keys(given, needed=("from", "to", "steps"), optional=("spacing",))
        return Spaced(
            _value(given["from"]), _value(given["to"]), _count(given, "steps", 2), _spacing(given)
        )
    _keys(given, needed=("low", "high"), optional=("samples", "spacing", "seed"))
    samples = _count(given, "samples", 1) if "samples" in given else None
    seed = _whole(given.get("seed", 0), "seed")
    return Drawn(_value(given["low"]), _value(given["high"]), samples, _spacing(given), seed)


SweepValue = Annotated[Sweep, BeforeValidator(sweep_of)]


def expanded(sweep: Sweep, path: str, convert: Convert) -> list[float]:
    """All values of a sweep in canonical units; see :func:`refuse_twice` for those of a grid.

    Parameters
    ----------
    sweep : Sweep
    path : str
        What the values are for: part of the key of what is drawn.
    convert : callable

    Raises
    ------
    NetworkError
        If the ends of a range are not in order.
    """
    if isinstance(sweep, Listed):
        values = [convert(v) for v in sweep.values]
    elif isinstance(sweep, Spaced):
        first, last = convert(sweep.first), convert(sweep.last)
        values = _between(first, last, np.arange(sweep.steps) / (sweep.steps - 1), sweep.spacing)
        values[-1] = last
    else:
        if sweep.samples is None:
            raise NetworkError(
                "a range without 'samples' is for a search; say how many values are drawn, e.g. "
                "samples: 8, or add a section 'search'"
            )
        pairs = uniforms(sweep.seed, "study", path, 0, 0, np.arange(-(-sweep.samples // 2)))
        low, high = ends(sweep, convert)
        values = _between(low, high, pairs.reshape(-1)[: sweep.samples], sweep.spacing)
    return values


def refuse_twice(values: Sequence[Any]) -> None:
    """Refuse values, or combinations of them, of which one occurs twice.

    Raises
    ------
    NetworkError
    """
    first: dict[Any, int] = {}
    for number, value in enumerate(values, start=1):
        if value in first:
            raise NetworkError(
                f"the value {value} occurs twice, as number {first[value]} and {number}; every "
                "trial would be there twice, so leave one out"
            )
        first[value] = number


def ends(sweep: Drawn, convert: Convert) -> tuple[float, float]:
    """Both ends of a range in canonical units.

    Raises
    ------
    NetworkError
        If they are not in order, or cannot be spaced as asked.
    """
    low, high = convert(sweep.low), convert(sweep.high)
    if not low < high:
        raise NetworkError(f"expected low < high, got {sweep.low!r} and {sweep.high!r}")
    _check_spacing(low, high, sweep.spacing)
    return low, high


def _between(first: float, last: float, at: NDArray[np.float64], spacing: str) -> list[float]:
    """Values at fractions of the way from one end to the other."""
    _check_spacing(first, last, spacing)
    if spacing == "log":
        return [float(first * (last / first) ** x) for x in at]
    return [float(first + (last - first) * x) for x in at]


def _check_spacing(first: float, last: float, spacing: str) -> None:
    if spacing == "log" and not (first > 0 and last > 0):
        raise NetworkError(
            f"spacing: log needs both ends above 0, got {first:g} and {last:g}; use linear"
        )


def _listed(given: list[Any]) -> Listed:
    if not given:
        raise ValueError(f"the list is empty, so there is nothing to run; {EXAMPLE}")
    return Listed(tuple(_value(v) for v in given))


def _value(given: Any) -> float | str:
    if isinstance(given, str):
        return given
    if isinstance(given, bool) or not isinstance(given, (int, float)):
        raise ValueError(f"expected numbers, or texts such as '20 ms', got {given!r}")
    if not math.isfinite(given):
        raise ValueError(f"expected finite numbers, got {given}")
    return float(given)


def _whole(given: Any, name: str) -> int:
    if isinstance(given, bool) or not isinstance(given, int):
        raise ValueError(f"{name}: expected a whole number, got {given!r}")
    return given


def _count(given: dict[str, Any], name: str, least: int) -> int:
    count = _whole(given[name], name)
    if count < least:
        raise ValueError(f"{name}: expected at least {least}, got {count}")
    return count


def _spacing(given: dict[str, Any]) -> str:
    spacing = given.get("spacing", "linear")
    if spacing not in SPACINGS:
        raise ValueError(f"spacing: unknown value {spacing!r}{suggest(str(spacing), SPACINGS)}")
    return str(spacing)


def _keys(given: dict[str, Any], needed: tuple[str, ...], optional: tuple[str, ...]) -> None:
    known = (*needed, *optional)
    for key in given:
        if key not in known:
            raise ValueError(f"unknown key {key!r}{suggest(str(key), known)}")
    for key in needed:
        if key not in given:
            raise ValueError(f"missing key {key!r}; {EXAMPLE}")
