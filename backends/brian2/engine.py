"""What the two engines of Brian2 share: the input of a run, and what comes out of it."""

from __future__ import annotations

__all__ = ["Brian2Engine"]

from abc import abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from neurobridge.backends.base import Engine, RawResult, source_result
from neurobridge.backends.brian2.binary import Table
from neurobridge.backends.brian2.inputs import current_table, event_table, source_table
from neurobridge.backends.brian2.project import write_project
from neurobridge.backends.brian2.script import Script
from neurobridge.backends.brian2.target import Target
from neurobridge.errors import BackendError
from neurobridge.lowering.evaluate import evaluate
from neurobridge.lowering.program import Drive, PopulationProgram, Program

Real = NDArray[np.float64]
ReadSpikes = Callable[[str], tuple[NDArray[np.int64], NDArray[np.int32]]]


class Brian2Engine(Engine):
    """A program as a Brian2 script."""

    def __init__(self, program: Program, script: Script, target: Target) -> None:
        self.program, self.script, self.target = program, script, target

    # -- input --------------------------------------------------------------------------------

    def tables(self, drive: Drive) -> dict[str, Table]:
        """Rows for every player of the script, by its name."""
        found = {}
        for (population, receptor), name in self.script.events.items():
            pop = self.program.population(population)
            inputs = [
                e for e in drive.events if (e.population, e.receptor) == (population, receptor)
            ]
            gain = evaluate(pop.code.receptor(receptor).gain, pop.constants)
            found[name] = event_table(inputs, pop.size, gain)
        for population, name in self.script.currents.items():
            found[name] = current_table([c for c in drive.currents if c.population == population])
        return found

    def sources(self, drive: Drive) -> dict[str, Table]:
        """Spikes for every source of the script, by its name."""
        return {
            self.script.groups[p.name]: source_table(
                [s for s in drive.sources if s.population == p.name]
            )
            for p in self.program.populations
            if p.is_source
        }

    # -- constants and initial state ----------------------------------------------------------

    def set_population(self, population: PopulationProgram) -> None:
        """See :class:`Engine`. A constant that was built as one number for all stays one."""
        built = self.program.population(population.name)
        fitting = {
            name: _fitting(built, name, value) for name, value in population.constants.items()
        }
        self.program = self.program.with_population(replace(population, constants=fitting))
        self._replace_values(population.name, {**fitting, **population.initial})

    @abstractmethod
    def _replace_values(self, population: str, values: Mapping[str, float | Real]) -> None:
        """Give constants and initial states of the right shape to Brian2."""

    # -- output -------------------------------------------------------------------------------

    def _result(
        self, drive: Drive, steps_done: int, read_spikes: ReadSpikes, signals: dict[str, Real]
    ) -> RawResult:
        """Sort what was recorded by plan; ``read_spikes`` reads a monitor."""
        monitors = {pop: read_spikes(name) for pop, name in self.script.monitors.items()}
        silent = np.empty(0, np.int64), np.empty(0, np.int32)
        spikes = {}
        for plan in self.program.spike_plans:
            if self.program.population(plan.population).is_source:
                spikes[plan.name] = source_result(plan, drive, steps_done)
                continue
            stamp, neuron = monitors.get(plan.population, silent)
            if plan.neurons is not None:
                chosen = np.isin(neuron, plan.neurons)
                stamp, neuron = stamp[chosen], neuron[chosen]
            spikes[plan.name] = stamp, neuron
        cut = {
            plan.name: signals[plan.name][: steps_done // plan.interval]
            for plan in self.program.signal_plans
        }
        return RawResult(spikes, cut, steps_done)

    def export(self, folder: Path, drive: Drive) -> None:
        """See :class:`Engine`: a script, its arrays and a README; it needs Brian2 and numpy."""
        write_project(
            folder,
            self.program,
            self.target,
            drive.n_steps,
            self.tables(drive),
            self.sources(drive),
        )


def _fitting(built: PopulationProgram, name: str, value: float | Real) -> float | Real:
    """The value in the shape that was built."""
    new = np.asarray(value, dtype=np.float64)
    if np.ndim(built.constants[name]):
        return np.ascontiguousarray(np.broadcast_to(new, (built.size,)))
    if new.ndim and np.any(new != new[0]):
        raise BackendError(
            f"constant {name!r} of population {built.name!r} was built as one number for all "
            "neurons and cannot become one for each without building again; compile the network "
            "with an array for this parameter (all of them may be equal), then replace it"
        )
    return float(new.flat[0])
