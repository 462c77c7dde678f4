"""Numbers and verdicts as they are written in tables and reports."""

from __future__ import annotations

__all__ = ["count", "fraction", "megabytes", "percent", "quantity", "seconds", "verdict"]

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from neurobridge.comparison.result import Entry

NOTHING = "\N{EN DASH}"
"""Stands where a number is not defined or not known."""


def verdict(entry: Entry) -> tuple[str, str]:
    """Kind (``same``, ``within``, ``open`` or ``apart``) and words for one run."""
    if entry.is_reference:
        return "same", "reference"
    if not entry.complete:
        return "apart", entry.status
    if entry.identical and entry.passed is not False:
        return "same", "identical"
    if entry.passed is None:
        return "open", "not judged"
    if entry.passed:
        return "within", f"within {entry.tier}"
    first = entry.metrics.divergence if entry.metrics else None
    return "apart", "states differ" if first is None else f"parts at {first.time:g} ms"


def count(value: int | None) -> str:
    """``41,208``."""
    return NOTHING if value is None else f"{value:,}"


def fraction(value: float | None) -> str:
    """Four digits, but never a rounded 1: what is not exactly 1 does not read 1."""
    if value is None:
        return NOTHING
    if value == 1.0:
        return "1"
    texts = (f"{value:.{digits}f}" for digits in range(4, 12))
    return next((text for text in texts if value > 1.0 or float(text) < 1.0), "<1")


def percent(value: float | None) -> str:
    """``+0.25 %`` with a sign; exactly zero is ``0 %``."""
    if value is None:
        return NOTHING
    return "0 %" if value == 0 else f"{100 * value:+.2g} %"


def seconds(value: float | None) -> str:
    """``12.3 s``, ``0.45 s`` or ``8 ms``."""
    if value is None:
        return NOTHING
    if value < 0.1:
        return f"{1e3 * value:.0f} ms"
    return f"{value:.2f} s" if value < 10 else f"{value:,.1f} s"


def megabytes(value: float | None) -> str:
    """``812 MB`` or ``3.1 GB``."""
    if value is None:
        return NOTHING
    return f"{value:,.0f} MB" if value < 1000 else f"{value / 1000:.1f} GB"


def quantity(value: float | None, unit: str = "", digits: int = 3) -> str:
    """A number in at most ``digits`` significant digits, with its unit."""
    if value is None or not math.isfinite(value):
        return NOTHING
    return f"{value:.{digits}g} {unit}".rstrip()
