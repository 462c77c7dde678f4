"""What a network would lose on the chip without a word: found before anything is built.

sPyNNaker accepts all of this; ``docs/spinnaker.md`` has what happens then, case by case.
"""

from __future__ import annotations

__all__ = ["cell_findings", "input_findings", "plan_findings", "step_findings"]

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from neurobridge.lowering.chip.cells import CELLS, Cell, cell_of, nearest_model
from neurobridge.lowering.chip.network import RECEPTORS
from neurobridge.lowering.chip.plan import ChipPlan, Scaled
from neurobridge.lowering.chip.scale import LARGEST_SHIFT, shift_for
from neurobridge.lowering.chip.words import LARGEST_WORD
from neurobridge.lowering.finding import Finding
from neurobridge.lowering.program import PopulationProgram, Program
from neurobridge.registry import backends_that

SHORTEST_STEP = 0.1
"""ms. Below it sPyNNaker warns that its clock is not reliable."""
LONGEST_ROW = 256
"""Synapses from one neuron to one core in one list (``SynapseRowTooBigException``)."""
NOTICEABLE = 0.01
"""Relative error of all weights, or lost share of a neuron's, that has to be accepted by name."""
_FINER = (
    "give max_summed_input from a run (neurobridge deploy measures it), split the population "
    "(split=8), or accept it"
)
IZHIKEVICH_PEAK = 30.0
"""mV; the binary has no other (``izk_curr_exp_base.py``)."""


def step_findings(program: Program) -> list[Finding]:
    """A time step that the machine's clock cannot keep."""
    if program.dt >= SHORTEST_STEP - 1e-9:
        return []
    return [
        Finding(
            "dt_too_short", "error", "dt",
            f"expected at least {SHORTEST_STEP} ms, got {program.dt:g} ms; sPyNNaker's clock is "
            "not reliable below",
            f"use dt={SHORTEST_STEP} or longer", program.dt,
        )
    ]  # fmt: skip


def cell_findings(program: Program) -> list[Finding]:
    """Models without a cell, states that cells do not record, values that they do not have."""
    findings: list[Finding] = []
    for population in program.populations:
        if population.is_source:
            continue
        cell = cell_of(population.model)
        if cell is None:
            if not _is_continuous(population):  # refused for that already
                findings.append(_no_cell(population))
            continue
        findings += _initial(population, cell)
        findings += _unrecorded(program, population, cell)
        findings += _reset(population, cell)
        if cell.name == "Izhikevich":
            findings += _peak(population)
    return findings


def _is_continuous(population: PopulationProgram) -> bool:
    return bool(population.code.couplings or population.model.output)


def _no_cell(population: PopulationProgram) -> Finding:
    others = backends_that(lambda can: can.equations)
    return Finding(
        "no_chip_cell", "error", f"population {population.name!r}",
        f"SpiNNaker has no cell for model {population.model.name!r}; the nearest that it has is "
        f"{nearest_model(population.model)!r}, of {', '.join(cell.model for cell in CELLS)}",
        f"run it on {' or '.join(others)}, or describe the population with one of these models",
    )  # fmt: skip


def _initial(population: PopulationProgram, cell: Cell) -> Iterator[Finding]:
    set_by_host = {ours for ours, _ in cell.initial.values()}
    for state, value in population.initial.items():
        if state not in set_by_host and np.any(np.asarray(value) != 0):
            yield Finding(
                "initial_state_not_set", "error", f"population {population.name!r}",
                f"{cell.name} starts with {state} = 0, the network has another value",
                f"start with {state} = 0",
            )  # fmt: skip


def _unrecorded(program: Program, population: PopulationProgram, cell: Cell) -> Iterator[Finding]:
    for plan in program.signal_plans:
        if plan.population == population.name and plan.variable not in cell.states:
            yield Finding(
                "state_not_recorded", "error", f"probe {plan.name!r}",
                f"SpiNNaker does not record {plan.variable!r} of {cell.name}; it records "
                f"{', '.join(cell.states)}",
                "remove the probe, or record one of these",
            )  # fmt: skip


def _reset(population: PopulationProgram, cell: Cell) -> Iterator[Finding]:
    if not cell.refractory:
        return
    above = np.asarray(population.parameters["v_reset"]) >= np.asarray(
        population.parameters["v_thresh"]
    )
    if np.any(above & (np.asarray(population.refractory_steps) > 0)):
        yield Finding(
            "reset_above_threshold", "error", f"population {population.name!r}",
            "v_reset is not below v_thresh: the chip tests the threshold in refractory steps too, "
            "and would spike in every one of them",
            "set v_reset below v_thresh", float(np.sum(above)),
        )  # fmt: skip


def _peak(population: PopulationProgram) -> Iterator[Finding]:
    peak = np.asarray(population.parameters["v_thresh"])
    if np.any(peak != IZHIKEVICH_PEAK):
        yield Finding(
            "fixed_threshold", "error", f"population {population.name!r}",
            f"the chip's Izhikevich cell cuts spikes off at {IZHIKEVICH_PEAK:g} mV, v_thresh is "
            f"{peak.flat[np.argmax(peak != IZHIKEVICH_PEAK)]:g} mV",
            f"set v_thresh to {IZHIKEVICH_PEAK:g} mV",
        )  # fmt: skip


