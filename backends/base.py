"""What a backend is: four functions and data. See ``docs/backends.md`` for how to add one."""

from __future__ import annotations

__all__ = [
    "Availability",
    "Backend",
    "Capabilities",
    "Engine",
    "Progress",
    "RawResult",
    "source_result",
]

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurobridge.lowering.finding import Finding
from neurobridge.lowering.program import Drive, PopulationProgram, Program, SpikePlan

Progress = Callable[[int], None]
"""Called now and then with the number of steps done so far."""


@dataclass(frozen=True)
class Capabilities:
    """What a backend can do, as data. Nothing heavy is imported to answer this.

    Parameters
    ----------
    summary : str
        One line for ``neurobridge backends``.
    tier : str
        Comparison tier against the reference (``"T0"`` ... ``"T3"``), see ``docs/comparison.md``.
    equations : bool
        Takes any declared model (True), or only those of a catalogue (False).
    functions : frozenset of str
        Functions of the expression language that the backend translates.
    heterogeneous_delays, current_input, state_probes, rerun, threads, exports : bool
        Further features.
    continuous_coupling : bool
        Runs models that send a continuous output (rate networks).
    draws_counts : bool
        Draws dense Poisson input as it goes (``Drive.counts``); for any other it is written out as
        events before the run.
    max_delay_steps : int or None
        Longest delay; None is unlimited.
    bytes_per_edge, bytes_per_neuron : float
        Measured resident memory while building, for the estimate before a run.
    settings : mapping of str to str
        Name and one-line meaning of every setting that the backend takes.
    """

    summary: str
    tier: str
    equations: bool
    functions: frozenset[str]
    heterogeneous_delays: bool = True
    current_input: bool = True
    state_probes: bool = True
    rerun: bool = True
    threads: bool = False
    exports: bool = False
    continuous_coupling: bool = False
    draws_counts: bool = False
    max_delay_steps: int | None = None
    bytes_per_edge: float = 100.0
    bytes_per_neuron: float = 1000.0
    settings: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Availability:
    """Whether a backend can run here: its version, or why not and how to install it."""

    available: bool
    version: str = ""
    reason: str = ""
    install: str = ""


@dataclass
class RawResult:
    """What an engine returns.

    ``spikes`` maps a spike plan's name to (stamp int64 (k,), neuron int32 (k,)), in any order; a
    spike in step ``k`` has the stamp ``k + 1``. ``signals`` maps a signal plan's name to float64
    (n_samples, n_neurons) in canonical units; sample ``i`` is the state at time
    ``(i + 1) * interval * dt``. ``steps_done`` is smaller than asked if the run was interrupted;
    what was recorded until then is kept. ``degraded`` is a sentence on what went wrong in the run
    that makes its result doubtful; empty if nothing did.
    """

    spikes: dict[str, tuple[NDArray[np.int64], NDArray[np.int32]]]
    signals: dict[str, NDArray[np.float64]]
    steps_done: int
    info: dict[str, Any] = field(default_factory=dict)
    degraded: str = ""


class Engine(ABC):
    """A program that was built in a simulator and can be run again and again."""

    @abstractmethod
    def run(self, drive: Drive, progress: Progress | None = None) -> RawResult:
        """Play ``drive`` into the network from its initial state; never continues an older run."""

    def set_population(self, population: PopulationProgram) -> None:
        """Replace constants and initial state of a population for the next runs.

        Name, size, code and refractory steps are those that were built.
        """
        raise NotImplementedError

    def share(self) -> Engine | None:
        """Another engine on what was built, which may run at the same time in another thread.

        None if the simulator has no such thing; runs then follow one another.
        """
        return None

    def export(self, folder: Path, drive: Drive) -> None:
        """Write a project that repeats this run without neurobridge."""
        raise NotImplementedError

    def weights(self) -> dict[int, NDArray[np.float64]]:
        """Weight of every edge as the simulator holds it, by pathway index, in pathway order."""
        raise NotImplementedError

    def close(self) -> None:  # noqa: B027 - most engines hold nothing to release
        """Release what the engine holds in its simulator."""


class Backend(ABC):
    """A route from a program to a simulator. It decides nothing."""

    name: str

    @abstractmethod
    def capabilities(self) -> Capabilities:
        """What the backend can do, without importing the simulator."""

    def tier(self, settings: Mapping[str, Any]) -> str:
        """Comparison tier against the reference with these settings."""
        return self.capabilities().tier

    @abstractmethod
    def availability(self) -> Availability:
        """Whether it can run here."""

    def check(self, program: Program, settings: Mapping[str, Any]) -> list[Finding]:
        """Findings beyond those that follow from :meth:`capabilities`."""
        return []

    @abstractmethod
    def emit(self, program: Program, settings: Mapping[str, Any]) -> Engine:
        """Build the program. ``settings`` were validated against the capabilities."""


def source_result(
    plan: SpikePlan, drive: Drive, steps_done: int
) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Spikes of a source population as a plan wants them; they are known from the drive.

    Parameters
    ----------
    plan : SpikePlan
        Its population is a source.
    drive : Drive
    steps_done : int
        Spikes that leave in later steps never happened.

    Returns
    -------
    stamp : int64 array, shape (k,)
    neuron : int32 array, shape (k,)
    """
    trains = [s for s in drive.sources if s.population == plan.population]
    stamp = np.concatenate([np.empty(0, np.int64), *(s.stamp for s in trains)])
    neuron = np.concatenate([np.empty(0, np.int32), *(s.neuron for s in trains)])
    keep = stamp < steps_done
    if plan.neurons is not None:
        keep &= np.isin(neuron, plan.neurons)
    return stamp[keep], neuron[keep]
