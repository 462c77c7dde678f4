"""The fixed-point backend: settings, checks, availability."""

from __future__ import annotations

__all__ = ["FixedPointBackend"]

from collections.abc import Mapping
from typing import Any

import numpy as np

from neurobridge.backends.base import Availability, Backend, Capabilities, Engine
from neurobridge.lowering.chip.settings import CHIP_SETTINGS
from neurobridge.lowering.finding import Finding
from neurobridge.lowering.program import Program


class FixedPointBackend(Backend):
    """The twin of SpiNNaker's arithmetic on the host, bit for bit.

    It gives the integers that the binaries of sPyNNaker 1!7.4.1 compute, as long as no packet is
    late or lost. ``docs/spinnaker_numerics.md`` is its specification.
    """

    name = "fixedpoint"

    def capabilities(self) -> Capabilities:
        """See :class:`Backend`."""
        return Capabilities(
            summary="the twin: SpiNNaker 1's own arithmetic, bit for bit, no board needed",
            tier="T3",
            equations=False,
            functions=frozenset(),
            bytes_per_edge=150,
            bytes_per_neuron=4000,
            settings=CHIP_SETTINGS,
        )

    def availability(self) -> Availability:
        """See :class:`Backend`."""
        return Availability(True, f"numpy {np.__version__}")

    def check(self, program: Program, settings: Mapping[str, Any]) -> list[Finding]:
        """See :class:`Backend`."""
        from neurobridge.backends.fixedpoint.findings import chip_findings

        return chip_findings(program, settings)[1]

    def emit(self, program: Program, settings: Mapping[str, Any]) -> Engine:
        """See :class:`Backend`."""
        from neurobridge.backends.fixedpoint.engine import FixedPointEngine

        return FixedPointEngine(program, settings)
