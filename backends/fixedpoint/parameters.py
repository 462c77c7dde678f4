"""Parameters and initial values of populations as the raw integers that a core is given."""

from __future__ import annotations

__all__ = ["raw_parameters"]

from collections.abc import Mapping
from typing import Any

import numpy as np

from neurobridge.backends.fixedpoint.cells import CELLS
from neurobridge.backends.fixedpoint.cells.cell import Cell
from neurobridge.backends.fixedpoint.fixed import Int, encode
from neurobridge.errors import BackendError, suggest
from neurobridge.lowering.chip.network import ChipPopulation


def raw_parameters(population: ChipPopulation, dt: int) -> dict[str, Int]:
    """Every parameter and initial value of a population, s16.15, int64 (size,).

    Initial values that are not given are those of the host tools: all 0, but ``v`` -65 mV (not
    ``v_rest``), and for ``Izhikevich`` ``v`` -70 mV and ``u`` -14.

    Raises
    ------
    BackendError
        If a name is missing or unknown, a value is out of range, or the chip would divide by 0 or
        wrap around while it works out its constants.
    """
    cell = CELLS[population.cell]
    where = f"population {population.name!r} ({population.cell})"
    _check_names(cell, population, where)
    values: Mapping[str, Any] = {**cell.INITIAL, **population.initial, **population.parameters}
    raw = {name: _raw(values[name], population.size, f"{where}: {name}") for name in values}
    _check_values(cell, raw, dt, where)
    return raw


def _check_names(cell: type[Cell], population: ChipPopulation, where: str) -> None:
    missing = [name for name in cell.PARAMETERS if name not in population.parameters]
    if missing:
        raise BackendError(f"{where}: expected all parameters, got none for {missing}; give them")
    for given, known in (
        (population.parameters, cell.PARAMETERS),
        (population.initial, tuple(cell.INITIAL)),
    ):
        for name in given:
            if name not in known:
                raise BackendError(f"{where}: unknown name {name!r}{suggest(name, known)}")


def _raw(value: Any, size: int, what: str) -> Int:
    shape = np.shape(value)
    if shape not in ((), (size,)):
        raise BackendError(f"{what}: expected one number or {size}, got an array of shape {shape}")
    return np.array(np.broadcast_to(encode(value, what), (size,)))


def _check_values(cell: type[Cell], raw: Mapping[str, Int], dt: int, where: str) -> None:
    for names, lowest, why in (
        (cell.POSITIVE, 1, "the chip divides by it"),
        (cell.NOT_NEGATIVE, 0, "the chip divides it as an unsigned number"),
    ):
        for name in names:
            if np.any(raw[name] < lowest):
                raise BackendError(
                    f"{where}: {name} must be at least {lowest} of 32768ths, got "
                    f"{int(raw[name].min())}: {why}; give a larger {name}"
                )
    complaints = cell.complaints(raw, dt)
    if complaints:
        raise BackendError(f"{where}: {'; '.join(complaints)}; change these parameters")
