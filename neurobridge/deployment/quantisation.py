"""What 16-bit weights do to the synapses of every part and of every group of neurons."""

from __future__ import annotations

__all__ = ["GroupError", "PartError", "Quantisation", "assess_quantisation"]

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurobridge.deployment.grouping import Groups
from neurobridge.lowering.chip.network import RECEPTORS
from neurobridge.lowering.chip.parts import Part
from neurobridge.lowering.chip.plan import ChipPlan
from neurobridge.lowering.chip.scale import capacity
from neurobridge.lowering.chip.words import RoundingError, rounding_error

Real = NDArray[np.float64]


@dataclass(frozen=True)
class PartError:
    """One receptor of one population on the chip.

    Parameters
    ----------
    population, part, receptor : str
        ``receptor`` is ours.
    neurons : int
    shift : int
        Left shift of its ring buffers.
    resolution : float
        The smallest weight, in ``unit`` (the coarsest over its neurons).
    unit : str
    error : RoundingError
    bound_headroom, measured_headroom : float or None
        What a ring buffer holds over the most that can arrive in one step, and over the most that
        did in the run of the reference: the smallest over its neurons. None without input.
    """

    population: str
    part: str
    receptor: str
    neurons: int
    shift: int
    resolution: float
    unit: str
    error: RoundingError
    bound_headroom: float | None
    measured_headroom: float | None

    def to_dict(self) -> dict[str, Any]:
        """A plain dictionary, for JSON."""
        return {**asdict(self), "error": self.error.to_dict()}


@dataclass(frozen=True)
class GroupError:
    """Weights onto a group of neurons, e.g. onto one cell type."""

    name: str
    neurons: int
    error: RoundingError

    def to_dict(self) -> dict[str, Any]:
        """A plain dictionary, for JSON."""
        return {"name": self.name, "neurons": self.neurons, "error": self.error.to_dict()}


@dataclass(frozen=True)
class Quantisation:
    """Rounding of all weights by part and receptor, and by group; the worst first."""

    parts: tuple[PartError, ...]
    label: str
    groups: tuple[GroupError, ...]

    def to_dict(self) -> dict[str, Any]:
        """A plain dictionary, for JSON."""
        return {
            "parts": [p.to_dict() for p in self.parts],
            "label": self.label,
            "groups": [g.to_dict() for g in self.groups],
        }


def assess_quantisation(
    plan: ChipPlan, measured: Mapping[str, Real], groups: Groups
) -> Quantisation:
    """The report on a plan.

    Parameters
    ----------
    plan : ChipPlan
    measured : mapping of str to float64 array, shape (2, size)
        See :func:`~neurobridge.deployment.measured_input.measure_input`.
    groups : Groups
    """
    everything = {name: _Synapses(plan, name) for name in plan.cells}
    parts = [
        _part(plan, measured[name], everything[name], part, row)
        for name in plan.cells
        for part in plan.parts[name]
        for row in range(len(RECEPTORS))
    ]
    used = [p for p in parts if p.error.n or p.bound_headroom is not None]
    used.sort(key=lambda p: (-p.error.zero_share, -p.error.total))
    return Quantisation(tuple(used), groups.label, _by_group(everything, groups))


class _Synapses:
    """All weights onto a population: before and after rounding, (E,) each."""

    def __init__(self, plan: ChipPlan, name: str) -> None:
        pieces = [s for s in plan.scaled if s.edges.pathway.post == name]
        empty = np.zeros(0)
        self.value = np.concatenate([empty, *(s.value for s in pieces)])
        self.rounded = np.concatenate([empty, *(s.rounded for s in pieces)])
        self.target = np.concatenate([empty.astype(np.int32), *(s.edges.target for s in pieces)])
        rows = [np.full(s.word.size, RECEPTORS.index(s.edges.receptor), np.int8) for s in pieces]
        self.row = np.concatenate([empty.astype(np.int8), *rows])


def _part(plan: ChipPlan, measured: Real, synapses: _Synapses, part: Part, row: int) -> PartError:
    population, cell = plan.program.population(part.population), plan.cells[part.population]
    chip = plan.chip_population(part.name)
    ours = next(
        name for name, (receptor, _) in cell.receptors.items() if receptor in ("", RECEPTORS[row])
    )
    factor = np.broadcast_to(
        np.asarray(cell.factor(ours, population.parameters, plan.program.dt)), population.size
    )[part.neurons]
    unit = plan.units[part.population]
    inside = np.zeros(population.size, dtype=bool)
    inside[part.neurons] = True
    chosen = inside[synapses.target] & (synapses.row == row)
    room = capacity(chip.shifts[row], chip.gain)
    return PartError(
        population=part.population,
        part=part.name,
        receptor=ours if len(cell.receptors) > 1 else f"{ours} ({RECEPTORS[row]})",
        neurons=int(part.neurons.size),
        shift=chip.shifts[row],
        resolution=float((chip.resolution(RECEPTORS[row]) / (unit * factor)).max()),
        unit=population.model.weight_unit(ours),
        error=rounding_error(synapses.value[chosen], synapses.rounded[chosen]),
        bound_headroom=_headroom(room, plan.bounds[part.population][row, part.neurons]),
        measured_headroom=_headroom(room, unit * measured[row, part.neurons]),
    )


def _headroom(room: float, summed: Real) -> float | None:
    most = float(summed.max(initial=0.0))
    return room / most if most > 0 else None


def _by_group(everything: Mapping[str, _Synapses], groups: Groups) -> tuple[GroupError, ...]:
    empty = np.zeros(0)
    code = np.concatenate(
        [empty.astype(np.int64), *(groups.codes[n][s.target] for n, s in everything.items())]
    )
    value = np.concatenate([empty, *(s.value for s in everything.values())])
    rounded = np.concatenate([empty, *(s.rounded for s in everything.values())])
    order = np.argsort(code, kind="stable")
    ends = np.cumsum(np.bincount(code, minlength=len(groups.names)))[:-1]
    pairs = zip(np.split(value[order], ends), np.split(rounded[order], ends), strict=True)
    found = [
        GroupError(name, int(size), rounding_error(*pair))
        for name, size, pair in zip(groups.names, groups.sizes, pairs, strict=True)
    ]
    found = [g for g in found if g.error.n]
    return tuple(sorted(found, key=lambda g: (-g.error.zero_share, -g.error.total, g.name)))
