"""Source of the event-driven path: neurons are looked at when something reaches them, or may happen.

A row of ``S`` has the states of a neuron at the end of the step ``S[r + LAST]``. All functions here
move a row to a step by the table of propagators (see :mod:`~neurobridge.backends.native.sleep`).
"""

from __future__ import annotations

__all__ = ["event_functions"]

from collections.abc import Mapping

from neurobridge.backends.native.dense_text import Lines, dialect, written
from neurobridge.backends.native.kind import LANES, Kind
from neurobridge.backends.native.sleep import entries
from neurobridge.expression import names_in, render
from neurobridge.lowering.linear import CONSTANT

SLACK = 1e-6
"""Distance from the threshold, relative to it, within which a neuron stays awake."""

TABLES = "T, free, clamped, steps"
ASKING = "W, window, windows, ends, end, Q, rest"


def event_functions(kind: Kind, i: int, entry: int, alone: bool) -> list[Lines]:
    """All functions of the event-driven path of a kind; its receptors have numbers from ``entry``."""
    found = [_move(kind, i), _asked(kind, i), _wake(kind, i)]
    for j in range(len(kind.code.receptors)):
        found += [_receive(kind, i, j, entry + j), _deliver(kind, entry + j, i, alone)]
    return [*found, _look(kind, i)]


def columns(kind: Kind) -> tuple[str, ...]:
    """What stands in a row before the two steps."""
    return (*kind.code.states, *(("current",) if kind.code.takes_current else ()))


def _function(name: str, arguments: str, body: Lines) -> Lines:
    return ["@compiled", f"def {name}({arguments}):", *(f"    {line}" for line in body)]


def _row(kind: Kind) -> Lines:
    return [f"x_{n} = S[r + U{j}]" for j, n in enumerate(columns(kind))]


def _store(kind: Kind) -> Lines:
    return [f"S[r + U{j}] = x_{n}" for j, n in enumerate(kind.code.states)]


def _powers(kind: Kind, at: str, names: Mapping[tuple[str, str], str], count: str) -> Lines:
    """Move the states ``x_...`` by ``count`` steps, in pieces that the table has."""
    rows: dict[str, list[str]] = {}
    for j, (row, column) in enumerate(names):
        term = f"T[o + U{j}]" if column == CONSTANT else f"T[o + U{j}] * x_{column}"
        rows.setdefault(row, []).append(term)
    if not rows:
        return []
    return [
        f"n = {count}",
        "while n > 0:",
        "    m = min(n, steps)",
        f"    o = np.uint64({at} + m * {len(names)})",
        *(f"    y_{row} = {' + '.join(terms)}" for row, terms in rows.items()),
        *(f"    x_{row} = y_{row}" for row in rows),
        "    n -= m",
    ]


def _entries(kind: Kind, clamped: bool) -> dict[tuple[str, str], str]:
    return entries(kind, clamped, (*kind.scalars, *kind.vectors))


def _move(kind: Kind, i: int) -> Lines:
    """Move a row to the end of step ``k``: first the clamped steps, then the others."""
    clamped = _powers(kind, "clamped", _entries(kind, True), "np.int64(held)")
    free = _powers(kind, "free", _entries(kind, False), "np.int64(d)")
    return _function(
        f"move_{i}", f"S, r, k, {TABLES}",
        [
            "last = S[r + LAST]",
            "if last >= k:",
            "    return",
            "S[r + LAST] = k",
            "d = k - last",
            "first = S[r + FIRST]",
            *_row(kind),
            "if first > last + 1.0:",
            "    held = min(first - 1.0, k) - last",
            *(f"    {line}" for line in clamped),
            "    d -= held",
            *free,
            *_store(kind),
        ],
    )  # fmt: skip


def _bound(kind: Kind) -> str:
    n = len(kind.code.states)
    return " + ".join(
        f"y_{s} * (W[o + U{j}] if y_{s} > 0.0 else W[o + U{n + j}])"
        for j, s in enumerate(kind.code.states)
    )


def _distances(kind: Kind) -> Lines:
    """How far states are from where they rest, and the membrane there from its threshold."""
    limit = kind.limit
    assert limit is not None

    def rests(j: int) -> str:
        current = f" + Q[rest + U{2 * j + 1}] * x_current" if kind.code.takes_current else ""
        return f"Q[rest + U{2 * j}]{current}"

    states = kind.code.states
    return [
        *(f"y_{s} = x_{s} - ({rests(j)})" for j, s in enumerate(states)),
        f"gap = limit - {SLACK} * max(1.0, abs(limit)) - ({rests(states.index(limit[0]))})",
    ]


