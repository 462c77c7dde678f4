"""Products with a packed matrix: as in NumPy, the same bits for a row whatever its company."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.requirements import require

require("numba")

from neurobridge.analysis.lyapunov.compiled.packed import (  # noqa: E402
    pack,
    padded,
    times_packed,
)


@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float64, 1e-13), (np.float32, 1e-5)])
@pytest.mark.parametrize("n", [1, 7, 24, 50, 97])
@pytest.mark.parametrize("m", [1, 30])
def test_products_are_those_of_numpy(
    dtype: Any, tolerance: float, n: int, m: int, rng: np.random.Generator
) -> None:
    matrix = rng.standard_normal((n, m))
    panels = pack(matrix, dtype)
    everything = rng.standard_normal((19, m)).astype(dtype)
    whole = np.zeros((19, padded(n, dtype)), dtype)
    times_packed(everything, panels, whole)
    assert np.abs(whole[:, :n] - everything @ matrix.T.astype(dtype)).max() < tolerance
    assert not whole[:, n:].any()
    for k in range(1, 19):
        part = np.zeros((k, padded(n, dtype)), dtype)
        times_packed(everything[:k].copy(), panels, part)
        assert np.array_equal(part, whole[:k])
