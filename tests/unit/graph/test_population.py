"""Populations and labels: what they hold and what they refuse."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pandas as pd
import pytest

from neurobridge.errors import NetworkError, UnitError, UnknownNameError
from neurobridge.frozen import FrozenDict
from neurobridge.graph.labels import Column, Labels
from neurobridge.graph.population import Population
from neurobridge.models.lif import lif_exp

LABELS = Labels({"side": ["left", "right", "left"], "type": ["KC", "", None]}, [1, -1, 0])


def cell(**changes: Any) -> Population:
    return Population(**({"name": "cell", "size": 3, "model": lif_exp, "labels": LABELS} | changes))


def test_defaults_are_those_of_the_model() -> None:
    made = cell()
    assert made.parameters["tau_m"] == 20.0
    assert made.ids.tolist() == [0, 1, 2]
    assert list(made.parameters) == list(lif_exp.parameters)


def test_parameters_carry_units_or_one_value_a_neuron() -> None:
    made = cell(
        parameters={"tau_m": "0.01 s", "v_reset": [-70, -71, -72]}, initial={"v": "-0.06 V"}
    )
    assert made.parameters["tau_m"] == 10.0
    assert made.parameters["v_reset"].tolist() == [-70.0, -71.0, -72.0]
    assert made.initial["v"] == -60.0


def test_ids_above_floats_are_found_exactly() -> None:
    made = cell(ids=[2**63 - 1, 2**63 - 2, -(2**63)])
    assert made.index_of([2**63 - 2, -(2**63)]).tolist() == [1, 2]
    assert made.index_of(2**63 - 1).tolist() == [0]
    assert cell(ids=np.array([2**62, 1, 0], dtype=np.uint64)).ids.dtype == np.int64
    unsigned = np.array([2**62 + 3, 2**62 + 1], dtype=np.uint64)
    assert cell(ids=2**62 + np.arange(1, 4)).index_of(unsigned).tolist() == [2, 0]


def test_take_cuts_everything() -> None:
    made = cell(parameters={"tau_m": [1, 2, 3]}, initial={"v": [4, 5, 6]}, ids=[7, 8, 9],
                positions=np.arange(9).reshape(3, 3)).take(np.array([0, 2]))  # fmt: skip
    assert made.size == 2
    assert made.parameters["tau_m"].tolist() == [1.0, 3.0]
    assert made.initial["v"].tolist() == [4.0, 6.0]
    assert made.ids.tolist() == [7, 9]
    assert made.labels["side"].values.tolist() == ["left", "left"]
    assert made.labels.sign is not None
    assert made.labels.sign.tolist() == [1, 0]
    assert made.positions is not None
    assert made.positions.tolist() == [[0, 1, 2], [6, 7, 8]]


def test_where_combines_conditions() -> None:
    assert cell().where(side="left").tolist() == [0, 2]
    assert cell().where(side=["left", "right"], type="KC").tolist() == [0]
    assert cell().where(type="").tolist() == [1, 2]


def test_where_takes_numbers_for_their_text() -> None:
    made = cell(labels=Labels({"layer": [4, 5, 4]}))
    assert made.where(layer=4).tolist() == [0, 2]
    assert made.where(layer=[5, "4"]).tolist() == [0, 1, 2]
    with pytest.raises(NetworkError, match="label 'layer': no value is given"):
        made.where(layer=[])


def test_missing_labels_are_the_empty_label() -> None:
    column = Column.of([None, float("nan"), np.float32("nan"), pd.NA, pd.NaT, "x", 5])
    assert column.values.tolist() == ["", "", "", "", "", "x", "5"]


@pytest.mark.parametrize(("n", "dtype"), [(2**16, np.uint16), (2**16 + 1, np.uint32)])
def test_codes_take_the_smallest_type_that_holds_them(n: int, dtype: Any) -> None:
    column = Column(np.array([n - 1]), tuple(map(str, range(n))))
    assert column.codes.dtype == dtype
    assert column.values.tolist() == [str(n - 1)]


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "name": (
        {"name": "my cells"},
        "population name 'my cells': use letters, digits and _, and do not start with a digit",
    ),
    "no size": ({"size": 0}, "population 'cell': size must be a whole number >= 1, got 0"),
    "float size": ({"size": 3.0}, "population 'cell': size must be a whole number >= 1, got 3.0"),
    "float ids": (
        {"ids": [1.0, 2.0, 3.0]},
        "population 'cell': ids must be integers, got float64; ids above 2**53 do not survive",
    ),
    "duplicated ids": (
        {"ids": [7, 8, 7]},
        "population 'cell': ids must be unique, but 1 occur more than once, e.g. 7",
    ),
    "ids beyond int64": (
        {"ids": np.array([1, 2, 2**63], dtype=np.uint64)},
        "population 'cell': id 9223372036854775808 does not fit into int64",
    ),
    "few ids": ({"ids": [1, 2]}, "population 'cell': 2 ids for 3 neurons"),
    "length": (
        {"parameters": {"tau_m": [1.0, 2.0]}},
        "population 'cell', parameter 'tau_m': expected one number, or one for each of 3 neurons, "
        "got shape (2,)",
    ),
    "NaN": (
        {"parameters": {"tau_m": [1.0, np.nan, 3.0]}},
        "parameter 'tau_m' must be finite, but 1 of 3 values are not; the first is nan at index 1",
    ),
    "bound": (
        {"parameters": {"tau_m": 0}},
        "population 'cell', parameter 'tau_m' must be above 0 ms, got 0",
    ),
    "no number": (
        {"parameters": {"tau_m": ["a", "b", "c"]}},
        "population 'cell', parameter 'tau_m': expected numbers in ms",
    ),
    "positions": (
        {"positions": np.zeros((3, 2))},
        "population 'cell': positions must have shape (3, 3), got (3, 2)",
    ),
    "labels": (
        {"labels": Labels({"side": ["left"]})},
        "population 'cell': label 'side' has 1 rows for 3 neurons",
    ),
    "signs": (
        {"labels": Labels(sign=[1, 1])},
        "population 'cell': label 'sign' has 2 rows for 3 neurons",
    ),
}


@pytest.mark.parametrize(("changes", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_populations_that_are_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises((NetworkError, UnitError), match=re.escape(message)):
        cell(**changes)


def test_names_that_do_not_exist() -> None:
    with pytest.raises(
        UnknownNameError, match=r"\(population 'cell'\) 'tau'; did you mean 'tau_m'"
    ):
        cell(parameters={"tau": 1.0})
    with pytest.raises(UnknownNameError, match=r"unknown state of model 'lif_exp'.*'u'"):
        cell(initial={"u": 1.0})
    with pytest.raises(UnknownNameError, match="unknown label 'sides'; did you mean 'side'"):
        cell().where(sides="left")
    with pytest.raises(
        UnknownNameError, match="unknown value of label 'side' 'lefft'; did you mean 'left'"
    ):
        cell().where(side="lefft")
    with pytest.raises(NetworkError, match="no condition given; known: side, type"):
        cell().where()


def test_quantities_of_another_dimension() -> None:
    with pytest.raises(UnitError, match="parameter 'tau_m': expected a quantity in ms, got '5 mV'"):
        cell(parameters={"tau_m": "5 mV"})
    with pytest.raises(UnitError, match="unknown unit 'msec'"):
        cell(parameters={"tau_m": "5 msec"})


def test_ids_that_do_not_exist() -> None:
    with pytest.raises(NetworkError, match=r"population 'cell': 1 of 2 ids do not exist, e.g. 5"):
        cell().index_of([0, 5])
    with pytest.raises(NetworkError, match="population 'cell': ids must be integers, got float64"):
        cell().index_of([0.0])
    with pytest.raises(NetworkError, match=f"population 'cell': there is no id {2**63}"):
        cell().index_of(np.array([2**63], dtype=np.uint64))


LABELS_REFUSED: dict[str, tuple[Any, str]] = {
    "code": (lambda: Column([0, 2], ("a", "b")), "label code 2 has no category; there are 2"),
    "negative code": (lambda: Column([-1], ("a",)), "label code -1 has no category; there are 1"),
    "float code": (lambda: Column([0.0], ("a",)), "label codes must be a flat array of integers"),
    "same category": (lambda: Column([0], ("a", "a")), "label categories must be distinct"),
    "sign": (
        lambda: Labels(sign=[1, 2]),
        "labels: sign must be -1, 0 or 1 for each neuron, got [1 2] of shape (2,)",
    ),
    "NaN sign": (lambda: Labels(sign=[np.nan]), "labels: sign must be -1, 0 or 1"),
    "transmitters": (
        lambda: Labels(FrozenDict(), None, np.zeros((3, 2)), ("ach",)),
        "labels: nt_probability has shape (3, 2) for 1 transmitters",
    ),
}


@pytest.mark.parametrize(("make", "message"), LABELS_REFUSED.values(), ids=LABELS_REFUSED.keys())
def test_labels_that_are_refused(make: Any, message: str) -> None:
    with pytest.raises(NetworkError, match=re.escape(message)):
        make()
