"""Integrators: from the equations of a model to the straight-line code of one time step."""

from __future__ import annotations

__all__ = ["StepCode", "constant_name", "exact_system", "flat_output", "step_code"]

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurobridge.errors import ModelError
from neurobridge.expression import names_in, substitute
from neurobridge.graph.equations import resolve_units
from neurobridge.graph.model import NeuronModel
from neurobridge.lowering.linear import CONSTANT, linear_terms, propagators
from neurobridge.lowering.program import Assignment, Stage

SILENT = "0.0"
"""The signal of a population that sends none."""

Constants = dict[str, float | NDArray[np.float64]]

ADAMS_BASHFORTH = (55 / 24, -59 / 24, 37 / 24, -9 / 24)
"""Weights of the slopes of this step and the three before it (order four)."""


@dataclass
class StepCode:
    """Stages that take the states over one step, and the constants that they name."""

    constants: Constants = field(default_factory=dict)
    blocks: list[tuple[str, list[Assignment]]] = field(default_factory=list)
    start: tuple[Stage, ...] = ()
    start_steps: int = 0
    memory: tuple[str, ...] = ()

    def begin(self, signal: str) -> None:
        """Open a stage, in which the population sends this signal first."""
        self.blocks.append((signal, []))

    def assign(self, target: str, expression: str) -> None:
        """Append one assignment to the stage that is open."""
        self.blocks[-1][1].append(Assignment(target, expression))

    def advance(self, states: Iterable[str]) -> None:
        """Move every state to its new value, after all new values were worked out."""
        for name in states:
            self.assign(name, f"{name}_next")

    @property
    def stages(self) -> tuple[Stage, ...]:
        """The stages so far."""
        return tuple(Stage(signal, tuple(lines)) for signal, lines in self.blocks)


def step_code(model: NeuronModel, parameters: Mapping[str, Any], dt: float) -> StepCode:
    """The code of one step of a model.

    Parameters
    ----------
    model : NeuronModel
    parameters : mapping of str to float or array
        Canonical units; rates already per ms.
    dt : float
        In ms.
    """
    if model.is_source:
        return StepCode(blocks=[(SILENT, [])])
    derivatives = flat_derivatives(model)
    clamped = set(model.refractory.clamped) if model.refractory else set()
    integrate = {
        "exact": _exact,
        "euler": _euler,
        "rk4": _rk4,
        "ab4": _ab4,
        "exponential_euler": _exponential_euler,
    }[model.integrator]
    code = integrate(model, derivatives, clamped, parameters, dt)
    refuse_clashes(model, _made(code, model), f"the {model.integrator} integrator")
    stages = (*code.start, *code.stages)
    texts = [s.signal for s in stages] + [a.expression for s in stages for a in s.update]
    used = {n for text in texts for n in names_in(text)}
    code.constants |= {n: v for n, v in parameters.items() if n in used}
    return code


def _made(code: StepCode, model: NeuronModel) -> set[str]:
    """Names that are not the user's; a state that is assigned twice has the name of a local."""
    made = set(code.constants) | set(code.memory)
    for stages in (code.start, code.stages):
        assigned = Counter(a.target for stage in stages for a in stage.update)
        made |= set(assigned) - {name for name in model.states if assigned[name] == 1}
    return made


def refuse_clashes(model: NeuronModel, made: set[str], maker: str) -> None:
    """Names made by the lowering must not be names of the user's."""
    own = {*model.parameters, *model.states, *model.shorthands, *model.coupling_names}
    clash = made & own
    if clash:
        raise ModelError(
            f"model {model.name!r}: the names {sorted(clash)} are made by {maker}; "
            "call yours something else"
        )


def flat_derivatives(model: NeuronModel) -> dict[str, str]:
    """Right sides of the differential equations, shorthands and units worked in."""
    shorthands = flat_shorthands(model)
    return {
        name: substitute(resolve_units(e.expression, model.dimensions), shorthands)
        for name, e in model.states.items()
    }


