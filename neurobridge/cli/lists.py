"""Lists of numbers as typed: ``1,2,4``, ``0.5:3:0.5``, ``1:1024:2x``, ``0.5:3:#11``."""

from __future__ import annotations

__all__ = ["intervals", "names", "numbers"]

import math

import numpy as np

from neurobridge.errors import ExperimentError

FORMS = "write 0.5,1,2 or FROM:TO:STEP or FROM:TO:#COUNT or FROM:TO:FACTORx"
MOST = 10_000


def numbers(text: str, option: str) -> list[float]:
    """Numbers with commas, or a range that includes its end.

    Raises
    ------
    ExperimentError
        If it is none of these.
    """
    parts = text.split(":")
    if len(parts) == 1:
        return [_number(part, option, text) for part in text.split(",")]
    if len(parts) != 3:
        raise ExperimentError(f"{option} {text!r}: {FORMS}")
    first, last = (_number(part, option, text) for part in parts[:2])
    how = parts[2].strip()
    if how.startswith("#"):
        count = _number(how[1:], option, text)
        if count != int(count) or not 2 <= count <= MOST:
            raise ExperimentError(f"{option} {text!r}: a range has 2 to {MOST} values")
        return [round(float(v), 12) for v in np.linspace(first, last, int(count))]
    if how.endswith("x"):
        return _geometric(first, last, _number(how[:-1], option, text), option, text)
    step = _number(how, option, text)
    steps = (last - first) / step if step else math.inf
    if not 0 <= steps < MOST:
        raise ExperimentError(f"{option} {text!r}: no steps of {step:g} lead from there to there")
    return [round(first + i * step, 12) for i in range(int(steps + 1e-9) + 1)]


def intervals(text: str, option: str) -> list[float | None]:
    """Numbers with commas; ``auto`` is None."""
    return [
        None if part.strip() == "auto" else _number(part, option, text) for part in text.split(",")
    ]


def names(text: str) -> list[str]:
    """Names with commas."""
    return [part.strip() for part in text.split(",") if part.strip()]


def _geometric(first: float, last: float, factor: float, option: str, text: str) -> list[float]:
    if not (factor > 1 and 0 < first <= last):
        raise ExperimentError(f"{option} {text!r}: a factor must be above 1, and 0 < FROM <= TO")
    count = int(math.log(last / first) / math.log(factor) + 1e-9) + 1
    return [round(first * factor**i, 12) for i in range(count)]


def _number(part: str, option: str, text: str) -> float:
    try:
        value = float(part)
    except ValueError:
        raise ExperimentError(f"{option} {text!r}: {part!r} is no number; {FORMS}") from None
    if not math.isfinite(value):
        raise ExperimentError(f"{option} {text!r}: expected finite numbers, got {part!r}")
    return value
