"""What speaks against a run on a simulator of PyNN, or will make it differ, before it is built."""

from __future__ import annotations

__all__ = ["MAX_EDGES", "check_cells", "check_edges", "check_simulator"]

from collections.abc import Iterator

import numpy as np

from neurobridge.backends.pynn.catalogue import CellType, cell_type, nearest_cell
from neurobridge.backends.pynn.fixed_step import early_threshold
from neurobridge.backends.pynn.mechanisms import missing_tool
from neurobridge.backends.pynn.simulators import SIMULATORS, Simulator
from neurobridge.errors import suggest
from neurobridge.lowering.finding import Finding
from neurobridge.lowering.program import PopulationProgram, Program
from neurobridge.registry import backends_that

MAX_EDGES = 100_000
"""Edges up to which a network is built; see the timings in ``docs/pynn.md``."""
CHIP = "pyNN.spiNNaker"
"""PyNN's interface to sPyNNaker: importing it without settings writes into the home folder."""


def check_simulator(chosen: Simulator) -> list[Finding]:
    """A simulator, or a tool that it needs, that is not there."""
    where = f"setting 'simulator', {chosen.name!r}"
    if chosen.module.lower() == CHIP.lower():
        why = "it is not a simulator, but a chip with numbers, delays and scales of its own"
        return [Finding("not_a_simulator", "error", where, why, "use the backend 'spinnaker'")]
    if not chosen.installed:
        why = f"the package {chosen.package!r} is not installed{suggest(chosen.name, SIMULATORS)}"
        return [Finding("simulator_unavailable", "error", where, why, chosen.install)]
    if chosen.fixed_step and (missing := missing_tool()):
        remedy = "install what is missing, or choose simulator='nest'"
        return [Finding("simulator_unavailable", "error", where, missing, remedy)]
    if not chosen.cells:
        return [
            Finding(
                "simulator_not_measured", "note", where,
                "how this simulator counts delays, refractory steps and times of spikes was not "
                "measured; it is taken to count as the contract does",
                f"compare a small network with the reference, or choose of {list(SIMULATORS)}",
            )
        ]  # fmt: skip
    return []


def check_edges(program: Program) -> list[Finding]:
    """A network that would take longer to build than is sensible."""
    edges = sum(path.n_edges for path in program.pathways)
    if edges <= MAX_EDGES:
        return []
    return [
        Finding(
            "too_many_edges", "error", "network",
            f"it has {edges:,} edges, and PyNN holds each one as an object: up to {MAX_EDGES:,} "
            "are built here",
            "run it on brian2 or nest, or take a part of it", float(edges),
        )
    ]  # fmt: skip


def check_cells(program: Program, chosen: Simulator, substeps: int) -> list[Finding]:
    """Populations without a cell, or whose cell differs."""
    findings: list[Finding] = []
    for population in program.populations:
        if population.is_source or population.code.couplings or population.model.output:
            continue  # nothing to build, or refused for its continuous output
        row = cell_type(population.model)
        if row is None:
            findings.append(_no_cell(population))
        elif chosen.cells and row.theirs not in chosen.cells:
            findings.append(_not_there(population, row, chosen))
        else:
            findings += _states(program, population, row, chosen)
            findings += _values(population, row, chosen, program.dt / substeps)
            findings += _differs(population, row, chosen, substeps)
    return findings


def _no_cell(p: PopulationProgram) -> Finding:
    able = " or ".join(backends_that(lambda can: can.equations))
    return Finding(
        "no_pynn_cell", "error", f"population {p.name!r}",
        f"PyNN has no cell with the equations of model {p.model.name!r}; the nearest is "
        f"{nearest_cell(p.model)}",
        f"run it on {able}",
    )  # fmt: skip


def _not_there(p: PopulationProgram, row: CellType, chosen: Simulator) -> Finding:
    others = [s.name for s in SIMULATORS.values() if row.theirs in s.cells]
    return Finding(
        "no_pynn_cell", "error", f"population {p.name!r}",
        f"{row.theirs} is not there, or was not measured, on simulator {chosen.name!r}",
        f"choose simulator={' or '.join(map(repr, others))}, or run it on another backend",
    )  # fmt: skip


def _states(
    program: Program, p: PopulationProgram, row: CellType, chosen: Simulator
) -> Iterator[Finding]:
    """What is not recorded, and what cannot start where it should."""
    unseen = row.theirs in chosen.unseen
    recordable = frozenset() if unseen else row.recordable
    for plan in program.signal_plans:
        if plan.population == p.name and plan.variable not in recordable:
            yield Finding(
                "state_not_recorded", "error", f"probe {plan.name!r}",
                f"PyNN does not record {plan.variable!r} of {row.theirs} on {chosen.name!r}, only "
                f"{sorted({'spikes', *recordable})}",
                "remove this probe, or run it on another backend",
            )  # fmt: skip
    for name, value in p.initial.items():
        if row.states.get(name) not in chosen.initial and np.any(np.asarray(value) != 0):
            yield Finding(
                "initial_state", "error", f"population {p.name!r}",
                f"{name!r} of {row.theirs} cannot start elsewhere than at 0 on {chosen.name!r}",
                "start at 0, or run it on another backend",
            )  # fmt: skip


def _values(
    p: PopulationProgram, row: CellType, chosen: Simulator, step: float
) -> Iterator[Finding]:
    """Numbers that PyNN's cell does not take."""
    for name, value in row.fixed.items():
        if np.any(np.asarray(p.parameters[name]) != value):
            yield Finding(
                "fixed_parameter", "error", f"population {p.name!r}",
                f"{name} of {row.theirs} is {value} and cannot be changed",
                f"set {name} to {value}, or run it on another backend",
            )  # fmt: skip
    threshold = next((t for t in ("v_thresh", "v_peak") if t in p.parameters), "")
    if not chosen.crossing or not threshold:
        return
    limit = np.asarray(p.parameters[threshold])
    if row.theirs == "EIF_cond_exp_isfa_ista":
        limit = early_threshold(p.parameters, step)
    reset = "c" if "c" in p.parameters else "v_reset"
    starts, returns = np.asarray(p.initial["v"]), np.asarray(p.parameters[reset])
    for what, at in (("it starts", starts), ("it is reset", returns)):
        if np.any(at >= limit):
            yield Finding(
                "threshold_crossing", "error", f"population {p.name!r}",
                f"{what} at {at.max():g} mV, and {chosen.name} counts a spike only where the "
                f"potential crosses {limit.min():g} mV",
                "keep it below that, or run it on another backend",
            )  # fmt: skip


def _differs(
    p: PopulationProgram, row: CellType, chosen: Simulator, substeps: int
) -> Iterator[Finding]:
    if row.theirs in chosen.differs:
        words, size = chosen.differs[row.theirs]
        yield Finding(
            "simulator_integration", "note", f"population {p.name!r}",
            f"{row.theirs} is integrated by {chosen.name}'s own method, not by "
            f"{p.model.integrator}: {words}",
            "compare with a smaller dt; docs/pynn.md has the measurements", size,
        )  # fmt: skip
    if substeps > 1 and row.theirs != "HH_cond_exp":
        yield Finding(
            "spikes_between_steps", "note", f"population {p.name!r}",
            f"with substeps={substeps} the threshold is tested between steps of dt, and a neuron "
            "is reset there: every interval between spikes may be up to one dt shorter",
            "substeps=1 keeps spikes on the grid", float(substeps),
        )  # fmt: skip
