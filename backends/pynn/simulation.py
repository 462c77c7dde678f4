"""A job, built and run through PyNN's interface. It runs in a process of its own."""

from __future__ import annotations

__all__ = ["Details", "simulate"]

import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurobridge.backends.pynn.job import Cells, Connections, Job, Outcome, Source, StepCurrent

Index = NDArray[np.int32]
Real = NDArray[np.float64]


class Details:
    """What a simulator needs beyond PyNN's interface: nothing."""

    def prepare(self, job: Job) -> None:
        """After ``setup``, before anything is built."""

    def initialize(self, population: Any, cells: Cells, values: Mapping[str, Any]) -> None:
        """Set states of a population."""
        population.initialize(**values)

    def finish(self, population: Any, cells: Cells) -> None:
        """After a population was built."""

    def begin(self, until: float) -> None:
        """Before the first step of a run that ends at ``until`` (ms)."""


def simulate(sim: Any, job: Job, details: Details, go_on: Callable[[int], bool]) -> Outcome:
    """Build a job and run it.

    Parameters
    ----------
    sim : module
        With PyNN's interface.
    job : Job
    details : Details
    go_on : callable
        Is told how many steps are done, and says whether the run goes on.
    """
    start = time.perf_counter()
    sim.setup(timestep=job.timestep, min_delay=job.timestep, **job.setup)
    details.prepare(job)
    populations = {source.name: _source(sim, source) for source in job.sources}
    for cells in job.cells:
        populations[cells.name] = _cells(sim, cells, job, details)
    projections = [
        _connect(sim, c, populations[c.pre], populations[c.post]) for c in job.connections
    ]
    for current in job.currents:
        _inject(sim, current, populations[current.population])
    built = time.perf_counter()
    if job.weights:
        return Outcome(0, weights=tuple(_weights(p) for p in projections))
    done = _run(sim, job, details, populations, go_on)
    ran = time.perf_counter()
    spikes, states = {}, {}
    for cells in job.cells:
        if cells.record:
            spikes[cells.name], signals = _recorded(populations[cells.name], cells, job, done)
            states.update(signals)
    seconds = {"pynn_build_s": built - start, "run_s": ran - built}
    return Outcome(done, spikes, states, seconds=seconds)


# -- building ---------------------------------------------------------------------------------


def _source(sim: Any, source: Source) -> Any:
    from pyNN.parameters import Sequence

    order = np.argsort(source.neuron, kind="stable")
    bounds = np.searchsorted(source.neuron[order], np.arange(1, source.size))
    trains = [Sequence(train) for train in np.split(source.time[order], bounds)]
    times = trains if len(trains) > 1 else trains[0]
    return sim.Population(source.size, sim.SpikeSourceArray(spike_times=times), label=source.name)


def _cells(sim: Any, cells: Cells, job: Job, details: Details) -> Any:
    kind = getattr(sim, cells.cell)
    population = sim.Population(cells.size, kind(**cells.parameters), label=cells.name)
    rest = cells.parameters.get("v_rest")
    start = {"v": rest} if job.lead and rest is not None else cells.initial
    details.initialize(population, cells, start)
    for variable, neurons in cells.record.items():
        everyone = neurons.size == cells.size
        (population if everyone else population[neurons.tolist()]).record(variable)
    details.finish(population, cells)
    return population


def _connect(sim: Any, c: Connections, pre: Any, post: Any) -> Any:
    table = np.stack([c.source, c.target, c.weight, c.delay], axis=1)
    connector = sim.FromListConnector(table, column_names=["weight", "delay"], safe=False)
    return sim.Projection(pre, post, connector, sim.StaticSynapse(), receptor_type=c.receptor)


def _inject(sim: Any, current: StepCurrent, population: Any) -> None:
    source = sim.StepCurrentSource(times=current.time, amplitudes=current.value)
    source.inject_into(population[current.neurons.tolist()])


def _weights(projection: Any) -> Real:
    held = projection.get(["weight", "delay"], format="list", with_address=True)
    return np.array(held, dtype=np.float64).reshape(-1, 4).T


# -- running ----------------------------------------------------------------------------------


def _run(
    sim: Any,
    job: Job,
    details: Details,
    populations: dict[str, Any],
    go_on: Callable[[int], bool],
) -> int:
    details.begin((job.lead + job.n_steps) * job.timestep)
    at = 0
    if job.lead:
        at = job.lead - job.ahead
        sim.run(at * job.timestep)
        for cells in job.cells:
            details.initialize(populations[cells.name], cells, cells.initial)
    done = 0
    while go_on(done) and done < job.n_steps:
        done = min(done + job.n_chunk, job.n_steps)
        sim.run((job.lead + done - at) * job.timestep)
        at = job.lead + done
    return done


# -- what was recorded ------------------------------------------------------------------------


def _recorded(
    population: Any, cells: Cells, job: Job, done: int
) -> tuple[tuple[Real, Index], dict[tuple[str, str], Real]]:
    segment = population.get_data().segments[0]
    trains = [(t.annotations["source_index"], np.asarray(t.magnitude)) for t in segment.spiketrains]
    time = np.concatenate([np.empty(0), *(train for _, train in trains)])
    neuron = np.repeat([i for i, _ in trains], [train.size for _, train in trains])
    states = {}
    for signal in segment.analogsignals:
        order = np.argsort(np.asarray(signal.array_annotations["channel_index"]))
        values = np.asarray(signal.magnitude)[:, order]
        states[cells.name, signal.name] = values[job.lead + 1 : job.lead + 1 + done]
    return (time - job.lead * job.timestep, neuron.astype(np.int32)), states
