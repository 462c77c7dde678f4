"""The loops over steps, as source: they call what is made for a system, and are the same for all.

``a`` holds all arrays of a system, see :class:`~.propagator.Arrays`. Each loop returns the sum of
the traces of the Jacobian over its steps. At its beginning ``out``, ``dout`` and ``B`` are those of
the state and the frame of now.
"""

from __future__ import annotations

__all__ = ["COUPLINGS", "LOOPS", "Coupling"]

from typing import Literal

Coupling = Literal["none", "dense", "dense_mixed", "edges"]

NONE = """
@njit(cache=True, nogil=True)
def couple(a, k):
    pass
"""

DENSE = """
@njit(cache=True, nogil=True)
def couple(a, k):
    times_packed(a.BB, a.panels, a.CC)
"""

DENSE_MIXED = """
@njit(cache=True, nogil=True)
def couple(a, k):
    times_packed(a.out.reshape(1, a.out.size), a.panels, a.c.reshape(1, a.c.size))
    if k > 0:
        times_packed(a.B, a.tangent_panels, a.C)
"""

EDGES = """
@njit(cache=True, nogil=True)
def couple(a, k):
    edges_times_vector(a.indptr, a.source, a.weight, a.out, a.c)
    if k > 0:
        edges_times_columns(a.indptr, a.source, a.tangent_weight, a.B, a.C)
"""

COUPLINGS: dict[Coupling, str] = {
    "none": NONE, "dense": DENSE, "dense_mixed": DENSE_MIXED, "edges": EDGES,
}  # fmt: skip
"""How signals and their tangents become couplings; ``dense`` has the signals as their first row."""

LOOPS = '''
@njit(cache=True, nogil=True)
def prepare(a, k):
    outputs(a.x, a.constants, a.at, a.out, a.dout)
    scatter(a.V, a.dout, a.at, k, a.B)


@njit(cache=True, nogil=True)
def slopes_now(a, k, x, row):
    couple(a, k)
    slopes(x, a.c, a.currents[min(row, a.currents.shape[0] - 1)], a.constants, a.at, a.f, a.jac)


@njit(cache=True, nogil=True)
def advance_map(a, k, n_steps, row):
    for t in range(n_steps):
        slopes_now(a, k, a.x, row + t)
        a.x[:] = a.f
        outputs(a.x, a.constants, a.at, a.out, a.dout)
        move_map(a.V, a.C, a.jac, a.dout, a.at, k, a.B)
    return np.nan


@njit(cache=True, nogil=True)
def advance_euler(a, k, n_steps, row, h):
    total = 0.0
    for t in range(n_steps):
        slopes_now(a, k, a.x, row + t)
        total += trace(a.jac, a.dout, a.own, a.at)
        shifted(a.x, a.x, h, a.f)
        outputs(a.x, a.constants, a.at, a.out, a.dout)
        move_euler(a.V, a.C, a.jac, a.dout, a.at, k, a.real[0], a.B)
    return total


@njit(cache=True, nogil=True)
def rest_of_rk4(a, k, row, h, F0):
    shifted(a.accumulated, a.x, h / 6, a.f)
    shifted(a.y, a.x, h / 2, a.f)
    outputs(a.y, a.constants, a.at, a.out, a.dout)
    move_rk_first(a.V, a.Y, a.C, a.jac, a.dout, a.at, k, a.real[1], a.real[2], F0, a.A, a.B)
    slopes_now(a, k, a.y, row)
    shifted(a.accumulated, a.accumulated, h / 3, a.f)
    shifted(a.y, a.x, h / 2, a.f)
    outputs(a.y, a.constants, a.at, a.out, a.dout)
    move_rk_middle(a.V, a.Y, a.C, a.jac, a.dout, a.at, k, a.real[1], a.real[3], a.A, a.B)
    slopes_now(a, k, a.y, row)
    shifted(a.accumulated, a.accumulated, h / 3, a.f)
    shifted(a.y, a.x, h, a.f)
    outputs(a.y, a.constants, a.at, a.out, a.dout)
    move_rk_middle(a.V, a.Y, a.C, a.jac, a.dout, a.at, k, a.real[0], a.real[3], a.A, a.B)
    slopes_now(a, k, a.y, row)
    shifted(a.x, a.accumulated, h / 6, a.f)
    outputs(a.x, a.constants, a.at, a.out, a.dout)
    move_rk_last(a.V, a.Y, a.C, a.jac, a.dout, a.at, k, a.real[2], a.A, a.B)


@njit(cache=True, nogil=True)
def advance_rk4(a, k, n_steps, row, h):
    total = 0.0
    for t in range(n_steps):
        slopes_now(a, k, a.x, row + t)
        total += trace(a.jac, a.dout, a.own, a.at)
        rest_of_rk4(a, k, row + t, h, a.F[0])
    return total


@njit(cache=True, nogil=True)
def advance_ab4(a, k, n_steps, row, h, done):
    """``done`` steps were taken before: slopes lie at their number modulo 4."""
    total = 0.0
    for t in range(n_steps):
        slopes_now(a, k, a.x, row + t)
        total += trace(a.jac, a.dout, a.own, a.at)
        now = done + t
        p0, p1, p2, p3 = now % 4, (now + 3) % 4, (now + 2) % 4, (now + 1) % 4
        a.slopes[p0] = a.f
        if now < 3:
            rest_of_rk4(a, k, row + t, h, a.F[p0])
            continue
        for i in range(a.x.size):
            a.x[i] += (
                h / 24 * (55 * a.slopes[p0, i] - 59 * a.slopes[p1, i]
                          + 37 * a.slopes[p2, i] - 9 * a.slopes[p3, i])
            )
        outputs(a.x, a.constants, a.at, a.out, a.dout)
        move_ab4(
            a.V, a.C, a.jac, a.dout, a.at, k, a.real[4], a.real[5], a.real[6], a.real[7],
            a.F[p0], a.F[p1], a.F[p2], a.F[p3], a.B,
        )
    return total
'''
