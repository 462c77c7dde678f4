"""Job: what the process that holds the simulator is told to build and run, in PyNN's terms.

Nothing is left to decide there. Names, units and signs are PyNN's (ms, mV, nA, nF, uS), times are
those of the simulator's own clock.
"""

from __future__ import annotations

__all__ = ["Cells", "Connections", "Job", "Outcome", "Source", "StepCurrent"]

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Int = NDArray[np.int64]
Index = NDArray[np.int32]
Real = NDArray[np.float64]


@dataclass(frozen=True)
class Cells:
    """A population of cells.

    Parameters
    ----------
    name : str
    size : int
    cell : str
        Name of the cell type in PyNN.
    parameters : mapping of str to float or float64 array (size,)
    initial : mapping of str to float or float64 array (size,)
        By PyNN's names of states.
    threshold : float, float64 array (size,) or None
        Potential (mV) whose upward crossing is a spike, of cells that have no parameter for it.
    record : mapping of str to int32 array
        PyNN's variable -> the neurons of which it is recorded, ascending. ``"spikes"`` is one.
    """

    name: str
    size: int
    cell: str
    parameters: Mapping[str, float | Real]
    initial: Mapping[str, float | Real]
    threshold: float | Real | None
    record: Mapping[str, Index]


@dataclass(frozen=True)
class Source:
    """Neurons that send given spikes, at ``time`` (ms, ascending); ``neuron`` int64 (k,)."""

    name: str
    size: int
    time: Real
    neuron: Int


@dataclass(frozen=True)
class Connections:
    """Synapses of two populations onto one receptor; ``delay`` in ms, arrays of shape (E,)."""

    pre: str
    post: str
    receptor: str
    source: Index
    target: Index
    weight: Real
    delay: Real


@dataclass(frozen=True)
class StepCurrent:
    """``value[c]`` (nA) flows into ``neurons`` from ``time[c]`` (ms) to the next, 0 before."""

    population: str
    neurons: Int
    time: Real
    value: Real


@dataclass(frozen=True)
class Job:
    """A network, and what is asked of it.

    Parameters
    ----------
    timestep : float
        The simulator's own step in ms.
    n_steps, lead : int
        Steps of the run, and steps before it in which nothing is recorded, in ``timestep``.
    ahead : int
        Steps that the simulator does beyond those that PyNN's ``run`` is told.
    n_chunk : int
        How many steps go by between two looks at whether the run shall stop.
    setup : mapping
        Arguments of PyNN's ``setup``.
    cells, sources, connections, currents : tuple
    weights : bool
        Build, and return the weights in place of a run.
    """

    timestep: float
    n_steps: int
    lead: int
    ahead: int
    n_chunk: int
    setup: Mapping[str, Any]
    cells: tuple[Cells, ...]
    sources: tuple[Source, ...]
    connections: tuple[Connections, ...]
    currents: tuple[StepCurrent, ...] = ()
    weights: bool = False


@dataclass(frozen=True)
class Outcome:
    """What came back.

    Parameters
    ----------
    n_steps : int
        Steps that were done, in the simulator's own.
    spikes : mapping of str to (float64 (k,), int32 (k,))
        By population: times (ms) since the end of the lead, and neurons.
    states : mapping of (str, str) to float64 array, shape (n_steps, n)
        By population and variable, at the end of every step.
    weights : tuple of float64 arrays (4, E)
        Source, target, weight and delay of every synapse, for each of the job's connections.
    seconds : mapping of str to float
        Times of building and running.
    """

    n_steps: int
    spikes: Mapping[str, tuple[Real, Index]] = field(default_factory=dict)
    states: Mapping[tuple[str, str], Real] = field(default_factory=dict)
    weights: tuple[Real, ...] = ()
    seconds: Mapping[str, float] = field(default_factory=dict)
