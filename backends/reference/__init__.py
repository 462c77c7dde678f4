"""The reference backend: the execution contract, in the order in which it is written."""

from __future__ import annotations

__all__ = ["ReferenceBackend"]

from collections.abc import Mapping
from typing import Any

import numpy as np

from neurobridge.backends.base import Availability, Backend, Capabilities, Engine
from neurobridge.expression import FUNCTIONS
from neurobridge.lowering.program import Program


class ReferenceBackend(Backend):
    """NumPy, float64, readable: what the other backends are measured against."""

    name = "reference"

    def capabilities(self) -> Capabilities:
        """See :class:`Backend`."""
        return Capabilities(
            summary="the oracle: NumPy float64, event-driven delivery, no simulator needed",
            tier="T0",
            equations=True,
            functions=FUNCTIONS,
            continuous_coupling=True,
            draws_counts=True,
            bytes_per_edge=40,
            bytes_per_neuron=400,
        )

    def availability(self) -> Availability:
        """See :class:`Backend`."""
        return Availability(True, f"numpy {np.__version__}")

    def emit(self, program: Program, settings: Mapping[str, Any]) -> Engine:
        """See :class:`Backend`."""
        from neurobridge.backends.reference.engine import ReferenceEngine

        return ReferenceEngine(program)
