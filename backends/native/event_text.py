"""Source of the event-driven path: neurons are looked at when something reaches them, or may.

A row of ``S`` has the states of a neuron at the end of the step ``S[r + LAST]``. All functions here
move a row to a step by the table of propagators (see :mod:`~neurobridge.backends.native.sleep`).
"""

from __future__ import annotations

__all__ = ["event_functions"]

from collections.abc import Mapping

from neurobridge.backends.native.dense_text import dialect, written
from neurobridge.backends.native.kind import LANES, Kind
from neurobridge.backends.native.lines import Lines, function, indented
from neurobridge.backends.native.sleep import entries
from neurobridge.expression import names_in, render
from neurobridge.lowering.linear import CONSTANT

SLACK = 1e-6
"""Distance from the threshold, relative to it, within which a neuron stays awake."""

NEVER = -2.0
"""In place of a step: before the first step there is one, -1, in which neurons begin."""

TABLES = "T, free, clamped, steps"
ASKING = "window, windows, end, rest"
"""Places in ``T``, the tables of all classes in one array."""


def event_functions(kind: Kind, i: int, entry: int, alone: bool) -> list[Lines]:
    """All functions of the event-driven path of a kind, its receptors numbered from ``entry``."""
    return [_move(kind, i), _asked(kind, i), _wake(kind, i), _deliver(kind, i, entry, alone)]


def columns(kind: Kind) -> tuple[str, ...]:
    """What stands in a row before the two steps."""
    return (*kind.code.states, *(("current",) if kind.code.takes_current else ()))


def _row(kind: Kind) -> Lines:
    return [f"x_{n} = S[r + U{j}]" for j, n in enumerate(columns(kind))]


def _store(kind: Kind) -> Lines:
    return [f"S[r + U{j}] = x_{n}" for j, n in enumerate(kind.code.states)]


def _powers(at: str, names: Mapping[tuple[str, str], str], count: str) -> Lines:
    """Move the states ``x_...`` by ``count`` steps, in pieces that the table has."""
    rows: dict[str, list[str]] = {}
    for j, (row, column) in enumerate(names):
        term = f"T[o + U{j}]" if column == CONSTANT else f"T[o + U{j}] * x_{column}"
        rows.setdefault(row, []).append(term)
    if not rows:
        return []
    return [
        f"left = {count}",
        "while left > 0:",
        "    piece = min(left, steps)",
        f"    o = np.uint64({at} + piece * {len(names)})",
        *(f"    y_{row} = {' + '.join(terms)}" for row, terms in rows.items()),
        *(f"    x_{row} = y_{row}" for row in rows),
        "    left -= piece",
    ]


def _entries(kind: Kind, clamped: bool) -> dict[tuple[str, str], str]:
    return entries(kind, clamped, (*kind.scalars, *kind.vectors))


def moved(kind: Kind) -> Lines:
    """Move row ``r`` to the end of step ``k``: first the clamped steps, then the others."""
    clamped = _powers("clamped", _entries(kind, True), "np.int64(held)")
    free = _powers("free", _entries(kind, False), "np.int64(ahead)")
    return [
        "last, first = S[r + LAST], S[r + FIRST]",
        "if last < k:",
        "    S[r + LAST] = k",
        "    ahead = k - last",
        *indented(_row(kind)),
        "    if first > last + 1.0:",
        "        held = min(first - 1.0, k) - last",
        *indented(clamped, 8),
        "        ahead -= held",
        *indented(free),
        *indented(_store(kind)),
    ]


def _move(kind: Kind, i: int) -> Lines:
    return function(f"move_{i}", f"S, r, k, {TABLES}", moved(kind))


def _bound(kind: Kind) -> str:
    n = len(kind.code.states)
    return " + ".join(
        f"y_{s} * (T[o + U{j}] if y_{s} > 0.0 else T[o + U{n + j}])"
        for j, s in enumerate(kind.code.states)
    )


def _distances(kind: Kind) -> Lines:
    """How far states are from where they rest, and the membrane there from its threshold."""
    limit = kind.limit
    assert limit is not None

    def rests(j: int) -> str:
        current = f" + T[rest + U{2 * j + 1}] * x_current" if kind.code.takes_current else ""
        return f"T[rest + U{2 * j}]{current}"

    states = kind.code.states
    return [
        *(f"y_{s} = x_{s} - ({rests(j)})" for j, s in enumerate(states)),
        f"gap = limit - {SLACK} * max(1.0, abs(limit)) - ({rests(states.index(limit[0]))})",
    ]


def _asked(kind: Kind, i: int) -> Lines:
    """The last step of the first window that can reach the limit, or ``NEVER``.

    A clamped neuron is asked as it will be when it is free again.
    """
    n = len(kind.code.states)
    ahead = _powers("clamped", _entries(kind, True), "np.int64(first - 1.0 - k)")
    return function(
        f"asked_{i}", f"S, r, k, limit, T, clamped, steps, {ASKING}",
        [
            "first = S[r + FIRST]",
            *_row(kind),
            "if first > k + 1.0:",
            *indented(ahead),
            "    k = first - 1.0",
            *_distances(kind),
            "o = window",
            f"if {_bound(kind)} <= gap:",
            f"    return {NEVER}",
            "for w in range(1, windows):",
            f"    o += np.uint64({2 * n})",
            f"    if {_bound(kind)} > gap:",
            "        return k + T[end + np.uint64(w)]",
            f"return {NEVER}",
        ],
    )  # fmt: skip


def _limit(kind: Kind) -> Lines:
    """The value that the membrane of neuron ``g`` is compared with."""
    limit = kind.limit
    assert limit is not None
    if not limit[1]:
        return ["limit = np.inf"]
    names = names_in(limit[1])
    return [*_constants(kind, names), f"limit = {render(limit[1], dialect(kind))}"]


