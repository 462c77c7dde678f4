"""The drive of a run as sources, connections and currents of PyNN."""

from __future__ import annotations

__all__ = ["Inputs", "currents_of", "events_of", "sources_of"]

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurobridge.backends.pynn.clock import Clock
from neurobridge.backends.pynn.job import Connections, Source, StepCurrent
from neurobridge.lowering.program import Drive, Program

Receptor = Callable[
    [str, str, NDArray[np.int32], NDArray[np.float64]],
    list[tuple[str, NDArray[np.int64], NDArray[np.float64]]],
]


class Inputs(NamedTuple):
    """Sources for the events of a drive, and their connections."""

    sources: list[Source]
    connections: list[Connections]


def events_of(drive: Drive, clock: Clock, receptor: Receptor) -> Inputs:
    """A source for every channel, and another where several events of it come at once.

    Several spikes of one source at one time are not the same in every simulator, so ``count``
    events become one event of ``count`` times the weight.
    """
    found = Inputs([], [])
    for number, event in enumerate(drive.events):
        pairs = np.stack([event.channel, event.count], axis=1)
        distinct, which = np.unique(pairs, axis=0, return_inverse=True)
        if not len(distinct):
            continue
        name = f"{event.stimulus}#{number}"
        channel, count = distinct.T
        order = np.argsort(event.step, kind="stable")
        train = np.asarray(which).reshape(-1)[order].astype(np.int64)
        time = clock.spike_time(event.step[order])
        found.sources.append(Source(name, len(distinct), time, train))
        target, weight = event.target[channel], event.weight[channel] * count
        for side, of, value in receptor(event.population, event.receptor, target, weight):
            delay = np.full(of.size, clock.dt)
            ids = of.astype(np.int32)
            found.connections.append(
                Connections(name, event.population, side, ids, target[of], value, delay)
            )
    return found


def sources_of(program: Program, drive: Drive, clock: Clock) -> Iterator[Source]:
    """The source populations with what they send."""
    for population in program.populations:
        if population.is_source:
            trains = [s for s in drive.sources if s.population == population.name]
            stamp = np.concatenate([np.empty(0, np.int64), *(s.stamp for s in trains)])
            neuron = np.concatenate([np.empty(0, np.int64), *(s.neuron for s in trains)])
            order = np.argsort(stamp, kind="stable")
            yield Source(
                population.name, population.size, clock.spike_time(stamp[order]), neuron[order]
            )


def currents_of(drive: Drive, clock: Clock) -> Iterator[StepCurrent]:
    """One current for all neurons that get the same."""
    for current in drive.currents:
        if not current.start.size or not current.neuron.size:
            continue
        courses, which = np.unique(current.value.T, axis=0, return_inverse=True)
        for number, course in enumerate(courses):
            neurons = current.neuron[np.asarray(which).reshape(-1) == number]
            yield StepCurrent(
                current.population, neurons.astype(np.int64), clock.time(current.start), course
            )
