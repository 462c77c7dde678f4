"""Which NEST model each population becomes, and how our names translate into it."""

from __future__ import annotations

__all__ = ["Cell", "Models", "choose_cells"]

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from neurobridge.backends.nest.catalogue import NativeCell, native_cell
from neurobridge.backends.nest.nestml import Nestml, nestml_model, safe_name
from neurobridge.backends.nest.rates import is_rate, rate_neuron
from neurobridge.errors import BackendError
from neurobridge.lowering.program import PopulationProgram, Program

Models = Literal["auto", "nestml", "builtin"]


@dataclass(frozen=True)
class Cell:
    """A population in NEST's terms.

    Parameters
    ----------
    model : str
        Name of the NEST model.
    parameters, initial, silent, last : mapping
        What to set once, at time 0 of a run, in the quiet steps before it, and in the last of them.
    recordables : mapping of str to (str, float)
        Our state -> NEST's name and the factor from our unit to NEST's.
    receptors : mapping of str to int
        Receptor or coupling -> receptor type.
    weight_factor, current_factor : float or array (size,)
        From our unit to NEST's.
    shift : float or array (size,)
        Our state where NEST's is 0.
    moved : str
        The parameter that an injected current moves; empty if the cell takes it as a current.
    signed_receptors : bool
        NEST chooses the receptor by the sign of the weight.
    nestml : Nestml or None
        The model that has to be compiled.
    reason : str
        Why it is not a built-in cell.
    """

    model: str
    parameters: Mapping[str, Any]
    initial: Mapping[str, Any]
    silent: Mapping[str, Any]
    recordables: Mapping[str, tuple[str, Any]]
    receptors: Mapping[str, int]
    weight_factor: Any = 1.0
    current_factor: Any = 1.0
    shift: Any = 0.0
    moved: str = ""
    last: Mapping[str, Any] = field(default_factory=dict)
    signed_receptors: bool = False
    nestml: Nestml | None = None
    reason: str = ""


def choose_cells(
    program: Program, models: Models, compiled: Collection[str] = ()
) -> dict[str, Cell]:
    """The cell of every population that has dynamics; those in ``compiled`` go through NESTML."""
    cells = {}
    for population in program.populations:
        if not population.is_source:
            choice: Models = "nestml" if population.name in compiled else models
            cells[population.name] = _choose(population, program, choice)
    return cells


def _choose(population: PopulationProgram, program: Program, models: Models) -> Cell:
    if is_rate(population):
        return _rate(population, program)
    if models == "nestml":
        return _compiled(population, "asked for")
    native, reason = native_cell(population, program)
    if native is not None and not (unknown := _unrecorded(population, program, native)):
        return _built_in(population, native)
    if native is not None:
        reason = f"{native.native.theirs} does not record {', '.join(unknown)}"
    if models == "builtin":
        raise BackendError(
            f"population {population.name!r}: no built-in cell of NEST is exactly equivalent "
            f"({reason}). Use models='auto', which compiles this one with NESTML"
        )
    return _compiled(population, reason)


def _unrecorded(population: PopulationProgram, program: Program, native: NativeCell) -> list[str]:
    asked = {p.variable for p in program.signal_plans if p.population == population.name}
    return sorted(asked - set(native.native.recordables))


def _built_in(population: PopulationProgram, cell: NativeCell) -> Cell:
    return Cell(
        model=cell.native.theirs,
        parameters=cell.parameters,
        initial=cell.initial,
        silent=cell.silent,
        recordables=cell.native.recordables,
        receptors={r.name: 0 for r in population.code.receptors},
        weight_factor=cell.native.weight_factor,
        current_factor=1e3,
        signed_receptors=cell.native.signed_receptors,
    )


def _rate(population: PopulationProgram, program: Program) -> Cell:
    neuron, reason = rate_neuron(population, program)
    if neuron is None:
        raise BackendError(
            f"population {population.name!r}: no rate neuron of NEST is equal to it ({reason}). "
            "Compile the network with these parameters on another backend"
        )
    (state,) = population.code.states
    moved, by = neuron.current
    return Cell(
        model=neuron.theirs,
        parameters=neuron.parameters,
        initial=neuron.initial,
        silent=neuron.silent,
        last=neuron.last,
        recordables={state: ("rate", neuron.scale)},
        receptors=dict.fromkeys(population.code.couplings, 0),
        weight_factor=neuron.weight_factor,
        current_factor=by,
        shift=neuron.shift,
        moved=moved,
    )


def _compiled(population: PopulationProgram, reason: str) -> Cell:
    nestml = nestml_model(population)
    constants = {safe_name(name): value for name, value in population.constants.items()}
    initial = {safe_name(name): value for name, value in population.initial.items()}
    return Cell(
        model=nestml.name,
        parameters={
            **constants,
            "refractory_steps": population.refractory_steps,
            "may_spike": True,
        },
        initial={**initial, "refractory": 0},
        silent={"may_spike": False},
        recordables={name: (safe_name(name), 1.0) for name in population.code.states},
        receptors={name: nestml.receptor_type(name) for name in nestml.ports},
        nestml=nestml,
        reason=reason,
    )
