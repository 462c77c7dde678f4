"""The passes from a program to a plan of the chip."""

from __future__ import annotations

__all__ = ["lower_to_chip"]

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurobridge.lowering.chip.cells import Cell, chip_cells
from neurobridge.lowering.chip.magnitudes import (
    largest_weights,
    pathway_magnitudes,
    summed_input,
)
from neurobridge.lowering.chip.parts import by_scale, by_size, mapped_fastest, name_parts
from neurobridge.lowering.chip.plan import ChipPlan
from neurobridge.lowering.chip.populations import (
    chip_population,
    neurons_per_core,
    scaled_for,
    shifts_for,
    unit_of,
)
from neurobridge.lowering.chip.preflight import (
    cell_findings,
    input_findings,
    plan_findings,
    step_findings,
)
from neurobridge.lowering.chip.projections import projections_of, scaled_weights, with_room
from neurobridge.lowering.chip.settings import AUTO_PARTS, ChipSettings, chip_settings
from neurobridge.lowering.chip.timing import source_lead
from neurobridge.lowering.finding import Finding
from neurobridge.lowering.program import PopulationProgram, Program

TOLERANCE = 0.01
"""Total relative error of weights above which a population is split where that helps."""


def lower_to_chip(
    program: Program, settings: Mapping[str, Any]
) -> tuple[ChipPlan | None, list[Finding]]:
    """Lay a program out for the chip.

    Parameters
    ----------
    program : Program
    settings : mapping
        See :data:`neurobridge.lowering.chip.settings.CHIP_SETTINGS`; others are ignored.

    Returns
    -------
    plan : ChipPlan or None
        None if it cannot be made; then there is an error among the findings.
    findings : list of Finding
        About cells, scales, weights and delays. What the arithmetic does to parameters is said by
        :mod:`neurobridge.backends.fixedpoint.check`.
    """
    findings = [*step_findings(program), *cell_findings(program)]
    cells = chip_cells(program)
    if _stops(findings) or len(cells) < sum(not p.is_source for p in program.populations):
        return None, findings
    chosen, found = chip_settings(program, cells, settings)
    findings += found
    bounds = summed_input(program, cells)
    maxima = chosen.max_summed_input
    largest = largest_weights(program, cells) if maxima else bounds
    summed = {
        n: scaled_for(program.population(n), cells[n], b, largest[n], maxima.get(n, {}), program.dt)
        for n, b in bounds.items()
    }
    leads = _leads(program, cells)
    cores, found = neurons_per_core(program, cells, leads, chosen.neurons_per_core)
    findings += found
    units = {n: unit_of(program.population(n), cells[n], s) for n, s in summed.items()}
    bare = ChipPlan(
        program=program, cells=cells, units=units, leads=leads,
        bounds={n: b * units[n] for n, b in bounds.items()},
        summed={n: s * units[n] for n, s in summed.items()},
        parts={}, populations=(), scaled=(), projections=(),
    )  # fmt: skip
    findings += input_findings(bare)
    if _stops(findings):
        return None, findings
    plan = _laid_out(bare, chosen, cores, findings)
    findings += plan_findings(plan)
    return plan, findings


def _stops(findings: list[Finding]) -> bool:
    return any(f.severity == "error" for f in findings)


def _leads(program: Program, cells: Mapping[str, Cell]) -> dict[str, int]:
    """How early sources send."""
    ways = [w for w in program.pathways if w.n_edges and not w.continuous]
    return {
        p.name: source_lead(any(cells[w.post].at_once for w in ways if w.pre == p.name))
        for p in program.populations
        if p.is_source
    }


def _laid_out(
    bare: ChipPlan, settings: ChipSettings, cores: Mapping[str, int], findings: list[Finding]
) -> ChipPlan:
    """Populations whole, or in parts: as told, or where one scale loses too much."""
    told = dict.fromkeys(bare.cells, settings.split or 1)
    whole = _in_parts(bare, settings, cores, told)
    if settings.split:
        return _with_projections(whole)
    coarse = {n: AUTO_PARTS for n in bare.cells if not _fine(whole, n)}
    if not coarse:
        return _with_projections(whole)
    split = _in_parts(bare, settings, cores, told | coarse)
    findings += [
        _split_finding(whole, split, n) for n in coarse if len(split.parts[n]) > len(whole.parts[n])
    ]
    return _with_projections(split)


def _fine(plan: ChipPlan, name: str) -> bool:
    error = plan.error(name)
    return error.became_zero == 0 and error.total <= TOLERANCE


def _in_parts(
    bare: ChipPlan, settings: ChipSettings, cores: Mapping[str, int], at_most: Mapping[str, int]
) -> ChipPlan:
    program, taken = bare.program, set[str]()
    parts, populations = {}, []
    for p in program.populations:
        everybody: list[NDArray[np.int32]] = [np.arange(p.size, dtype=np.int32)]
        if p.is_source:
            parts[p.name] = tuple(name_parts(p.name, everybody, taken))
            continue
        cell, summed = bare.cells[p.name], bare.summed[p.name]
        groups = by_scale(summed, cell.gain, at_most[p.name])
        largest = _part_size(program, p, settings, cores[p.name])
        pieces = [(piece, group) for group in groups for piece in by_size(group, largest)]
        parts[p.name] = tuple(name_parts(p.name, [piece for piece, _ in pieces], taken))
        for part, (_, group) in zip(parts[p.name], pieces, strict=True):
            shifts = shifts_for(summed[:, group], cell.gain)
            populations.append(
                chip_population(
                    p, cell, bare.units[p.name], part, shifts, cores[p.name], program.dt
                )
            )
    plan = replace(bare, parts=parts, populations=tuple(populations))
    plan = _with_weights(plan)
    roomy = with_room(plan, settings.max_summed_input)
    if [p.shifts for p in roomy] == [p.shifts for p in plan.populations]:
        return plan
    return _with_weights(replace(plan, populations=roomy))


def _part_size(
    program: Program, population: PopulationProgram, settings: ChipSettings, per_core: int
) -> int:
    """Neurons of a part at most."""
    if settings.part_size is None:
        return population.size
    ways = [way for way in program.pathways if way.post == population.name]
    return settings.part_size or mapped_fastest(
        population.size,
        per_core,
        sum(way.n_edges for way in ways),
        sum(program.population(name).size for name in {way.pre for way in ways}),
    )


def _with_weights(plan: ChipPlan) -> ChipPlan:
    found = pathway_magnitudes(plan.program, plan.cells)
    return replace(plan, scaled=tuple(scaled_weights(plan, m) for m in found))


def _with_projections(plan: ChipPlan) -> ChipPlan:
    return replace(plan, projections=tuple(projections_of(plan)))


def _split_finding(whole: ChipPlan, split: ChipPlan, name: str) -> Finding:
    old, new, n = whole.error(name), split.error(name), len(split.parts[name])
    return Finding(
        "population_split", "note", f"population {name!r}",
        f"one weight scale would change its weights by {old.total:.2%} in all and make "
        f"{old.became_zero:,} of {old.n:,} zero; as {n} populations on the chip it is "
        f"{new.total:.2%} and {new.became_zero:,}",
        "set split='never' to keep it whole, or the number of parts", float(n),
    )  # fmt: skip
