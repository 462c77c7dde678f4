"""Populations on the chip: parameters in its unit, weight scale, neurons per core."""

from __future__ import annotations

__all__ = ["chip_population", "neurons_per_core", "scaled_for", "shifts_for", "unit_of"]

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurobridge.lowering.chip.cells import Cell
from neurobridge.lowering.chip.network import RECEPTORS, ChipPopulation
from neurobridge.lowering.chip.parts import Part
from neurobridge.lowering.chip.ring import LONGEST_DELAY, neurons_for
from neurobridge.lowering.chip.scale import LARGEST_SHIFT, shift_for
from neurobridge.lowering.chip.timing import chip_delay
from neurobridge.lowering.chip.units import choose_unit
from neurobridge.lowering.finding import Finding
from neurobridge.lowering.program import PopulationProgram, Program


def scaled_for(
    population: PopulationProgram,
    cell: Cell,
    bound: NDArray[np.float64],
    largest: NDArray[np.float64],
    given: Mapping[str, Any],
    dt: float,
) -> NDArray[np.float64]:
    """The summed input that must not saturate: the bound, or what a user gives for a receptor.

    ``given`` maps our receptors to numbers in the unit of their weights. What is given is raised
    to the ``largest`` single weight, which has to fit. Arrays are float64 (2, size).
    """
    summed = bound.copy()
    told: dict[int, Any] = {}
    for receptor, value in given.items():
        chip, _ = cell.receptors[receptor]
        for row in [RECEPTORS.index(chip)] if chip else [0, 1]:
            factor = cell.factor(receptor, population.parameters, dt)
            told[row] = told.get(row, 0.0) + np.asarray(value) * factor
    for row, value in told.items():
        summed[row] = np.maximum(value, largest[row])
    return summed


def unit_of(population: PopulationProgram, cell: Cell, summed: NDArray[np.float64]) -> float:
    """What the population's currents are multiplied by; 1 where the cell has a unit of its own."""
    if not cell.free_unit:
        return 1.0
    resistance = np.asarray(population.parameters["tau_m"]) / np.asarray(
        population.parameters["c_m"]
    )
    return choose_unit(summed.max(axis=1), float(resistance.min()))


def shifts_for(summed: NDArray[np.float64], gain: int) -> tuple[int, int]:
    """Shifts of both receptors for summed inputs of shape (2, k)."""
    exc, inh = (min(shift_for(float(s), gain), LARGEST_SHIFT) for s in summed.max(axis=1))
    return exc, inh


def neurons_per_core(
    program: Program, cells: Mapping[str, Cell], leads: Mapping[str, int], at_most: int
) -> tuple[dict[str, int], list[Finding]]:
    """So few that the delays onto a population fit into its ring buffers."""
    longest = dict.fromkeys(cells, 1)
    for way in program.pathways:
        if way.n_edges and not way.continuous:
            delay = chip_delay(
                way.delay_range[1],
                at_once=cells[way.post].at_once,
                sent_early=leads.get(way.pre, 1),
            )
            longest[way.post] = max(longest[way.post], int(delay))
    chosen, findings = {}, []
    for name, delay in longest.items():
        fit = neurons_for(delay)
        chosen[name] = min(at_most, fit)
        if fit == 0:
            findings.append(
                Finding(
                    "delay_too_long", "error", f"population {name!r}",
                    f"its longest delay is {delay} steps on the chip, and ring buffers hold "
                    f"{LONGEST_DELAY} steps, with two neurons on a core",
                    "choose a larger dt, or shorter delays", float(delay),
                )
            )  # fmt: skip
        elif fit < at_most:
            findings.append(
                Finding(
                    "few_neurons_per_core", "note", f"population {name!r}",
                    f"its longest delay is {delay} steps on the chip: with {fit} neurons on a core "
                    "instead of "
                    f"{at_most} its ring buffers are long enough (delay extensions of sPyNNaker "
                    "lose synapses, so they are not used)",
                    "shorten the delays, or choose a larger dt, if cores are scarce", float(delay),
                )
            )  # fmt: skip
    return chosen, findings


def chip_population(
    population: PopulationProgram,
    cell: Cell,
    unit: float,
    part: Part,
    shifts: tuple[int, int],
    per_core: int,
    dt: float,
) -> ChipPopulation:
    """A part of a population as the chip is given it."""

    def own(value: Any) -> Any:
        return np.asarray(value)[part.neurons] if np.ndim(value) else float(value)

    current = unit * own(cell.current_factor(population.parameters, dt))
    parameters = {n: own(population.parameters[ours]) for n, ours in cell.parameters.items()}
    parameters["i_offset"] = parameters["i_offset"] * current
    if "cm" in parameters:
        parameters["cm"] = parameters["cm"] * unit
    if cell.refractory:
        parameters["tau_refrac"] = own(np.asarray(population.refractory_steps) * dt)
    initial = {}
    for name, (ours, sign) in cell.initial.items():
        scale = current * cell.gain if name.startswith("isyn") else 1.0
        initial[name] = own(population.initial[ours]) * sign * scale
    size = int(part.neurons.size)
    return ChipPopulation(part.name, size, cell.name, parameters, initial, shifts, per_core)
