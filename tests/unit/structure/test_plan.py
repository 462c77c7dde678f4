"""Edges of a stochastic block model: the distribution, and streams that stay apart."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom, chisquare

from neurobridge.structure import MultiArea, Normal
from neurobridge.structure.plan import bernoulli_positions

TWO = {"A": 30, "B": 20}


@pytest.mark.parametrize("p", [0.03, 0.3, 0.9])
def test_positions_are_bernoulli_trials(p: float, rng: np.random.Generator) -> None:
    n, repeats = 40, 4000
    drawn = np.zeros((repeats, n))
    for row in drawn:
        row[bernoulli_positions(n, p, rng)] = 1
    sd = np.sqrt(p * (1 - p) / repeats)
    assert np.abs(drawn.mean(axis=0) - p).max() < 5 * sd
    neighbours = ((drawn[:, 1:] - p) * (drawn[:, :-1] - p)).mean(axis=0)
    assert np.abs(neighbours).max() < 5 * p * (1 - p) / np.sqrt(repeats)
    expected = binom.pmf(np.arange(n + 1), n, p) * repeats
    often = expected > 5
    seen = np.bincount(drawn.sum(axis=1).astype(int), minlength=n + 1)
    rest = [repeats - seen[often].sum()], [repeats - expected[often].sum()]
    counted, wanted = (np.append(a[often], r) for a, r in zip((seen, expected), rest, strict=True))
    assert chisquare(counted, wanted).pvalue > 1e-4


@pytest.mark.parametrize(("n", "p", "expected"), [(5, 0.0, []), (0, 0.5, []), (3, 1.0, [0, 1, 2])])
def test_certain_positions(n: int, p: float, expected: list[int], rng: np.random.Generator) -> None:
    assert bernoulli_positions(n, p, rng).tolist() == expected


def test_the_least_probability_gives_nothing_and_does_not_overflow(
    rng: np.random.Generator,
) -> None:
    assert bernoulli_positions(10**12, 5e-324, rng).size == 0


def test_a_huge_sparse_block_needs_little(rng: np.random.Generator) -> None:
    n, p = 10**12, 1e-9
    found = bernoulli_positions(n, p, rng)
    assert abs(found.size - n * p) < 5 * np.sqrt(n * p)
    assert (np.diff(found) > 0).all()
    assert 0 <= found[0] < found[-1] < n


def test_a_further_area_changes_no_draw_of_the_others(seed: int) -> None:
    two = MultiArea(TWO, [[0.5, 0.1], [0.2, 0.4]], seed=seed)
    probabilities = [[0.9, 0.9, 0.9], [0.9, 0.5, 0.1], [0.9, 0.2, 0.4]]
    three = MultiArea({"new": 7, **TWO}, probabilities, seed=seed)
    assert np.array_equal(three.mask[7:, 7:], two.mask)


def test_the_order_of_areas_changes_no_draw(seed: int) -> None:
    there = MultiArea({"A": 30, "B": 20}, [[0.5, 0.1], [0.2, 0.4]], seed=seed)
    back = MultiArea({"B": 20, "A": 30}, [[0.4, 0.2], [0.1, 0.5]], seed=seed)
    order = np.concatenate([back.area("A"), back.area("B")])
    assert np.array_equal(back.mask[np.ix_(order, order)], there.mask)


def test_the_size_of_an_area_changes_no_draw_within_another(seed: int) -> None:
    small = MultiArea(TWO, (0.2, 0.1, 0.5), seed=seed)
    large = MultiArea({**TWO, "B": 50}, (0.2, 0.1, 0.5), seed=seed)
    assert np.array_equal(large.mask[:30, :30], small.mask[:30, :30])
    assert not np.array_equal(large.mask[30:50, 30:50], small.mask[30:, 30:])


def test_a_further_area_changes_no_draw_of_the_weights(seed: int) -> None:
    two = Normal().weights(MultiArea(TWO, (0.2, 0.1, 0.5), seed=seed)).matrix
    three = Normal().weights(MultiArea({**TWO, "C": 9}, (0.2, 0.1, 0.5), seed=seed)).matrix

    def drawn(matrix: np.ndarray) -> np.ndarray:
        return matrix * np.sqrt((matrix != 0).sum(axis=1, keepdims=True))

    assert np.allclose(drawn(three)[:50, :50], drawn(two), rtol=1e-14, atol=0)


def test_seeds_and_blocks_differ(seed: int) -> None:
    one, other = (
        MultiArea([40, 40], (0.5, 0.5, 0.5), self_connections=True, seed=seed + i) for i in range(2)
    )
    blocks = [
        s.mask[i : i + 40, j : j + 40] for s in (one, other) for i in (0, 40) for j in (0, 40)
    ]
    assert len({b.tobytes() for b in blocks}) == 8