def flat_output(model: NeuronModel) -> str:
    """What a neuron sends continuously, shorthands and units worked in."""
    if not model.output:
        return SILENT
    return substitute(resolve_units(model.output, model.dimensions), flat_shorthands(model))


def flat_shorthands(model: NeuronModel) -> dict[str, str]:
    """The shorthands in terms of states and parameters; each may use those before it."""
    done: dict[str, str] = {}
    for name, equation in model.shorthands.items():
        later = names_in(equation.expression) & (set(model.shorthands) - set(done))
        if later:
            raise ModelError(
                f"model {model.name!r}: {name!r} uses {sorted(later)}, which must come before it"
            )
        done[name] = substitute(resolve_units(equation.expression, model.dimensions), done)
    return done


def _exact(
    model: NeuronModel, derivatives: dict[str, str], clamped: set[str], parameters: Any, dt: float
) -> StepCode:
    """The exact solution of a linear model."""
    coefficients, inputs = exact_system(model)
    code = StepCode()
    code.begin(flat_output(model))
    free = propagators(coefficients, inputs, parameters, dt)
    held = propagators(coefficients, inputs, parameters, dt, held=clamped) if clamped else free
    for name in derivatives:
        moved = _linear_sum(code, "P", name, free[name])
        if name in clamped:
            moved = f"where(free, {moved}, {name})"
        elif set(free[name]) & clamped:  # what it follows stands still while clamped
            moved = f"where(free, {moved}, {_linear_sum(code, 'H', name, held[name])})"
        code.assign(f"{name}_next", moved)
    code.advance(derivatives)
    return code


def exact_system(model: NeuronModel) -> tuple[dict[str, dict[str, str]], tuple[str, ...]]:
    """A linear model as the coefficients of each state's derivative, and the names of its inputs.

    Raises
    ------
    ModelError
        If the model is not linear.
    """
    inputs = (*(("current",) if model.takes_current else ()), *model.coupling_names)
    derivatives = flat_derivatives(model)
    try:
        return {
            name: linear_terms(body, (*derivatives, *inputs)) for name, body in derivatives.items()
        }, inputs
    except ModelError as err:
        raise ModelError(
            f"model {model.name!r} asks for exact integration, but {err}; name another integrator, "
            "e.g. integrator='rk4'"
        ) from err


def constant_name(letter: str, row: str, column: str) -> str:
    """Name of an entry of the exact solution: ``P_v_i`` moves v by i, ``P_v`` is what is added."""
    return f"{letter}_{row}_{column}" if column else f"{letter}_{row}"


def _linear_sum(code: StepCode, letter: str, row: str, entries: Mapping[str, Any]) -> str:
    """``P_a_a*a + P_a_b*b + C_a``, noting the constants."""
    terms = []
    for column, value in entries.items():
        constant = constant_name(letter, row, column)
        if constant in code.constants:
            raise ModelError(
                f"the constant {constant!r} of the exact integrator would have two meanings: names "
                f"of states that are joined by '_' read like state {row!r}; call one of them "
                "something else"
            )
        code.constants[constant] = value
        terms.append(f"{constant}*{column}" if column != CONSTANT else constant)
    return " + ".join(terms)


def _hold(name: str, moved: str, clamped: set[str]) -> str:
    return f"where(free, {moved}, {name})" if name in clamped else moved


def _euler(
    model: NeuronModel, derivatives: dict[str, str], clamped: set[str], parameters: Any, dt: float
) -> StepCode:
    """Forward Euler: ``x + dt f(x)``."""
    code = StepCode(constants={"step_ms": dt})
    code.begin(flat_output(model))
    for name, body in derivatives.items():
        code.assign(f"{name}_next", _hold(name, f"{name} + step_ms*({body})", clamped))
    code.advance(derivatives)
    return code


