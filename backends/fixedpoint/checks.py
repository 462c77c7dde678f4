"""What the twin refuses to run: networks on which the chip would die, or do something else."""

from __future__ import annotations

__all__ = ["check_network", "slots_of"]

import numpy as np
from numpy.typing import NDArray

from neurobridge.backends.fixedpoint.cells import CELLS
from neurobridge.errors import BackendError, suggest
from neurobridge.lowering.chip.network import (
    RECEPTORS,
    RECORDABLE,
    ChipCurrent,
    ChipNetwork,
    ChipPopulation,
    ChipProjection,
    ChipSource,
)
from neurobridge.lowering.chip.ring import ring_slots

_MOST_NEURONS = 256

_MOST_STAGES = 8
"""Delay-extension stages that the host tools allow."""


def slots_of(population: ChipPopulation) -> int:
    """How many steps the ring buffers of a population cover: its longest delay."""
    return ring_slots(min(population.size, population.neurons_per_core))


def check_network(network: ChipNetwork, *, extended: bool = False) -> None:
    """Refuse what cannot be run exactly.

    ``extended``: delays may be as long as delay-extension cores make them.

    Raises
    ------
    BackendError
        At the first thing that is wrong: what was expected, what came, where, what to do.
    """
    if not (np.isfinite(network.dt) and network.dt > 0):
        raise BackendError(f"dt: expected a positive time step in ms, got {network.dt!r}")
    if network.n_steps < 1:
        raise BackendError(f"n_steps: expected at least 1, got {network.n_steps}")
    names = [p.name for p in network.populations] + [s.name for s in network.sources]
    for name in names:
        if names.count(name) > 1:
            raise BackendError(f"two populations are called {name!r}; rename one")
    for population in network.populations:
        _check_population(population)
    for source in network.sources:
        _check_source(source)
    for projection in network.projections:
        _check_projection(projection, network)
        if projection.n_edges:
            _check_delays(projection, network.population(projection.post), extended)
    for current in network.currents:
        _check_current(current, network)


def _check_population(population: ChipPopulation) -> None:
    where = f"population {population.name!r}"
    if population.cell not in CELLS:
        raise BackendError(
            f"{where}: the twin has no cell {population.cell!r}{suggest(population.cell, CELLS)}"
        )
    if population.size < 1 or not 1 <= population.neurons_per_core <= _MOST_NEURONS:
        raise BackendError(
            f"{where}: expected at least 1 neuron and 1 to {_MOST_NEURONS} on a core, got "
            f"{population.size} and {population.neurons_per_core}"
        )
    if len(population.shifts) != len(RECEPTORS) or not all(0 <= s <= 15 for s in population.shifts):
        raise BackendError(
            f"{where}: expected two shifts from 0 to 15, got {population.shifts}; above 15 an "
            f"input can come out negative: use smaller weights, and a larger unit of current"
        )
    for variable in (*population.record, *population.recorded):
        if variable not in (*RECORDABLE, "spikes"):
            known = (*RECORDABLE, "spikes")
            raise BackendError(f"{where}: cannot record {variable!r}{suggest(variable, known)}")
        _check_indices(population.neurons(variable), population.size, f"{where}, {variable}")


def _check_source(source: ChipSource) -> None:
    where = f"source {source.name!r}"
    if source.step.shape != source.neuron.shape:
        raise BackendError(
            f"{where}: expected as many steps as neurons, got {source.step.size} and "
            f"{source.neuron.size}"
        )
    _check_indices(source.neuron, source.size, where)
    if source.step.size and source.step.min() < 0:
        raise BackendError(
            f"{where}: expected spikes from step 0 on, got step {source.step.min()}; leave them out"
        )
    later = np.diff(source.step)
    if np.any(later < 0) or np.any((later == 0) & (np.diff(source.neuron) < 0)):
        raise BackendError(f"{where}: expected spikes sorted by (step, neuron); sort them")


def _check_projection(projection: ChipProjection, network: ChipNetwork) -> None:
    where = f"projection {projection.name!r}"
    targets = {p.name: p for p in network.populations}
    if projection.pre not in network.sizes:
        raise BackendError(
            f"{where}: there is no {projection.pre!r}{suggest(projection.pre, network.sizes)}"
        )
    if projection.post not in targets:
        raise BackendError(
            f"{where}: {projection.post!r} is not a population{suggest(projection.post, targets)}"
        )
    if projection.receptor not in RECEPTORS:
        raise BackendError(
            f"{where}: unknown receptor {projection.receptor!r}"
            f"{suggest(projection.receptor, RECEPTORS)}"
        )
    if projection.word.dtype != np.uint16:
        raise BackendError(f"{where}: expected uint16 weights, got {projection.word.dtype}")
    for indices in (projection.target, projection.word, projection.delays):
        if indices.shape != projection.source.shape:
            raise BackendError(
                f"{where}: expected {projection.n_edges} targets, weights and delays, one for "
                f"each source, got {indices.size}"
            )
    _check_indices(projection.source, network.sizes[projection.pre], f"{where}, sources")
    post = targets[projection.post]
    _check_indices(projection.target, post.size, f"{where}, targets")


def _check_delays(projection: ChipProjection, post: ChipPopulation, extended: bool) -> None:
    slots = slots_of(post) * (1 + _MOST_STAGES * extended)
    shortest, longest = int(projection.delays.min()), int(projection.delays.max())
    if shortest < 1 or longest > slots:
        raise BackendError(
            f"projection {projection.name!r}: expected delays of 1 to {slots} steps, which is what "
            f"the ring buffers of {post.name!r} hold, got {shortest} to {longest}; put fewer "
            f"neurons on a core (half as many hold twice the delay), or use a larger dt"
        )


def _check_current(current: ChipCurrent, network: ChipNetwork) -> None:
    where = f"current into {current.population!r}"
    sizes = {p.name: p.size for p in network.populations}
    if current.population not in sizes:
        raise BackendError(
            f"{where}: there is no such population{suggest(current.population, sizes)}"
        )
    _check_indices(current.neurons, sizes[current.population], where)
    if current.start.shape != current.value.shape:
        raise BackendError(
            f"{where}: expected as many start steps as values, got {current.start.size} and "
            f"{current.value.size}"
        )
    if current.start.size and (current.start[0] < 0 or np.any(np.diff(current.start) < 1)):
        raise BackendError(
            f"{where}: expected start steps from 0 on, each after the one before; the chip takes "
            f"at most one of them in a step"
        )


def _check_indices(indices: NDArray[np.integer], size: int, where: str) -> None:
    if indices.size and (indices.min() < 0 or indices.max() >= size):
        raise BackendError(
            f"{where}: expected neurons 0 to {size - 1}, got {indices.min()} to {indices.max()}"
        )
