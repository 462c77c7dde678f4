"""Rate neurons: which of our rate models NEST's own are, and with which parameters.

A step of NEST's ``*_rate_ipn`` without noise is ``r = P r + (1 - P) (mu + phi(sum of w r_j))`` with
``P = exp(-dt/tau)``, where ``phi`` acts on the sum (``linear_summation``) or on each ``r_j``. Here

* the *activity* form is the former, as it stands;
* the *current* form is the latter, with ``r = gain*(x - shift)`` in place of ``x``: then ``phi``
  is the same for all senders, and what a neuron hears is multiplied by its gain;
* a forward Euler step, ``P = 1 - dt/tau``, is that of another ``tau``, and so is one of Runge-Kutta
  where everything that the neuron hears is delayed, and hence constant in the step.

References
----------
Hahne et al. (2017), Front. Neuroinform. 11:34, doi:10.3389/fninf.2017.00034: rate neurons in NEST.
"""

from __future__ import annotations

__all__ = ["RateNeuron", "is_rate", "rate_neuron"]

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from neurobridge.graph.model import NeuronModel
from neurobridge.lowering.integrate import SILENT
from neurobridge.lowering.program import PopulationProgram, Program

AT_ONCE = 1e-3
"""A time constant, in steps, with which a rate is at its input after one: exp(-1000) = 0."""
FAR = 1e300
"""An input at which a sigmoid is exactly 0."""


@dataclass(frozen=True)
class Activation:
    """A row of the catalogue: NEST's neuron, the name of its slope, and the slope at our gain 1."""

    theirs: str
    slope: str = "g"
    factor: float = 1.0


LINEAR = Activation("lin_rate_ipn")
ACTIVATIONS = {
    "tanh": Activation("tanh_rate_ipn"),
    "tanh_positive": Activation("sigmoid_rate_ipn", "beta", 2.0),
    "sigmoid": Activation("sigmoid_rate_ipn", "beta"),
    "relu": Activation("threshold_lin_rate_ipn"),
    "linear": LINEAR,
}
"""Our activations that NEST has."""


@dataclass(frozen=True)
class RateNeuron:
    """A population as rate neurons of NEST.

    Parameters
    ----------
    theirs : str
        NEST model.
    parameters, initial : mapping
        What to set once, and at time 0 of a run.
    silent, last : mapping
        What to set in the quiet steps before a run, so that nothing is sent; and in the last of
        them, so that neurons without delay hear of the initial state.
    scale, shift : float or array (size,)
        NEST's rate is ``scale * (state - shift)``; the current form hears ``scale * weight``.
    weight_factor : float or array (size,)
        From our weight to NEST's.
    current : tuple of str and float or array (size,)
        The parameter that injected current moves, and by how much.
    """

    theirs: str
    parameters: Mapping[str, Any]
    initial: Mapping[str, Any]
    silent: Mapping[str, Any]
    last: Mapping[str, Any]
    scale: Any
    shift: Any
    weight_factor: Any
    current: tuple[str, Any]


def is_rate(population: PopulationProgram) -> bool:
    """Whether a population is coupled continuously."""
    code = population.code
    return bool(code.couplings) or any(stage.signal != SILENT for stage in code.stages)


def rate_neuron(population: PopulationProgram, program: Program) -> tuple[RateNeuron | None, str]:
    """The rate neuron of NEST that equals a population, or None and why there is none."""
    declared = _declared_as(population.model)
    reason = _other_model(population.model) or _other_step(population, program)
    if reason or declared is None:
        return None, reason
    activation, form = declared
    heard = _heard(population, program)
    kinds = set(heard.values())
    row, values = ACTIVATIONS[activation], population.parameters
    tau = _time_constant(population, program.dt)
    if form == "activity":
        if kinds - {LINEAR.theirs}:
            return None, (
                f"in NEST a neuron applies an activation to the sum that it hears or to each part "
                f"of it, and this one in activity form hears of {list(heard)}, which have one too"
            )
        return _activity(population, program.dt, row, tau), ""
    if len(kinds) > 1:
        return None, (
            f"in NEST the receiver applies the activation of the senders, so it is one for all; "
            f"those of {list(heard)} differ"
        )
    if np.any(np.asarray(values["gain"]) == 0):
        return None, "a gain of 0 in the current form has no counterpart in NEST"
    theirs = kinds.pop() if kinds else LINEAR.theirs
    return _current(population, program.dt, row, theirs, tau), ""


def _activity(population: PopulationProgram, dt: float, row: Activation, tau: Any) -> RateNeuron:
    """``tau dr/dt = -r + phi(gain*(recurrent + bias + current - shift))``."""
    values = population.parameters
    slope, centre = row.factor * values["gain"], values["shift"] - values["bias"]
    start = population.initial["r"]
    if row is LINEAR:  # which has no threshold in NEST
        own, current = {"mu": -slope * centre, "g": slope}, ("mu", slope)
    else:
        own, current = {"mu": 0.0, "g": 1.0, "theta": centre, row.slope: slope}, ("theta", -1.0)
    return RateNeuron(
        theirs=row.theirs,
        parameters={"sigma": 0.0, "tau": tau, **own},
        initial={"rate": start},
        silent=_silent(dt, 0.0),
        last={"mu": start},
        scale=1.0,
        shift=0.0,
        weight_factor=1.0,
        current=current,
    )


