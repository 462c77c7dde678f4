"""Bit for bit the same as the shipped binaries: reference vectors, and frozen ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from neurobridge.backends.fixedpoint.verify import verify_file
from tests.data import reference_data

FROZEN = sorted((Path(__file__).parent / "frozen").glob("*.json"))
REFERENCE = {
    "01_const_i_offset": 6612,
    "02_exc_spike_train": 3064,
    "04_refractory": 2772,
    "05_weight_quantisation": 2670,
    "06_ring_buffer_saturation": 1042,
    "08_various_tau": 8286,
    "10_recurrent_60": 75428,
    "11_wraparound": 752,
    "13_if_cond_exp": 1824,
    "14_izhikevich": 2416,
    "15_poisson_source": 2128,
}
"""Integers in each file that are compared."""


@pytest.mark.parametrize("name", REFERENCE)
def test_reference_vectors(name: str) -> None:
    tally = verify_file(reference_data("spinnaker_vectors", f"{name}.json"))
    assert (tally.mismatches, tally.first) == (0, "")
    assert tally.compared == REFERENCE[name]


@pytest.mark.parametrize("path", FROZEN, ids=lambda path: path.stem)
def test_frozen_vectors(path: Path) -> None:
    tally = verify_file(path)
    assert (tally.mismatches, tally.first) == (0, "")
    assert tally.compared > 600


def test_frozen_vectors_are_there() -> None:
    assert [path.stem for path in FROZEN] == [
        "all_cells",
        "alpha",
        "delay_extension",
        "delta",
        "delta_tenth_ms",
        "izhikevich",
        "izhikevich_tenth_ms",
        "saturation",
    ]
    assert sum(path.stat().st_size for path in FROZEN) < 100_000