def _asked(kind: Kind, i: int) -> Lines:
    """The last step of the first window that can reach the limit; -1 if none can.

    A clamped neuron is asked as it will be when it is free again.
    """
    n = len(kind.code.states)
    ahead = _powers(kind, "clamped", _entries(kind, True), "np.int64(first - 1.0 - k)")
    return _function(
        f"asked_{i}", f"S, r, k, limit, T, clamped, steps, {ASKING}",
        [
            "first = S[r + FIRST]",
            *_row(kind),
            "if first > k + 1.0:",
            *(f"    {line}" for line in ahead),
            "    k = first - 1.0",
            *_distances(kind),
            "o = window",
            f"if {_bound(kind)} <= gap:",
            "    return -1.0",
            "for w in range(1, windows):",
            f"    o += np.uint64({2 * n})",
            f"    if {_bound(kind)} > gap:",
            "        return k + ends[end + w]",
            "return -1.0",
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
        *(f"k_{n} = D[{at} + np.uint64({kind.slots[n] * LANES})]" for n in kind.vectors if n in names),
    ]


NEURON = "D, C, p"
"""Where constants of a neuron are."""

STAGE = "place, awake, due, own"
"""Who is awake; ``own[0]`` is their number, ``own[4]`` where those of this thread begin."""


def _wake(kind: Kind, i: int) -> Lines:
    """Put neuron ``g`` among those that are awake, if it can reach its threshold."""
    return _function(
        f"wake_{i}", f"S, g, r, k, {NEURON}, T, clamped, steps, {ASKING}, {STAGE}",
        [
            *_limit(kind),
            f"until = asked_{i}(S, r, k, limit, T, clamped, steps, {ASKING})",
            "if until >= 0.0:",
            "    place[g] = own[0]",
            "    awake[own[4] + own[0]] = g",
            "    due[g] = until",
            "    own[0] += 1",
        ],
    )  # fmt: skip


def _receive(kind: Kind, i: int, j: int, number: int) -> Lines:
    """An event of weight ``w`` reaches neuron ``g`` in step ``k``."""
    receptor = kind.code.receptors[j]
    slot = kind.code.states.index(receptor.variable)
    gain, drop = [], []
    if receptor.gain != "1.0":
        gain = [*_constants(kind, names_in(receptor.gain)),
                f"w = w * {render(receptor.gain, dialect(kind))}"]  # fmt: skip
    if receptor.drop:
        drop = ["if S[r + FIRST] > k:", "    return"]
    return _function(
        f"receive_{number}", f"S, g, w, k, {NEURON}, {TABLES}, {ASKING}, {STAGE}",
        [
            "r = np.uint64(g) * WIDTH",
            f"move_{i}(S, r, k, {TABLES})",
            *drop,
            *gain,
            f"S[r + U{slot}] += w",
            "if place[g] < 0:",
            f"    wake_{i}(S, g, r, k, {NEURON}, T, clamped, steps, {ASKING}, {STAGE})",
        ],
    )  # fmt: skip


UNPACKED = [
    "S, D, C, T, W, ends, Q = (",
    "    cells.rows, cells.blocks, cells.scalars, sleep.table, sleep.window,",
    "    sleep.window_end, sleep.rest,",
    ")",
    "place, awake, due, at, class_of = (",
    "    sleep.place, sleep.awake, sleep.due, sleep.at, sleep.class_of",
    ")",
]


def class_lines(alone: bool) -> Lines:
    """The population and the class of neuron ``g``."""
    return [
        f"p = {'0' if alone else f'cells.population[g // {LANES}]'}",
        f"c = {'0' if alone else 'class_of[g >> sleep.shift]'}",
        "free, clamped, steps = at[c, 0], at[c, 1], at[c, 4]",
        "window, rest = np.uint64(at[c, 2]), np.uint64(at[c, 3])",
        "windows, end = at[c, 5], at[c, 6]",
    ]


def _deliver(kind: Kind, number: int, i: int, alone: bool) -> Lines:
    """The edges ``a`` up to ``b`` carry a spike that arrives in step ``k``."""
    arguments = f"{NEURON}, {TABLES}, {ASKING}, {STAGE}"
    inside = [
        "prefetch(S, np.uint64(target[min(e + AHEAD, last)]) * WIDTH)",
        "g = np.int64(target[e])",
        *([] if alone else class_lines(alone)),
        f"receive_{number}(S, g, weight[e], k, {arguments})",
    ]
    return _function(
        f"deliver_{number}", "target, weight, a, b, k, cells, sleep, own",
        [
            *UNPACKED,
            *(class_lines(alone) if alone else []),
            "last = np.uint64(b - 1)",
            "for e in range(np.uint64(a), np.uint64(b)):",
            *(f"    {line}" for line in inside),
        ],
    )  # fmt: skip


def _look(kind: Kind, i: int) -> Lines:
    """Neuron ``g``, which is awake, in step ``k``: 2 if it spikes, 1 if it stays awake, else 0.

    Its reset is made, and it is asked whether it can reach the threshold again.
    """
    code = kind.code
    limit = kind.limit
    assert limit is not None
    texts = [a.expression for a in code.reset]
    used = {n for t in texts for n in names_in(t)}
    tables = f"T, clamped, steps, {ASKING}"
    return _function(
        f"look_{i}", f"S, g, k, {NEURON}, R, {TABLES}, {ASKING}, due",
        [
            "r = np.uint64(g) * WIDTH",
            f"move_{i}(S, r, k, {TABLES})",
            *_limit(kind),
            "spiked = 0",
            "if S[r + FIRST] <= k:",
            f"    x_{limit[0]} = S[r + U{code.states.index(limit[0])}]",
            f"    if {_condition(kind)}:",
            "        spiked = 2",
            *(f"        {line}" for line in _constants(kind, used)),
            *(f"        {line}" for line in _row(kind)),
            *(f"        {line}" for line in written(kind, code.reset)),
            *(f"        {line}" for line in _store(kind)),
            "        S[r + FIRST] = k + 1.0 + R[g]",
            "if spiked == 0 and k < due[g]:",
            "    return 1",
            f"due[g] = asked_{i}(S, r, k, limit, {tables})",
            "return spiked + (1 if due[g] >= 0.0 else 0)",
        ],
    )  # fmt: skip


def _condition(kind: Kind) -> str:
    return render(kind.code.threshold, dialect(kind)) if kind.code.threshold else "False"


