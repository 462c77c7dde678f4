"""Reverse-mode differentiation of straight-line code, written in its own language.

Code is differentiated as text: what comes out are assignments again, so that every printer of the
expression language can print gradients too (Griewank & Walther 2008, Evaluating Derivatives).
"""

from __future__ import annotations

__all__ = ["Adjoint", "adjoint", "adjoint_name", "needed"]

import ast
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from neurobridge.errors import ModelError
from neurobridge.expression import names_in, parse
from neurobridge.lowering.program import Assignment
from neurobridge.lowering.slopes import (
    bracketed,
    is_atom,
    slope,
    slope_of_power,
    times,
)

Partials = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True)
class Adjoint:
    """Assignments that work out gradients.

    Parameters
    ----------
    primal : tuple of Assignment
        Values of parts of the code that the gradients need, in terms of names of the code.
    reverse : tuple of Assignment
        From the adjoints of what is seeded to all others; to be run after ``primal``.
    found : frozenset of str
        Names of which there is an adjoint at the end: of the others it is 0.
    """

    primal: tuple[Assignment, ...]
    reverse: tuple[Assignment, ...]
    found: frozenset[str]


def adjoint_name(name: str) -> str:
    """Name of the variable that holds the adjoint of ``name``."""
    return f"adjoint_{name}"


def adjoint(
    code: Sequence[Assignment],
    seeded: Collection[str],
    wanted: Collection[str],
    partials: Partials | None = None,
) -> Adjoint:
    """Differentiate straight-line code.

    What a ``where`` does not choose contributes nothing, even if it is not finite. Conditions and
    ``floor`` are constant almost everywhere. The derivative of ``abs`` at 0 is 0.

    Parameters
    ----------
    code : sequence of Assignment
        No name is assigned twice, or used before it is assigned.
    seeded : collection of str
        Names whose adjoints are given at the beginning, as ``adjoint_NAME``.
    wanted : collection of str
        Names that the code uses, of which adjoints are asked for.
    partials : mapping of target to mapping of name to str, optional
        Derivatives that are added to those of the expression of the target.

    Raises
    ------
    ModelError
        If a name is assigned twice.
    """
    targets = [a.target for a in code]
    for name in targets:
        if targets.count(name) > 1:
            raise ModelError(f"only code that assigns each name once has an adjoint, not {name!r}")
    return _Reverse(code, seeded, wanted, partials or {}).run()


def needed(
    code: Sequence[Assignment], names: Collection[str], given: Collection[str]
) -> tuple[Assignment, ...]:
    """The part of the code that ``names`` depend on, where ``given`` are known already."""
    open_names, kept = set(names) - set(given), []
    for assignment in reversed(code):
        if assignment.target in open_names:
            kept.append(assignment)
            open_names |= names_in(assignment.expression) - set(given)
    return tuple(reversed(kept))


