"""A program that is built and run in the process of a simulator, anew for every run."""

from __future__ import annotations

__all__ = ["PynnEngine"]

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from neurobridge.backends.base import Engine, Progress, RawResult
from neurobridge.backends.pynn.plan import Plan
from neurobridge.backends.pynn.server import server_of
from neurobridge.backends.pynn.simulators import Simulator
from neurobridge.lowering.program import Drive, PopulationProgram, Program


class PynnEngine(Engine):
    """A program in a simulator of PyNN.

    Parameters
    ----------
    program : Program
    simulator : Simulator
    substeps : int
        Steps of the simulator in one of the program.
    """

    def __init__(self, program: Program, simulator: Simulator, substeps: int) -> None:
        self._plan = Plan(program, simulator, substeps)
        self._server = server_of(simulator)

    def run(self, drive: Drive, progress: Progress | None = None) -> RawResult:
        """See :class:`Engine`."""
        outcome = self._server.run(self._plan.job(drive), self._in_our_steps(drive, progress))
        return self._plan.result(drive, outcome)

    def set_population(self, population: PopulationProgram) -> None:
        """See :class:`Engine`."""
        plan = self._plan
        program = plan.program.with_population(population)
        self._plan = Plan(program, plan.simulator, plan.clock.substeps)

    def weights(self) -> dict[int, NDArray[np.float64]]:
        """See :class:`Engine`."""
        nothing = Drive(0, (), (), ())
        return self._plan.weights(self._server.run(self._plan.job(nothing, weights=True)))

    def _in_our_steps(
        self, drive: Drive, progress: Progress | None
    ) -> Callable[[int], None] | None:
        if progress is None:
            return None
        return lambda done: progress(min(done // self._plan.clock.substeps, drive.n_steps))
