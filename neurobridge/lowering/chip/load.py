"""A plan and the drive of one run become a ChipNetwork."""

from __future__ import annotations

__all__ = ["load_drive"]

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from neurobridge.errors import BackendError
from neurobridge.lowering.chip.event_words import event_words
from neurobridge.lowering.chip.network import (
    ChipCurrent,
    ChipNetwork,
    ChipPopulation,
    ChipProjection,
    ChipSource,
)
from neurobridge.lowering.chip.parts import free_name
from neurobridge.lowering.chip.plan import ChipPlan
from neurobridge.lowering.chip.timing import extra_steps
from neurobridge.lowering.program import CurrentInput, Drive, EventInput


def load_drive(plan: ChipPlan, drive: Drive) -> ChipNetwork:
    """Everything for one run.

    Raises
    ------
    BackendError
        If an input needs a larger scale than the plan has, or comes before the chip can send it.
    """
    taken = {part.name for parts in plan.parts.values() for part in parts}
    sources = list(_sources(plan, drive))
    projections = list(plan.projections)
    for events in drive.events:
        source, lists = _event_source(plan, events, taken)
        sources.append(source)
        projections += lists
    return ChipNetwork(
        dt=plan.program.dt,
        n_steps=drive.n_steps + extra_steps,
        populations=tuple(_recording(plan, p) for p in plan.populations),
        sources=tuple(sources),
        projections=tuple(projections),
        currents=tuple(c for inputs in drive.currents for c in _currents(plan, inputs)),
    )


def _sources(plan: ChipPlan, drive: Drive) -> Iterator[ChipSource]:
    given = {s.population: s for s in drive.sources}
    for population in plan.program.populations:
        if not population.is_source:
            continue
        spikes, lead = given[population.name], plan.leads[population.name]
        _refuse_early(spikes.stamp - lead, f"source population {population.name!r}")
        name = plan.parts[population.name][0].name
        yield ChipSource(name, population.size, spikes.stamp - lead, spikes.neuron)


def _refuse_early(step: NDArray[np.int64], who: str) -> None:
    if step.size and step.min() < 0:
        raise BackendError(
            f"{who} sends in the first step onto delta synapses; on SpiNNaker such a spike would "
            "have to leave one step before the run begins. Begin the input one step later (a "
            "Poisson stimulus: start = dt)"
        )


def _event_source(
    plan: ChipPlan, events: EventInput, taken: set[str]
) -> tuple[ChipSource, list[ChipProjection]]:
    """Events of a stimulus come from a source neuron for each target."""
    population, cell = events.population, plan.cells[events.population]
    rounded = event_words(plan, events)
    step = events.step - int(cell.at_once)
    _refuse_early(step, f"stimulus {events.stimulus!r}")
    name = free_name(f"{events.stimulus}_input", taken)
    source = ChipSource(
        name, max(events.target.size, 1), np.repeat(step, events.count),
        np.repeat(events.channel, events.count),
    )  # fmt: skip
    part, index = plan.place(population)
    lists = []
    for number, piece in enumerate(plan.parts[population]):
        channel = np.flatnonzero(part[events.target] == number).astype(np.int32)
        if channel.size:
            order = np.lexsort((channel, index[events.target[channel]]))
            channel = channel[order]
            target, receptor = index[events.target[channel]], rounded.receptor
            word = rounded.word[channel].astype(np.uint16)
            named = f"{name}_to_{piece.name}_{receptor}"
            lists.append(
                ChipProjection(named, name, piece.name, receptor, channel, target, word, 1)
            )
    return source, lists


def _currents(plan: ChipPlan, inputs: CurrentInput) -> Iterator[ChipCurrent]:
    """Neurons with the same current share a source of it."""
    population = plan.program.population(inputs.population)
    cell, unit = plan.cells[inputs.population], plan.units[inputs.population]
    factor = cell.current_factor(population.parameters, plan.program.dt)
    own = np.asarray(factor)[inputs.neuron] if np.ndim(factor) else factor
    values = inputs.value * (unit * own)
    part, index = plan.place(inputs.population)
    keys = np.concatenate([part[inputs.neuron][None, :], values]) if values.size else values
    if not values.size:
        return
    distinct, group = np.unique(keys, axis=1, return_inverse=True)
    for column in range(distinct.shape[1]):
        neurons = np.unique(inputs.neuron[group.ravel() == column])
        piece = plan.parts[inputs.population][int(distinct[0, column])]
        yield ChipCurrent(piece.name, index[neurons], inputs.start, distinct[1:, column])


def _recording(plan: ChipPlan, population: ChipPopulation) -> ChipPopulation:
    """What the probes need from a population."""
    part = next(
        part for parts in plan.parts.values() for part in parts if part.name == population.name
    )
    wanted: dict[str, NDArray[np.bool_]] = {}

    def want(variable: str, neurons: NDArray[np.int32] | None) -> None:
        chosen = np.ones(part.neurons.size, bool)
        if neurons is not None:
            chosen = np.isin(part.neurons, neurons)
        wanted[variable] = wanted.get(variable, np.zeros(chosen.size, bool)) | chosen

    for spikes in plan.program.spike_plans:
        if spikes.population == part.population:
            want("spikes", spikes.neurons)
    for signal in plan.program.signal_plans:
        if signal.population == part.population:
            want(plan.cells[part.population].states[signal.variable][0], signal.neurons)
    record = tuple(name for name, chosen in wanted.items() if chosen.any())
    recorded = {
        name: None if wanted[name].all() else np.flatnonzero(wanted[name]).astype(np.int32)
        for name in record
    }
    return replace(population, record=record, recorded=recorded)
