"""Whether the parts of a spectrum fit together."""

from __future__ import annotations

__all__ = ["check_spectrum"]

from typing import TYPE_CHECKING

import numpy as np

from neurobridge.errors import NetworkError, UnknownNameError

if TYPE_CHECKING:
    from neurobridge.analysis.lyapunov.result import Spectrum

SAME = 1e-6
"""How far exponents may be from the means of their blocks, relative to the largest."""


def check_spectrum(result: Spectrum) -> None:
    """Refuse shapes, values and words that cannot be.

    Raises
    ------
    NetworkError
        If shapes contradict each other, exponents are not sorted or are not the means of their
        blocks, or a value is out of its range or not finite.
    UnknownNameError
        If there is no such status or meaning.
    """
    _check_shapes(result)
    _check_values(result)
    _check_durations(result)
    _check_words(result)


def _check_shapes(result: Spectrum) -> None:
    shape, k = result.exponents.shape, result.exponents.size
    if len(shape) != 1 or not 1 <= k <= result.size:
        raise NetworkError(
            f"exponents: expected 1 to {result.size} of them, for there are {result.size} states, "
            f"got shape {shape}"
        )
    if result.errors.shape != shape:
        raise NetworkError(
            f"errors: expected one for each of {k} exponents, got shape {result.errors.shape}"
        )
    if result.blocks.ndim != 2 or result.blocks.shape[1] != k or len(result.blocks) < 2:
        raise NetworkError(
            f"blocks: expected shape (B, {k}) with at least 2 blocks, got {result.blocks.shape}"
        )
    if len(result.names) != result.size:
        raise NetworkError(
            f"names: expected one for each of {result.size} states, got {len(result.names)}"
        )


def _check_values(result: Spectrum) -> None:
    for name in ("exponents", "errors", "blocks"):
        values = getattr(result, name)
        if not np.isfinite(values).all():
            raise NetworkError(
                f"{name}: expected finite values, got {values[~np.isfinite(values)][0]}"
            )
    exponents = result.exponents
    if (result.errors < 0).any():
        raise NetworkError(f"errors: expected none below 0, got {result.errors.min():g}")
    if (rises := np.flatnonzero(np.diff(exponents) > 0)).size:
        first = int(rises[0])
        raise NetworkError(
            f"exponents: expected descending order, got {exponents[first]:g} before "
            f"{exponents[first + 1]:g}; sort them, and errors and columns of blocks with them"
        )
    apart = np.abs(result.blocks.mean(axis=0) - exponents)
    if (apart > SAME * np.abs(exponents).max()).any():
        worst = int(apart.argmax())
        raise NetworkError(
            f"blocks: expected the mean of column {worst + 1} to be the exponent "
            f"{exponents[worst]:g}, got {result.blocks[:, worst].mean():g}; are the columns in the "
            "order of the exponents?"
        )


def _check_durations(result: Spectrum) -> None:
    for name in ("dt", "block_time", "time"):
        if not (np.isfinite(value := getattr(result, name)) and value > 0):
            raise NetworkError(f"{name}: expected a time above 0, got {value}")
    for name in ("transient", "warm_up", "seconds"):
        if not (np.isfinite(value := getattr(result, name)) and value >= 0):
            raise NetworkError(f"{name}: expected a time, 0 or more, got {value}")


def _check_words(result: Spectrum) -> None:
    from neurobridge.analysis.lyapunov.result import STATUSES

    if result.status not in STATUSES:
        raise UnknownNameError("status of a spectrum", result.status, STATUSES)
    if result.meaning not in ("flow", "map"):
        raise UnknownNameError("meaning of exponents", result.meaning, ("flow", "map"))
