"""Cores by counting, and whether a machine is enough."""

from __future__ import annotations

import numpy as np
import pytest

from neurobridge.backends.spinnaker.machine import Machine
from neurobridge.backends.spinnaker.mapping import ChipUse, CoreUse, MachineMapping
from neurobridge.deployment.core_estimate import estimate_cores
from neurobridge.deployment.machine_facts import fit_findings, machine_facts
from neurobridge.lowering.chip.network import ChipNetwork, ChipPopulation, ChipSource


def network(neurons: int, per_core: int, sources: int) -> ChipNetwork:
    none = np.zeros(0, np.int64)
    cells = ChipPopulation("cells", neurons, "IF_curr_exp", {}, {}, (0, 0), per_core)
    source = ChipSource("input", sources, none, none.astype(np.int32))
    return ChipNetwork(1.0, 10, (cells,), (source,), ())


def mapping(n_boards: int, boards: int | None, entries: int) -> MachineMapping:
    chip = ChipUse(0, 0, (0, 0), 1, 16, 1000, 1000, entries)
    return MachineMapping(
        version=5, n_boards=n_boards, boards=boards, size=(8, 8), populations={"cells": 9},
        cores=(CoreUse(0, 0, 1, "cells", 0, 8, 1000),), chips=(chip,), keys={"cells": 16},
        seconds={"total": 1.5},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("neurons", "per_core", "sources", "version", "expected"),
    [
        (256, 256, 256, 5, (2, 1, 1)),
        (257, 256, 1, 5, (3, 1, 1)),
        (1000, 100, 0, 3, (10, 1, 1)),
        (759, 1, 0, 5, (759, 48, 1)),
        (760, 1, 0, 5, (760, 49, 2)),
        (64, 1, 0, 3, (64, 5, 2)),
    ],
)
def test_counting(
    neurons: int, per_core: int, sources: int, version: int, expected: tuple[int, int, int]
) -> None:
    kind: dict[int, Machine] = {3: Machine(version=3, boards=1), 5: Machine(version=5)}
    found = estimate_cores(network(neurons, per_core, sources), kind[version])
    assert (found.n_cores, found.n_chips, found.n_boards) == expected
    assert found.fits == (version == 5 or expected[0] <= 63)
    assert sum(found.by_population.values()) == found.n_cores


def test_a_mapping_that_fits_has_no_finding() -> None:
    assert list(fit_findings(mapping(2, 2, 1023))) == []
    assert list(fit_findings(mapping(2, None, 7))) == []
    facts = machine_facts(mapping(2, 2, 1023))
    assert facts["cores"] == "1"
    assert facts["boards"] == "2"
    assert facts["routing entries of the fullest router"] == "1,023"


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (mapping(2, 1, 7), "2 boards; there are 1 boards"),
        (mapping(1, None, 1024), "its fullest router needs 1,024 of 1,023 entries"),
    ],
)
def test_a_mapping_that_does_not_fit(found: MachineMapping, said: str) -> None:
    (finding,) = fit_findings(found)
    assert finding.severity == "error"
    assert said in finding.why
