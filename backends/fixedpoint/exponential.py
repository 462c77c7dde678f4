"""``exp`` on the chip: an exact table for the integer part, polynomials for the rest.

With ``n`` an s16.15 argument, ``exp(n)`` is built as a 64-bit number with 32 fractional bits: a
table of ``exp(i)`` for whole ``i``, less a table of ``1 - exp(-i/16)`` for four more bits, less a
quadratic polynomial for the last eleven. ``expk`` keeps 15 fractional bits of it, ``expulr`` 32.

Source: ``expk`` and ``expulr`` of ``spinn_common`` (``src/stdfix-exp.c``, ``include/round.h``).
"""

from __future__ import annotations

__all__ = ["expk", "expulr"]

from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurobridge.backends.fixedpoint.fixed import Int, s32

_LARGEST, _SMALLEST = 363408, -340695
"""Arguments above and below which the result is the largest accum and 0."""

_OVERFLOW = 0x7FFFFFFF

Word = NDArray[np.uint64]


def _rounded(value: Decimal) -> int:
    return int((value * 2**32).quantize(Decimal(1), rounding=ROUND_HALF_EVEN))


with localcontext() as _context:
    _context.prec = 50
    _WHOLE = np.array([_rounded(Decimal(i - 13).exp()) for i in range(26)], dtype=np.uint64)
    _SIXTEENTHS = np.array(
        [_rounded(1 - (Decimal(-i) / 16).exp()) for i in range(16)], dtype=np.uint64
    )
_P0, _P1, _P2 = np.uint64(5294), np.uint64(4293434720), np.uint64(2081624032)

_32, _LOW = np.uint64(32), np.uint64(0xFFFFFFFF)


def expk(n: Any) -> Int:
    """``exp`` of s16.15 numbers as s16.15, truncated."""
    return _within(n, lambda x: s32((_exp64(x) >> np.uint64(17)).astype(np.int64)))


def expulr(n: Any) -> Int:
    """``exp`` of s16.15 numbers as u0.32, without its whole part: ``exp(0)`` is 0."""
    return _within(n, lambda x: (_exp64(x) & _LOW).astype(np.int64))


def _within(n: Any, function: Any) -> Int:
    n = np.asarray(n, dtype=np.int64)
    inside = np.clip(n, _SMALLEST, _LARGEST)
    result = np.where(n > _LARGEST, _OVERFLOW, np.where(n < _SMALLEST, 0, function(inside)))
    return np.asarray(result, dtype=np.int64)


def _exp64(n: Int) -> Word:
    """``exp(n)`` with 32 fractional bits, for arguments inside the range."""
    whole, fraction = n >> 15, n & 0x7FFF
    below = (0x8000 - fraction) & 0x7FFF  # the argument is the next whole number less this
    above = np.where(fraction == 0, whole, whole + 1)
    table = _WHOLE[13 + above]
    result = table - _scaled(table, _SIXTEENTHS[below >> 11])
    rest = ((below & 0x7FF) << 17).astype(np.uint64)
    polynomial = (_P1 - ((_P2 * rest) >> _32)) & _LOW
    polynomial = (((polynomial * rest) >> _32) + _P0) & _LOW
    return np.where(fraction == 0, table, result - _scaled(result, polynomial))


def _scaled(x: Word, fraction: Word) -> Word:
    """``x * fraction`` for a u0.32 fraction; the low half of ``x`` is rounded, half up."""
    low = (x & _LOW) * fraction
    carry = (low & _LOW) >= np.uint64(_OVERFLOW)
    return (low >> _32) + carry.astype(np.uint64) + (x >> _32) * fraction