def _current(
    population: PopulationProgram, dt: float, row: Activation, theirs: str, tau: Any
) -> RateNeuron:
    """``tau dx/dt = -x + sum of w phi(gain*(x_j - shift)) + bias + current``."""
    values = population.parameters
    scale, shift = row.factor * values["gain"], values["shift"]
    start = scale * (population.initial["x"] - shift)
    mu = scale * (values["bias"] - shift)
    return RateNeuron(
        theirs=theirs,
        parameters={"linear_summation": False, "sigma": 0.0, "tau": tau, "mu": mu, "g": 1.0},
        initial={"rate": start},
        silent=_silent(dt, -FAR if row.slope == "beta" else 0.0),
        last={"mu": start},
        scale=scale,
        shift=shift,
        weight_factor=scale,
        current=("mu", scale),
    )


def _silent(dt: float, rate: float) -> dict[str, float]:
    """Deaf, and at a rate that counts for nothing where it is heard."""
    return {"tau": AT_ONCE * dt, "mu": rate, "g": 0.0}


def _other_model(model: NeuronModel) -> str:
    declared = _declared_as(model)
    if declared is None:
        return f"model {model.name!r} is none of the rate models of neurobridge.models.rate_model"
    if declared[0] not in ACTIVATIONS:
        return f"NEST has the activations {list(ACTIVATIONS)}, not {declared[0]!r}"
    return ""


def _other_step(population: PopulationProgram, program: Program) -> str:
    """What keeps a step of the integrator from being one of NEST; empty if nothing."""
    integrator = population.model.integrator
    if integrator == "ab4":
        return "ab4 goes on from the slopes of earlier steps, and NEST keeps none"
    if integrator == "rk4" and any(
        p.delay_range[0] == 0 for p in _continuous_onto(population, program)
    ):
        return (
            "with rk4 and without delay neurons hear of each other four times in a step, in NEST "
            "once; another integrator, or delays of at least one step, would be the same there"
        )
    share = _share(population, program.dt)
    if share is not None and np.any((share <= 0) | (share > 1)):
        tau = float(np.min(population.parameters["tau"]))
        return (
            f"with its smallest tau of {tau:g} ms a step of {integrator} of {program.dt:g} ms "
            "overshoots, which NEST's rates cannot"
        )
    return ""


def _time_constant(population: PopulationProgram, dt: float) -> Any:
    """The tau with which NEST's step, ``exp(-dt/tau)``, is a step of our integrator."""
    share = _share(population, dt)
    if share is None:
        return population.parameters["tau"]
    with np.errstate(divide="ignore"):  # all of the way in one step
        return np.maximum(-dt / np.log1p(-share), AT_ONCE * dt)


def _share(population: PopulationProgram, dt: float) -> Any:
    """Which part of the way to its input a neuron goes in one step; None if 1 - exp(-dt/tau)."""
    z = dt / np.asarray(population.parameters["tau"])
    if population.model.integrator == "euler":
        return z
    if population.model.integrator == "rk4":
        return z - z**2 / 2 + z**3 / 6 - z**4 / 24
    return None


def _continuous_onto(population: PopulationProgram, program: Program) -> list[Any]:
    return [p for p in program.pathways if p.post == population.name and p.continuous and p.n_edges]


def _heard(population: PopulationProgram, program: Program) -> dict[str, str]:
    """Populations whose output reaches this one, and the model with their activation in NEST.

    In the activity form, it lies before the rate and not behind it. Senders that NEST does not have
    are told of where they are chosen.
    """
    found = {}
    for name in dict.fromkeys(p.pre for p in _continuous_onto(population, program)):
        activation, form = _declared_as(program.population(name).model) or ("", "")
        if activation in ACTIVATIONS:
            row = LINEAR if form == "activity" else ACTIVATIONS[activation]
            found[name] = row.theirs
    return found


def _declared_as(model: NeuronModel) -> tuple[str, str] | None:
    """(Activation, form) of a rate model, whatever its name; None if it is another one."""
    if model.receptors or model.threshold:
        return None
    return _declarations().get((model.equations, model.output))


@cache
def _declarations() -> dict[tuple[str, str], tuple[str, str]]:
    from neurobridge.models.rate import ACTIVATIONS as OURS
    from neurobridge.models.rate import rate_model

    found = {}
    for activation in OURS:
        current, activity = rate_model(activation), rate_model(activation, "activity")
        found[current.equations, current.output] = activation, "current"
        found[activity.equations, activity.output] = activation, "activity"
    return found
