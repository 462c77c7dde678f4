"""What the two engines of Brian2 share: the input of a run, and what comes out of it."""

from __future__ import annotations

__all__ = ["Brian2Engine"]

from abc import abstractmethod
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from neurobridge.backends.base import Engine, RawResult, source_result
from neurobridge.backends.brian2.binary import Table
from neurobridge.backends.brian2.inputs import current_table, event_table, source_table
from neurobridge.backends.brian2.project import write_project
from neurobridge.backends.brian2.script import Script
from numpy.typing import NDArray

from neurobridge.errors import BackendError, UnknownNameError
from neurobridge.lowering.evaluate import evaluate
from neurobridge.lowering.program import Drive, Program

Real = NDArray[np.float64]
ReadSpikes = Callable[[str], tuple[NDArray[np.int64], NDArray[np.int32]]]


class Brian2Engine(Engine):
    """A program as a Brian2 script, with constants that can be replaced."""

    def __init__(self, program: Program, script: Script, target: str, threads: int) -> None:
        self.program, self.script = program, script
        self.target, self.threads = target, threads
        self.constants = {p.name: dict(p.constants) for p in program.populations}

    # -- input --------------------------------------------------------------------------------

    def tables(self, drive: Drive) -> dict[str, Table]:
        """Rows for every player of the script, by its name."""
        found = {}
        for (population, receptor), name in self.script.events.items():
            pop = self.program.population(population)
            inputs = [
                e for e in drive.events if (e.population, e.receptor) == (population, receptor)
            ]
            gain = evaluate(pop.code.receptor(receptor).gain, self.constants[population])
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

    # -- constants ----------------------------------------------------------------------------

    def set_constants(
        self, population: str, values: Mapping[str, float | NDArray[np.float64]]
    ) -> None:
        """See :class:`Engine`. A constant that was built as one number for all stays one."""
        if population not in self.constants:
            raise UnknownNameError("population", population, self.constants)
        held = self.constants[population]
        size = self.program.population(population).size
        new: dict[str, float | Real] = {}
        for name, value in values.items():
            if name not in held:
                raise UnknownNameError(f"constant of population {population!r}", name, held)
            new[name] = _fitting(population, name, held[name], value, size)
        held.update(new)
        self._replace_constants(population, new)

    @abstractmethod
    def _replace_constants(self, population: str, values: Mapping[str, float | Real]) -> None:
        """Give values of the right shape to Brian2."""

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
            self.threads,
            self.constants,
            drive.n_steps,
            self.tables(drive),
            self.sources(drive),
        )


def _fitting(
    population: str, name: str, held: float | Real, value: float | Real, size: int
) -> float | Real:
    """The value in the shape that was built."""
    new = np.asarray(value, dtype=np.float64)
    if new.ndim and new.shape != (size,):
        raise BackendError(
            f"constant {name!r} of population {population!r}: expected one number or {size} "
            f"numbers, got an array of shape {new.shape}"
        )
    if isinstance(held, np.ndarray) and held.ndim:
        return np.ascontiguousarray(np.broadcast_to(new, (size,)))
    if new.ndim and np.any(new != new[0]):
        raise BackendError(
            f"constant {name!r} of population {population!r} was built as one number for all "
            "neurons and cannot become one for each without building again; compile the network "
            "with an array for this parameter (all of them may be equal), then replace it"
        )
    return float(new.flat[0])
