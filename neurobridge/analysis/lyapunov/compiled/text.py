"""Source of the compiled functions that carry states and tangent vectors over a step.

Tangent vectors are rows, ``V[vector, state]``, where couplings are a dense matrix, and columns,
``V[state, vector]``, where they are single edges: memory is then read in order in both.
"""

from __future__ import annotations

__all__ = ["Plan", "module_text"]

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from neurobridge.analysis.lyapunov.compiled.layout import fields_of
from neurobridge.analysis.lyapunov.compiled.loops import COUPLINGS, LOOPS, Coupling
from neurobridge.analysis.lyapunov.linear_code import (
    CURRENT,
    SIGNAL,
    LinearCode,
    own_name,
    slope_name,
)
from neurobridge.codegen.dialect import NUMBA
from neurobridge.expression import render

HEADER = '''"""Written by neurobridge; changes are lost."""

import numpy as np
from numba import njit

from neurobridge.analysis.lyapunov.compiled.products import *
from neurobridge.codegen.double import *
'''
DECORATOR = (
    '@njit(cache=True, nogil=True, error_model="numpy", boundscheck=False, fastmath={"contract"})'
)

Layout = Literal["rows", "columns"]


@dataclass(frozen=True)
class Plan:
    """What source is written for.

    Parameters
    ----------
    codes : tuple of LinearCode
        One a population.
    layout : {"rows", "columns"}
        Of tangent vectors.
    """

    codes: tuple[LinearCode, ...]
    layout: Layout


def module_text(plan: Plan, coupling: Coupling) -> str:
    """The source of all functions of a system."""
    parts = [HEADER, _outputs(plan), _slopes(plan), _trace(plan), _scatter(plan)]
    parts += [
        _move(plan, "move_map", (), "t_{s}", {}),
        _move(plan, "move_euler", ("h",), "V[{v}] + h*t_{s}", {}),
        _move(
            plan, "move_ab4", ("a0", "a1", "a2", "a3", "F0", "F1", "F2", "F3"),
            "V[{v}] + a0*t_{s} + a1*F1[{v}] + a2*F2[{v}] + a3*F3[{v}]", {"F0": "t_{s}"},
        ),
        _move(
            plan, "move_rk_first", ("reach", "share", "F0", "A"), "V[{v}] + reach*t_{s}",
            {"F0": "t_{s}", "A": "V[{v}] + share*t_{s}"}, target="Y",
        ),
        _move(
            plan, "move_rk_middle", ("reach", "share", "A"), "V[{v}] + reach*t_{s}",
            {"A": "A[{v}] + share*t_{s}"}, source="Y", target="Y",
        ),
        _move(plan, "move_rk_last", ("share", "A"), "A[{v}] + share*t_{s}", {}, source="Y"),
    ]  # fmt: skip
    return "\n\n".join([*parts, COUPLINGS[coupling], LOOPS])


def _offsets(plan: Plan, p: int) -> list[str]:
    """Assignments that make the size and all offsets of a population known."""
    first = sum(1 + len(fields_of(code)) for code in plan.codes[:p])
    return [f"{name} = at[{first + i}]" for i, name in enumerate(["n", *fields_of(plan.codes[p])])]


def _function(name: str, arguments: Sequence[str], body: Sequence[str]) -> str:
    lines = [DECORATOR, f"def {name}({', '.join(arguments)}):"]
    return "\n".join([*lines, *(f"    {line}" for line in body or ["pass"])])


def _loads(code: LinearCode, text: str) -> list[str]:
    """Assignments that make states, constants and couplings known for neuron ``i``."""
    kinds = {
        **{s: f"x[x_{s} + i]" for s in code.states},
        **{c: f"constants[k_{c} + i]" for c in code.constants},
        **{c: f"c[c_{c} + i]" for c in code.couplings},
        CURRENT: "current[inject + i]",
    }
    return [f"{own_name(n)} = {where}" for n, where in kinds.items() if own_name(n) in text]


def _outputs(plan: Plan) -> str:
    body = []
    for p, code in enumerate(plan.codes):
        if not code.sends:
            continue
        lines = [f"{a.target} = {render(a.expression, NUMBA)}" for a in code.signals]
        body += _offsets(plan, p)
        body.append("for i in range(n):")
        body += [f"    {line}" for line in _loads(code, "\n".join(lines))]
        body += [f"    {line}" for line in lines]
        body.append(f"    out[o + i] = {SIGNAL}")
        body += [f"    dout[d_{s} + i] = {name}" for s, name in code.signal_by.items()]
    return _function("outputs", ("x", "constants", "at", "out", "dout"), body)


