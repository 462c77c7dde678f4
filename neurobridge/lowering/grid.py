"""From milliseconds to steps: never silently rounded, never below what is allowed."""

from __future__ import annotations

__all__ = ["check_dt", "to_steps"]

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurobridge.errors import NetworkError
from neurobridge.lowering.finding import Finding
from neurobridge.units import parse_quantity

TOLERANCE = 1e-6
"""Largest distance from a whole number of steps that counts as float noise, in steps."""


def check_dt(dt: Any) -> float:
    """The time step in ms, or a clear error."""
    value = parse_quantity(dt, "ms", "dt")
    if not isinstance(value, (int, float, np.number)) or not 0 < value < np.inf:
        raise NetworkError(f"dt must be a positive number of ms, got {dt!r}")
    return float(value)


def to_steps(
    ms: ArrayLike, dt: float, where: str, code: str, *, at_least: int
) -> tuple[NDArray[np.int64], list[Finding]]:
    """Whole steps of times in ms.

    Returns
    -------
    steps : int64 array of the shape of ``ms``
        The nearest whole number of steps.
    findings : list of Finding
        An approximation named ``code`` if a time is not a multiple of dt, and an error
        ``"<...>_below_dt"`` if one comes to fewer steps than ``at_least``.

    Raises
    ------
    NetworkError
        If a time is not finite.
    """
    times = np.asarray(ms, dtype=np.float64)
    if not np.isfinite(times).all():
        bad = times[~np.isfinite(times)]
        raise NetworkError(
            f"{where}: times must be finite, but {bad.size} of {times.size} are not, "
            f"e.g. {bad[0]} ms"
        )
    exact = times / dt
    steps = np.rint(exact).astype(np.int64)
    findings: list[Finding] = []
    short = exact < at_least - TOLERANCE
    if short.any():
        worst = float(times[short].min()) if times.ndim else float(times)
        findings.append(
            Finding(
                code.replace("_rounding", "_below_dt"),
                "error",
                where,
                f"{int(short.sum())} of {times.size} values are shorter than {at_least} step(s) of "
                f"dt = {dt:g} ms; the shortest is {worst:g} ms",
                f"use dt <= {worst:g} ms" if worst > 0 else f"set it to at least {dt:g} ms",
                worst,
            )
        )
    error = np.abs(exact - steps)
    off = (error > TOLERANCE) & ~short
    if off.any():
        place = int(np.argmax(np.where(off, error, 0)))
        worst, became = float(times.flat[place]), float(steps.flat[place] * dt)
        findings.append(
            Finding(
                code,
                "approximation",
                where,
                f"{int(off.sum())} of {times.size} values are not multiples of dt = {dt:g} ms; the "
                f"worst is {worst:g} ms, which becomes {became:g} ms",
                "choose a dt that divides it, change the value, or accept the rounding",
                float(error[off].max() * dt) if times.ndim else float(error * dt),
            )
        )
    return steps, findings
