"""Where a network lies on a machine."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from neurobridge.backends.spinnaker.mapping import ChipUse, CoreUse, MachineMapping, map_network
from neurobridge.errors import BackendError
from neurobridge.lowering.chip.network import ChipNetwork
from tests.requirements import require
from tests.unit.backends.spinnaker.networks import population, synapses, train


@pytest.mark.slow
def test_a_network_on_a_small_board(rng: np.random.Generator) -> None:
    require("spynnaker")
    cells = population("IF_curr_exp", 600, 64)
    lists = (
        synapses(rng, "in", "IF_curr_exp", "excitatory", (300, 600), 2000),
        synapses(rng, "IF_curr_exp", "IF_curr_exp", "inhibitory", (600, 600), 2000),
    )
    network = ChipNetwork(1.0, 30, (cells,), (train(rng, "in", 300, 30, 100),), lists)
    mapping = map_network(network, version=3, boards=1)
    assert [(c.first, c.last) for c in mapping.cores_of("in")] == [(0, 255), (256, 299)]
    starts = range(0, 600, 64)
    assert [(c.first, c.last) for c in mapping.cores_of("IF_curr_exp")] == [
        (start, min(start + 63, 599)) for start in starts
    ]
    assert sum(chip.n_cores for chip in mapping.chips) == len(mapping.cores) == 12
    assert {(c.x, c.y) for c in mapping.cores} <= {(c.x, c.y) for c in mapping.chips}
    assert mapping.n_boards == 1
    assert mapping.size == (2, 2)
    assert mapping.fits
    # 10 cores of 64 neurons: each needs 6 bits, beside 4 for the step and 4 for the core.
    assert mapping.keys["IF_curr_exp"] == 2 ** (6 + 4 + 4)
    for chip in mapping.chips:
        on_it = sum(c.sdram for c in mapping.cores if (c.x, c.y) == (chip.x, chip.y))
        assert 0 < on_it < chip.sdram
        assert chip.sdram + chip.sdram_free == 123_469_792
    assert json.loads(json.dumps(mapping.to_dict()))["n_boards"] == 1
    assert {"write", "build", "map", "total"} == set(mapping.seconds)


@pytest.mark.slow
def test_a_network_that_does_not_fit(rng: np.random.Generator) -> None:
    require("spynnaker")
    cells = population("IF_curr_exp", 100, 1)
    lists = (synapses(rng, "IF_curr_exp", "IF_curr_exp", "excitatory", (100, 100), 100),)
    network = ChipNetwork(1.0, 30, (cells,), (), lists)
    with pytest.raises(BackendError, match="too few cores or boards"):
        map_network(network, version=3)


def two_boards() -> MachineMapping:
    """On a machine of three boards whose chips go round: (1, 7) is (13, 7)."""
    cores = (
        CoreUse(0, 0, 3, "a", 0, 255, 1_000_000),
        CoreUse(1, 7, 3, "a", 256, 300, 900_000),
        CoreUse(1, 7, 4, "b", 0, 9, 500_000),
    )
    chips = (
        ChipUse(0, 0, (0, 0), 1, 15, 2_000_000, 121_000_000, 5),
        ChipUse(1, 7, (8, 4), 2, 16, 3_000_000, 120_000_000, 1024),
    )
    return MachineMapping(
        5, 2, 1, (12, 12), {"a": 301, "b": 10}, cores, chips, {"a": 8192}, {"total": 1.0}
    )


def test_what_does_not_fit_is_said() -> None:
    mapping = two_boards()
    assert not mapping.fits
    assert mapping.most_routing_entries == 1024
    assert mapping.size_in_words == "3 cores on 2 chips of 2 boards"


def test_table() -> None:
    console = Console(width=80, record=True)
    console.print(two_boards().table())
    text = console.export_text()
    assert "3 cores on 2 chips of 2 boards (1 there)" in text
    assert "1,024 of 1,023 routing entries" in text
    assert "computes nothing" in text
    row = next(line.split() for line in text.splitlines() if line.split()[:1] == ["a"])
    assert row == ["a", "301", "2", "2", "1.8", "8,192"]


def test_picture(tmp_path: Path) -> None:
    path = two_boards().draw(tmp_path / "mapping.png")
    assert path.read_bytes()[:4] == b"\x89PNG"
    with pytest.raises(BackendError, match="cannot save the picture"):
        two_boards().draw(tmp_path / "no" / "folder.png")
