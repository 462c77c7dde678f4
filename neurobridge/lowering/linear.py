"""Linear systems: coefficients of equations that are linear in the states, and propagators."""

from __future__ import annotations

__all__ = ["linear_terms", "propagators", "reachable"]

import ast
from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import expm

from neurobridge.errors import ModelError
from neurobridge.expression import parse
from neurobridge.lowering.evaluate import evaluate

CONSTANT = ""
"""The key of the term without a variable."""


def linear_terms(expression: str, variables: Collection[str]) -> dict[str, str]:
    """Coefficients of an expression that is linear in some variables.

    Returns
    -------
    dict of str to str
        Expression of the coefficient by variable, and the rest under :data:`CONSTANT`.
        Variables that do not occur are left out.

    Raises
    ------
    ModelError
        If the expression is not linear in the variables.
    """
    return {
        name: ast.unparse(node) for name, node in _terms(parse(expression), set(variables)).items()
    }


def _terms(node: ast.expr, variables: set[str]) -> dict[str, ast.expr]:
    names = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
    if not names & variables:
        return {CONSTANT: node}
    if isinstance(node, ast.Name):
        return {node.id: ast.Constant(1.0)}
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.USub, ast.UAdd)):
        return {k: ast.UnaryOp(node.op, v) for k, v in _terms(node.operand, variables).items()}
    if isinstance(node, ast.BinOp):
        if isinstance(node.op, (ast.Add, ast.Sub)):
            return _sum(node, variables)
        if isinstance(node.op, ast.Mult):
            left, right = _terms(node.left, variables), _terms(node.right, variables)
            if set(left) == {CONSTANT}:
                return {k: ast.BinOp(node.left, ast.Mult(), v) for k, v in right.items()}
            if set(right) == {CONSTANT}:
                return {k: ast.BinOp(v, ast.Mult(), node.right) for k, v in left.items()}
        if isinstance(node.op, ast.Div):
            right = _terms(node.right, variables)
            if set(right) == {CONSTANT}:
                left = _terms(node.left, variables)
                return {k: ast.BinOp(v, ast.Div(), node.right) for k, v in left.items()}
    raise ModelError(
        f"'{ast.unparse(node)}' is not linear in {', '.join(sorted(names & variables))}"
    )


def _sum(node: ast.BinOp, variables: set[str]) -> dict[str, ast.expr]:
    terms = dict(_terms(node.left, variables))
    for name, value in _terms(node.right, variables).items():
        if name in terms:
            terms[name] = ast.BinOp(terms[name], node.op, value)
        elif isinstance(node.op, ast.Add):
            terms[name] = value
        else:
            terms[name] = ast.UnaryOp(ast.USub(), value)
    return terms


def propagators(
    coefficients: Mapping[str, Mapping[str, str]],
    inputs: tuple[str, ...],
    parameters: Mapping[str, Any],
    dt: float,
    held: Collection[str] = (),
) -> dict[str, dict[str, float | NDArray[np.float64]]]:
    """The exact solution over one step of ``dx/dt = A x + B u + b`` with ``u`` constant in it.

    ``x(t + dt) = P x(t) + Q u + c`` comes from the matrix exponential of the system augmented by
    ``u`` and 1 (Rotter & Diesmann 1999, Biol. Cybern. 81:381), so equal time constants are no
    special case.

    Parameters
    ----------
    coefficients : mapping of state to mapping of variable to expression
        From :func:`linear_terms`, over the states and inputs.
    inputs : tuple of str
        The variables ``u``.
    parameters : mapping of str to float or array
    dt : float
    held : collection of str
        States that do not move in this step.

    Returns
    -------
    dict of state to dict of variable to float or float64 array
        Entries that are zero by structure are left out; the constant is under :data:`CONSTANT`.
    """
    states = tuple(coefficients)
    columns = (*states, *inputs, CONSTANT)
    values = {
        (row, column): evaluate(text, parameters)
        for row in states
        if row not in held
        for column, text in coefficients[row].items()
    }
    matrix = _matrix(values, states, columns)
    result = _expm_unique(matrix * dt)
    reach = reachable(set(values), states, columns)
    return {
        row: {
            column: _scalar_if_equal(result[..., i, j])
            for j, column in enumerate(columns)
            if (row, column) in reach
        }
        for i, row in enumerate(states)
    }


def _matrix(
    values: Mapping[tuple[str, str], Any], states: tuple[str, ...], columns: tuple[str, ...]
) -> NDArray[np.float64]:
    """The augmented system, float64 (n, n), or (N, n, n) if a coefficient differs per neuron."""
    shape = np.broadcast_shapes(*(np.shape(v) for v in values.values())) if values else ()
    matrix = np.zeros((*shape, len(columns), len(columns)))
    for (row, column), value in values.items():
        matrix[..., states.index(row), columns.index(column)] = value
    return matrix


def _expm_unique(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """Matrix exponentials, each distinct matrix once."""
    if matrix.ndim == 2:
        return np.asarray(expm(matrix))
    flat = matrix.reshape(matrix.shape[0], -1)
    distinct, inverse = np.unique(flat, axis=0, return_inverse=True)
    return np.asarray(expm(distinct.reshape(-1, *matrix.shape[1:])))[inverse.ravel()]


def reachable(
    entries: set[tuple[str, str]], states: tuple[str, ...], columns: tuple[str, ...]
) -> set[tuple[str, str]]:
    """Pairs (row, column) where the exponential can differ from zero: paths through the system."""
    reach = entries | {(s, s) for s in states}
    while True:
        longer = {(a, d) for a, b in reach for c, d in reach if b == c} | reach
        if longer == reach:
            return reach
        reach = longer


def _scalar_if_equal(values: NDArray[np.float64]) -> float | NDArray[np.float64]:
    if values.ndim == 0 or (values == values[0]).all():
        return float(values.flat[0])
    return np.ascontiguousarray(values)