def _rk4(
    model: NeuronModel, derivatives: dict[str, str], clamped: set[str], parameters: Any, dt: float
) -> StepCode:
    """The classical fourth-order Runge-Kutta method; clamped states stand still in all stages."""
    code = StepCode(constants={"step_ms": dt, "half_step_ms": dt / 2, "sixth_step_ms": dt / 6})
    at = {name: name for name in derivatives}
    signal = flat_output(model)
    for stage, reach in ((1, "half_step_ms"), (2, "half_step_ms"), (3, "step_ms"), (4, "")):
        if stage == 1 or _is_coupled(model):
            code.begin(substitute(signal, at))
        _slopes(code, f"k{stage}", derivatives, at, clamped)
        if reach:
            for name in derivatives:
                code.assign(f"y{stage}_{name}", f"{name} + {reach}*k{stage}_{name}")
            at = {name: f"y{stage}_{name}" for name in derivatives}
    for n in derivatives:
        code.assign(n, f"{n} + sixth_step_ms*(k1_{n} + 2*k2_{n} + 2*k3_{n} + k4_{n})")
    return code


def _ab4(
    model: NeuronModel, derivatives: dict[str, str], clamped: set[str], parameters: Any, dt: float
) -> StepCode:
    """The four-step Adams-Bashforth method, started by three Runge-Kutta steps.

    One evaluation a step, of order four (Hairer, Noersett & Wanner 1993, Solving ordinary
    differential equations I, III.1).
    """
    if model.threshold:
        raise ModelError(
            f"model {model.name!r}: ab4 goes on from the slopes of earlier steps, and the reset of "
            "a spike breaks them; name another integrator, e.g. 'rk4'"
        )
    start = _rk4(model, derivatives, clamped, parameters, dt)
    code = StepCode(constants=dict(start.constants))
    code.begin(flat_output(model))
    _slopes(code, "k1", derivatives, {name: name for name in derivatives}, clamped)
    for i, weight in enumerate(ADAMS_BASHFORTH):
        code.constants[f"adams_{i}_ms"] = dt * weight
    for n in derivatives:
        code.assign(
            f"{n}_next",
            f"{n} + adams_0_ms*k1_{n} + adams_1_ms*before1_{n} + adams_2_ms*before2_{n} "
            f"+ adams_3_ms*before3_{n}",
        )
    for block in (start, code):
        for n in derivatives:
            block.assign(f"before3_{n}", f"before2_{n}")
            block.assign(f"before2_{n}", f"before1_{n}")
            block.assign(f"before1_{n}", f"k1_{n}")
    code.advance(derivatives)
    code.start, code.start_steps = start.stages, 3
    code.memory = tuple(f"before{i}_{n}" for n in derivatives for i in (1, 2, 3))
    return code


def _slopes(
    code: StepCode,
    letter: str,
    derivatives: Mapping[str, str],
    at: Mapping[str, str],
    clamped: set[str],
) -> None:
    """Assign the right sides at these values; 0 for what is clamped."""
    for name, body in derivatives.items():
        slope = substitute(body, at)
        code.assign(f"{letter}_{name}", f"where(free, {slope}, 0.0)" if name in clamped else slope)


def _is_coupled(model: NeuronModel) -> bool:
    return bool(model.output or model.couplings)


def _exponential_euler(
    model: NeuronModel, derivatives: dict[str, str], clamped: set[str], parameters: Any, dt: float
) -> StepCode:
    """Each ``dx/dt = a + c x`` solved with the others held: ``x e^(c dt) + a dt exprel(c dt)``."""
    code = StepCode(constants={"step_ms": dt})
    code.begin(flat_output(model))
    for name, body in derivatives.items():
        try:
            terms = linear_terms(body, (name,))
        except ModelError as err:
            raise ModelError(
                f"model {model.name!r}: the exponential Euler method needs d{name}/dt to be linear "
                f"in {name}, but {err}; name another integrator"
            ) from err
        rate = f"z_{name}"
        code.assign(rate, f"step_ms*({terms.get(name, '0.0')})")
        moved = f"{name}*exp({rate}) + step_ms*({terms.get(CONSTANT, '0.0')})*exprel({rate})"
        code.assign(f"{name}_next", _hold(name, moved, clamped))
    code.advance(derivatives)
    return code
