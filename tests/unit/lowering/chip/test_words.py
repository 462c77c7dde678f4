"""Rounding of weights to 16 bits, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from neurobridge.lowering.chip.words import rounding_error, to_words


def test_halves_go_to_the_even_integer() -> None:
    assert to_words(np.array([0.5, 1.5, 2.5, 2.4, 0.49]), 1.0).tolist() == [0, 2, 2, 2, 0]


def test_resolutions_may_differ() -> None:
    assert to_words(np.array([1.0, 1.0]), np.array([0.25, 0.3])).tolist() == [4, 3]


def test_errors_of_rounding() -> None:
    error = rounding_error(np.array([1.0, 0.1, 2.0, 0.0]), np.array([1.1, 0.0, 1.9, 0.0]))
    assert error.n == 3
    assert error.became_zero == 1
    assert error.zero_share == pytest.approx(1 / 3)
    assert error.total == pytest.approx(0.3 / 3.1)
    assert error.drift == pytest.approx(-0.1 / 3.1)
    assert error.largest == pytest.approx(1.0)


def test_no_weights_have_no_error() -> None:
    assert rounding_error(np.zeros(2), np.zeros(2)).to_dict() == {
        "n": 0, "became_zero": 0, "total": 0.0, "drift": 0.0, "largest": 0.0, "zero_share": 0.0
    }  # fmt: skip
