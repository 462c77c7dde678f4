"""The chip's exponentials against Python's integers, and against the real function."""

from __future__ import annotations

import math
from decimal import Decimal, localcontext

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from neurobridge.backends.fixedpoint.exponential import expk, expulr

ALMOST = 0x7FFFFFFF


def exp64(n: int) -> int:
    """The algorithm with one integer, as its description has it."""

    def table(exponent: Decimal, rest: int = 0) -> int:
        return round(abs(rest - exponent.exp()) * 2**32)

    def scaled(x: int, y: int) -> int:
        low = (x & 0xFFFFFFFF) * y
        return (low >> 32) + ((low & 0xFFFFFFFF) >= ALMOST) + (x >> 32) * y

    with localcontext() as context:
        context.prec = 40
        whole, fraction = divmod(n, 2**15)
        if not fraction:
            return table(Decimal(whole))
        below = 2**15 - fraction
        result = table(Decimal(whole + 1))
        result -= scaled(result, table(-Decimal(below >> 11) / 16, rest=1))
        y = (below & 0x7FF) << 17
        s = (4293434720 - (2081624032 * y >> 32)) % 2**32
        s = ((s * y >> 32) + 5294) % 2**32
        return result - scaled(result, s)


@given(st.integers(-340695, 363408))
@example(0)
@example(-1)
@example(-(2**15))
@example(2**15 + 2**11)
def test_same_as_with_unlimited_integers(n: int) -> None:
    exact = exp64(n)
    low = (exact >> 17) % 2**32
    assert expk(n) == (low - 2**32 if low >= 2**31 else low)
    assert expulr(n) == exact % 2**32


def test_outside_the_range() -> None:
    n = np.array([363409, 2**31 - 1, -340696, -(2**31)])
    assert expk(n).tolist() == [ALMOST, ALMOST, 0, 0]
    assert expulr(n).tolist() == [ALMOST, ALMOST, 0, 0]


def test_one_as_a_fraction_is_0() -> None:
    assert expulr(0) == 0
    assert expk(0) == 2**15


@pytest.mark.parametrize(
    ("x", "raw"), [(-0.05, 31170), (-0.2, 26828), (-1.0, 12054), (1.0, 89072), (-10.0, 1)]
)
def test_truncated_values(x: float, raw: int) -> None:
    n = math.trunc(x * 2**15)
    assert expk(n) == raw
    assert abs(expk(n) - math.exp(n / 2**15) * 2**15) < 1


def test_close_to_the_real_function() -> None:
    n = np.arange(-340000, 0, 97)
    real = np.exp(n / 2**15) * 2**32
    assert np.max(np.abs(expulr(n) - real)) < 2**32 * 2e-6
