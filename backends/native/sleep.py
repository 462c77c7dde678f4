r"""When a neuron can be left alone: exact solutions over many steps, and what they can reach.

A linear neuron moves by ``x(k+1) = P x(k) + q I + c``. Over ``d`` steps that is a power of the
augmented matrix, kept in a table, so a neuron is only looked at when something reaches it: its
state at any later step is one product away (lazy evolution, Morrison et al. 2007,
doi:10.1162/neco.2007.19.1.47).

Between events it must not miss a threshold. With ``y = x - x_inf``, the distance from the fixed
point, the membrane after ``d`` steps is ``v_inf + sum over s of r_s(d) y_s``, where ``r(d)`` is the
row of the membrane in ``P**d``. Time is cut into windows; with the largest and smallest ``r_s(d)``
of a window,

.. math:: \max_{d \in \text{window}} v(d) \le v_\infty + \sum_s \max(r_s^{max} y_s, r_s^{min} y_s),

which holds for any number of states and any ratio of time constants, equal ones included. A neuron
sleeps if no window can reach the threshold; else it is awake until the first window that can is
over, and is asked again. Windows grow by a quarter, so that the bound lies close above the peak.
"""

from __future__ import annotations

__all__ = ["Classes", "classes_of"]

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurobridge.backends.native.kind import Kind
from neurobridge.lowering.integrate import constant_name
from neurobridge.lowering.linear import CONSTANT
from neurobridge.lowering.program import PopulationProgram

TABLE = 512
"""Steps of the table of propagators; longer times are taken in pieces."""

TABLE_ENTRIES = 2**21
"""Most numbers in the tables of a population; with many classes they are shorter."""

MOST_CLASSES = 256
SHORTEST_TABLE = 16
FORGOTTEN = 1e-10
"""What is left of a state at the end of the last window, relative to itself."""

MOST_STEPS = 2**16
GROWTH = 1.25

Real = NDArray[np.float64]
Pairs = tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Classes:
    """Neurons of a population that move by the same numbers.

    Parameters
    ----------
    of_neuron : int64 array, shape (size,)
        Class of each neuron.
    free, clamped : float64 arrays, shape (n_classes, steps + 1, entries)
        Powers of the propagators, for the entries of :func:`entries`; power 0 is not used.
    window : float64 array, shape (n_classes, n_windows, 2, n_states)
        Largest and smallest coefficient of each state; the first window is all of time.
    window_end : int64 array, shape (n_windows,)
        Last step of each window.
    rest : float64 array, shape (n_classes, n_states, 2)
        Fixed point, and what it moves by for a current of 1.
    """

    of_neuron: NDArray[np.int64]
    free: Real
    clamped: Real
    window: Real
    window_end: NDArray[np.int64]
    rest: Real


def entries(kind: Kind, clamped: bool, constants: tuple[str, ...]) -> dict[tuple[str, str], str]:
    """(row, column) -> name of the constant, in the order in which a step adds them up."""
    code, found = kind.code, {}
    columns = (*code.states, *(("current",) if code.takes_current else ()), CONSTANT)
    for row in code.states:
        if clamped and row in kind.held:
            continue
        uses_h = clamped and any(constant_name("H", row, c) in constants for c in columns)
        for column in columns:
            name = constant_name("H" if uses_h else "P", row, column)
            if name in constants:
                found[row, column] = name
    return found


def classes_of(kind: Kind, p: PopulationProgram) -> Classes | None:
    """The classes of a population, or None if its neurons cannot sleep.

    They cannot if what they were is never forgotten, or if too many have constants of their own.
    """
    names = tuple(p.constants)
    free, clamped = entries(kind, False, names), entries(kind, True, names)
    used = sorted({*free.values(), *clamped.values()})
    values = np.stack([np.broadcast_to(p.constants[n], (p.size,)) for n in used], axis=1)
    distinct, of_neuron = np.unique(values, axis=0, return_inverse=True)
    steps = TABLE
    per_step = len(free) + len(clamped)
    while steps > SHORTEST_TABLE and steps * per_step * len(distinct) > TABLE_ENTRIES:
        steps //= 2
    if len(distinct) > MOST_CLASSES:
        return None
    found = []
    for row in distinct:
        constants = dict(zip(used, row.tolist(), strict=True))
        one = _one_class(kind, free, clamped, constants, steps)
        if one is None:
            return None
        found.append(one)
    n_windows = max(len(f[3]) for f in found)
    last = max((f[3] for f in found), key=len)
    return Classes(
        of_neuron.ravel().astype(np.int64),
        np.stack([f[0] for f in found]),
        np.stack([f[1] for f in found]),
        np.stack([_filled(f[2], n_windows) for f in found]),
        last,
        np.stack([f[4] for f in found]),
    )


