"""Large populations in parts, so that they are mapped in time."""

from __future__ import annotations

import numpy as np
import pytest

import neurobridge as nb
from neurobridge.lowering.chip.lower import lower_to_chip
from neurobridge.lowering.chip.parts import mapped_fastest
from neurobridge.lowering.lower import lower
from tests.unit.backends.spinnaker.networks import ACCEPT, mixed_signs


@pytest.mark.parametrize(
    ("size", "per_core", "n_synapses", "expected"),
    [
        (2_000, 256, 400_000, 2_000),  # looked through in 2 s: not worth it
        (10_000, 256, 2_000_000, 768),  # 40 cores, 14 parts of 3
        (50_000, 256, 10_000_000, 1_792),  # 196 cores, 31 parts of 7
        (2_000, 2, 10_000_000, 6),  # 1000 cores, 354 parts of 3
        (100, 1, 10**9, 1),  # never less than a core
    ],
)
def test_parts_are_whole_cores(size: int, per_core: int, n_synapses: int, expected: int) -> None:
    assert mapped_fastest(size, per_core, n_synapses, size) == expected


def test_the_size_of_parts_changes_no_result(rng: np.random.Generator) -> None:
    network = mixed_signs(rng)
    found = [
        nb.run(network, 40, "fixedpoint", dt=1.0, accept=ACCEPT, split="never", part_size=size)
        for size in ("never", 30, 7)
    ]
    assert len(found[0].spikes["cell"]) > 30
    assert all(r.spikes["cell"].same_as(found[0].spikes["cell"]) for r in found[1:])


def test_parts_share_the_scale_of_their_population(rng: np.random.Generator) -> None:
    program = lower(mixed_signs(rng), 1.0)
    whole, _ = lower_to_chip(program, {"split": "never", "part_size": "never"})
    parts, findings = lower_to_chip(program, {"split": "never", "part_size": 30})
    assert whole is not None
    assert parts is not None
    assert [(p.name, p.size) for p in parts.populations] == [
        ("cell_0", 30), ("cell_1", 30), ("cell_2", 20),
    ]  # fmt: skip
    assert {p.shifts for p in parts.populations} == {p.shifts for p in whole.populations}
    assert sum(p.n_edges for p in parts.projections) == sum(p.n_edges for p in whole.projections)
    assert not [f for f in findings if f.code == "population_split"]
