"""The primitives against Python's integers, which have no width."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from neurobridge.backends.fixedpoint.fixed import decay, encode, kdivk, mulk, s32, udiv64
from neurobridge.errors import BackendError

words = st.integers(-(2**31), 2**31 - 1)
long_words = st.integers(-(2**63), 2**63 - 1)


def wrapped(x: int, bits: int = 32) -> int:
    x %= 2**bits
    return x - 2**bits if x >= 2 ** (bits - 1) else x


@given(long_words)
def test_s32_is_the_low_half(x: int) -> None:
    assert s32(x) == wrapped(x)


@given(words, words)
@example(-(2**31), -(2**31))
@example(-1, 1)
def test_a_product_is_floored_and_wraps(a: int, b: int) -> None:
    assert mulk(a, b) == wrapped(a * b // 2**15)


@given(words, st.integers(0, 2**32 - 1))
@example(-(2**31), 2**32 - 1)
def test_decay_is_floored(x: int, factor: int) -> None:
    assert decay(x, factor) == x * factor // 2**32


def test_a_negative_number_never_decays_to_0() -> None:
    assert decay(-1, 5) == -1
    assert decay(1, 2**32 - 1) == 0


@given(long_words, long_words.filter(bool))
def test_division_reads_registers_as_unsigned(a: int, b: int) -> None:
    assert udiv64(a, b) == wrapped((a % 2**64) // (b % 2**64), 64)


@given(words, words.filter(bool))
def test_a_quotient_is_truncated_and_wraps(a: int, b: int) -> None:
    assert kdivk(a, b) == wrapped(((a << 15) % 2**64) // (b % 2**64))


def test_division_by_0_is_refused() -> None:
    with pytest.raises(BackendError, match=r"division by 0, on which the core dies"):
        kdivk(np.array([1, 2]), np.array([3, 0]))


@given(st.floats(-65536, (2**31 - 1) / 2**15))
@example(0.5 / 2**15)
@example(1.5 / 2**15)
@example(-2.5 / 2**15)
@example(40000 + 12345 / 2**16)
@example(40001 + 12347 / 2**16)
@example(-65432 - 54321 / 2**16)
def test_encoding_is_half_even_on_the_decimal_text(value: float) -> None:
    assert encode(value, "x") == round(Decimal(str(value)) * 2**15)


def test_the_text_decides_an_exact_half() -> None:
    """Half to even and the shortest text of the number say different things here."""
    candidates = [60000 + k / 2**16 for k in range(1, 2000, 2)]
    plain = [round(Fraction(v) * 2**15) for v in candidates]
    raw = encode(candidates, "x").tolist()
    assert raw == [round(Decimal(str(v)) * 2**15) for v in candidates]
    assert raw != plain


def test_encoding_of_arrays() -> None:
    raw = encode([[-65.0, 0.1], [1e-9, 65535.99996]], "x")
    assert raw.tolist() == [[-65 * 2**15, 3277], [0, 2**31 - 1]]


@pytest.mark.parametrize("value", [65536.0, -65536.1, float("nan"), float("inf")])
def test_what_does_not_fit_is_refused(value: float) -> None:
    with pytest.raises(BackendError, match=rf"tau_m: expected numbers .*, got {value:g}"):
        encode([1.0, value], "tau_m")