class _Reverse:
    """One pass over the code, from its end to its beginning."""

    def __init__(
        self,
        code: Sequence[Assignment],
        seeded: Collection[str],
        wanted: Collection[str],
        partials: Partials,
    ) -> None:
        self.code = [(a.target, parse(a.expression)) for a in code]
        self.partials = partials
        self.known = set(seeded)
        self.active = self._active(set(wanted))
        self.values = {ast.dump(tree): target for target, tree in self.code}
        self.primal: list[Assignment] = []
        self.reverse: list[Assignment] = []
        self.made = 0

    def _active(self, active: set[str]) -> set[str]:
        """Everything that depends on what is wanted."""
        for target, tree in self.code:
            if (_smooth_names(tree) | set(self.partials.get(target, ()))) & active:
                active.add(target)
        return active

    def run(self) -> Adjoint:
        for target, tree in reversed(self.code):
            if target not in self.known or target not in self.active:
                continue
            for name, partial in self.partials.get(target, {}).items():
                factor = self._value(parse(partial))
                self._add(name, times(adjoint_name(target), factor), "")
            self._push(tree, adjoint_name(target), "")
        return Adjoint(tuple(self.primal), tuple(self.reverse), frozenset(self.known & self.active))

    # -- adjoints -------------------------------------------------------------------------------

    def _push(self, node: ast.expr, g: str, guard: str) -> None:
        """Hand the adjoint ``g`` of an expression on to what it is made of."""
        if not _smooth_names(node) & self.active:
            return
        if isinstance(node, ast.Name):
            self._add(node.id, g, guard)
            return
        g = self._named(g)
        if isinstance(node, ast.UnaryOp):
            self._push(node.operand, f"-{g}" if isinstance(node.op, ast.USub) else g, guard)
        elif isinstance(node, ast.BinOp):
            self._push_binary(node, g, guard)
        elif isinstance(node, ast.Call):
            self._push_call(node, g, guard)

    def _push_binary(self, node: ast.BinOp, g: str, guard: str) -> None:
        left, right = node.left, node.right
        if isinstance(node.op, ast.Add | ast.Sub):
            self._push(left, g, guard)
            self._push(right, g if isinstance(node.op, ast.Add) else f"-{g}", guard)
        elif isinstance(node.op, ast.Mult):
            if self._is_active(left):
                self._push(left, times(g, self._value(right)), guard)
            if self._is_active(right):
                self._push(right, times(g, self._value(left)), guard)
        elif isinstance(node.op, ast.Div):
            share = self._named(f"{g}/{self._value(right)}")
            self._push(left, share, guard)
            if self._is_active(right):
                self._push(right, f"-({share}*{self._value(node)})", guard)
        else:
            self._push_power(node, g, guard)

    def _push_power(self, node: ast.BinOp, g: str, guard: str) -> None:
        base, exponent = self._value(node.left), self._value(node.right)
        if self._is_active(node.left):
            self._push(node.left, f"{g}*{slope_of_power(base, node.right, exponent)}", guard)
        if self._is_active(node.right):
            log = f"log(where({base} > 0, {base}, 1.0))"
            self._push(node.right, f"where({base} > 0, {g}*{self._value(node)}*{log}, 0.0)", guard)

    def _push_call(self, node: ast.Call, g: str, guard: str) -> None:
        assert isinstance(node.func, ast.Name)  # parse() guarantees it
        if node.func.id == "where":
            if _is_rectifier(node):  # then its argument need not be known
                condition = f"{self._value(node)} > 0"
            else:
                condition = self._value(node.args[0])
            both = f"({guard}) and " if guard else ""
            self._push(node.args[1], g, f"{both}({condition})")
            self._push(node.args[2], g, f"{both}(not ({condition}))")
            return
        x = self._value(node.args[0])
        self._push(node.args[0], slope(node.func.id, g, x, self._value(node)), guard)

    def _add(self, name: str, g: str, guard: str) -> None:
        if name not in self.active:
            return
        if guard:
            g = f"where({guard}, {g}, 0.0)"
        if name in self.known:
            g = f"{adjoint_name(name)} + {bracketed(g)}"
        self.known.add(name)
        self.reverse.append(Assignment(adjoint_name(name), g))

    def _named(self, g: str) -> str:
        if is_atom(g):
            return g
        name = self._new()
        self.reverse.append(Assignment(name, g))
        return name

    # -- values ---------------------------------------------------------------------------------

    def _value(self, node: ast.expr) -> str:
        """A name (or a number) for the value of an expression; worked out once."""
        if isinstance(node, ast.Name):
            return node.id
        if isinstance(node, ast.Constant):
            return repr(float(node.value))  # type: ignore[arg-type]
        key = ast.dump(node)
        if key not in self.values:
            text = ast.unparse(self._with_values(node))
            self.values[key] = name = self._new()
            self.primal.append(Assignment(name, text))
        return self.values[key]

    def _with_values(self, node: ast.expr) -> ast.expr:
        """The same operation on names of the values of its operands."""

        def at(child: ast.expr) -> ast.expr:
            return ast.parse(self._value(child), mode="eval").body

        if isinstance(node, ast.UnaryOp):
            return ast.UnaryOp(node.op, at(node.operand))
        if isinstance(node, ast.BinOp):
            return ast.BinOp(at(node.left), node.op, at(node.right))
        if isinstance(node, ast.Compare):
            return ast.Compare(at(node.left), node.ops, [at(node.comparators[0])])
        if isinstance(node, ast.BoolOp):
            return ast.BoolOp(node.op, [at(v) for v in node.values])
        assert isinstance(node, ast.Call)
        return ast.Call(node.func, [at(a) for a in node.args], [])

    def _is_active(self, node: ast.expr) -> bool:
        return bool(_smooth_names(node) & self.active)

    def _new(self) -> str:
        self.made += 1
        return f"part_{self.made}"


def _smooth_names(node: ast.expr) -> set[str]:
    """Names that an expression can be differentiated by; conditions have no derivative."""
    if isinstance(node, ast.Name):
        return {node.id}
    if isinstance(node, ast.UnaryOp):
        return set() if isinstance(node.op, ast.Not) else _smooth_names(node.operand)
    if isinstance(node, ast.BinOp):
        return _smooth_names(node.left) | _smooth_names(node.right)
    if isinstance(node, ast.Call):
        assert isinstance(node.func, ast.Name)
        if node.func.id == "floor":
            return set()
        chosen = node.args[1:] if node.func.id == "where" else node.args
        return {n for a in chosen for n in _smooth_names(a)}
    return set()


def _is_rectifier(node: ast.Call) -> bool:
    """Whether it is ``where(x > 0, x, 0.0)``, which is positive where ``x`` is."""
    condition, yes, no = node.args
    return (
        isinstance(condition, ast.Compare)
        and isinstance(condition.ops[0], ast.Gt)
        and ast.dump(condition.left) == ast.dump(yes)
        and all(
            isinstance(c, ast.Constant) and c.value == 0 for c in (condition.comparators[0], no)
        )
    )
