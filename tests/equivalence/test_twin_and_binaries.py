"""The twin and the binaries of sPyNNaker agree in every integer on random networks."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from neurobridge.backends.fixedpoint.comparison import Tally, compare
from neurobridge.backends.fixedpoint.simulate import Twin
from neurobridge.backends.fixedpoint.vectors import network_of
from tests.equivalence.random_chip_networks import CELLS, random_network
from tests.requirements import require

ALL_CELLS = tuple(range(16))
"""Seeds of networks with populations of several cells."""


def compared(network: dict[str, Any]) -> Tally:
    """Run a network on both, and compare states, spikes, saturations and packets."""
    from tests.unit.backends.softboard.vectors import run_network

    ran = run_network(network)
    document = {**network, "results": ran["results"], "packets": ran["packets"]}
    order = [p["name"] for p in network["populations"]]
    twin = Twin(network_of(document), arrival=order)
    twin.run()
    return compare(document, twin)


def check(network: dict[str, Any]) -> Tally:
    require("unicorn")
    tally = compared(network)
    assert tally.compared > 1000
    assert tally.mismatches == 0, tally.first
    return tally


@pytest.mark.slow
@pytest.mark.parametrize("number", ALL_CELLS)
def test_networks_of_several_cells(number: int) -> None:
    check(random_network(np.random.default_rng([8, number])))


@pytest.mark.slow
@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("number", [0, 1])
def test_networks_of_one_cell(cell: str, number: int) -> None:
    check(random_network(np.random.default_rng([9, number]), (cell,)))


def test_the_networks_do_what_they_are_meant_to_test() -> None:
    """On the twin alone: there are spikes, saturations, long delays, several cores and cells."""
    documents = [random_network(np.random.default_rng([8, number])) for number in ALL_CELLS]
    cells = {p["model"] for d in documents for p in d["populations"]}
    assert cells >= set(CELLS)
    longest = [
        round(max(c[3] for c in p["connections"]) / d["timestep_ms"])
        for d in documents
        for p in d["projections"]
    ]
    assert max(longest) == 30
    assert any(
        p["n"] > p["neurons_per_core"]
        for d in documents
        for p in d["populations"]
        if p["model"] in CELLS
    )
    assert any(d["currents"] for d in documents)
    assert {d["timestep_ms"] for d in documents} >= {0.1, 1.0, 2.0}
