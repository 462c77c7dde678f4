"""Constants and initial states of a population as functions of its parameters, differentiable.

The lowering works them out in NumPy; this does the same in torch for the parameters that are
trained, so that a gradient reaches a time constant through the matrix exponential that it is in.
"""

from __future__ import annotations

__all__ = ["trained_constants", "trained_initial"]

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from neurobridge.backends.torch.translate import compile_expression
from neurobridge.expression import names_in, substitute
from neurobridge.graph.equations import resolve_units
from neurobridge.graph.model import NeuronModel
from neurobridge.graph.population import Population
from neurobridge.lowering.integrate import constant_name, exact_system, flat_shorthands
from neurobridge.lowering.linear import reachable
from neurobridge.lowering.program import PopulationProgram
from neurobridge.units import parse_unit

Tensors = dict[str, torch.Tensor]


def trained_constants(
    program: PopulationProgram, trained: Mapping[str, torch.Tensor], dt: float
) -> Tensors:
    """The constants of a population that depend on trained parameters.

    Parameters
    ----------
    program : PopulationProgram
    trained : mapping of parameter to tensor () or (n,)
        In the units of the declaration.
    dt : float
        In ms.

    Returns
    -------
    dict of str to tensor
        Only what depends on them.
    """
    if not trained:
        return {}
    model = program.model
    values = _coherent(model, {**program.parameters, **trained}, next(iter(trained.values())))
    found = {n: values[n] for n in trained if n in program.constants}
    for receptor in model.receptors:
        name = f"gain_{receptor.name}"
        added = resolve_units(receptor.added, {**model.dimensions, "w": None})  # type: ignore[dict-item]
        if name in program.constants and names_in(added) & set(trained):
            found[name] = compile_expression(added)({**values, "w": 1.0})
    if model.integrator == "exact":
        found |= _exact(model, values, set(trained), dt)
    return found


def trained_initial(
    program: PopulationProgram, population: Population, trained: Mapping[str, torch.Tensor]
) -> Tensors:
    """Initial states that depend on trained parameters, () or (n,)."""
    if not trained:
        return {}
    model, found, like = program.model, {}, next(iter(trained.values()))
    values = _coherent(model, {**program.parameters, **trained}, like)
    values |= dict.fromkeys(("current", *model.coupling_names), 0.0)
    shorthands = flat_shorthands(model)
    moved = set(trained)
    for name in model.states:
        default = model.initial.get(name, 0.0)
        values[name] = torch.as_tensor(
            _writable(program.initial[name]), dtype=torch.float64, device=like.device
        )
        if name in population.initial or not isinstance(default, str):
            continue
        body = substitute(resolve_units(default, model.dimensions), shorthands)
        if names_in(body) & moved:
            found[name] = values[name] = compile_expression(body)(values)
            moved.add(name)
    return found


def _coherent(
    model: NeuronModel, parameters: Mapping[str, Any], like: torch.Tensor
) -> dict[str, Any]:
    """Parameters as float64 tensors in units that multiply without factors."""
    return {
        name: torch.as_tensor(_writable(value), dtype=torch.float64, device=like.device)
        * parse_unit(model.parameters[name].unit).factor
        for name, value in parameters.items()
    }


def _writable(value: Any) -> Any:
    return value.copy() if hasattr(value, "flags") else value


def _exact(model: NeuronModel, values: Mapping[str, Any], trained: set[str], dt: float) -> Tensors:
    """Entries of the matrix exponentials of the free and of the clamped system."""
    coefficients, inputs = exact_system(model)
    used = {n for row in coefficients.values() for text in row.values() for n in names_in(text)}
    if not used & trained:
        return {}
    clamped = set(model.refractory.clamped) if model.refractory else set()
    found = _entries("P", coefficients, inputs, values, dt, set())
    if clamped:
        found |= _entries("H", coefficients, inputs, values, dt, clamped)
    return found


def _entries(
    letter: str,
    coefficients: Mapping[str, Mapping[str, str]],
    inputs: tuple[str, ...],
    values: Mapping[str, Any],
    dt: float,
    held: set[str],
) -> Tensors:
    states = tuple(coefficients)
    columns = (*states, *inputs, "")
    device = next(v.device for v in values.values() if isinstance(v, torch.Tensor))
    terms = {
        (row, column): torch.as_tensor(
            compile_expression(text)(values), dtype=torch.float64, device=device
        )
        for row in states
        if row not in held
        for column, text in coefficients[row].items()
    }
    shape = np.broadcast_shapes(*(tuple(t.shape) for t in terms.values()))
    zero = torch.zeros(shape, dtype=torch.float64, device=device)
    rows = [
        torch.stack([terms.get((row, c), zero).expand(shape) for c in columns], -1)
        for row in (*states, *inputs, "")
    ]
    result = torch.linalg.matrix_exp(torch.stack(rows, -2) * dt)
    return {
        constant_name(letter, row, column): result[..., i, j]
        for i, row in enumerate(states)
        for j, column in enumerate(columns)
        if (row, column) in reachable(set(terms), states, columns)
    }
