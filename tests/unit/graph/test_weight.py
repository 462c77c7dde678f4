"""Weights: values by hand, and what they refuse."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

from neurobridge.errors import NetworkError, UnitError
from neurobridge.graph.edges import Edges
from neurobridge.graph.weight import Explicit, Factorised, LowRank, WeightSum, as_weight

SIGN = np.array([1, -1, 1], dtype=np.int8)


def edges(**optional: Any) -> Edges:
    """0 -> 0, 2 -> 0, 1 -> 1 with 2, 3 and 5 synapses."""
    columns = {"group": np.array([0, 1, 1])}
    given = {"count": [2, 3, 5], "columns": columns} | optional
    return Edges.from_pairs([0, 2, 1], [0, 0, 1], 3, 2, **given)[0]


def test_factorised_is_sign_times_count_times_unit() -> None:
    assert Factorised(0.5).values(edges(), SIGN, "nA").tolist() == [1.0, 1.5, -2.5]


def test_factorised_converts_its_unit() -> None:
    assert Factorised("500 pA").values(edges(), SIGN, "nA").tolist() == [1.0, 1.5, -2.5]


def test_factorised_scales_by_group() -> None:
    weight = Factorised(0.5, np.array([1.0, 10.0]), "group")
    assert weight.values(edges(), SIGN, "nA").tolist() == [1.0, 15.0, -25.0]
    assert weight.scaled(2.0).values(edges(), SIGN, "nA").tolist() == [2.0, 30.0, -50.0]


def test_signs_of_edges_come_before_those_of_neurons() -> None:
    signed = edges(sign=[-1, 1, 1])
    assert Factorised(1.0).values(signed, SIGN, "nA").tolist() == [-2.0, 3.0, 5.0]
    assert Factorised(1.0).values(signed, None, "nA").tolist() == [-2.0, 3.0, 5.0]


def test_scaling_leaves_the_counts_alone() -> None:
    e = edges()
    Factorised(1.0).scaled(3.0).values(e, SIGN, "nA")
    assert e.count is not None
    assert e.count.tolist() == [2, 3, 5]


def test_explicit_values_are_as_given() -> None:
    assert Explicit([0.1, -0.2, 0.3]).values(edges(), None, "nA").tolist() == [0.1, -0.2, 0.3]
    assert Explicit([1, 2, 3], "pA").values(edges(), None, "nA").tolist() == [1e-3, 2e-3, 3e-3]


def test_explicit_keeps_float32() -> None:
    weight = Explicit(np.array([0.1, 0.2, 0.3], dtype=np.float32))
    assert weight.weight.dtype == weight.scaled(2.0).weight.dtype == np.float32


def test_explicit_is_a_copy() -> None:
    given = np.array([1.0, 2.0, 3.0])
    weight = as_weight(given)
    given[0] = 9.0
    assert weight.values(edges(), None, "nA").tolist() == [1.0, 2.0, 3.0]


def test_low_rank_is_the_product_on_the_edges() -> None:
    m, n = np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[1.0, 0.5], [2.0, 1.0], [3.0, -1.0]])
    full = m @ n.T
    expected = [full[0, 0], full[0, 2], full[1, 1]]
    assert LowRank(m, n).values(edges(), None, "nA").tolist() == expected
    assert LowRank(m, n, "uA").scaled(2.0).values(edges(), None, "nA").tolist() == [
        2000 * w for w in expected
    ]


def test_a_sum_adds_up() -> None:
    total = WeightSum([Factorised(0.5), Explicit([1.0, 1.0, 1.0])])
    assert isinstance(total.terms, tuple)
    assert total.values(edges(), SIGN, "nA").tolist() == [2.0, 2.5, -1.5]
    assert total.scaled(2.0).values(edges(), SIGN, "nA").tolist() == [4.0, 5.0, -3.0]


REFUSED: dict[str, tuple[Any, Any, str]] = {
    "no counts": (Factorised(1.0), {"count": None}, "factorised weights need synapse counts"),
    "no column": (
        Factorised(1.0, np.ones(2), "type"),
        {},
        "weight: the edges have no column 'type'; they have ['group']",
    ),
    "no scale": (
        Factorised(1.0, np.ones(2), "group"),
        {"columns": {"group": [0, 1, 2]}},
        "weight: group 2 has no scale; there are 2",
    ),
    "negative group": (
        Factorised(1.0, np.ones(2), "group"),
        {"columns": {"group": [0, -1, 1]}},
        "weight: group -1 has no scale; there are 2",
    ),
    "float group": (
        Factorised(1.0, np.ones(2), "group"),
        {"columns": {"group": [0.0, 1.0, 1.0]}},
        "weight: groups must be integers, but column 'group' is float64",
    ),
    "unknown edge sign": (
        Factorised(1.0),
        {"sign": [0, 1, 1]},
        "the sign of 1 of 3 edges is unknown (0); say what they are: with_signs(",
    ),
    "length": (Explicit([1.0]), {}, "weight: 1 weights for 3 edges; give one each"),
    "rows": (
        LowRank(np.ones((3, 1)), np.ones((3, 1))),
        {},
        "low-rank weight: m and n have 3 and 3 rows, but there are 2 post- and 3 presynaptic",
    ),
    "in a sum": (WeightSum((Explicit([1.0]),)), {}, "weight: 1 weights for 3 edges"),
}


@pytest.mark.parametrize(("weight", "changes", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_weights_that_do_not_fit_the_edges(weight: Any, changes: Any, message: str) -> None:
    with pytest.raises(NetworkError, match=re.escape(message)):
        weight.values(edges(**changes), SIGN, "nA")


MALFORMED: dict[str, tuple[Any, str]] = {
    "NaN weight": (
        lambda: Explicit([1.0, np.nan, np.inf]),
        "weight[1] = nan: weights must be finite, but 2 of 3 are not",
    ),
    "NaN unit": (lambda: Factorised(np.nan), "weight: the unit weight must be finite, got nan"),
    "infinite scale": (
        lambda: Factorised(1.0, np.array([np.inf])),
        "weight: scale must be flat and finite, got [inf]",
    ),
    "scales without group": (
        lambda: Factorised(1.0, np.ones(3)),
        "weight: 3 scales, but no group column says which edge has which",
    ),
    "ranks": (
        lambda: LowRank(np.ones((2, 1)), np.ones((3, 2))),
        "m and n must be (n_post, rank) and (n_pre, rank), got (2, 1) and (3, 2)",
    ),
    "NaN rank": (lambda: LowRank([[np.nan]], [[1.0]]), "low-rank weight: m and n must be finite"),
    "empty sum": (lambda: WeightSum(()), "weight: a sum needs at least one term"),
    "nested sum": (
        lambda: WeightSum((WeightSum((Factorised(1.0),)),)),
        "weight: the terms of a sum must be Factorised, Explicit or LowRank, got WeightSum",
    ),
    "one text": (lambda: as_weight("1 nA"), "one weight for all edges is set through the builder"),
}


@pytest.mark.parametrize(("make", "message"), MALFORMED.values(), ids=MALFORMED.keys())
def test_weights_that_are_none(make: Any, message: str) -> None:
    with pytest.raises((NetworkError, UnitError), match=re.escape(message)):
        make()


def test_signs_of_neurons_are_needed() -> None:
    with pytest.raises(NetworkError, match=re.escape("need a sign for every presynaptic neuron")):
        Factorised(1.0).values(edges(), None, "nA")
    unknown = np.array([1, -1, 0], dtype=np.int8)
    message = "1 edges start at neurons whose sign is unknown (1 neurons); say what they are"
    with pytest.raises(NetworkError, match=re.escape(message)):
        Factorised(1.0).values(edges(), unknown, "nA")


def test_an_unknown_sign_without_edges_does_not_matter() -> None:
    lonely, _ = Edges.from_pairs([0], [0], 2, 1, count=[4])
    sign = np.array([-1, 0], dtype=np.int8)
    assert Factorised(1.0).values(lonely, sign, "nA").tolist() == [-4.0]


def test_the_unit_must_be_one_of_weight() -> None:
    with pytest.raises(UnitError, match=re.escape("expected a quantity in nA, got '0.275 mV'")):
        Factorised("0.275 mV").values(edges(), SIGN, "nA")


@pytest.mark.parametrize("unit", [-0.5, "-0.5 nA"])
def test_a_synapse_has_no_sign_of_its_own(unit: Any) -> None:
    """A negative unit would turn excitation into inhibition and the other way round."""
    with pytest.raises(NetworkError, match=r"synapse must not be negative, got '?-0.5"):
        Factorised(unit).values(edges(), SIGN, "nA")
