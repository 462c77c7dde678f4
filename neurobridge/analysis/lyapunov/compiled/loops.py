"""The loops over steps, as source: they call what is made for a system, and are the same for all.

``a`` holds all arrays of a system, see :class:`~.propagator.Arrays`. Each loop returns the sum of
the traces of the Jacobian over its steps. ``e`` counts evaluations of the right side.

There are three modes of the same text. ``direct`` carries state and tangents on together. Where
couplings are single edges, ``record`` carries the state alone and keeps the derivatives of every
evaluation, and ``play`` carries some columns of the frame after it: so few that they stay in the
cache through all steps.

Only what Python calls is compiled with ``a`` as its argument. The parts of the loops are put in
their callers' place before that: ``a`` is more than two hundred numbers, and a function that takes
it, however short, is compiled for half a second.
"""

from __future__ import annotations

__all__ = ["Coupling", "loops_of"]

from typing import Literal

Coupling = Literal["none", "dense", "dense_mixed", "edges"]

DECORATORS = """
put_in_place = njit(inline="always")
compiled = njit(cache=True, nogil=True)
"""

NONE = """
@put_in_place
def couple(a, k):
    pass
"""

DENSE = """
@put_in_place
def couple(a, k):
    times_packed(a.BB, a.panels, a.CC)
"""

DENSE_MIXED = """
@put_in_place
def couple(a, k):
    times_packed(a.out.reshape(1, a.out.size), a.panels, a.c.reshape(1, a.c.size))
    if k > 0:
        times_packed(a.B, a.tangent_panels, a.C)
"""

EDGES = """
@put_in_place
def couple(a, k):
    edges_times_vector(a.indptr, a.source, a.weight, a.out, a.c)
"""

COUPLINGS: dict[Coupling, str] = {
    "none": NONE, "dense": DENSE, "dense_mixed": DENSE_MIXED, "edges": EDGES,
}  # fmt: skip
"""How signals and their tangents become couplings; ``dense`` has the signals as their first row."""

STATES = """
@put_in_place
def slopes_of_state_MODE(a, k, x, row):
    couple(a, k)
    slopes(x, a.c, a.currents[min(row, a.currents.shape[0] - 1)], a.constants, a.at, a.f, a.jac)


@put_in_place
def shift_MODE(out, base, factor, direction):
    shifted(out, base, factor, direction)


@put_in_place
def trace_MODE(a):
    return trace(a.jac, a.dout, a.own, a.at)


@put_in_place
def adams_MODE(a, p0, p1, p2, p3, h):
    for i in range(a.x.size):
        a.x[i] += (
            h / 24 * (55 * a.slopes[p0, i] - 59 * a.slopes[p1, i]
                      + 37 * a.slopes[p2, i] - 9 * a.slopes[p3, i])
        )


@put_in_place
def keep_slope_MODE(a, place):
    for i in range(a.f.size):
        a.slopes[place, i] = a.f[i]


@put_in_place
def jac_MODE(a, e):
    return a.jac


@put_in_place
def dout_MODE(a, e):
    return a.dout
"""

DIRECT = """
@put_in_place
def start_MODE(a, k):
    pass


@put_in_place
def slopes_now_MODE(a, k, x, row, e):
    slopes_of_state_MODE(a, k, x, row)


@put_in_place
def signals_now_MODE(a, x, e):
    outputs(x, a.constants, a.at, a.out, a.dout)
"""

RECORD = """
@put_in_place
def start_MODE(a, k):
    for i in range(a.dout.size):
        a.douts[0, i] = a.dout[i]


@put_in_place
def slopes_now_MODE(a, k, x, row, e):
    slopes_of_state_MODE(a, k, x, row)
    for i in range(a.jac.size):
        a.jacs[e, i] = a.jac[i]


@put_in_place
def signals_now_MODE(a, x, e):
    outputs(x, a.constants, a.at, a.out, a.dout)
    for i in range(a.dout.size):
        a.douts[e, i] = a.dout[i]
"""

PLAY = """
@put_in_place
def start_MODE(a, k):
    scatter(a.V, a.douts[0], a.at, k, a.B)


@put_in_place
def slopes_now_MODE(a, k, x, row, e):
    edges_times_columns(a.indptr, a.source, a.tangent_weight, a.B, a.C)


@put_in_place
def signals_now_MODE(a, x, e):
    pass


@put_in_place
def jac_MODE(a, e):
    return a.jacs[e]


@put_in_place
def dout_MODE(a, e):
    return a.douts[e]


@put_in_place
def shift_MODE(out, base, factor, direction):
    pass


@put_in_place
def trace_MODE(a):
    return 0.0


@put_in_place
def adams_MODE(a, p0, p1, p2, p3, h):
    pass


@put_in_place
def keep_slope_MODE(a, place):
    pass
"""

MODES = {"direct": STATES + DIRECT, "record": STATES + RECORD, "play": PLAY}

