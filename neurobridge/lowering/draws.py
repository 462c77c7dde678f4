"""Draws of stimuli: how many at once, for whom, and whether they fit into memory."""

from __future__ import annotations

__all__ = ["BYTES_PER_INPUT_SPIKE", "DRAWS", "refuse_flood", "selected"]

import numpy as np
import psutil
from numpy.typing import NDArray

from neurobridge.errors import NetworkError
from neurobridge.graph.population import Population

BYTES_PER_INPUT_SPIKE = 100
"""Memory of an input spike while it is drawn, binned and handed over."""

DRAWS = 1 << 16
"""Random numbers that are drawn at once."""


def refuse_flood(name: str, expected: float, n_bytes: int, what: str, remedy: str) -> None:
    """Say how much a stimulus would draw, if it does not fit into memory."""
    have = psutil.virtual_memory().available
    if expected * n_bytes > have:
        raise NetworkError(
            f"stimulus {name!r} would draw about {expected:.2g} {what}, which need "
            f"{expected * n_bytes / 2**30:,.0f} GiB; {have / 2**30:.1f} GiB are free. {remedy} "
            "shorter, or drive fewer neurons"
        )


def selected(neurons: NDArray[np.int32] | None, population: Population) -> NDArray[np.int32]:
    """The neurons that a stimulus names; all of them if it names none."""
    return np.arange(population.size, dtype=np.int32) if neurons is None else neurons
