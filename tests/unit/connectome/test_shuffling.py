"""Shuffled counts and signs: what is kept, and that every order is equally likely."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from scipy.stats import chisquare

from neurobridge.connectome import (
    Argmax,
    Connectome,
    PerEdge,
    Provenance,
    from_edges,
    load,
    shuffled_counts,
    shuffled_signs,
)
from neurobridge.errors import ConnectomeError, UnknownNameError
from tests.unit.connectome.test_rewiring import random_connectome


def blocks(connectome: Connectome) -> dict[tuple[int, int], list[int]]:
    """Sorted counts by the types of both ends."""
    assert connectome.count is not None
    group = connectome.labels["cell_type"].codes
    found: dict[tuple[int, int], list[int]] = {}
    for pre, post, count in zip(
        group[connectome.pre], group[connectome.post], connectome.count.tolist(), strict=True
    ):
        found.setdefault((int(pre), int(post)), []).append(count)
    return {k: sorted(v) for k, v in found.items()}


def test_counts_stay_among_the_edges_of_a_pair_of_types(rng: np.random.Generator) -> None:
    before = random_connectome(rng)
    after = shuffled_counts(before, seed=1)
    assert np.array_equal(before.pre, after.pre)
    assert np.array_equal(before.post, after.post)
    assert blocks(before) == blocks(after)
    assert np.mean(before.count == after.count) < 0.1
    assert after.history[-1].arguments == {"seed": 1, "within": "cell_type"}


def test_counts_go_everywhere_if_no_label_is_given(rng: np.random.Generator) -> None:
    before = random_connectome(rng)
    after = shuffled_counts(before, seed=1, within=None)
    assert blocks(before) != blocks(after)
    assert np.array_equal(np.sort(before.count), np.sort(after.count))


def test_the_seed_decides(rng: np.random.Generator) -> None:
    before = random_connectome(rng)
    for shuffle in (shuffled_counts, lambda c, seed: shuffled_counts(c, seed, within=None)):
        assert shuffle(before, 1).digest == shuffle(before, 1).digest
        assert shuffle(before, 1).digest != shuffle(before, 2).digest


def test_every_order_of_counts_is_equally_likely() -> None:
    three = from_edges([1, 1, 1], [2, 3, 4], count=[1, 2, 3], provenance=Provenance("toy"))
    seen = Counter(
        tuple(shuffled_counts(three, seed, within=None).strength.tolist()) for seed in range(600)
    )
    assert len(seen) == 6
    assert chisquare(list(seen.values())).pvalue > 1e-3


def test_gap_junctions_and_chemical_synapses_do_not_mix() -> None:
    worm = load("celegans")
    after = shuffled_counts(worm, seed=1, within=None)
    for kind in (worm.is_gap, ~worm.is_gap):
        assert np.array_equal(np.sort(worm.strength[kind]), np.sort(after.strength[kind]))
    assert not np.array_equal(worm.strength, after.strength)


def test_signs_change_places() -> None:
    worm = load("celegans", gap_junctions=False).with_signs(Argmax("celegans"), unknown="drop")
    after = shuffled_signs(worm, seed=1)
    assert worm.sign is not None
    assert after.sign is not None
    assert np.array_equal(np.sort(worm.sign), np.sort(after.sign))
    assert np.array_equal(worm.sign == 0, after.sign == 0)
    assert not np.array_equal(worm.sign, after.sign)
    assert np.array_equal(after.signs_per_edge, after.sign[after.pre])  # Dale
    assert after.history[-1].operation == "shuffled_signs"


def test_signs_stay_in_their_class() -> None:
    worm = load("celegans", gap_junctions=False).with_signs(Argmax("celegans"), unknown="drop")
    after = shuffled_signs(worm, seed=1, within="role")
    assert worm.sign is not None
    assert after.sign is not None
    role = worm.labels["role"].codes
    for code in np.unique(role):
        assert (worm.sign[role == code] < 0).sum() == (after.sign[role == code] < 0).sum()
    assert not np.array_equal(worm.sign, after.sign)


def test_signs_must_belong_to_neurons() -> None:
    edges = {"count": [1, 1], "edge_labels": {"nt": ["ACH", "GABA"]}}
    two = from_edges([1, 2], [2, 1], provenance=Provenance("toy"), **edges)
    with pytest.raises(ConnectomeError, match=r"none were assigned; .*with_signs"):
        shuffled_signs(two, seed=1)
    with pytest.raises(ConnectomeError, match="every edge has its own"):
        shuffled_signs(two.with_signs(PerEdge("fly", "nt")), seed=1)


def test_labels_must_exist_and_be_text() -> None:
    worm = load("celegans")
    with pytest.raises(UnknownNameError, match="unknown label 'celltype'; did you mean"):
        shuffled_counts(worm, seed=1, within="celltype")
    numbered = from_edges(
        [1, 2], [2, 1], count=[1, 1], ids=[1, 2], labels={"layer": [1, 2]},
        provenance=Provenance("toy"),
    )  # fmt: skip
    with pytest.raises(ConnectomeError, match="within='layer': expected a label that is text"):
        shuffled_counts(numbered, seed=1, within="layer")
