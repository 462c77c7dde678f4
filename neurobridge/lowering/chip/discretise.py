r"""The chip's difference equations in real numbers: each of its errors turned on alone.

A program that the reference and torch run in floating point, with

* the chip's time step: input acts as the mean of its decay over a step, and the synaptic current
  of the beginning of a step is held in it, :math:`V' = \alpha - e (\alpha - V)`;
* weights as multiples of the resolution of a synapse;
* decays, thresholds and all other constants as the chip holds them.

With all three, what is left of the difference to the twin (:mod:`neurobridge.backends.fixedpoint`)
is that every product is floored, and that ring buffers can be full. Delays stay those of the
contract, for :mod:`.timing` makes the chip's such that spikes are felt at the same time.
"""

from __future__ import annotations

__all__ = ["Equations", "discretise", "discretise_drive", "equations_of"]

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from neurobridge.backends.fixedpoint.fixed import SCALE
from neurobridge.errors import ModelError
from neurobridge.lowering.chip.cells import Cell
from neurobridge.lowering.chip.event_words import event_words
from neurobridge.lowering.chip.held import Held, held_values
from neurobridge.lowering.chip.plan import ChipPlan
from neurobridge.lowering.chip.weights_back import held_weights
from neurobridge.lowering.evaluate import evaluate
from neurobridge.lowering.integrate import step_code
from neurobridge.lowering.neurons import coherent_parameters
from neurobridge.lowering.program import (
    Assignment,
    CurrentInput,
    Drive,
    EventInput,
    PopulationProgram,
    Program,
    Stage,
)


@dataclass(frozen=True)
class Equations:
    """One step of a cell in real numbers.

    Parameters
    ----------
    constants, gains : mapping of str to str
        Expressions over the model's parameters and ``step_ms``: constants of the code, and by
        receptor what a weight of 1 adds.
    stages : tuple of Stage, or None
        None: the code of the exact solution, with these constants.
    """

    constants: Mapping[str, str]
    gains: Mapping[str, str]
    stages: tuple[Stage, ...] | None = None


_LEAK, _LOST, _RESISTANCE = "exp(-step_ms/tau_m)", "(-expm1(-step_ms/tau_m))", "(tau_m/c_m)"
_MOVED = f"{_LOST}*{_RESISTANCE}"
_MEANS = {
    name: f"(-expm1(-step_ms/tau_syn_{name}))*tau_syn_{name}/step_ms" for name in ("exc", "inh")
}
_LIF_EXP = Equations(
    {
        "P_v_v": _LEAK,
        **dict.fromkeys(("P_v_i_exc", "P_v_i_inh", "P_v_current"), _MOVED),
        "P_v": f"{_LOST}*(v_rest + i_offset*{_RESISTANCE})",
        "P_i_exc_i_exc": "exp(-step_ms/tau_syn_exc)",
        "P_i_inh_i_inh": "exp(-step_ms/tau_syn_inh)",
    },
    _MEANS,
)
_TOWARDS = "v_rest + resistance*(g_exc*(e_exc - v) + g_inh*(e_inh - v) + i_offset + current)"
_LIF_COND_EXP = Equations(
    {
        "leak": _LEAK,
        "resistance": _RESISTANCE,
        "decay_exc": "exp(-step_ms/tau_syn_exc)",
        "decay_inh": "exp(-step_ms/tau_syn_inh)",
        **{name: name for name in ("v_rest", "e_exc", "e_inh", "i_offset")},
    },
    _MEANS,
    (
        Stage(
            "0.0",
            (
                Assignment("towards", _TOWARDS),
                Assignment("v", "where(free, towards - leak*(towards - v), v)"),
                Assignment("g_exc", "decay_exc*g_exc"),
                Assignment("g_inh", "decay_inh*g_inh"),
            ),
        ),
    ),
)
_LIF_DELTA = Equations({}, {})
_BY_CELL = {
    "IF_curr_exp": _LIF_EXP,
    "IF_cond_exp": _LIF_COND_EXP,
    "IF_curr_delta": _LIF_DELTA,
}


