"""A program on the twin: laid out once, run again and again."""

from __future__ import annotations

__all__ = ["ChipEngine", "FixedPointEngine"]

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurobridge.backends.base import Engine, Progress, RawResult
from neurobridge.backends.fixedpoint.findings import chip_findings
from neurobridge.backends.fixedpoint.simulate import Twin
from neurobridge.lowering.chip.load import load_drive
from neurobridge.lowering.chip.plan import ChipPlan
from neurobridge.lowering.chip.timing import extra_steps
from neurobridge.lowering.chip.unload import degradation, unload
from neurobridge.lowering.chip.weights_back import held_weights
from neurobridge.lowering.finding import raise_if_errors
from neurobridge.lowering.program import Drive, PopulationProgram, Program


class ChipEngine(Engine):
    """What the engines of both chip backends share: the plan, and new parameters for it."""

    def __init__(self, program: Program, settings: Mapping[str, Any]) -> None:
        self.settings = settings
        self.plan = self._planned(program)

    def set_population(self, population: PopulationProgram) -> None:
        """See :class:`Engine`."""
        self.plan = self._planned(self.plan.program.with_population(population))

    def weights(self) -> dict[int, NDArray[np.float64]]:
        """See :class:`Engine`; what the 16-bit integers stand for."""
        return held_weights(self.plan)

    def _planned(self, program: Program) -> ChipPlan:
        plan, findings = chip_findings(program, self.settings)
        raise_if_errors([f for f in findings if f.severity == "error"])
        assert plan is not None
        return plan


class FixedPointEngine(ChipEngine):
    """Runs a program on the twin."""

    def run(self, drive: Drive, progress: Progress | None = None) -> RawResult:
        """See :class:`Engine`."""
        twin = Twin(load_drive(self.plan, drive))
        try:
            twin.run(progress)
        except KeyboardInterrupt:
            done = max(len(twin.recorder.fired) - 1 - extra_steps, 0)
        else:
            done = drive.n_steps
        raw = unload(self.plan, drive, twin.result(), done)
        raw.degraded = degradation(raw.info)
        return raw
