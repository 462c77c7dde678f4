"""The right side of a model and its derivatives, as straight-line code.

A model sends ``signal(states)`` to others and moves by ``slope(states, couplings, current)``. What
tangent vectors need are the partial derivatives of both: they are derived from the declaration.
"""

from __future__ import annotations

__all__ = ["LinearCode", "code_of", "linear_code", "own_name", "slope_name"]

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from neurobridge.expression import names_in, substitute
from neurobridge.graph.model import NeuronModel
from neurobridge.lowering.adjoint import adjoint, adjoint_name
from neurobridge.lowering.integrate import flat_derivatives, flat_output
from neurobridge.lowering.program import Assignment

CURRENT = "current"
SIGNAL = "signal"


@dataclass(frozen=True)
class LinearCode:
    """Code of one kind of neuron. Names of the user's have a prefix, see :func:`own_name`.

    Parameters
    ----------
    states, couplings, constants : tuple of str
        Names of the user's, without prefix.
    takes_current : bool
    signals : tuple of Assignment
        Work out ``signal`` and its derivatives; empty if nothing is sent.
    slopes : tuple of Assignment
        Work out ``slope_STATE`` of every state, and their derivatives.
    signal_by : mapping of state to str
        Name of the derivative of the signal by each state that it depends on.
    slope_by : mapping of (state, name) to str
        Name of the derivative of a slope by a state or coupling that it depends on.
    """

    states: tuple[str, ...]
    couplings: tuple[str, ...]
    constants: tuple[str, ...]
    takes_current: bool
    signals: tuple[Assignment, ...]
    slopes: tuple[Assignment, ...]
    signal_by: Mapping[str, str]
    slope_by: Mapping[tuple[str, str], str]

    @property
    def sends(self) -> bool:
        """Whether others hear of it."""
        return bool(self.signals)


def own_name(name: str) -> str:
    """A name of the user's in the code, where no name that is made can be equal to it."""
    return f"own_{name}"


def slope_name(state: str) -> str:
    """The name of the slope of a state."""
    return f"slope_{state}"


def linear_code(model: NeuronModel, scale: float = 1.0) -> LinearCode:
    """The code of a declared model, in a unit of time of ``scale`` ms."""
    slopes = flat_derivatives(model)
    if scale != 1:
        slopes = {state: f"{scale!r}*({body})" for state, body in slopes.items()}
    return code_of(slopes, flat_output(model) if model.output else "", model.coupling_names)


def code_of(slopes: Mapping[str, str], output: str, couplings: Sequence[str]) -> LinearCode:
    """The code of equations.

    Parameters
    ----------
    slopes : mapping of state to str
        Right sides, over states, couplings, constants and ``current``.
    output : str
        What is sent, over states and constants; empty: nothing.
    couplings : sequence of str
    """
    states = tuple(slopes)
    used = {n for text in (*slopes.values(), output) if text for n in names_in(text)}
    constants = tuple(sorted(used - {*states, *couplings, CURRENT}))
    code: list[Assignment] = []
    slope_by: dict[tuple[str, str], str] = {}
    for state, body in slopes.items():
        lines, partials = _with_partials(body, slope_name(state), (*states, *couplings))
        code += lines
        slope_by |= {(state, by): name for by, name in partials.items()}
    signals, signal_by = _with_partials(output, SIGNAL, states) if output else ((), {})
    takes_current = any(CURRENT in names_in(body) for body in slopes.values())
    return LinearCode(
        states, tuple(couplings), constants, takes_current,
        tuple(signals), tuple(code), signal_by, slope_by,
    )  # fmt: skip


def _with_partials(
    body: str, target: str, variables: Sequence[str]
) -> tuple[tuple[Assignment, ...], dict[str, str]]:
    """Assign the value of an expression, then its derivative by each variable in it."""
    body = substitute(body, {n: own_name(n) for n in names_in(body)})
    value = Assignment(target, body)
    wanted = {own_name(v) for v in variables}
    found = adjoint([value], {target}, wanted)
    lines = [value, Assignment(adjoint_name(target), "1.0"), *found.primal, *found.reverse]
    local = {a.target for a in lines} - {target}
    renamed = {name: f"{target}_{name}" for name in sorted(local)}
    code = tuple(
        Assignment(renamed.get(a.target, a.target), substitute(a.expression, renamed))
        for a in lines
    )
    partials = {
        v: renamed[adjoint_name(own_name(v))]
        for v in variables
        if adjoint_name(own_name(v)) in renamed
    }
    return code, partials
