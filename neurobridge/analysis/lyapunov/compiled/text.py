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
from neurobridge.analysis.lyapunov.compiled.loops import Coupling, loops_of
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

from neurobridge.analysis.lyapunov.compiled.gathering import edges_times_columns
from neurobridge.analysis.lyapunov.compiled.packed import times_packed
from neurobridge.analysis.lyapunov.compiled.products import *
from neurobridge.codegen.double import *
'''
DECORATOR = (
    '@njit(cache=True, nogil=True, error_model="numpy", boundscheck=False, fastmath={"contract"}, '
    "no_cpython_wrapper=True, no_cfunc_wrapper=True)"
)
"""Of functions that compiled code alone calls: what Python would call them by is left out."""

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
        _move(plan, "move_map", (), "{t}", {}),
        _move(plan, "move_euler", ("h",), "{V} + h*{t}", {}),
        _move(
            plan, "move_ab4", ("a0", "a1", "a2", "a3", "F0", "F1", "F2", "F3"),
            "{V} + a0*{t} + a1*{F1} + a2*{F2} + a3*{F3}", {"F0": "{t}"},
        ),
        _move(
            plan, "move_rk_first", ("reach", "share", "F0", "A"), "{V} + reach*{t}",
            {"F0": "{t}", "A": "{V} + share*{t}"}, target="Y",
        ),
        _move(
            plan, "move_rk_middle", ("reach", "share", "A"), "{V} + reach*{t}",
            {"A": "{A} + share*{t}"}, source="Y", target="Y",
        ),
        _move(plan, "move_rk_last", ("share", "A"), "{A} + share*{t}", {}, source="Y"),
    ]  # fmt: skip
    return "\n\n".join([*parts, loops_of(coupling)])


def _offsets(plan: Plan, p: int) -> list[str]:
    """Assignments that make the size and all offsets of a population known."""
    first = sum(1 + len(fields_of(code)) for code in plan.codes[:p])
    return [f"{name} = at[{first + i}]" for i, name in enumerate(["n", *fields_of(plan.codes[p])])]


def _function(name: str, arguments: Sequence[str], body: Sequence[str]) -> str:
    lines = [DECORATOR, f"def {name}({', '.join(arguments)}):"]
    return "\n".join([*lines, *(f"    {line}" for line in body or ["pass"])])


def _cells_loop(
    plan: Plan, p: int, lines: Sequence[str], stores: Sequence[tuple[str, str, str]]
) -> list[str]:
    """Over the neurons of a population: what the lines use is loaded, and results are stored.

    ``stores`` are (array, offset, name of what goes there).
    """
    code, text = plan.codes[p], "\n".join(lines)
    kinds = {
        **{s: ("x", f"x_{s}") for s in code.states},
        **{c: ("constants", f"k_{c}") for c in code.constants},
        **{c: ("c", f"c_{c}") for c in code.couplings},
        CURRENT: ("current", "inject"),
    }
    used = {n: place for n, place in kinds.items() if own_name(n) in text}
    parts = {f"{array}_{offset}": (array, offset) for array, offset in used.values()}
    parts |= {f"{array}_{offset}": (array, offset) for array, offset, _ in stores}
    return [
        *_offsets(plan, p),
        *(f"{part} = {array}[{at} : {at} + n]" for part, (array, at) in parts.items()),
        "for i in range(n):",
        *(f"    {own_name(n)} = {array}_{offset}[i]" for n, (array, offset) in used.items()),
        *(f"    {line}" for line in lines),
        *(f"    {array}_{offset}[i] = {name}" for array, offset, name in stores),
    ]


def _outputs(plan: Plan) -> str:
    body = []
    for p, code in enumerate(plan.codes):
        if code.sends:
            lines = [f"{a.target} = {render(a.expression, NUMBA)}" for a in code.signals]
            stores = [("out", "o", SIGNAL)]
            stores += [("dout", f"d_{s}", name) for s, name in code.signal_by.items()]
            body += _cells_loop(plan, p, lines, stores)
    return _function("outputs", ("x", "constants", "at", "out", "dout"), body)


def _slopes(plan: Plan) -> str:
    body = []
    for p, code in enumerate(plan.codes):
        lines = [f"{a.target} = {render(a.expression, NUMBA)}" for a in code.slopes]
        stores = [("f", f"x_{s}", slope_name(s)) for s in code.states]
        stores += [("jac", f"j_{s}_by_{v}", name) for (s, v), name in code.slope_by.items()]
        body += _cells_loop(plan, p, lines, stores)
    arguments = ("x", "c", "current", "constants", "at", "f", "jac")
    return _function("slopes", arguments, body)


def _trace(plan: Plan) -> str:
    """Trace of the Jacobian of a flow; ``own`` is the weight of each neuron onto itself."""
    body = ["total = 0.0"]
    for p, code in enumerate(plan.codes):
        products = []
        for s, v in code.slope_by:
            if s == v:
                products.append([("jac", f"j_{s}_by_{v}")])
            elif v in code.couplings and s in code.signal_by:
                products.append([("jac", f"j_{s}_by_{v}"), ("own", f"c_{v}"), ("dout", f"d_{s}")])
        if not products:
            continue
        parts = dict.fromkeys(part for product in products for part in product)
        terms = ["*".join(f"{a}_{o}[i]" for a, o in product) for product in products]
        body += [*_offsets(plan, p), *(f"{a}_{o} = {a}[{o} : {o} + n]" for a, o in parts)]
        body += ["for i in range(n):", f"    total += {' + '.join(terms)}"]
    return _function("trace", ("jac", "dout", "own", "at"), [*body, "return total"])


def _scatter(plan: Plan) -> str:
    """What the tangents of the signals are: ``B = d signal/d state V``."""
    body = []
    for p, code in enumerate(plan.codes):
        if code.sends:
            loop = _Loop(plan, p)
            terms = [
                (loop.factor("dout", f"d_{s}"), loop.at("V", f"x_{s}")) for s in code.signal_by
            ]
            loop.lines.append(f"{loop.at('B', 'o')} = {_sum(terms)}")
            body += loop.text()
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
    """One pass over all tangents: their slopes ``t``, what they become, and their new signals.

    ``new`` and ``also`` are what is written to ``target`` and to further arrays, with arrays as
    ``{V}`` and the slope as ``{t}``.
    """
    body = []
    for p, code in enumerate(plan.codes):
        loop = _Loop(plan, p)
        for s in code.states:
            terms = [
                (
                    loop.factor("jac", f"j_{s}_by_{by}"),
                    loop.at("C", f"c_{by}") if by in code.couplings else loop.at(source, f"x_{by}"),
                )
                for owner, by in code.slope_by
                if owner == s
            ]
            loop.lines.append(f"t_{s} = {_sum(terms)}")
        for s in code.states:
            known = _Arrays(loop, s)
            loop.lines.append(f"new_{s} = {new.format_map(known)}")
            loop.lines += [
                f"{known[array]} = {text.format_map(known)}" for array, text in also.items()
            ]
            loop.lines.append(f"{known[target]} = new_{s}")
        if code.sends:
            terms = [(loop.factor("dout", f"d_{s}"), f"new_{s}") for s in code.signal_by]
            loop.lines.append(f"{loop.at('B', 'o')} = {_sum(terms)}")
        body += loop.text()
    arrays = ("V", "Y") if "Y" in (source, target) else ("V",)
    return _function(name, (*arrays, "C", "jac", "dout", "at", "k", *arguments, "B"), body)


def _sum(terms: Sequence[tuple[str, str]]) -> str:
    return " + ".join(f"{factor}*{value}" for factor, value in terms) or "0"


class _Loop:
    """Over the tangents and the neurons of a population, the inner loop along memory.

    Parts of arrays are cut out before the loops, so that their indices in it are plain, and it
    becomes vector instructions.
    """

    def __init__(self, plan: Plan, p: int) -> None:
        self.rows, self.start = plan.layout == "rows", _offsets(plan, p)
        self.before: dict[str, str] = {}
        self.outer: dict[str, str] = {}
        self.lines: list[str] = []

    def factor(self, array: str, offset: str) -> str:
        """What there is one of for each neuron."""
        part = f"{array}_{offset}"
        self.before[part] = f"{array}[{offset} : {offset} + n]"
        if self.rows:
            return f"{part}[i]"
        self.outer[f"one_{part}"] = f"{part}[i]"
        return f"one_{part}"

    def at(self, array: str, offset: str) -> str:
        """What there is one of for each neuron and tangent."""
        part = f"{array}_{offset}"
        if self.rows:
            self.outer[part] = f"{array}[r, {offset} : {offset} + n]"
            return f"{part}[i]"
        self.outer[part] = f"{array}[{offset} + i]"
        return f"{part}[r]"

    def text(self) -> list[str]:
        """The loops."""
        outer, nested = "for r in range(k):", "for i in range(n):"
        if not self.rows:
            outer, nested = nested, outer
        return [
            *self.start,
            *(f"{name} = {value}" for name, value in self.before.items()),
            outer,
            *(f"    {name} = {value}" for name, value in self.outer.items()),
            f"    {nested}",
            *(f"        {line}" for line in self.lines),
        ]


class _Arrays(dict[str, str]):
    """Places of a state in arrays, made known to a loop when they are asked for."""

    def __init__(self, loop: _Loop, state: str) -> None:
        super().__init__(t=f"t_{state}")
        self.loop, self.state = loop, state

    def __missing__(self, array: str) -> str:
        return self.loop.at(array, f"x_{self.state}")
