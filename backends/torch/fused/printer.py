"""Text of compiled functions that run over all neurons and all runs of a batch."""

from __future__ import annotations

__all__ = ["Kernel", "Layout", "module_text"]

import ast
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from neurobridge.codegen.dialect import NUMBA
from neurobridge.expression import parse, render
from neurobridge.lowering.program import Assignment

COMPILED = (
    '@njit(cache=True, nogil=True, error_model="numpy", boundscheck=False, no_cfunc_wrapper=True, '
    "_nrt=False)"
)
"""Without what numba adds for calls from C and for arrays that are made inside."""

HEADER = '''"""Written by neurobridge; changes are lost."""

import numpy as np
from numba import njit

from neurobridge.codegen.{mathematics} import *

real = np.{dtype}
byte = np.uint8
'''

FIXED = ("t", "size", "scalars", "vectors")
"""First arguments of every kernel: the step, neurons times runs, constants of both kinds."""


@dataclass(frozen=True)
class Layout:
    """How the numbers of a population lie in memory.

    Parameters
    ----------
    dtype : {"float64", "float32"}
    constants : tuple of str
        Constants that the code uses, in the order of ``scalars`` or ``vectors``.
    vectors : frozenset of str
        Those that differ from neuron to neuron: they have a value for each neuron and run.
    refractory : {"none", "one", "each"}
        Whether neurons are clamped after a spike, all for the same number of steps or not.
    """

    dtype: Literal["float64", "float32"]
    constants: tuple[str, ...]
    vectors: frozenset[str]
    refractory: Literal["none", "one", "each"]

    def of_kind(self, kind: str) -> list[str]:
        """The constants of ``scalars`` or of ``vectors``, in order."""
        return [c for c in self.constants if (c in self.vectors) == (kind == "vectors")]


@dataclass
class Kernel:
    """One function: what it takes, what it does before its loop, and in it.

    Arrays have the shape (rows, neurons times runs). A row is counted modulo the number of rows, so
    that what is kept of every step, of the last few, or not at all is for the caller to say.

    Parameters
    ----------
    name : str
    layout : Layout
    arrays : dict of str to None
        Names of its arguments after the :data:`FIXED` ones, in order.
    """

    name: str
    layout: Layout
    arrays: dict[str, None] = field(default_factory=dict)
    before: list[str] = field(default_factory=list)
    each: list[str] = field(default_factory=list)
    literals: dict[str, str] = field(default_factory=dict)

    def row(self, array: str, row: str = "t") -> str:
        """The row of this step, or of the next (``"t + 1"``), as a name to be indexed by ``i``."""
        self.arrays[array] = None
        local = f"at_{array}" + ("" if row == "t" else "_next")
        line = f"{local} = {array}_rows[({row}) % {array}_rows.shape[0]]"
        if line not in self.before:
            self.before.append(line)
        return local

    def load_constant(self, constant: str) -> None:
        """Make a constant known as ``c_NAME``."""
        kind = "vectors" if constant in self.layout.vectors else "scalars"
        place = self.layout.of_kind(kind).index(constant)
        if kind == "scalars":
            self.before.append(f"c_{constant} = scalars[{place}]")
        else:
            self.before.append(f"all_{constant} = vectors[{place}]")
            self.each.append(f"c_{constant} = all_{constant}[i]")

    def do(self, code: Sequence[Assignment]) -> None:
        """Append assignments."""
        self.each += [f"{a.target} = {self.value(a.expression)}" for a in code]

    def value(self, expression: str) -> str:
        """An expression in Python, its numbers in the precision of the layout."""
        tree = _Literals(self.literals).visit(parse(expression))
        return render(ast.unparse(tree), NUMBA)

    def text(self) -> str:
        """The source of the function."""
        arguments = ", ".join([*FIXED, *(f"{array}_rows" for array in self.arrays)])
        return "\n".join(
            [
                COMPILED,
                f"def {self.name}({arguments}):",
                *(f"    {line}" for line in self.before),
                "    for i in range(size):",
                *(f"        {line}" for line in self.each),
            ]
        )


def module_text(kernels: Sequence[Kernel]) -> str:
    """The source of a module with these functions."""
    dtype = kernels[0].layout.dtype
    literals = {text: name for k in kernels for text, name in k.literals.items()}
    numbers = [f"{name} = real({text})" for text, name in sorted(literals.items())]
    header = HEADER.format(dtype=dtype, mathematics="single" if dtype == "float32" else "double")
    return "\n\n".join([header, "\n".join(numbers), *(k.text() for k in kernels)])


class _Literals(ast.NodeTransformer):
    """Numbers become names, but for small powers, which are written out as products."""

    def __init__(self, literals: dict[str, str]) -> None:
        self.literals = literals

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        if isinstance(node.op, ast.Pow) and isinstance(node.left, ast.Name):
            exponent = node.right
            if isinstance(exponent, ast.Constant) and exponent.value in (2, 3, 4):
                return node
        return self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        text = repr(float(node.value))  # type: ignore[arg-type]
        name = "number_" + text.replace("-", "m").replace("+", "").replace(".", "_")
        self.literals[text] = name
        return ast.Name(name, ast.Load())
