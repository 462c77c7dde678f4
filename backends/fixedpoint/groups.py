"""Populations of one cell type, advanced together."""

from __future__ import annotations

__all__ = ["Group", "group_populations"]

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from neurobridge.backends.fixedpoint.cells import CELLS
from neurobridge.backends.fixedpoint.cells.cell import Cell, Raw
from neurobridge.lowering.chip.network import ChipPopulation


@dataclass(frozen=True)
class Group:
    """Neurons ``first`` to ``last - 1`` of the simulation and their cell."""

    first: int
    last: int
    cell: Cell


def group_populations(
    populations: Sequence[ChipPopulation], raws: Mapping[str, Raw], dt: int
) -> tuple[list[Group], dict[str, int]]:
    """All populations by cell type, and the number of the first neuron of each.

    ``raws`` holds the encoded parameters of every population, ``dt`` is s16.15.
    """
    groups: list[Group] = []
    first: dict[str, int] = {}
    total = 0
    for name, cell in CELLS.items():
        members = [p for p in populations if p.cell == name]
        if not members:
            continue
        keys = raws[members[0].name]
        raw = {key: np.concatenate([raws[p.name][key] for p in members]) for key in keys}
        start = total
        for population in members:
            first[population.name] = total
            total += population.size
        groups.append(Group(start, total, cell(raw, dt)))
    return groups, first
