"""Products over edges: those of SciPy, and the same bits for a column whatever its company."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.sparse import csr_array

from neurobridge.analysis import lyapunov
from tests.requirements import require

require("numba")

from neurobridge.analysis.lyapunov.compiled.gathering import (  # noqa: E402
    columns_of_block,
    edges_times_columns,
)


@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float64, 1e-13), (np.float32, 1e-5)])
@pytest.mark.parametrize("k", [1, 9, 20, 33, 64])
def test_products_are_those_of_scipy(
    dtype: Any, tolerance: float, k: int, rng: np.random.Generator
) -> None:
    dense = rng.standard_normal((30, 25)) * (rng.random((30, 25)) < 0.2)
    dense[4] = 0
    matrix = csr_array(dense)
    width = columns_of_block(k, dtype)
    columns = rng.standard_normal((25, width)).astype(dtype)
    out = np.full((30, width), np.nan, dtype)
    edges_times_columns(
        matrix.indptr.astype(np.int64), matrix.indices.astype(np.int32),
        matrix.data.astype(dtype), columns, out,
    )  # fmt: skip
    assert np.abs(out - matrix @ columns).max() < tolerance
    assert not out[4].any()


@pytest.mark.parametrize("method", ["ab4", "rk4", "euler"])
def test_a_vector_is_carried_alike_in_any_company(method: Any) -> None:
    matrix = lyapunov.random_matrix(150, 3.0, density=0.05, seed=3)
    meaning: Any = "map" if method == "euler" else "flow"
    system = lyapunov.of_network(lyapunov.matrix_network(matrix), meaning)
    assert not system.is_dense
    frame = system.directions(150, 0)
    found = []
    for k in (150, 70, 5):
        propagator = system.propagator(k, 0.05, method, "float64")
        propagator.begin(system.start(0), frame[:, :k])
        for _ in range(3):
            propagator.advance(7)
        found.append((propagator.state(), propagator.frame(), propagator.divergence))
    for state, part, divergence in found[1:]:
        assert np.array_equal(state, found[0][0])
        assert np.array_equal(part, found[0][1][:, : part.shape[1]])
        assert divergence == found[0][2]
