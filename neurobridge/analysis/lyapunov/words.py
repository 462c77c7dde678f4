"""Exponents in words: numbers with their errors, and a spectrum in one line."""

from __future__ import annotations

__all__ = ["caveat", "duration", "headline", "per_time", "summary", "with_error"]

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from neurobridge.analysis.lyapunov.result import Spectrum

SIGNIFICANT = 7
"""Digits of a value whose error is smaller still."""


def with_error(value: float, error: float) -> str:
    """``0.1562 ± 0.0041``: as many decimals as the two digits of the error.

    ``unknown`` for a value that is NaN, ``± unknown`` for an error that is.
    """
    if not math.isfinite(value):
        return "unknown"
    if not math.isfinite(error):
        return f"{value:.4g} ± unknown"
    if error == 0:
        return f"{value:.{SIGNIFICANT}g} ± 0"
    decimals = 1 - math.floor(math.log10(error))
    if value != 0:
        decimals = min(decimals, SIGNIFICANT - 1 - math.floor(math.log10(abs(value))))
    decimals = max(decimals, 0)
    seen = round(error, decimals) > 0
    return f"{value:.{decimals}f} ± " + (f"{error:.{decimals}f}" if seen else f"{error:.0e}")


def per_time(unit: str) -> str:
    """``per tau``; ``per unit of time`` where it has none."""
    return "per unit of time" if unit == "1" else f"per {unit}"


def duration(value: float, unit: str) -> str:
    """``2000 tau``; ``2000`` where time has no unit."""
    return f"{value:.6g}" if unit == "1" else f"{value:.6g} {unit}"


def caveat(result: Spectrum) -> str:
    """Status in words, in capitals where the result must not be taken for a final one."""
    return result.warning or result.status


def summary(result: Spectrum) -> str:
    """Dimension and entropy with their errors."""
    dimension = with_error(result.kaplan_yorke, result.kaplan_yorke_error)
    entropy = with_error(result.entropy, result.entropy_error)
    return f"D = {dimension}, H = {entropy} {per_time(result.unit)}"


def headline(result: Spectrum) -> str:
    """One line: meaning, how many, the largest, dimension, entropy, duration, and status."""
    maximal = with_error(result.maximal, float(result.errors[0]))
    method = f"{result.meaning} by {result.method}" if result.meaning == "flow" else "map"
    return (
        f"{method}, k = {result.k} of N = {result.size}: lambda_1 = {maximal}, {summary(result)}; "
        f"T = {duration(result.time, result.unit)}, {caveat(result)}"
    )
