"""Spectral radius: against NumPy and closed forms, sparse against dense, and radii of 0."""

from __future__ import annotations

import re

import numpy as np
import pytest
from scipy.sparse import csr_array

from neurobridge.errors import NetworkError
from neurobridge.structure import MultiAreaEI, Normal, Weights, spectral_radius
from neurobridge.structure.spectrum import nonzero_radius


def numpys(matrix: np.ndarray) -> float:
    return float(np.abs(np.linalg.eigvals(matrix)).max())


@pytest.mark.parametrize("density", [0.002, 0.01, 0.1, 1.0])
def test_it_is_that_of_numpy(density: float, rng: np.random.Generator) -> None:
    matrix = rng.normal(size=(200, 200)) * (rng.random((200, 200)) < density)
    expected = numpys(matrix)
    for given in (matrix, csr_array(matrix)):
        assert spectral_radius(given) == pytest.approx(expected, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("kind", ["normal", "excitatory", "balanced"])
def test_sparse_and_dense_agree(kind: str, seed: int) -> None:
    fraction = {"normal": 0.5, "excitatory": 1.0, "balanced": 0.8}[kind]
    structure = MultiAreaEI([400], (0, 0, 0.1), fraction_excitatory=fraction, seed=seed)
    made = Normal().weights(structure)
    weights = made.balanced().sparse if kind == "balanced" else made.sparse
    dense, sparse = (spectral_radius(weights, limit) for limit in (400, 10))
    assert sparse == pytest.approx(dense, rel=1e-9)
    assert dense == pytest.approx(numpys(weights.toarray()), rel=1e-9)
    assert nonzero_radius(weights, 10) == pytest.approx(dense, rel=1e-9)


def test_closed_forms() -> None:
    ring = np.roll(np.diag([2.0, 1.0, 4.0]), 1, axis=0)
    assert spectral_radius(ring) == pytest.approx(2.0, rel=1e-14)
    assert spectral_radius(np.array([[3.0, 0.0], [7.0, -5.0]])) == 5.0
    assert spectral_radius(np.outer([1.0, 2.0, 3.0], [4.0, 5.0, 6.0])) == pytest.approx(32.0)
    chain = np.diag(np.full(30, 1e6), -1)
    chain[0, 30] = 1e-6
    assert spectral_radius(chain) == pytest.approx(1e6 ** (30 / 31) * 1e-6 ** (1 / 31), rel=1e-9)


def test_it_is_set_exactly(seed: int) -> None:
    structure = MultiAreaEI([100, 60], (0.1, 0.05, 0.3), seed=seed)
    for weights in (Normal(3.0).weights(structure), Normal(3.0).balanced().weights(structure)):
        made = weights.with_spectral_radius(0.93)
        assert numpys(made.matrix) == pytest.approx(0.93, rel=1e-9)
        assert made.spectral_radius == pytest.approx(0.93, rel=1e-12)
        assert np.allclose(np.abs(made.eigenvalues).max(), 0.93, rtol=1e-9)


def test_a_feed_forward_network_has_radius_zero(rng: np.random.Generator) -> None:
    order = rng.permutation(20)
    mask = np.tril(np.ones((20, 20), bool), -1)[np.ix_(order, order)]
    weights = Normal().weights(mask, seed=1)
    assert weights.spectral_radius == 0.0
    with pytest.raises(NetworkError, match="no neuron reaches itself along edges of nonzero"):
        weights.with_spectral_radius(0.9)


@pytest.mark.parametrize(
    "matrix",
    [
        np.array([[1.0, 1.0], [-1.0, -1.0]]),
        np.outer(np.ones(100), np.r_[np.ones(80), -4 * np.ones(20)]),
        np.array([[2.0, -1, 0], [4, -2, 0], [1, 1, 0]]) @ np.diag([1.0, 1.0, 0.0]),
        np.array([[5.0, -3, 2], [15, -9, 6], [10, -6, 4]]),
    ],
)
def test_weights_that_cancel_have_radius_zero_within_rounding(matrix: np.ndarray) -> None:
    assert np.allclose(np.linalg.matrix_power(matrix, 3), 0, atol=1e-9)
    with pytest.raises(NetworkError, match="is 0 within rounding"):
        nonzero_radius(matrix)


def test_weights_that_cancel_in_a_large_component() -> None:
    matrix = np.outer(np.ones(100), np.r_[np.ones(80), -4 * np.ones(20)])
    with pytest.raises(NetworkError, match="is 0 within rounding"):
        nonzero_radius(matrix, 10)


def test_a_small_radius_that_is_none_of_rounding() -> None:
    matrix = np.array([[0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [1e-18, 0.0, 0.0]])
    assert nonzero_radius(matrix) == pytest.approx(1e-6, rel=1e-9)


def test_what_it_refuses() -> None:
    with pytest.raises(NetworkError, match=re.escape("must be square, got (2, 3)")):
        spectral_radius(np.ones((2, 3)))
    with pytest.raises(NetworkError, match="must be finite"):
        spectral_radius(np.array([[np.nan]]))


def test_a_circle_of_eigenvalues_is_left_to_the_dense_solver() -> None:
    ring = csr_array(np.roll(np.eye(900), 1, axis=0))
    with pytest.raises(NetworkError, match=re.escape("spectral_radius(matrix, 900) solves it")):
        spectral_radius(ring, 20)
    assert spectral_radius(ring, 900) == pytest.approx(1.0, rel=1e-12)


def test_it_needs_no_edge() -> None:
    empty = Weights.on(MultiAreaEI([5], (0, 0, 0), fraction_excitatory=1, seed=1), np.zeros(0))
    assert empty.spectral_radius == 0.0