def _slopes(plan: Plan) -> str:
    body = []
    for p, code in enumerate(plan.codes):
        lines = [f"{a.target} = {render(a.expression, NUMBA)}" for a in code.slopes]
        body += _offsets(plan, p)
        body.append("for i in range(n):")
        body += [f"    {line}" for line in _loads(code, "\n".join(lines))]
        body += [f"    {line}" for line in lines]
        body += [f"    f[x_{s} + i] = {slope_name(s)}" for s in code.states]
        body += [f"    jac[j_{s}_by_{v} + i] = {name}" for (s, v), name in code.slope_by.items()]
    arguments = ("x", "c", "current", "constants", "at", "f", "jac")
    return _function("slopes", arguments, body)


def _trace(plan: Plan) -> str:
    """Trace of the Jacobian of a flow; ``own`` is the weight of each neuron onto itself."""
    body = ["total = 0.0"]
    for p, code in enumerate(plan.codes):
        terms = []
        for s, v in code.slope_by:
            if s == v:
                terms.append(f"jac[j_{s}_by_{v} + i]")
            elif v in code.couplings and s in code.signal_by:
                terms.append(f"jac[j_{s}_by_{v} + i]*own[c_{v} + i]*dout[d_{s} + i]")
        if terms:
            body += [*_offsets(plan, p), "for i in range(n):"]
            body.append(f"    total += {' + '.join(terms)}")
    return _function("trace", ("jac", "dout", "own", "at"), [*body, "return total"])


def _scatter(plan: Plan) -> str:
    """What the tangents of the signals are: ``B = d signal/d state V``."""
    body = []
    for p, code in enumerate(plan.codes):
        if code.sends:
            sums = _sum([(f"d_{s}", f"V[{_at(plan, 'x_' + s)}]") for s in code.signal_by], "dout")
            body += _loop(plan, p, [f"B[{_at(plan, 'o')}] = {sums}"])
    return _function("scatter", ("V", "dout", "at", "k", "B"), body)


def _move(
    plan: Plan,
    name: str,
    arguments: Sequence[str],
    new: str,
    also: dict[str, str],
    source: str = "V",
    target: str = "V",
) -> str:
    """One pass over all tangents: their slopes ``k``, what they become, and their new signals."""
    body = []
    for p, code in enumerate(plan.codes):
        inner = []
        for s in code.states:
            terms = []
            for owner, by in code.slope_by:
                if owner != s:
                    continue
                array = "C" if by in code.couplings else source
                place = "c_" if by in code.couplings else "x_"
                terms.append((f"j_{s}_by_{by}", f"{array}[{_at(plan, place + by)}]"))
            inner.append(f"t_{s} = {_sum(terms, 'jac')}")
        for s in code.states:
            v = _at(plan, f"x_{s}")
            inner.append(f"new_{s} = {new.format(v=v, s=s)}")
            inner += [f"{array}[{v}] = {text.format(v=v, s=s)}" for array, text in also.items()]
            inner.append(f"{target}[{v}] = new_{s}")
        if code.sends:
            sums = _sum([(f"d_{s}", f"new_{s}") for s in code.signal_by], "dout")
            inner.append(f"B[{_at(plan, 'o')}] = {sums}")
        body += _loop(plan, p, inner)
    arrays = ("V", "Y") if "Y" in (source, target) else ("V",)
    return _function(name, (*arrays, "C", "jac", "dout", "at", "k", *arguments, "B"), body)


def _at(plan: Plan, offset: str) -> str:
    return f"r, {offset} + i" if plan.layout == "rows" else f"{offset} + i, r"


def _sum(terms: Sequence[tuple[str, str]], factors: str) -> str:
    zero = "jac[0]*0" if factors == "jac" else "dout[0]*0"
    return " + ".join(f"{factors}[{offset} + i]*{value}" for offset, value in terms) or zero


def _loop(plan: Plan, p: int, inner: Sequence[str]) -> list[str]:
    """Over the tangents and the neurons of a population, the inner loop along memory."""
    outer, nested = ("for r in range(k):", "for i in range(n):")
    if plan.layout == "columns":
        outer, nested = nested, outer
    return [*_offsets(plan, p), outer, f"    {nested}", *(f"        {line}" for line in inner)]