def _filled(window: Real, n: int) -> Real:
    """Windows in which everything is forgotten, up to ``n``."""
    return np.concatenate([window, np.zeros((n - len(window), *window.shape[1:]))])


def _one_class(
    kind: Kind,
    free: dict[tuple[str, str], str],
    clamped: dict[tuple[str, str], str],
    constants: dict[str, float],
    steps: int,
) -> tuple[Real, Real, Real, NDArray[np.int64], Real] | None:
    states, n = kind.code.states, len(kind.code.states)
    moving, held = _matrix(kind, free, constants), _matrix(kind, clamped, constants)
    homogeneous = moving[:n, :n]
    limit = kind.limit
    assert limit is not None
    reach = _reach(homogeneous, states.index(limit[0]))
    if reach is None:
        return None
    window, ends = _windows(reach)
    lacking = np.eye(n) - np.asarray(homogeneous, dtype=np.float64)
    inhomogeneous = np.asarray(moving[:n, n:], dtype=np.float64)
    rest = np.asarray(np.linalg.solve(lacking, inhomogeneous[:, ::-1]), dtype=np.float64)
    return (
        _table(moving, _places(kind, free), steps), _table(held, _places(kind, clamped), steps),
        window, ends, rest,
    )  # fmt: skip


def _places(kind: Kind, found: dict[tuple[str, str], str]) -> Pairs:
    columns = (*kind.code.states, "current", CONSTANT)
    return tuple((columns.index(row), columns.index(column)) for row, column in found)


def _matrix(
    kind: Kind, found: dict[tuple[str, str], str], constants: dict[str, float]
) -> NDArray[np.longdouble]:
    """The step as one matrix over states, current and 1; rows that are not there stand still."""
    n = len(kind.code.states) + 2
    matrix = np.eye(n, dtype=np.longdouble)
    for row in {r for r, _ in _places(kind, found)}:
        matrix[row] = 0
    for place, name in zip(_places(kind, found), found.values(), strict=True):
        matrix[place] = constants[name]
    return matrix


def _table(matrix: NDArray[np.longdouble], places: Pairs, steps: int) -> Real:
    """Entries of the powers 0 .. steps, worked out in more digits than they are kept in."""
    powers = np.stack([np.eye(len(matrix), dtype=np.longdouble), matrix])
    while len(powers) <= steps:
        powers = np.concatenate([powers, powers[1:] @ powers[-1]])
    chosen = powers[: steps + 1]
    rows, columns = np.array(places, dtype=np.int64).reshape(-1, 2).T
    return np.asarray(chosen[:, rows, columns], dtype=np.float64)


def _reach(matrix: NDArray[np.longdouble], row: int) -> Real | None:
    """Row of the powers 0, 1, 2 ... until everything is forgotten, or None if it never is."""
    rows = np.eye(len(matrix), dtype=np.longdouble)[row : row + 1]
    power = matrix
    while np.abs(power).max() > FORGOTTEN:
        rows = np.concatenate([rows, rows @ power])
        power = power @ power
        if len(rows) > MOST_STEPS or not np.isfinite(power).all():
            return None
    return np.asarray(np.concatenate([rows, rows @ power]), dtype=np.float64)


def _windows(reach: Real) -> tuple[Real, NDArray[np.int64]]:
    """Largest and smallest coefficients of all of time, then of window after window."""
    ends = [0]
    while ends[-1] < len(reach) - 1:
        ends.append(min(max(ends[-1] + 1, int(ends[-1] * GROWTH)), len(reach) - 1))
    firsts = [0, *(e + 1 for e in ends[:-1])]
    parts = [reach, *(reach[a : b + 1] for a, b in zip(firsts, ends, strict=True))]
    window = np.stack([np.stack([p.max(axis=0), p.min(axis=0)]) for p in parts])
    return window, np.array([len(reach) - 1, *ends], dtype=np.int64)