def _constants(kind: Kind, names: frozenset[str] | set[str]) -> Lines:
    """Constants of neuron ``g`` of population ``p``."""
    at = f"np.uint64((g // {LANES}) * STRIDE + g % {LANES})"
    return [
        *(f"k_{n} = C[p, {j}]" for j, n in enumerate(kind.scalars) if n in names),
        *(
            f"k_{n} = D[{at} + np.uint64({kind.slots[n] * LANES})]"
            for n in kind.vectors
            if n in names
        ),
    ]


NEURON = "D, C, p"
"""Where constants of a neuron are."""

STAGE = "place, awake, due, own"
"""Who is awake; ``own[0]`` is their number, ``own[4]`` where those of this thread begin."""


WAKING = f"{NEURON}, T, clamped, steps, {ASKING}, {STAGE}"


def _wake(kind: Kind, i: int) -> Lines:
    """Put neuron ``g`` among those that are awake, if it can reach its threshold."""
    return function(
        f"wake_{i}", f"S, g, r, k, {WAKING}",
        [
            *_limit(kind),
            f"until = asked_{i}(S, r, k, limit, T, clamped, steps, {ASKING})",
            f"if until > {NEVER}:",
            "    place[g] = own[0]",
            "    awake[own[4] + own[0]] = g",
            "    due[g] = until",
            "    own[0] += 1",
        ],
    )  # fmt: skip


def _received(kind: Kind, i: int, entry: int) -> Lines:
    """An event of weight ``w`` reaches neuron ``g``, row ``r``, in step ``k``."""
    gains = [
        line
        for j, receptor in enumerate(kind.code.receptors)
        if receptor.gain != "1.0"
        for line in (
            f"if number == {entry + j}:",
            *indented(_constants(kind, names_in(receptor.gain))),
            f"    w = w * {render(receptor.gain, dialect(kind))}",
        )
    ]
    return [
        *moved(kind),
        "if first <= k or not drop:",
        *indented(gains),
        "    S[r + slot] += w",
        *indented(_limit(kind)),
        *indented(_row(kind)),
        *indented(_distances(kind)),
        "    o = window",
        f"    if {_bound(kind)} > gap:",
        "        if place[g] < 0:",
        f"            wake_{i}(S, g, r, k, {WAKING})",
    ]


UNPACKED = [
    "S, D, C, T, at = cells.rows, cells.blocks, cells.scalars, sleep.table, sleep.at",
    "place, awake, due, class_of = sleep.place, sleep.awake, sleep.due, sleep.class_of",
]


def class_lines(alone: bool) -> Lines:
    """The population and the class of neuron ``g``."""
    return [
        f"p = {'0' if alone else f'cells.population[g // {LANES}]'}",
        f"c = {'0' if alone else 'class_of[g >> sleep.shift]'}",
        "free, clamped, steps = at[c, 0], at[c, 1], at[c, 4]",
        "window, rest, end = np.uint64(at[c, 2]), np.uint64(at[c, 3]), np.uint64(at[c, 6])",
        "windows = at[c, 5]",
    ]


def _deliver(kind: Kind, i: int, entry: int, alone: bool) -> Lines:
    """The events ``a`` up to ``b`` reach the receptor with this number in step ``k``."""
    states = kind.code.states
    receptors = []
    for j, receptor in enumerate(kind.code.receptors):
        receptors += [
            f"if number == {entry + j}:",
            f"    slot, drop = U{states.index(receptor.variable)}, {receptor.drop}",
        ]
    inside = [
        "prefetch(S, np.uint64(target[min(e + AHEAD, final)]) * WIDTH)",
        "g = np.int64(target[e])",
        "r = np.uint64(target[e]) * WIDTH",
        "w = weight[e]",
        *([] if alone else class_lines(alone)),
        *_received(kind, i, entry),
    ]
    return function(
        f"deliver_{i}", "number, target, weight, a, b, k, cells, sleep, own",
        [
            *UNPACKED,
            *(class_lines(alone) if alone else []),
            "slot, drop = U0, False",
            *receptors,
            "final = np.uint64(b - 1)",
            "for e in range(np.uint64(a), np.uint64(b)):",
            *indented(inside),
        ],
    )  # fmt: skip


def looked(kind: Kind, i: int) -> Lines:
    """Neuron ``g``, awake, in step ``k``: ``found`` is 2 if it spikes, plus 1 if it stays awake.

    Its reset is made, and it is asked whether it can reach the threshold again.
    """
    code = kind.code
    limit = kind.limit
    assert limit is not None
    used = {n for a in code.reset for n in names_in(a.expression)}
    return [
        "r = np.uint64(g) * WIDTH",
        *moved(kind),
        *_limit(kind),
        "found = 0",
        "if first <= k:",
        f"    x_{limit[0]} = S[r + U{code.states.index(limit[0])}]",
        f"    if {_condition(kind)}:",
        "        found = 2",
        *indented(_constants(kind, used), 8),
        *indented(_row(kind), 8),
        *indented(written(kind, code.reset), 8),
        *indented(_store(kind), 8),
        "        S[r + FIRST] = k + 1.0 + R[g]",
        "if found == 0 and k < due[g]:",
        "    found = 1",
        "else:",
        f"    due[g] = asked_{i}(S, r, k, limit, T, clamped, steps, {ASKING})",
        f"    found += 1 if due[g] > {NEVER} else 0",
    ]


def _condition(kind: Kind) -> str:
    return render(kind.code.threshold, dialect(kind)) if kind.code.threshold else "False"
