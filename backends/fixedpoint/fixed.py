"""Fixed-point arithmetic as the chip's compiler does it: s16.15 and u0.32 in 32-bit registers.

An s16.15 number is the integer ``raw = value * 2**15``, a u0.32 number ``raw = value * 2**32``.
Everything here takes and gives int64 arrays of such integers. Products are formed exactly, shifted
down with a floor, and cut to 32 bits: results wrap, they never saturate, and nothing is rounded.

References
----------
ISO/IEC TR 18037 (accum, fract); Hopkins & Furber (2015), Neural Comput. 27:2148,
doi:10.1162/NECO_a_00772: solvers on SpiNNaker. ``spinn_common/include/stdfix-full-iso.h``.
"""

from __future__ import annotations

__all__ = ["ONE", "SCALE", "decay", "encode", "kdivk", "mulk", "s32", "udiv64"]

from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurobridge.errors import BackendError

Int = NDArray[np.int64]

SCALE = 1 << 15
"""Raw units of one, in s16.15."""

ONE = SCALE
"""The number one as s16.15."""

_LOWEST, _HIGHEST = -(1 << 31), (1 << 31) - 1


def s32(x: Any) -> Int:
    """The low 32 bits of ``x``, read as two's complement."""
    return np.asarray(x, dtype=np.int64).astype(np.int32).astype(np.int64)


def mulk(a: Any, b: Any) -> Int:
    """Product of two s16.15 numbers, floored."""
    return s32((np.asarray(a, dtype=np.int64) * b) >> 15)


def decay(x: Any, factor: Any) -> Int:
    """Product of an s16.15 number and a u0.32 factor, floored: -1 raw never decays further."""
    return s32((np.asarray(x, dtype=np.int64) * factor) >> 32)


def udiv64(a: Any, b: Any) -> Int:
    """Quotient of two 64-bit registers read as unsigned; its low 64 bits as int64.

    Raises
    ------
    BackendError
        If ``b`` is 0 somewhere: there the chip executes an undefined instruction.
    """
    dividend, divisor = np.asarray(a, dtype=np.int64), np.asarray(b, dtype=np.int64)
    if not divisor.all():
        raise BackendError("a division by 0, on which the core dies: its divisor must not be raw 0")
    quotient = dividend.astype(np.uint64) // divisor.astype(np.uint64)
    return np.asarray(quotient.astype(np.int64))


def kdivk(a: Any, b: Any) -> Int:
    """Quotient of two s16.15 numbers as s16.15, truncated; meant for ``a >= 0`` and ``b > 0``."""
    return s32(udiv64(np.asarray(a, dtype=np.int64) << 15, b))


def encode(values: ArrayLike, what: str) -> Int:
    """Numbers as s16.15, rounded as the host tools round: half to even, on the decimal text.

    Only an exact half can depend on the text: its shortest decimal form, of 17 digits, may lie
    above or below it.

    Raises
    ------
    BackendError
        If a value is not a number or outside [-65536, 65536 - 2**-15]; ``what`` says which it is.
    """
    real = np.asarray(values, dtype=np.float64)
    inside = (real * SCALE >= _LOWEST) & (real * SCALE <= _HIGHEST)
    if not inside.all():
        bad = real[~inside].flat[0]
        raise BackendError(
            f"{what}: expected numbers that s16.15 holds, -65536 to 65535.99997, got {bad:g}; "
            f"give the quantity in a unit in which it fits, or correct it"
        )
    scaled = real * SCALE
    raw = np.array(np.rint(scaled), dtype=np.int64)
    halves = np.abs(scaled - np.trunc(scaled)) == 0.5
    for at in np.argwhere(halves):
        raw[tuple(at)] = _of_text(float(real[tuple(at)]))
    return raw


def _of_text(value: float) -> int:
    return int((Decimal(str(value)) * SCALE).quantize(Decimal(1), rounding=ROUND_HALF_EVEN))
