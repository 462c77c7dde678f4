"""Initialisers: distributions, signs, masks, composition, and what they refuse."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from scipy.stats import halfnorm, kstest, norm, uniform

from neurobridge.errors import NetworkError
from neurobridge.graph.edges import Edges
from neurobridge.graph.projection import Projection
from neurobridge.structure import (
    Initialiser,
    MultiArea,
    MultiAreaEI,
    Normal,
    Orthogonal,
    SynapseCounts,
    Uniform,
)

EI = MultiAreaEI({"V1": 100, "V2": 50}, (0.2, 0.1, 0.5), seed=1)


def counted(**changes: Any) -> Edges:
    """0 -> 0, 1 -> 0, 2 -> 1 with 2, 6 and 4 synapses; nothing onto 2."""
    return Edges.from_pairs([0, 1, 2], [0, 0, 1], 3, 3, **({"count": [2, 6, 4]} | changes))[0]


@pytest.mark.parametrize("initialiser", [Uniform(0.7), Normal(1.3)])
def test_mask_diagonal_and_dales_law_are_exact(initialiser: Initialiser) -> None:
    matrix = initialiser.weights(EI).matrix
    assert np.array_equal(matrix != 0, EI.mask)
    assert not matrix.diagonal().any()
    assert (matrix[:, EI.sign > 0] >= 0).all()
    assert (matrix[:, EI.sign < 0] <= 0).all()


def test_weights_are_scaled_by_the_fan_in_of_each_neuron(rng: np.random.Generator) -> None:
    mask = rng.random((300, 400)) < np.linspace(0.05, 1, 300)[:, None]
    scale = np.sqrt(mask.sum(axis=1, keepdims=True))
    drawn = (Normal(1.3).weights(mask, seed=2).matrix * scale)[mask]
    assert kstest(drawn, norm(scale=1.3).cdf).pvalue > 1e-3
    drawn = (Uniform(0.7).weights(mask, seed=2).matrix * scale)[mask]
    assert kstest(drawn, uniform(-0.7, 1.4).cdf).pvalue > 1e-3


def test_signed_weights_are_magnitudes_of_the_same_draw(rng: np.random.Generator) -> None:
    mask = rng.random((200, 300)) < 0.5
    sign = rng.choice([-1, 1], 300)
    free, signed = (Normal().weights(mask, sign=s, seed=3).matrix for s in (None, sign))
    assert np.array_equal(signed, np.abs(free) * sign)
    drawn = np.abs(signed * np.sqrt(mask.sum(axis=1, keepdims=True)))[mask]
    assert kstest(drawn, halfnorm().cdf).pvalue > 1e-3


def test_the_radius_of_normal_weights_tends_to_the_gain(seed: int) -> None:
    structure = MultiArea([1000], (0, 0, 0.1), seed=seed)
    assert Normal(0.8).weights(structure).spectral_radius == pytest.approx(0.8, rel=0.06)


def test_neurons_of_either_sign_keep_both(rng: np.random.Generator) -> None:
    sign = np.array([0, 1, -1])
    matrix = Normal().weights(np.ones((200, 3), bool), sign=sign, seed=1).matrix
    assert matrix[:, 0].min() < 0 < matrix[:, 0].max()
    assert matrix[:, 1].min() > 0 > matrix[:, 2].max()


@pytest.mark.parametrize("shape", [(20, 20), (30, 10), (10, 30)])
def test_orthogonal(shape: tuple[int, int]) -> None:
    matrix = Orthogonal(2.0).weights(np.ones(shape, bool), seed=1).matrix
    small = matrix if shape[0] <= shape[1] else matrix.T
    assert np.allclose(small @ small.T, 4 * np.eye(min(shape)), atol=1e-13)


def test_orthogonal_matrices_are_uniform_on_the_group(seed: int) -> None:
    """Under the Haar measure the trace of O(n) has mean 0 and variance 1 (Diaconis 1994)."""
    full = np.ones((6, 6), bool)
    traces = [np.trace(Orthogonal().weights(full, seed=seed + i).matrix) for i in range(1500)]
    assert abs(np.mean(traces)) < 4 / np.sqrt(1500)
    assert np.var(traces) == pytest.approx(1, abs=4 * np.sqrt(2 / 1500))


def test_one_seed_gives_one_set_of_weights() -> None:
    assert Normal().weights(EI) == Normal().weights(EI, seed=EI.seed)
    assert Normal().weights(EI, seed=9) == Normal().weights(EI, seed=9)
    for other in (Normal().weights(EI, seed=9), Normal().weights(EI, name="input")):
        assert not np.isclose(other.values, Normal().weights(EI).values).any()


def test_they_compose() -> None:
    recipe = Normal(1.2).balanced(ratio=2.0).with_spectral_radius(0.9)
    made = recipe.weights(EI)
    by_hand = Normal(1.2).weights(EI).balanced(2.0).with_spectral_radius(0.9)
    assert made == by_hand
    assert np.abs(np.linalg.eigvals(made.matrix)).max() == pytest.approx(0.9, rel=1e-9)
    positive, negative = made.inputs
    assert np.allclose(positive, -2 * negative, rtol=1e-12, atol=0)
    assert recipe == Normal(1.2).balanced(ratio=2.0).with_spectral_radius(0.9)
    assert recipe != Normal(1.2).balanced(ratio=2.1).with_spectral_radius(0.9)


def test_the_radius_comes_last() -> None:
    with pytest.raises(NetworkError, match=r"\.balanced\(\.\.\.\)\.with_spectral_radius\(0\.9\)"):
        Normal().with_spectral_radius(0.9).balanced()


# -- synapse counts ------------------------------------------------------------------------------

SIGN = np.array([1, -1, 1])


@pytest.mark.parametrize(
    ("initialiser", "expected"),
    [
        (SynapseCounts(0.5), [1.0, -3.0, 2.0]),
        (SynapseCounts(3.0, "total"), [0.5, -1.5, 1.0]),
        (SynapseCounts(2.0, "fan_in"), [0.5, -1.5, 2.0]),
    ],
)
def test_counts_by_hand(initialiser: SynapseCounts, expected: list[float]) -> None:
    for target in (counted(), Projection("p", "a", "a", counted(), np.ones(3), 1.0)):
        made = initialiser.weights(target, sign=SIGN, seed=0)
        assert made.values.tolist() == expected


def test_signs_of_edges_come_before_those_of_neurons() -> None:
    made = SynapseCounts().weights(counted(sign=[-1, -1, 1]), sign=SIGN, seed=0)
    assert made.values.tolist() == [-2.0, -6.0, 4.0]


def test_counts_with_a_spectral_radius(rng: np.random.Generator) -> None:
    pairs = rng.integers(0, 60, (2, 900))
    edges = Edges.from_pairs(*pairs, 60, 60, count=rng.integers(1, 40, 900))[0]
    sign = rng.choice([-1, 1], 60)
    made = SynapseCounts(normalise="fan_in").with_spectral_radius(1.5)
    matrix = made.weights(edges, sign=sign, seed=0).matrix
    assert np.abs(np.linalg.eigvals(matrix)).max() == pytest.approx(1.5, rel=1e-9)


def test_a_count_of_zero_is_a_weight_of_zero() -> None:
    made = SynapseCounts(normalise="fan_in").weights(counted(count=[0, 0, 4]), sign=SIGN, seed=0)
    assert made.values.tolist() == [0.0, 0.0, 1.0]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"target": counted(count=None)}, "weights by synapse counts: these edges have none"),
        ({"sign": None}, "the sign of 3 of 3 edges is unknown; give sign=..."),
        ({"sign": [1, 0, 1]}, "the sign of 1 of 3 edges is unknown"),
    ],
)
def test_what_counts_refuse(given: dict[str, Any], message: str) -> None:
    request = {"target": counted(), "sign": SIGN, "seed": 0} | given
    with pytest.raises(NetworkError, match=re.escape(message)):
        SynapseCounts().weights(**request)


# -- what they refuse ----------------------------------------------------------------------------


@pytest.mark.parametrize("make", [Normal, Uniform, Orthogonal, SynapseCounts])
@pytest.mark.parametrize("value", [0.0, -1.0, float("nan"), float("inf"), "1"])
def test_factors_are_positive(make: Any, value: Any) -> None:
    with pytest.raises(NetworkError, match=r"expected a (finite )?number"):
        make(value)


@pytest.mark.parametrize("value", [0.0, float("nan")])
def test_ratio_and_radius_are_positive(value: float) -> None:
    with pytest.raises(NetworkError, match="ratio: expected a finite number above 0"):
        Normal().balanced(value)
    with pytest.raises(NetworkError, match="radius: expected a finite number above 0"):
        Normal().with_spectral_radius(value)


MASK = np.ones((4, 3), bool)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"target": MASK, "seed": None}, "give a seed; only a structure has one of its own"),
        ({"target": MASK.astype(float)}, "got ndarray of float64 and shape (4, 3); matrix != 0 is"),
        ({"target": np.ones(3, bool)}, "a mask, bool (n_post, n_pre), got ndarray of bool"),
        ({"target": MASK, "sign": [1] * 4}, "the mask is post x pre, so pass mask.T"),
        ({"target": MASK, "sign": [1] * 5}, "for each of 3 presynaptic neurons (columns), got"),
        ({"target": MASK, "sign": [1, 2, 1]}, "sign: expected -1, 0 or 1, got [1 2]"),
        ({"target": EI, "sign": EI.sign}, "a structure has signs of its own; leave sign out"),
    ],
)
def test_targets_that_are_refused(given: dict[str, Any], message: str) -> None:
    with pytest.raises(NetworkError, match=re.escape(message)):
        Normal().weights(**({"seed": 1} | given))


def test_orthogonal_refuses_signs_and_gaps() -> None:
    with pytest.raises(NetworkError, match="cannot keep the signs of neurons"):
        Orthogonal().weights(np.ones((3, 3), bool), sign=[1, 1, -1], seed=1)
    with pytest.raises(NetworkError, match="need all 3 x 3 edges, each once, and there are 6"):
        Orthogonal().weights(~np.eye(3, dtype=bool), seed=1)


def test_an_unknown_measure() -> None:
    with pytest.raises(NetworkError, match=r"normalise: expected one of .*'fan_in'.* got 'row'"):
        SynapseCounts(1.0, "row")  # type: ignore[arg-type]
