"""Weights: balance, matrices, what users may give for a structure, and what is refused."""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np
import pytest

from neurobridge.errors import NetworkError
from neurobridge.graph.edges import Edges
from neurobridge.structure import MultiAreaEI, Normal, Weights

EI = MultiAreaEI({"V1": 100, "V2": 50}, (0.2, 0.1, 0.5), seed=1)
CHAIN = Edges.from_pairs([0, 1, 2, 0], [1, 1, 1, 2], 3, 3)[0]


def chain(values: list[float], sign: tuple[int, ...] = (0, 0, 0, 0)) -> Weights:
    """0, 1, 2 -> 1 and 0 -> 2."""
    return Weights(CHAIN, np.array(values), np.array(sign))


@pytest.mark.parametrize("ratio", [1.0, 0.25, 3.0])
def test_balance_is_exact(ratio: float) -> None:
    made = Normal(1.3).weights(EI).balanced(ratio).scaled(0.37)
    for row in made.matrix:
        positive, negative = math.fsum(row[row > 0]), math.fsum(row[row < 0])
        assert positive == pytest.approx(-ratio * negative, rel=1e-12, abs=0)
    assert np.array_equal(made.matrix != 0, EI.mask)
    assert (made.matrix * EI.sign >= 0).all()
    assert made.unbalanced.size == 0


def test_balance_by_hand_moves_the_negative_weights() -> None:
    made = chain([2.0, -1.0, -3.0, 0.0]).balanced(ratio=0.5)
    assert made.values.tolist() == [2.0, -1.0, -3.0, 0.0]
    assert chain([2.0, -1.0, -3.0, 0.0]).balanced(2.0).values.tolist() == [2.0, -0.25, -0.75, 0.0]
    assert [s.tolist() for s in made.inputs] == [[0, 2, 0], [0, -4, 0]]


def test_neurons_with_input_of_one_sign() -> None:
    weights = chain([2.0, -1.0, -3.0, 5.0])
    with pytest.raises(NetworkError, match="1 of 3 neurons have input of one sign only; the first"):
        weights.balanced()
    with pytest.raises(NetworkError, match="neuron 2, whose input is all excitatory"):
        weights.balanced()
    kept = weights.balanced(one_sided="keep")
    assert kept.values.tolist() == [2.0, -0.5, -1.5, 5.0]
    assert kept.unbalanced.tolist() == [2]
    assert kept.scaled(2.0).unbalanced.tolist() == [2]
    with pytest.raises(NetworkError, match="all inhibitory"):
        chain([2.0, -1.0, -3.0, -5.0]).balanced()
    with pytest.raises(NetworkError, match="one_sided: expected 'error' or 'keep', got 'drop'"):
        weights.balanced(one_sided="drop")  # type: ignore[arg-type]


def test_matrices_agree_and_parallel_edges_add_up(rng: np.random.Generator) -> None:
    pre, post = rng.integers(0, 7, 40), rng.integers(0, 5, 40)
    edges, order = Edges.from_pairs(pre, post, 7, 5)
    values = rng.normal(size=40)
    expected = np.zeros((5, 7))
    for i, j, w in zip(post, pre, values, strict=True):
        expected[i, j] += w
    made = Weights(edges, values[order], np.zeros(40))
    assert np.allclose(made.matrix, expected, rtol=1e-13)
    assert np.allclose(made.sparse.toarray(), expected, rtol=1e-13)
    assert edges.pre.size == 40
    sums = made.inputs
    assert np.allclose(sums[0] + sums[1], expected.sum(axis=1), atol=1e-13)


def test_eigenvalues_need_a_square_matrix() -> None:
    weights = Normal().weights(np.ones((3, 4), bool), seed=1)
    with pytest.raises(NetworkError, match=re.escape("must be square, got (3, 4)")):
        _ = weights.eigenvalues


# -- what is given for a structure ---------------------------------------------------------------


def test_a_matrix_weights_an_initialiser_and_a_flat_array_mean_the_same() -> None:
    made = Normal().weights(EI)
    for given in (made, made.matrix, made.values, Normal()):
        assert Weights.on(EI, given) == made


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (np.ones((3, 3)), "expected a matrix (150, 150), post x pre, got (3, 3)"),
        (np.ones(3), "expected one weight and one sign for each of"),
        (np.eye(150), "150 entries lie where there is no edge, the first at row (post) 0, column"),
        (Normal().weights(EI).matrix.T, "matrix.T fits: rows are postsynaptic"),
        (-Normal().weights(EI).matrix, "of the other sign than their presynaptic neuron (Dale's"),
        (np.where(EI.mask, np.nan, 0), "are not finite; the first is nan from neuron"),
        (chain([1, 1, 1, 1]), "weights: these are for 4 other edges; the structure has"),
    ],
)
def test_weights_that_do_not_fit_a_structure(given: Any, message: str) -> None:
    with pytest.raises(NetworkError, match=re.escape(message)):
        Weights.on(EI, given)


def test_dales_law_is_checked_by_edge() -> None:
    assert chain([1, -1, 0, 0], (1, -1, 1, -1)).values.tolist() == [1, -1, 0, 0]
    message = "1 of 4 are of the other sign .* the first is 2.0 from neuron 1 to 1"
    with pytest.raises(NetworkError, match=message):
        chain([1, 2, 0, 0], (1, -1, 1, -1))


@pytest.mark.parametrize("factor", [0.0, -1.0, float("inf")])
def test_a_factor_that_would_lose_signs(factor: float) -> None:
    with pytest.raises(NetworkError, match="factor: expected a finite number above 0"):
        chain([1, 1, 1, 1]).scaled(factor)
