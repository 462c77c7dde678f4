"""Delays of a projection: one for all, or whole ticks."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

from neurobridge.errors import NetworkError, UnitError
from neurobridge.graph.edges import Edges
from neurobridge.graph.projection import Projection, TickDelays

EDGES = Edges.from_pairs([0, 1, 2], [0, 0, 1], 3, 2)[0]


def projection(**changes: Any) -> Projection:
    fields = {"name": "p", "pre": "a", "post": "b", "edges": EDGES, "weight": np.ones(3)}
    return Projection(**(fields | {"delay": 1.0} | changes))


def test_one_delay_in_any_unit() -> None:
    assert projection(delay="1.8 ms").delay == projection(delay=1.8).delay == 1.8
    assert projection(delay="1800 us").delay == 1.8


def test_delays_in_ticks() -> None:
    delays = TickDelays.from_ms([1.8, 0.01, 655.35])
    assert delays.ticks.tolist() == [180, 1, 65_535]
    np.testing.assert_array_equal(delays.ms, np.array([180, 1, 65_535]) * 0.01)
    assert TickDelays.from_ms([1.0, 1.5], tick=0.5).ticks.tolist() == [2, 3]


def test_delays_follow_their_edges() -> None:
    made = projection(delay=TickDelays([10, 20, 30]))
    assert made.take(np.array([True, False, True])).delay.ticks.tolist() == [10, 30]
    part = made.restrict(np.array([1, 2]), np.array([0]))
    assert part.delay.ticks.tolist() == [20]
    assert part.edges.pre.tolist() == [0]


REFUSED: dict[str, tuple[Any, str]] = {
    "negative": (
        lambda: projection(delay=-1.0),
        "projection 'p': the delay must be finite and >= 0 ms, got -1.0",
    ),
    "NaN": (lambda: projection(delay=np.nan), "the delay must be finite and >= 0 ms, got nan"),
    "array": (
        lambda: projection(delay=np.ones(3)),
        "projection 'p': delays that differ per edge are given as TickDelays",
    ),
    "length": (
        lambda: projection(delay=TickDelays([1])),
        "projection 'p': 1 delays for 3 edges",
    ),
    "weights": (
        lambda: projection(weight=np.ones(2)),
        "projection 'p': weight: 2 weights for 3 edges; give one each",
    ),
    "name": (lambda: projection(name="a-b"), "projection name 'a-b': use letters, digits and _"),
    "zero in ms": (
        lambda: TickDelays.from_ms([1.0, 0.0]),
        "delays: delay[1] = 0.0 ms; delays must be above 0",
    ),
    "NaN in ms": (
        lambda: TickDelays.from_ms([np.nan]),
        "delays: delay[0] = nan ms; delays must be",
    ),
    "between ticks": (
        lambda: TickDelays.from_ms([1.0, 1.005]),
        "delays: delay[1] = 1.005 ms is not a multiple of the tick of 0.01 ms; choose a finer tick",
    ),
    "too long": (
        lambda: TickDelays.from_ms([656.0]),
        "delays: the longest, 656.0 ms, does not fit into 65535 ticks of 0.01 ms; choose a coarser",
    ),
    "tick 0": (lambda: TickDelays([0, 5]), "delays: ticks must be whole numbers in 1..65535, got"),
    "float ticks": (lambda: TickDelays([1.5]), "delays: ticks must be whole numbers in 1..65535"),
    "many ticks": (lambda: TickDelays([65_536]), "got int64 in 65536..65536"),
    "no tick": (lambda: TickDelays([1], 0.0), "the tick must be a positive number of ms, got 0.0"),
}


@pytest.mark.parametrize(("make", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_delays_that_are_refused(make: Any, message: str) -> None:
    with pytest.raises(NetworkError, match=re.escape(message)):
        make()


def test_zero_is_a_delay_of_some_network() -> None:
    """Of one that is coupled continuously; whether this one is, the network knows."""
    assert projection(delay="0 ms").delay == 0.0


def test_a_delay_needs_a_unit_of_time() -> None:
    with pytest.raises(UnitError, match="projection 'p', delay: expected a quantity in ms"):
        projection(delay="1 mV")
