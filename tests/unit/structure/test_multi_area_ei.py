"""MultiAreaEI: classes, pairs of classes between and within areas, and what it refuses."""

from __future__ import annotations

import re
from itertools import product
from typing import Any

import numpy as np
import pytest

from neurobridge.errors import NetworkError, UnknownNameError
from neurobridge.structure import MultiAreaEI

PAIRS = ("EE", "EI", "IE", "II")


def areas(**changes: Any) -> MultiAreaEI:
    request = {"sizes": {"V1": 100, "V2": 50}, "connectivity": (0.4, 0.2, 0.6), "seed": 5}
    return MultiAreaEI(**(request | changes))


def pair_of(structure: MultiAreaEI, pair: str, between: bool) -> np.ndarray:
    """Where a pair of neurons is of these classes, pre to post, in other (or the same) areas."""
    sign = {"E": 1, "I": -1}
    area = structure.labels["area"].codes
    other = area[:, None] != area[None, :]
    pre = structure.sign[None, :] == sign[pair[0]]
    post = structure.sign[:, None] == sign[pair[1]]
    return pre & post & (other if between else ~other)


def test_the_first_neurons_of_every_area_are_excitatory() -> None:
    sign = areas().sign
    assert sign.tolist() == [1] * 80 + [-1] * 20 + [1] * 40 + [-1] * 10
    labels = areas().labels
    assert np.array_equal(labels.where(cell_class="I"), sign < 0)
    assert np.array_equal(labels.sign, sign)


def test_the_fraction_may_differ_by_area() -> None:
    structure = areas(fraction_excitatory={"V2": 1.0, "V1": 0.29})
    assert structure.sign.tolist() == [1] * 29 + [-1] * 71 + [1] * 50
    assert structure.densities.groups == ("V1.E", "V1.I", "V2.E")


@pytest.mark.parametrize("allowed", [set(p) for p in (["EE"], ["EI", "II"], [], PAIRS)])
def test_only_the_named_pairs_connect_areas(allowed: set[str]) -> None:
    structure = areas(inter_area=sorted(allowed))
    for pair in PAIRS:
        assert structure.mask[pair_of(structure, pair, between=True)].any() == (pair in allowed)
        assert structure.mask[pair_of(structure, pair, between=False)].any()


def test_a_pair_is_named_from_pre_to_post() -> None:
    edges = areas(inter_area="EI", within_area=[]).edges
    sign = areas().sign
    assert edges.n_edges
    assert (sign[edges.pre] == 1).all()
    assert (sign[edges.post] == -1).all()


def test_factors_multiply_the_probability_of_the_areas(seed: int) -> None:
    structure = MultiAreaEI(
        {"V1": 400, "V2": 300},
        (0.4, 0.2, 0.6),
        inter_area={"EE": 1, "EI": 0.5},
        within_area={"EE": 0.2, "EI": 0.5, "IE": 1, "II": 1},
        seed=seed,
    )
    found = structure.densities
    expected = [
        [0.12, 0.6, 0.2, 0.0],
        [0.30, 0.6, 0.1, 0.0],
        [0.4, 0.0, 0.12, 0.6],
        [0.2, 0.0, 0.30, 0.6],
    ]
    assert np.allclose(found.requested, expected, rtol=1e-15)
    assert np.abs(found.z).max() < 4


def test_removing_a_pair_changes_no_other_draw() -> None:
    every, some = areas(), areas(inter_area=["EE", "IE"])
    for pair, between in product(PAIRS, (True, False)):
        where = pair_of(every, pair, between)
        kept = not between or pair in ("EE", "IE")
        assert np.array_equal(some.mask[where], every.mask[where] & kept)


def test_no_self_connections() -> None:
    assert not areas(connectivity=(1, 1, 1)).mask.diagonal().any()
    assert areas(connectivity=(1, 1, 1), self_connections=True).mask.all()


def test_the_readout_may_be_of_excitatory_neurons_only() -> None:
    structure = areas(outputs=["V2"], excitatory_outputs_only=True)
    assert structure.output_neurons.tolist() == list(range(100, 140))
    assert areas(outputs=["V2"]).output_neurons.tolist() == list(range(100, 150))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"sizes": {"V1": 33}}, "area 'V1': 0.8 of 33 neurons are 26.4, which is no whole number"),
        ({"sizes": {"V1": 33}}, "fraction_excitatory={'V1': 26/33, ...}"),
        ({"fraction_excitatory": 1.2}, "fraction_excitatory of area 'V1': expected a number in"),
        ({"fraction_excitatory": float("nan")}, "expected a number in 0..1, got nan"),
        ({"fraction_excitatory": {"V1": 0.8}}, "give one for every area, not for ['V2']"),
        ({"fraction_excitatory": "most"}, "expected a number, got 'most'"),
        ({"inter_area": {"EE": 2}}, "inter_area, 'EE': expected a number in 0..1, got 2"),
    ],
)
def test_what_it_refuses(changes: dict[str, Any], message: str) -> None:
    if "sizes" in changes:
        changes = {"connectivity": (0, 0, 1), **changes}
    with pytest.raises(NetworkError, match=re.escape(message)):
        areas(**changes)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"inter_area": ["EX"]}, "unknown pair of inter_area 'EX'; known: EE, EI, IE, II"),
        ({"within_area": {"ei": 1.0}}, "'EI' is from excitatory to inhibitory"),
        ({"fraction_excitatory": {"V1": 1, "V3": 1}}, "area in fraction_excitatory 'V3'"),
    ],
)
def test_unknown_names(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(UnknownNameError, match=re.escape(message)):
        areas(**changes)
