"""Values of parameters: listed, spaced, drawn."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

from neurobridge.errors import NetworkError
from neurobridge.study.sweeps import expanded, sweep_of
from neurobridge.units import parse_quantity

PATH = "populations.neurons.tau_m"


def values(given: Any) -> list[float]:
    return expanded(sweep_of(given), PATH, lambda v: float(parse_quantity(v, "ms", PATH)))


def test_lists_keep_their_order_and_their_units() -> None:
    assert values([30, "0.01 s", 20.5]) == [30.0, 10.0, 20.5]


def test_spaced_values_include_both_ends() -> None:
    assert values({"from": 1, "to": "0.003 s", "steps": 5}) == [1.0, 1.5, 2.0, 2.5, 3.0]
    log = values({"from": 1, "to": 100, "steps": 3, "spacing": "log"})
    np.testing.assert_allclose(log, [1, 10, 100], rtol=1e-15)
    assert log[-1] == 100.0
    assert values({"from": 3, "to": 1, "steps": 3}) == [3.0, 2.0, 1.0]


def test_drawn_values_depend_on_seed_and_path_alone() -> None:
    plan = {"low": 10, "high": 20, "samples": 3}
    frozen = [15.850837639577446, 15.812986085042162, 13.942049586067444]
    np.testing.assert_allclose(values(plan), frozen, rtol=1e-14)
    assert values({**plan, "samples": 2}) == values(plan)[:2]
    assert not set(values({**plan, "seed": 1})) & set(values(plan))
    many = values({"low": 1, "high": 100, "samples": 4000, "spacing": "log"})
    assert abs(np.median(many) - 10) < 1  # uniform in the logarithm


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ([], "the list is empty, so there is nothing to run"),
        (20, "write one value as [20]"),
        ([True], "expected numbers, or texts such as '20 ms', got True"),
        ([float("nan")], "expected finite numbers, got nan"),
        ({"from": 1, "to": 2}, "missing key 'steps'"),
        ({"from": 1, "to": 2, "steps": 1}, "steps: expected at least 2, got 1"),
        ({"from": 1, "to": 2, "steps": 2.5}, "steps: expected a whole number, got 2.5"),
        ({"from": 1, "too": 2, "steps": 3}, "unknown key 'too'; did you mean 'to'?"),
        ({"low": 1, "high": 2, "samples": 0}, "samples: expected at least 1, got 0"),
        ({"low": 1, "high": 2, "spacing": "logg"}, "did you mean 'log'?"),
    ],
)
def test_what_is_no_sweep_is_refused(given: Any, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        sweep_of(given)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"low": 2, "high": 1, "samples": 2}, "expected low < high, got 2.0 and 1.0"),
        ({"low": 1, "high": 2}, "say how many values are drawn"),
        ({"from": 0, "to": 2, "steps": 3, "spacing": "log"}, "needs both ends above 0, got 0"),
        (["20 mV"], "expected a quantity in ms, got '20 mV'"),
    ],
)
def test_values_that_cannot_be_are_refused(given: Any, message: str) -> None:
    with pytest.raises((NetworkError, ValueError)) as caught:
        values(given)
    assert message in str(caught.value)
