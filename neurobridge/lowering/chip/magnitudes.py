"""Weights as the chip wants them: magnitudes on the receptor of their sign, in its unit."""

from __future__ import annotations

__all__ = [
    "Magnitudes",
    "event_magnitude",
    "largest_weights",
    "pathway_magnitudes",
    "summed_input",
]

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurobridge.lowering.chip.cells import Cell
from neurobridge.lowering.chip.network import RECEPTORS
from neurobridge.lowering.program import EventPlan, Pathway, Program


@dataclass(frozen=True)
class Magnitudes:
    """Edges of a pathway that reach one receptor of the chip.

    ``value`` float64 (k,) in nA or uS; ``edge`` int64 (k,) is their place in the pathway, or None
    if it is all of them.
    """

    pathway: Pathway
    receptor: str
    value: NDArray[np.float64]
    edge: NDArray[np.int64] | None

    @property
    def target(self) -> NDArray[np.int32]:
        """Postsynaptic index in the network's population, int32 (k,)."""
        return self.pathway.target if self.edge is None else self.pathway.target[self.edge]

    @property
    def source(self) -> NDArray[np.int32]:
        """Presynaptic index in the network's population, int32 (k,)."""
        return self.pathway.source if self.edge is None else self.pathway.source[self.edge]

    @property
    def delay(self) -> int | NDArray[np.int32]:
        """Delay in steps of the contract."""
        delay = self.pathway.delay
        if isinstance(delay, (int, np.integer)) or self.edge is None:
            return delay
        return delay[self.edge]


def pathway_magnitudes(program: Program, cells: Mapping[str, Cell]) -> Iterator[Magnitudes]:
    """Magnitudes of all pathways of spikes, in order; a unit of current is not applied yet."""
    for pathway in program.pathways:
        if pathway.continuous or not pathway.n_edges:
            continue
        cell = cells[pathway.post]
        population = program.population(pathway.post)
        factor = cell.factor(pathway.receptor, population.parameters, program.dt)
        value = np.abs(pathway.weight)
        if np.ndim(factor):
            value *= np.asarray(factor)[pathway.target]
        elif factor != 1.0:
            value *= factor
        negative = pathway.weight < 0
        if cell.receptors[pathway.receptor][1] or not negative.any():
            receptor = cell.chip_receptor(pathway.receptor, negative=False)
            yield Magnitudes(pathway, receptor, value, None)
            continue
        for sign, chosen in ((False, ~negative), (True, negative)):
            edge = np.flatnonzero(chosen)
            if edge.size:
                receptor = cell.chip_receptor(pathway.receptor, negative=sign)
                yield Magnitudes(pathway, receptor, value[edge], edge)


def event_magnitude(
    program: Program,
    cells: Mapping[str, Cell],
    population: str,
    receptor: str,
    neurons: NDArray[np.int32],
    weight: NDArray[np.float64] | float,
) -> tuple[str, NDArray[np.float64]]:
    """The chip's receptor of events of a stimulus, and their magnitude at each neuron.

    ``weight`` has one sign: a stimulus has one weight.
    """
    cell = cells[population]
    factor = cell.factor(receptor, program.population(population).parameters, program.dt)
    signed = np.broadcast_to(np.asarray(weight, dtype=np.float64), neurons.shape)
    value = np.abs(signed) * (np.asarray(factor)[neurons] if np.ndim(factor) else factor)
    return cell.chip_receptor(receptor, bool((signed < 0).any())), value


def summed_input(program: Program, cells: Mapping[str, Cell]) -> dict[str, NDArray[np.float64]]:
    """The most that can arrive in one step: every edge once, every stimulus as often as planned.

    Returns
    -------
    dict of str to float64 array, shape (2, size)
        By population with a cell: the bound for each receptor (excitatory, inhibitory) and neuron.
    """
    bounds = _nothing(program, cells)
    for part in pathway_magnitudes(program, cells):
        bound = bounds[part.pathway.post][RECEPTORS.index(part.receptor)]
        bound += np.bincount(part.target, weights=part.value, minlength=bound.size)
    for plan, row, value in _planned_events(program, cells):
        bounds[plan.population][row, plan.neurons] += value * plan.at_most
    return bounds


def largest_weights(program: Program, cells: Mapping[str, Cell]) -> dict[str, NDArray[np.float64]]:
    """The largest single weight onto each neuron, as :func:`summed_input` has the sums."""
    largest = _nothing(program, cells)
    for part in pathway_magnitudes(program, cells):
        row = largest[part.pathway.post][RECEPTORS.index(part.receptor)]
        np.maximum.at(row, part.target, part.value)
    for plan, row_number, value in _planned_events(program, cells):
        chosen = (row_number, plan.neurons)
        largest[plan.population][chosen] = np.maximum(largest[plan.population][chosen], value)
    return largest


def _nothing(program: Program, cells: Mapping[str, Cell]) -> dict[str, NDArray[np.float64]]:
    return {name: np.zeros((2, program.population(name).size)) for name in cells}


def _planned_events(
    program: Program, cells: Mapping[str, Cell]
) -> Iterator[tuple[EventPlan, int, NDArray[np.float64]]]:
    """Every stimulus onto neurons, the number of its receptor on the chip, and its magnitudes."""
    for plan in program.event_plans:
        if plan.population in cells:
            receptor, value = event_magnitude(
                program, cells, plan.population, plan.receptor, plan.neurons, plan.weight
            )
            yield plan, RECEPTORS.index(receptor), value
