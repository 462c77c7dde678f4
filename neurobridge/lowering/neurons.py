"""Pass "neurons": each population becomes straight-line code with constants."""

from __future__ import annotations

__all__ = ["coherent_parameters", "lower_population"]

from collections.abc import Mapping
from typing import Any

import numpy as np

from neurobridge.errors import ModelError
from neurobridge.expression import names_in, substitute
from neurobridge.graph.equations import resolve_units
from neurobridge.graph.model import NeuronModel
from neurobridge.graph.population import Population
from neurobridge.lowering.evaluate import evaluate
from neurobridge.lowering.finding import Finding
from neurobridge.lowering.grid import to_steps
from neurobridge.lowering.integrate import flat_shorthands, refuse_clashes, step_code
from neurobridge.lowering.program import Assignment, NeuronCode, PopulationProgram, ReceptorCode
from neurobridge.units import parse_unit


def lower_population(population: Population, dt: float) -> tuple[PopulationProgram, list[Finding]]:
    """The program of a population at ``dt``, and what rounding its refractory period did."""
    model = population.model
    parameters = coherent_parameters(model, population.parameters)
    step = step_code(model, parameters, dt)
    constants = dict(step.constants)
    shorthands = flat_shorthands(model)

    def flat(expression: str) -> str:
        body = substitute(resolve_units(expression, model.dimensions), shorthands)
        inputs = names_in(body) & {"current", *model.coupling_names}
        if inputs:
            raise ModelError(
                f"model {model.name!r}: {expression!r} uses the input {sorted(inputs)}, which only "
                "differential equations may use; let a state follow it, and use that state"
            )
        constants.update({n: parameters[n] for n in names_in(body) if n in parameters})
        return body

    receptors = tuple(
        ReceptorCode(
            r.name,
            r.variable,
            _gain(model, r.name, parameters, constants),
            r.when_clamped == "drop",
        )
        for r in model.receptors
    )
    code = NeuronCode(
        states=tuple(model.states),
        stages=step.stages,
        receptors=receptors,
        threshold=flat(model.threshold) if model.threshold else "",
        crossing=model.threshold_policy == "crossing",
        reset=tuple(Assignment(name, flat(body)) for name, body in model.reset_statements),
        takes_current=model.takes_current,
        couplings=model.coupling_names,
        memory=step.memory,
        start=step.start,
        start_steps=step.start_steps,
    )
    refractory, findings = _refractory(population, dt)
    program = PopulationProgram(
        name=population.name,
        size=population.size,
        model=model,
        parameters=population.parameters,
        code=code,
        constants=constants,
        initial=_initial(population, parameters, shorthands),
        refractory_steps=refractory,
        is_source=model.is_source,
    )
    return program, findings


def coherent_parameters(model: NeuronModel, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters in units that multiply without factors: rates in Hz become per ms."""
    factors = {name: parse_unit(p.unit).factor for name, p in model.parameters.items()}
    return {n: v if factors[n] == 1 else v * factors[n] for n, v in parameters.items()}


def _gain(
    model: NeuronModel, receptor: str, parameters: Mapping[str, Any], constants: dict[str, Any]
) -> str:
    """What a unit weight adds: ``"1.0"``, or a constant that is worked out once."""
    added = resolve_units(model.receptor(receptor).added, {**model.dimensions, "w": None})  # type: ignore[dict-item]
    free_names = names_in(added) - {"w"} - set(parameters)
    if free_names:
        raise ModelError(
            f"model {model.name!r}, receptor {receptor!r}: an event may depend on parameters only, "
            f"but uses {sorted(free_names)}"
        )
    gain = evaluate(added, {**parameters, "w": 1.0})
    for w in (3.0, -3.0):
        jump = evaluate(added, {**parameters, "w": w})
        if not np.allclose(jump, w * np.asarray(gain), rtol=1e-12, atol=0):
            raise ModelError(
                f"model {model.name!r}, receptor {receptor!r}: '{added}' is not linear in w"
            )
    if np.ndim(gain) == 0 and gain == 1.0:
        return "1.0"
    name = f"gain_{receptor}"
    refuse_clashes(model, {name}, f"receptor {receptor!r}")
    constants[name] = gain
    return name


def _initial(
    population: Population, parameters: Mapping[str, Any], shorthands: Mapping[str, str]
) -> dict[str, Any]:
    """Initial states: the population's own, else the model's expressions, else 0."""
    model, values = population.model, {}
    known: dict[str, Any] = {
        **parameters,
        "current": 0.0,
        **dict.fromkeys(model.coupling_names, 0.0),
    }
    for name in model.states:
        default = model.initial.get(name, 0.0)
        factor = parse_unit(model.states[name].unit).factor
        if name in population.initial:
            value: Any = population.initial[name] * factor
        elif isinstance(default, str):
            body = substitute(resolve_units(default, model.dimensions), dict(shorthands))
            missing = names_in(body) - set(known)
            if missing:
                raise ModelError(
                    f"model {model.name!r}: the initial value of {name!r} uses {sorted(missing)}, "
                    "which is not known there; list states in the order in which they are set"
                )
            value = evaluate(body, known)
        else:
            value = float(default) * factor
        values[name] = known[name] = value
    return values


def _refractory(population: Population, dt: float) -> tuple[Any, list[Finding]]:
    model = population.model
    if model.refractory is None:
        return 0, []
    period = population.parameters[model.refractory.period]
    where = f"population {population.name!r}, {model.refractory.period}"
    steps, findings = to_steps(period, dt, where, "refractory_rounding", at_least=0)
    if np.ndim(steps) == 0:
        return int(steps), findings
    return np.asarray(steps, dtype=np.int32), findings
