"""Parameters as the chip holds them, in the terms and units of the network.

The chip works with constants that follow from parameters: a decay with 15 or 32 fractional bits, a
resistance. They come from the twin's cells; here each becomes the parameter that has exactly this
constant, so that code for real numbers can be given what the chip has.
"""

from __future__ import annotations

__all__ = ["Held", "held_values"]

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurobridge.backends.fixedpoint.cells import CELLS
from neurobridge.backends.fixedpoint.fixed import SCALE, encode
from neurobridge.backends.fixedpoint.parameters import raw_parameters
from neurobridge.lowering.chip.plan import ChipPlan

Real = NDArray[np.float64]

_FRACTION = 2.0**32
"""Raw units of one, in u0.32."""

_RECEIVED = {"exc": "exc_init", "inh": "inh_init"}
"""Constant of the chip that multiplies a weight, by receptor of the models with decays."""


@dataclass(frozen=True)
class Held:
    """A population's numbers on the chip; every array is float64 (size,).

    Parameters
    ----------
    parameters : mapping of str to array
        By our name, in the unit of the declaration. A time constant is the one whose decay over a
        step is the chip's, ``c_m`` the one with the chip's ``tau_m/c_m``.
    gains : mapping of str to array
        By receptor: what a weight of 1 adds to the state that it acts on.
    initial : mapping of str to array
        States that the host sets.
    refractory_steps : int32 array (size,)
    """

    parameters: Mapping[str, Real]
    gains: Mapping[str, Real]
    initial: Mapping[str, Real]
    refractory_steps: NDArray[np.int32]


def held_values(plan: ChipPlan, population: str) -> Held:
    """What the chip holds for a population of leaky integrators.

    Parameters
    ----------
    plan : ChipPlan
    population : str
        Its cell is ``IF_curr_exp``, ``IF_curr_delta`` or ``IF_cond_exp``.
    """
    raw, constants = _gathered(plan, population)
    cell, unit, dt = plan.cells[population], plan.units[population], plan.program.dt
    parameters = {
        ours: raw[theirs] / SCALE
        for theirs, ours in cell.parameters.items()
        if not theirs.startswith("tau_")
    }
    parameters["i_offset"] = parameters["i_offset"] / unit
    leak, resistance = constants["exp_TC"] / SCALE, constants["R_membrane"] / SCALE * unit
    parameters["tau_m"] = -dt / np.log(leak)
    parameters["c_m"] = parameters["tau_m"] / resistance
    for theirs, decay in (("tau_syn_E", "exc_decay"), ("tau_syn_I", "inh_decay")):
        if theirs in cell.parameters:
            parameters[cell.parameters[theirs]] = -dt / np.log(constants[decay] / _FRACTION)
    initial = {
        ours: raw[theirs] / SCALE * (sign / (1.0 if theirs == "v" else unit * cell.gain))
        for theirs, (ours, sign) in cell.initial.items()
    }
    gains = {r: constants[c] / _FRACTION for r, c in _RECEIVED.items() if c in constants}
    if cell.at_once:
        own = plan.program.population(population).parameters
        charge = {r: np.asarray(cell.factor(r, own, dt)) for r in cell.receptors}
        moved = constants["scale_factor"] / SCALE * resistance * (1.0 - leak)
        gains = {r: moved * c for r, c in charge.items()}
    return Held(parameters, gains, initial, constants["T_refract"].astype(np.int32))


def _gathered(plan: ChipPlan, population: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Raw parameters and derived constants of all parts, int64 (size,), by the chip's names."""
    size, dt = plan.program.population(population).size, int(encode(plan.program.dt, "dt"))
    raw: dict[str, Any] = {}
    constants: dict[str, Any] = {}
    for part in plan.parts[population]:
        piece = plan.chip_population(part.name)
        values = raw_parameters(piece, dt)
        for found, own in ((raw, values), (constants, CELLS[piece.cell](values, dt).constants())):
            for name, value in own.items():
                whole = found.setdefault(name, np.zeros(size, dtype=np.int64))
                whole[part.neurons] = value
    return raw, constants