def input_findings(plan: ChipPlan) -> list[Finding]:
    """Input for which no weight scale serves. ``plan`` has bounds and sums only."""
    findings = []
    for name, summed in plan.summed.items():
        cell = plan.cells[name]
        for row, receptor in enumerate(RECEPTORS):
            worst = int(summed[row].argmax())
            most = float(summed[row, worst]) / plan.units[name]
            if shift_for(float(summed[row, worst]), cell.gain) <= LARGEST_SHIFT:
                continue
            unit = "uS" if cell.gain > 1 else "nA"
            findings.append(
                Finding(
                    "input_too_large", "error", f"population {name!r}",
                    f"up to {most:g} {unit} of {receptor} input can reach neuron {worst} in one "
                    f"step; SpiNNaker holds at most {65536 / cell.gain:g} {unit}, and more would "
                    "act with the opposite sign",
                    "check the unit of the weights (nA and uS, not pA and nS), or give what really "
                    "arrives as max_summed_input", most,
                )
            )  # fmt: skip
    return findings


def plan_findings(plan: ChipPlan) -> list[Finding]:
    """What 16-bit weights and ring buffers do to the network."""
    findings = [*_units(plan), *_rounding(plan), *_saturation(plan)]
    return [*findings, *_long_rows(plan), *_unlike_alpha(plan)]


def _units(plan: ChipPlan) -> Iterator[Finding]:
    for name, unit in plan.units.items():
        if unit != 1.0:
            yield Finding(
                "unit_of_current", "note", f"population {name!r}",
                f"its currents, weights and cm are multiplied by {unit:g} on the chip, where a "
                "current has 15 fractional bits; the network is the same, weights are finer",
                "nothing to do; recorded currents are given in nA as always", unit,
            )  # fmt: skip


def _of(plan: ChipPlan, name: str) -> list[Scaled]:
    return [s for s in plan.scaled if s.edges.pathway.post == name]


def _rounding(plan: ChipPlan) -> Iterator[Finding]:
    for name in plan.cells:
        error = plan.error(name)
        where = f"population {name!r}"
        if error.became_zero:
            lost = float(plan.lost_input(name).max())
            yield Finding(
                "weights_become_zero", "approximation" if lost > NOTICEABLE else "note", where,
                f"{error.became_zero:,} of {error.n:,} weights onto it ({error.zero_share:.2%}) "
                "are below half the resolution of 16-bit weights and become 0; a neuron loses up "
                f"to {lost:.2%} of its input weight",
                _FINER, error.zero_share,
            )  # fmt: skip
        if error.n and error.total > 0:
            yield Finding(
                "weights_rounded", "approximation" if error.total > NOTICEABLE else "note", where,
                f"weights onto it change by {error.total:.3%} in all ({error.drift:+.3%} with "
                f"signs), a single one by up to {error.largest:.2%}",
                _FINER if error.total > NOTICEABLE else "nothing to do", error.total,
            )  # fmt: skip


def _saturation(plan: ChipPlan) -> Iterator[Finding]:
    for name, bound in plan.bounds.items():
        for row, receptor in enumerate(RECEPTORS):
            room = plan.resolutions(name, receptor) * LARGEST_WORD
            over = bound[row] > room * (1 + 1e-9)
            if not over.any():
                continue
            ratio = float((bound[row] / room).max())
            yield Finding(
                "input_may_saturate", "note", f"population {name!r}",
                f"if all {receptor} inputs of a neuron arrived in one step, {int(over.sum()):,} of "
                f"{over.size:,} neurons would get more than the ring buffer holds, by up to "
                f"{ratio:.3g} times; what saturates is counted in every run",
                "give a larger max_summed_input if a run saturates", ratio,
            )  # fmt: skip


def _long_rows(plan: ChipPlan) -> Iterator[Finding]:
    for p in plan.projections:
        per_core = plan.chip_population(p.post).neurons_per_core
        if p.n_edges <= LONGEST_ROW:
            continue
        row = p.source.astype(np.int64) * (p.target.max() // per_core + 1) + p.target // per_core
        longest = int(np.bincount(np.unique(row, return_inverse=True)[1]).max())
        if longest > LONGEST_ROW:
            yield Finding(
                "row_too_long", "error", f"projection {p.name!r}",
                f"a neuron of {p.pre!r} has {longest} synapses onto one core, the chip takes "
                f"{LONGEST_ROW}: there are parallel edges",
                "merge parallel edges, or set neurons_per_core lower", float(longest),
            )  # fmt: skip


def _unlike_alpha(plan: ChipPlan) -> Iterator[Finding]:
    """The chip adds alpha functions as if all inputs of a receptor were equally strong."""
    for name, cell in plan.cells.items():
        if cell.name != "IF_curr_alpha" or not _of(plan, name):
            continue
        value = np.concatenate([s.rounded for s in _of(plan, name)])
        target = np.concatenate([s.edges.target for s in _of(plan, name)])
        spread = _spread(value, target)
        if spread > NOTICEABLE:
            yield Finding(
                "alpha_inputs_differ", "approximation", f"population {name!r}",
                "the chip's alpha synapses follow the last input alone where several overlap, "
                "which is right only if all are equally strong; weights onto one neuron differ by "
                f"up to {spread:.3g} times their mean",
                "use lif_exp, or accept this and look at the twin's result", spread,
            )  # fmt: skip


def _spread(value: NDArray[np.float64], target: NDArray[np.int32]) -> float:
    """Largest difference of a weight from the mean onto its neuron, relative to it."""
    count = np.maximum(np.bincount(target), 1)
    mean = np.bincount(target, weights=value) / count
    return float((np.abs(value - mean[target]) / np.maximum(mean[target], 1e-300)).max())
