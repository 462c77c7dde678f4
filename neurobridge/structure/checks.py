"""What a request for a structure may hold."""

from __future__ import annotations

__all__ = [
    "area_names",
    "connectivity_matrix",
    "factor",
    "positive",
    "probability",
    "seed",
    "sizes",
    "whole",
]

import operator
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurobridge.errors import NetworkError, UnknownNameError
from neurobridge.frozen import FrozenDict, frozen_array


def whole(value: Any, where: str, at_least: int = 0) -> int:
    """A whole number."""
    try:
        number = operator.index(value)
    except TypeError:
        number = None
    if number is None or isinstance(value, (bool, np.bool_)) or number < at_least:
        raise NetworkError(f"{where}: expected a whole number >= {at_least}, got {value!r}")
    return number


def seed(value: Any) -> int:
    """Any integer."""
    try:
        return operator.index(value)
    except TypeError:
        raise NetworkError(f"seed: expected an integer, got {value!r}") from None


def positive(value: Any, where: str) -> float:
    """A finite number above 0."""
    number = _number(value, where)
    if not 0 < number < np.inf:
        raise NetworkError(f"{where}: expected a finite number above 0, got {value!r}")
    return number


def probability(value: Any, where: str) -> float:
    """A number in 0..1."""
    number = _number(value, where)
    if not 0 <= number <= 1:
        raise NetworkError(f"{where}: expected a number in 0..1, got {value!r}")
    return number


def factor(given: Any, pairs: tuple[str, ...], where: str) -> FrozenDict[str, float]:
    """A factor for each named pair: those of a list are 1, those that are not named are 0."""
    given = [given] if isinstance(given, str) else given
    named = given if isinstance(given, Mapping) else dict.fromkeys(given, 1.0)
    for name in named:
        if name not in pairs:
            raise UnknownNameError(
                f"pair of {where}", name, pairs, "'EI' is from excitatory to inhibitory"
            )
    return FrozenDict({p: probability(named.get(p, 0.0), f"{where}, {p!r}") for p in pairs})


def sizes(given: Any, kind: str) -> FrozenDict[str, int]:
    """Number of neurons by name; without names they are called ``kind_1``, ``kind_2`` ..."""
    if isinstance(given, (int, np.integer, str)) or not isinstance(given, Iterable):
        raise NetworkError(
            f"sizes: expected the number of neurons of each {kind}, {{'V1': 80, 'V2': 40}} or "
            f"[80, 40], got {given!r}"
        )
    named = given if isinstance(given, Mapping) else _numbered(given, kind)
    if not named:
        raise NetworkError(f"sizes: at least one {kind} is needed, got {given!r}")
    for name in named:
        if not isinstance(name, str) or not name:
            raise NetworkError(f"sizes: names of {kind}s must be text, got {name!r}")
    return FrozenDict({k: whole(v, f"size of {kind} {k!r}", 1) for k, v in named.items()})


def _numbered(given: Iterable[Any], kind: str) -> dict[str, Any]:
    return {f"{kind}_{i}": size for i, size in enumerate(given, start=1)}


def connectivity_matrix(given: Any, names: Iterable[str]) -> NDArray[np.float64]:
    """Probabilities post x pre, from ``(forward, backward, within)`` or from a matrix."""
    names = list(names)
    n = len(names)
    try:
        array = np.asarray(given, dtype=np.float64)
    except (TypeError, ValueError):
        array = np.empty((0, 0, 0))
    if array.shape not in ((3,), (n, n)):
        raise NetworkError(
            "connectivity: expected (forward, backward, within), or a matrix post x pre of shape "
            f"({n}, {n}) for {n} areas {names[:8]}, got "
            + (repr(given) if array.ndim == 3 or array.size < 5 else f"shape {array.shape}")
        )
    bad = np.argwhere(~((array >= 0) & (array <= 1)))
    if bad.size:
        at = tuple(int(i) for i in bad[0])
        if array.ndim == 1:
            what = ("forward", "backward", "within")[at[0]]
        else:
            what = f"from {names[at[1]]!r} to {names[at[0]]!r}"
        raise NetworkError(f"connectivity {what}: a probability is in 0..1, got {array[at]}")
    if array.ndim == 1:
        forward, backward, within = array
        array = np.full((n, n), within)
        array[np.tril_indices(n, -1)] = forward
        array[np.triu_indices(n, 1)] = backward
    return frozen_array(array, np.float64)


def area_names(given: Any, known: Iterable[str], where: str) -> tuple[str, ...]:
    """Names of areas; None is all of them."""
    known = tuple(known)
    if given is None:
        return known
    chosen = (given,) if isinstance(given, str) else tuple(given)
    for name in chosen:
        if name not in known:
            raise UnknownNameError(f"area in {where}", name, known)
    if len(set(chosen)) != len(chosen):
        raise NetworkError(f"{where}: an area is named more than once, {list(chosen)}")
    return chosen


def _number(value: Any, where: str) -> float:
    if isinstance(value, (bool, np.bool_, str)) or np.ndim(value) != 0:
        raise NetworkError(f"{where}: expected a number, got {value!r}")
    try:
        return float(value)
    except (TypeError, ValueError):
        raise NetworkError(f"{where}: expected a number, got {value!r}") from None