PREPARE = """
@compiled
def prepare(a, k):
    outputs(a.x, a.constants, a.at, a.out, a.dout)
    scatter(a.V, a.dout, a.at, k, a.B)
"""

LOOPS = '''
@compiled
def MODE_map(a, k, n_steps, row):
    start_MODE(a, k)
    for t in range(n_steps):
        slopes_now_MODE(a, k, a.x, row + t, t)
        shift_MODE(a.x, a.f, 0.0, a.f)
        signals_now_MODE(a, a.x, t + 1)
        move_map(a.V, a.C, jac_MODE(a, t), dout_MODE(a, t + 1), a.at, k, a.B)
    return np.nan


@compiled
def MODE_euler(a, k, n_steps, row, h):
    start_MODE(a, k)
    total = 0.0
    for t in range(n_steps):
        slopes_now_MODE(a, k, a.x, row + t, t)
        total += trace_MODE(a)
        shift_MODE(a.x, a.x, h, a.f)
        signals_now_MODE(a, a.x, t + 1)
        move_euler(a.V, a.C, jac_MODE(a, t), dout_MODE(a, t + 1), a.at, k, a.real[0], a.B)
    return total


@put_in_place
def rest_of_rk4_MODE(a, k, row, h, F0, e):
    half, whole, sixth, third = a.real[1], a.real[0], a.real[2], a.real[3]
    shift_MODE(a.accumulated, a.x, h / 6, a.f)
    shift_MODE(a.y, a.x, h / 2, a.f)
    signals_now_MODE(a, a.y, e + 1)
    move_rk_first(
        a.V, a.Y, a.C, jac_MODE(a, e), dout_MODE(a, e + 1), a.at, k, half, sixth, F0, a.A, a.B
    )
    slopes_now_MODE(a, k, a.y, row, e + 1)
    shift_MODE(a.accumulated, a.accumulated, h / 3, a.f)
    shift_MODE(a.y, a.x, h / 2, a.f)
    signals_now_MODE(a, a.y, e + 2)
    move_rk_middle(
        a.V, a.Y, a.C, jac_MODE(a, e + 1), dout_MODE(a, e + 2), a.at, k, half, third, a.A, a.B
    )
    slopes_now_MODE(a, k, a.y, row, e + 2)
    shift_MODE(a.accumulated, a.accumulated, h / 3, a.f)
    shift_MODE(a.y, a.x, h, a.f)
    signals_now_MODE(a, a.y, e + 3)
    move_rk_middle(
        a.V, a.Y, a.C, jac_MODE(a, e + 2), dout_MODE(a, e + 3), a.at, k, whole, third, a.A, a.B
    )
    slopes_now_MODE(a, k, a.y, row, e + 3)
    shift_MODE(a.x, a.accumulated, h / 6, a.f)
    signals_now_MODE(a, a.x, e + 4)
    move_rk_last(
        a.V, a.Y, a.C, jac_MODE(a, e + 3), dout_MODE(a, e + 4), a.at, k, sixth, a.A, a.B
    )


@compiled
def MODE_rk4(a, k, n_steps, row, h):
    start_MODE(a, k)
    total = 0.0
    for t in range(n_steps):
        slopes_now_MODE(a, k, a.x, row + t, 4 * t)
        total += trace_MODE(a)
        rest_of_rk4_MODE(a, k, row + t, h, a.F[0], 4 * t)
    return total


@compiled
def MODE_ab4(a, k, n_steps, row, h, done):
    """``done`` steps were taken before: slopes lie at their number modulo 4."""
    start_MODE(a, k)
    total, e = 0.0, 0
    for t in range(n_steps):
        slopes_now_MODE(a, k, a.x, row + t, e)
        total += trace_MODE(a)
        now = done + t
        p0, p1, p2, p3 = now % 4, (now + 3) % 4, (now + 2) % 4, (now + 1) % 4
        keep_slope_MODE(a, p0)
        if now < 3:
            rest_of_rk4_MODE(a, k, row + t, h, a.F[p0], e)
            e += 4
            continue
        adams_MODE(a, p0, p1, p2, p3, h)
        e += 1
        signals_now_MODE(a, a.x, e)
        move_ab4(
            a.V, a.C, jac_MODE(a, e - 1), dout_MODE(a, e), a.at, k,
            a.real[4], a.real[5], a.real[6], a.real[7],
            a.F[p0], a.F[p1], a.F[p2], a.F[p3], a.B,
        )
    return total
'''


def loops_of(coupling: Coupling) -> str:
    """All loops of a kind of coupling, named ``MODE_METHOD``."""
    modes = ["direct", "record", "play"] if coupling == "edges" else ["direct"]
    parts = [DECORATORS, COUPLINGS[coupling], PREPARE]
    parts += [(MODES[mode] + LOOPS).replace("MODE", mode) for mode in modes]
    return "\n".join(parts)
