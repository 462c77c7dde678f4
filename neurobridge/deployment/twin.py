"""The twin, of a plan that is made already; what was loaded and what came out is kept."""

from __future__ import annotations

__all__ = ["TwinEngine"]

from neurobridge.backends.base import Engine, Progress, RawResult
from neurobridge.backends.fixedpoint.simulate import simulate
from neurobridge.lowering.chip.load import load_drive
from neurobridge.lowering.chip.network import ChipNetwork, ChipResult
from neurobridge.lowering.chip.plan import ChipPlan
from neurobridge.lowering.chip.unload import degradation, unload
from neurobridge.lowering.program import Drive


class TwinEngine(Engine):
    """Runs a plan once; ``network`` and ``result`` are there afterwards."""

    network: ChipNetwork
    result: ChipResult

    def __init__(self, plan: ChipPlan) -> None:
        self.plan = plan

    def run(self, drive: Drive, progress: Progress | None = None) -> RawResult:
        """See :class:`~neurobridge.backends.base.Engine`."""
        self.network = load_drive(self.plan, drive)
        self.result = simulate(self.network, progress)
        raw = unload(self.plan, drive, self.result, drive.n_steps)
        raw.degraded = degradation(raw.info)
        return raw
