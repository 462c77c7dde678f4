"""The standard networks of the field: neurobridge beside NEST, as its users write them."""

from __future__ import annotations

__all__ = ["CASES", "Case", "standard"]

from dataclasses import dataclass
from functools import partial
from typing import Any

from benchmarks.measure import interleaved, python
from benchmarks.side_by_side import NATIVE


@dataclass(frozen=True)
class Case:
    """A network, how long it runs and what does not count for its rates (ms), and the goal."""

    title: str
    duration: float
    discard: float
    times_faster: float | None = None


CASES = {
    "brunel": Case("Brunel (2000), regime C", 1200.0, 200.0, 5.0),
    "cuba": Case("Vogels & Abbott, currents", 1200.0, 200.0),
    "coba": Case("Vogels & Abbott, conductances", 1200.0, 200.0),
    "microcircuit": Case("Potjans & Diesmann (2014), scale 0.1", 1500.0, 500.0),
}


def standard(name: str, repeats: int) -> dict[str, Any]:
    """Build and run a network on both; their random numbers are not the same."""
    case = CASES[name]
    arguments = (name, str(case.duration), str(case.discard))
    sides = interleaved(
        {
            "neurobridge": partial(python, "-m", "benchmarks.networks_ours", *arguments, "native"),
            "NEST": partial(python, NATIVE / "nest_networks.py", *arguments),
        },
        repeats,
    )
    return {
        "network": name, "duration": case.duration, "discard": case.discard, "repeats": repeats,
        "sides": sides,
    }  # fmt: skip
