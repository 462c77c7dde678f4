"""Expressions over labels, such as ``cell_type in ('KCg-m', 'KCab') and side == 'left'``.

Parsed by Python's own parser and evaluated node by node: nothing but comparisons, ``and or not``,
constants, label names and three functions gets through, so an expression from a file is safe.
A missing value equals nothing: ``==`` and ``in`` are False for it, ``!=`` and ``not in`` are True,
comparisons by size are False.
"""

from __future__ import annotations

__all__ = ["evaluate"]

import ast
import keyword
import tokenize
from collections.abc import Callable, Mapping
from io import StringIO
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from neurobridge.connectome.labels import Label, missing
from neurobridge.errors import ConnectomeError, UnknownNameError

Mask = NDArray[np.bool_]

_SIZE: Mapping[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Lt: np.less,
    ast.LtE: np.less_equal,
    ast.Gt: np.greater,
    ast.GtE: np.greater_equal,
}
_WORDS = frozenset(keyword.kwlist) - {"and", "or", "not", "in", "is", "True", "False", "None"}
_SHIELD = "label_named_"
_FUNCTIONS = {"startswith": 2, "contains": 2, "missing": 1}


def evaluate(expression: str, columns: Mapping[str, Label], size: int) -> Mask:
    """Where an expression holds.

    Parameters
    ----------
    expression : str
    columns : mapping of str to Categorical or array, shape (size,)
    size : int

    Returns
    -------
    bool array, shape (size,)

    Raises
    ------
    ConnectomeError
        If the expression cannot be parsed, uses anything else than listed above, or compares
        things of different kinds.
    UnknownNameError
        If a label or a value does not exist; with the nearest one that does.
    """
    try:
        tree = ast.parse(_shielded(expression.strip(), columns), mode="eval")
    except (SyntaxError, ValueError, tokenize.TokenError):
        raise ConnectomeError(
            f"cannot read the expression {expression!r}. Write it like "
            "\"cell_type in ('A', 'B') and side == 'left'\", with text in quotes"
        ) from None
    return _Evaluator(expression, columns, size).mask(tree.body)


def _shielded(expression: str, columns: Mapping[str, Label]) -> str:
    """Labels that are words of Python, above all ``class``, marked so that they can be parsed."""
    marked = [
        (kind, f"{_SHIELD}{text}" if text in columns and text in _WORDS else text)
        for kind, text, *_ in tokenize.generate_tokens(StringIO(expression).readline)
    ]
    return tokenize.untokenize(marked)


def _written(node: ast.AST) -> str:
    """A part of the expression as the user wrote it."""
    return ast.unparse(node).replace(_SHIELD, "")


class _Evaluator:
    def __init__(self, expression: str, columns: Mapping[str, Label], size: int) -> None:
        self.expression, self.columns, self.size = expression, columns, size

    def mask(self, node: ast.expr) -> Mask:
        """Where a condition holds."""
        match node:
            case ast.BoolOp():
                join = np.logical_and if isinstance(node.op, ast.And) else np.logical_or
                return np.asarray(join.reduce([self.mask(v) for v in node.values]))
            case ast.UnaryOp(op=ast.Not()):
                return ~self.mask(node.operand)
            case ast.Compare():
                return self._comparisons(node)
            case ast.Call():
                return self._call(node)
            case ast.Constant(value=bool(value)):
                return np.full(self.size, value)
            case ast.Name():
                column = self._column(node)
                if isinstance(column, np.ndarray) and column.dtype == np.bool_:
                    return column
        raise self._error(node, "is not a condition")

    def _comparisons(self, node: ast.Compare) -> Mask:
        """A chain such as ``0 < x <= 3`` holds where all of its links hold."""
        operands = [node.left, *node.comparators]
        links = zip(operands, node.ops, operands[1:], strict=False)
        return np.asarray(np.logical_and.reduce([self._compare(*link) for link in links]))

    def _compare(self, left: ast.expr, op: ast.cmpop, right: ast.expr) -> Mask:
        if isinstance(op, (ast.Eq, ast.NotEq)):
            if isinstance(right, ast.Name) and not isinstance(left, ast.Name):
                left, right = right, left
            found = self._is_one_of(left, [self._constant(right)])
            return ~found if isinstance(op, ast.NotEq) else found
        if isinstance(op, (ast.In, ast.NotIn)):
            if not isinstance(right, (ast.Tuple, ast.List, ast.Set)):
                raise self._error(right, "must be a list in brackets, like ('A', 'B')")
            found = self._is_one_of(left, [self._constant(v) for v in right.elts])
            return ~found if isinstance(op, ast.NotIn) else found
        if type(op) in _SIZE:
            return np.asarray(_SIZE[type(op)](self._number(left), self._number(right)))
        raise self._error(left, "is compared in a way that is not known here")

    def _is_one_of(self, node: ast.expr, values: list[Any]) -> Mask:
        column = self._column(node)
        name = _written(node)
        if isinstance(column, pd.Categorical):
            position = {str(c): i for i, c in enumerate(column.categories)}
            for value in values:
                if not isinstance(value, str):
                    raise self._error(node, f"is text; put {value!r} in quotes")
                if value not in position:
                    raise UnknownNameError(f"value of label {name!r}", value, position)
            return np.isin(column.codes, [position[v] for v in values])
        if any(isinstance(v, str) for v in values):
            raise self._error(node, "is not text; take the quotes away")
        if any(isinstance(v, float) and v != int(v) for v in values) or column.dtype.kind == "f":
            return np.isin(column, np.array(values, dtype=np.float64))
        return np.isin(column, np.array([int(v) for v in values], dtype=np.int64))

    def _call(self, node: ast.Call) -> Mask:
        name = node.func.id if isinstance(node.func, ast.Name) else _written(node.func)
        if name not in _FUNCTIONS:
            raise UnknownNameError("function in an expression", name, _FUNCTIONS)
        if len(node.args) != _FUNCTIONS[name] or node.keywords:
            raise self._error(node, f"needs {_FUNCTIONS[name]} argument(s)")
        column = self._column(node.args[0])
        if name == "missing":
            return missing(column)
        text = self._constant(node.args[1])
        if not isinstance(column, pd.Categorical) or not isinstance(text, str):
            raise self._error(node, "needs a label that is text, and a text in quotes")
        test = str.startswith if name == "startswith" else str.__contains__
        hits = np.array([test(str(c), text) for c in column.categories] + [False])
        return np.asarray(hits[column.codes])

    def _column(self, node: ast.expr) -> Label:
        if not isinstance(node, ast.Name):
            raise self._error(node, "must be the name of a label")
        name = node.id.removeprefix(_SHIELD)
        if name not in self.columns:
            raise UnknownNameError("label", name, self.columns)
        return self.columns[name]

    def _constant(self, node: ast.expr) -> Any:
        try:
            value = ast.literal_eval(node)
        except ValueError:
            value = None
        if not isinstance(value, (str, int, float)):
            hint = f"; if it is a text, write {node.id!r}" if isinstance(node, ast.Name) else ""
            raise self._error(node, f"must be a text in quotes or a number{hint}")
        return value

    def _number(self, node: ast.expr) -> Any:
        if isinstance(node, ast.Name):
            column = self._column(node)
            if isinstance(column, pd.Categorical):
                raise self._error(node, "is text and has no size; compare it with == or in")
            return column
        value = self._constant(node)
        if isinstance(value, str):
            raise self._error(node, "is text and has no size")
        return value

    def _error(self, node: ast.AST, what: str) -> ConnectomeError:
        return ConnectomeError(f"in the expression {self.expression!r}: {_written(node)} {what}")
