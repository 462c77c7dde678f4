"""exp and tanh written out for float32, against NumPy in float64."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.requirements import require

require("numba")

import numba  # noqa: E402

from neurobridge.codegen import single  # noqa: E402


def everywhere(function: Any, x: np.ndarray) -> np.ndarray:
    @numba.njit(error_model="numpy")
    def run(values, out):
        for i in range(values.size):
            out[i] = function(values[i])

    out = np.empty_like(x)
    run(x, out)
    return out


@pytest.mark.parametrize(("name", "low", "high"), [("exp", -87, 88.7), ("tanh", -12, 12)])
def test_within_two_units_of_the_last_place(name: str, low: float, high: float) -> None:
    x = np.concatenate([np.linspace(low, high, 40_001), np.linspace(-1, 1, 20_001)])
    x = np.concatenate([x, np.logspace(-20, 0, 100), -np.logspace(-20, 0, 100)]).astype(np.float32)
    expected = getattr(np, name)(x.astype(np.float64))
    unit = np.spacing(np.abs(expected).astype(np.float32))
    apart = np.abs(everywhere(getattr(single, name), x) - expected) / unit
    assert apart.max() < 2


def test_the_ends() -> None:
    x = np.array([np.inf, -np.inf, np.nan, 0.0, 100.0, -110.0, -90.0], dtype=np.float32)
    got = everywhere(single.exp, x)
    np.testing.assert_array_equal(got[:-1], [np.inf, 0, np.nan, 1, np.inf, 0])
    assert got[-1] == pytest.approx(np.exp(-90.0), rel=1e-4)  # below the normal numbers
    np.testing.assert_array_equal(everywhere(single.tanh, x[:5]), [1, -1, np.nan, 0, 1])
