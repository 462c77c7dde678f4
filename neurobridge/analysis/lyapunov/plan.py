"""What is asked of a run, checked."""

from __future__ import annotations

__all__ = ["Plan", "make_plan"]

from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np

from neurobridge.analysis.lyapunov.system import (
    METHODS,
    Method,
    Precision,
    Renormalisation,
    System,
)
from neurobridge.errors import NetworkError, UnknownNameError

LIMIT = 10_000.0
"""Units of time after which a run that is to reach an error gives up, unless told otherwise."""
DEFAULT_TIME = 1000.0


@dataclass(frozen=True)
class Plan:
    """How exponents are worked out; :func:`~.exponents.spectrum` explains each.

    Parameters
    ----------
    k : int or "adaptive"
    dt : float or None
        None: the system's own, made smaller where the method would not be stable.
    """

    k: int | Literal["adaptive"]
    dt: float | None
    method: Method
    renormalise: Renormalisation | Literal["auto"]
    interval: int | None
    precision: Precision
    time: float
    error: float | None
    transient: float
    warm_up: float
    seed: int
    blocks: int | None = None

    def kind(self, k: int, size: int) -> Renormalisation:
        """The factorisation within the loop.

        LU's needs the fewest operations for most of a spectrum, and stands a wide spread of
        exponents. Cholesky's is quicker for few vectors, and its Gram matrix can be worked out in
        float64 from float32 tangents.
        """
        if self.renormalise != "auto":
            return self.renormalise
        return "cholesky" if self.precision == "mixed" or 2 * k <= size else "lu"


def make_plan(
    system: System,
    *,
    k: int | str,
    seed: int,
    dt: float | None = None,
    method: str | None = None,
    renormalise: str = "auto",
    interval: float | None = None,
    precision: str = "float64",
    time: float | None = None,
    error: float | None = None,
    transient: float = 100.0,
    warm_up: float = 50.0,
    blocks: int | None = None,
) -> Plan:
    """The plan that these options are for a system.

    Raises
    ------
    NetworkError, UnknownNameError
        If one of them is none, or does not fit the system.
    """
    chosen = method or system.default_method
    if chosen not in METHODS[system.meaning]:
        known = METHODS[system.meaning]
        raise UnknownNameError(f"method of a {system.meaning}", str(chosen), known)
    kinds = ("auto", *get_args(Renormalisation))
    if renormalise not in kinds:
        raise UnknownNameError("renormalisation", renormalise, kinds)
    if precision not in get_args(Precision):
        raise UnknownNameError("precision", precision, get_args(Precision))
    if chosen == "map" and dt is not None and dt != 1:
        raise NetworkError(f"dt: the steps of a map have no length, leave it out; got {dt!r}")
    step = None if dt is None else _positive("dt", dt)
    if chosen in ("map", "euler"):  # a map is another system at another dt
        step = step or system.default_dt
    if error is not None:
        error = _positive("error", error)
    length = (LIMIT if error is not None else DEFAULT_TIME) if time is None else time
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)):
        raise NetworkError(f"seed: expected a whole number, got {seed!r}")
    if blocks is not None:
        _check_blocks(blocks, error)
    made: Any = Plan(
        _vectors(k, system.size), step, chosen, renormalise,  # type: ignore[arg-type]
        _steps(interval, step or system.default_dt), precision,  # type: ignore[arg-type]
        _positive("time", length), error, _positive("transient", transient, zero=True),
        _positive("warm_up", warm_up, zero=True), int(seed), blocks,
    )  # fmt: skip
    return made  # type: ignore[no-any-return]


def _vectors(k: int | str, size: int) -> int | Literal["adaptive"]:
    if k == "adaptive":
        return "adaptive"
    if k == "all":
        return size
    if isinstance(k, bool) or not isinstance(k, (int, np.integer)) or k < 1:
        raise NetworkError(f"k: expected a whole number >= 1, 'all' or 'adaptive', got {k!r}")
    if k > size:
        raise NetworkError(
            f"k: a system of {size} states has {size} exponents, and {k} were asked for; k='all' "
            "gives all"
        )
    return int(k)


def _check_blocks(blocks: int, error: float | None) -> None:
    if isinstance(blocks, bool) or not isinstance(blocks, (int, np.integer)) or blocks < 2:
        raise NetworkError(f"blocks: expected a whole number >= 2, got {blocks!r}")
    if error is not None:
        raise NetworkError("blocks: their number follows from the error that is to be reached")


def _steps(interval: float | None, dt: float) -> int | None:
    if interval is None:
        return None
    return max(round(_positive("interval", interval) / dt), 1)


def _positive(name: str, value: float, *, zero: bool = False) -> float:
    number = isinstance(value, (int, float, np.number)) and not isinstance(value, bool)
    if not number or not np.isfinite(value) or value < 0 or (value == 0 and not zero):
        bound = "a finite number >= 0" if zero else "a positive number"
        raise NetworkError(f"{name}: expected {bound} of units of time, got {value!r}")
    return float(value)
