"""Weights as the chip holds them, back in the order and unit of the network."""

from __future__ import annotations

__all__ = ["held_weights"]

import numpy as np
from numpy.typing import NDArray

from neurobridge.lowering.chip.plan import ChipPlan


def held_weights(plan: ChipPlan) -> dict[int, NDArray[np.float64]]:
    """Weight of every edge by pathway index, float64 (E,), in the unit of the receptor."""
    number = {id(way): i for i, way in enumerate(plan.program.pathways)}
    held = {i: np.zeros(way.n_edges) for i, way in enumerate(plan.program.pathways)}
    for s in plan.scaled:
        way = s.edges.pathway
        population = plan.program.population(way.post)
        cell = plan.cells[way.post]
        factor = np.asarray(cell.factor(way.receptor, population.parameters, plan.program.dt))
        own = factor[s.edges.target] if factor.ndim else factor
        values = s.rounded / (plan.units[way.post] * own)
        place = slice(None) if s.edges.edge is None else s.edges.edge
        held[number[id(way)]][place] = np.copysign(values, way.weight[place])
    return held