def equations_of(cell: Cell, population: str) -> Equations:
    """The difference equations of a cell.

    Raises
    ------
    ModelError
        If they are no code for real numbers: those of alpha synapses depend on which input came
        last, and those of Izhikevich neurons take a longer step after a spike.
    """
    if cell.name not in _BY_CELL:
        raise ModelError(
            f"population {population!r}: the chip's {cell.name} has no difference equations in "
            f"real numbers here, only {', '.join(_BY_CELL)} have; compare the reference with the "
            "twin (backend 'fixedpoint') instead, or use lif_exp, lif_delta or lif_cond_exp"
        )
    return _BY_CELL[cell.name]


def discretise(
    plan: ChipPlan, *, discretisation: bool = True, weights: bool = True, decays: bool = True
) -> Program:
    """The program of a plan with some of the chip's errors.

    Parameters
    ----------
    plan : ChipPlan
    discretisation : bool
        The chip's step instead of the model's own integrator.
    weights : bool
        Weights as 16-bit integers times their resolution.
    decays : bool
        Decays and all other constants, initial states and refractory steps as the chip holds them.

    Returns
    -------
    Program
        Without any of them that of the plan.

    Raises
    ------
    ModelError
        If a population's cell is none of those that can be written so; see :func:`equations_of`.
    """
    program = plan.program
    if discretisation or decays:
        program = replace(
            program,
            populations=tuple(
                p if p.is_source else _population(plan, p, discretisation, decays)
                for p in program.populations
            ),
        )
    if not weights:
        return program
    held = held_weights(plan)
    pathways = tuple(replace(p, weight=held[i]) for i, p in enumerate(program.pathways))
    return replace(program, pathways=pathways)


def _population(
    plan: ChipPlan, p: PopulationProgram, discretisation: bool, decays: bool
) -> PopulationProgram:
    equations = equations_of(plan.cells[p.name], p.name)
    held = held_values(plan, p.name) if decays else None
    own = p.parameters if held is None else {**p.parameters, **held.parameters}
    parameters = coherent_parameters(p.model, own)
    constants = {name: parameters.get(name, value) for name, value in p.constants.items()}
    gains: dict[str, Any] = {}
    stages = p.code.stages
    if discretisation and equations.constants:
        values = {**parameters, "step_ms": plan.program.dt}
        constants |= {n: evaluate(text, values) for n, text in equations.constants.items()}
        gains |= {r: evaluate(text, values) for r, text in equations.gains.items()}
        stages = equations.stages or stages
    else:
        constants |= step_code(p.model, parameters, plan.program.dt).constants
    if held is not None:
        gains |= {
            r: gain
            for r, gain in held.gains.items()
            if discretisation or plan.cells[p.name].at_once
        }
    constants |= {_gain_name(r): gain for r, gain in gains.items()}
    receptors = tuple(
        replace(r, gain=_gain_name(r.name)) if r.name in gains else r for r in p.code.receptors
    )
    changed = replace(
        p, constants=constants, code=replace(p.code, stages=stages, receptors=receptors)
    )
    return changed if held is None else _held(changed, held)


def _gain_name(receptor: str) -> str:
    return f"gain_{receptor}"


def _held(p: PopulationProgram, held: Held) -> PopulationProgram:
    return replace(p, initial={**p.initial, **held.initial}, refractory_steps=held.refractory_steps)


def discretise_drive(plan: ChipPlan, drive: Drive, *, weights: bool, decays: bool) -> Drive:
    """The input of a run with some of the chip's errors.

    Parameters
    ----------
    plan : ChipPlan
    drive : Drive
    weights : bool
        Weights of stimuli as 16-bit integers times their resolution.
    decays : bool
        Injected currents with 15 fractional bits.

    Raises
    ------
    BackendError
        If a weight needs a larger scale than the plan has.
    """
    events = tuple(_events(plan, e) for e in drive.events) if weights else drive.events
    currents = tuple(_current(plan, c) for c in drive.currents) if decays else drive.currents
    return replace(drive, events=events, currents=currents)


def _events(plan: ChipPlan, events: EventInput) -> EventInput:
    rounded, unit = event_words(plan, events), plan.units[events.population]
    value = rounded.value / unit
    own = np.divide(value, np.abs(events.weight), where=value > 0, out=np.ones_like(value))
    weight = rounded.word * rounded.resolution / (unit * own)
    return replace(events, weight=np.copysign(weight, events.weight))


def _current(plan: ChipPlan, inputs: CurrentInput) -> CurrentInput:
    scale = SCALE * plan.units[inputs.population]
    return replace(inputs, value=np.rint(inputs.value * scale) / scale)
