"""Source of the dense path: loops over blocks of neurons, which become vector instructions."""

from __future__ import annotations

__all__ = ["dense_functions", "own_name", "written"]

from collections.abc import Sequence
from dataclasses import replace

from neurobridge.backends.native.kind import LANES, Kind
from neurobridge.backends.native.lines import Lines, function, indented
from neurobridge.codegen.dialect import NUMBA
from neurobridge.expression import Dialect, names_in, render
from neurobridge.lowering.program import Assignment, Stage


def own_name(kind: Kind, name: str) -> str:
    """Names of the user's, kept apart from those of the code around them."""
    if name == "free":
        return name
    return f"{'k' if name in (*kind.scalars, *kind.vectors) else 'x'}_{name}"


def dialect(kind: Kind, all_free: bool = False) -> Dialect:
    """How expressions are written; where all neurons are free, nobody asks."""
    own = replace(NUMBA, name=lambda n: own_name(kind, n))
    if not all_free:
        return own
    return replace(own, where=lambda c, a, b: a if c == "free" else NUMBA.where(c, a, b))


def written(kind: Kind, lines: Sequence[Assignment], all_free: bool = False) -> Lines:
    """Assignments as source."""
    own = dialect(kind, all_free)
    return [f"{own_name(kind, a.target)} = {render(a.expression, own)}" for a in lines]


def dense_functions(kind: Kind, i: int) -> list[Lines]:
    """All functions of the dense path of a kind."""
    if kind.is_fused:
        return [_step(kind, f"dense_{i}", kind.code.stages[0].update)]
    found = []
    for variant, stages in (("start", kind.code.start), ("main", kind.code.stages)):
        for s, stage in enumerate(stages):
            found.append(_signal(kind, f"signal_{i}_{variant}_{s}", stage))
            found.append(_update(kind, f"update_{i}_{variant}_{s}", stage))
    return [*found, _step(kind, f"dense_{i}", ())]


def _scalars(kind: Kind, used: set[str]) -> Lines:
    return [f"k_{n} = C[p, {j}]" for j, n in enumerate(kind.scalars) if n in used]


def _views(kind: Kind, names: Sequence[str]) -> Lines:
    """Rows of the block, ``s0``, ``s1`` ..."""
    at = [kind.slots[n] for n in names]
    return [f"s{j} = D[o + {j * LANES} : o + {(j + 1) * LANES}]" for j in sorted(set(at))]


def _loads(kind: Kind, names: Sequence[str]) -> Lines:
    return [f"{own_name(kind, n)} = s{kind.slots[n]}[l]" for n in names]


def _names(texts: Sequence[str]) -> set[str]:
    return {n for text in texts for n in names_in(text)}


def _stored(kind: Kind, lines: Sequence[Assignment]) -> list[str]:
    """Slots that assignments write."""
    kept = (*kind.code.states, *kind.code.memory, *kind.carried)
    return [n for n in dict.fromkeys(a.target for a in lines) if n in kept]


def _loop(kind: Kind, used: set[str], body: Lines, stores: Sequence[str]) -> Lines:
    """Over all lanes of a block; ``used`` are names that the body reads."""
    if not body:
        return []
    loads = [n for n in kind.slots if n in used]
    needs_free = "free" in used
    return [
        *_views(kind, [*loads, *stores, "first free step"]),
        f"for l in range({LANES}):",
        *indented(_loads(kind, loads)),
        *([f"    free = s{kind.slots['first free step']}[l] <= k"] if needs_free else []),
        *indented(body),
        *(f"    s{kind.slots[n]}[l] = {own_name(kind, n)}" for n in stores),
    ]


def _over_blocks(body: Lines) -> Lines:
    return [
        "for b in range(b0, b1):",
        "    o = b * STRIDE",
        *indented(body),
    ]


def _signal(kind: Kind, name: str, stage: Stage) -> Lines:
    """What is sent at the beginning of a stage."""
    used = _names([stage.signal])
    body = [f"now[b * {LANES} + l] = {render(stage.signal, dialect(kind))}"]
    return function(
        name, "D, C, p, b0, b1, k, now",
        [*_scalars(kind, used), *_over_blocks(_loop(kind, used, body, []))],
    )  # fmt: skip


def _update(kind: Kind, name: str, stage: Stage) -> Lines:
    """The states over a stage."""
    used = _names([a.expression for a in stage.update])
    stores = _stored(kind, stage.update)
    body = written(kind, stage.update)
    return function(
        name, "D, C, p, b0, b1, k",
        [*_scalars(kind, used), *_over_blocks(_loop(kind, used | set(stores), body, stores))],
    )  # fmt: skip


def _step(kind: Kind, name: str, update: Sequence[Assignment]) -> Lines:
    """Phases 1 to 3 (or 2 and 3): the spikes go to ``spikes`` from ``n`` on; their new number."""
    code, slots = kind.code, kind.slots
    free_slot = slots["first free step"]
    texts = [a.expression for a in (*update, *code.reset)] + [code.threshold or "0.0"]
    texts += [r.gain for r in code.receptors]
    if code.threshold:
        after = _after_spike(kind)
    return function(
        name, "D, M, C, R, p, b0, b1, k, spikes, n, hit",
        [
            *_scalars(kind, _names(texts)),
            *_over_blocks([
                "found = 0",
                "if M[b] <= k:",
                *indented(_lanes(kind, update, all_free=True) or ["pass"]),
                "else:",
                *indented(_lanes(kind, update, all_free=False) or ["pass"]),
                *(
                    [
                        "if found:",
                        *indented(_views(kind, list(slots))),
                        f"    for l in range({LANES}):",
                        "        if hit[l] != 0.0:",
                        f"            g = b * {LANES} + l",
                        *(f"            {line}" for line in after),
                        "            first = k + 1.0 + R[g]",
                        f"            s{free_slot}[l] = first",
                        "            if first > M[b]:",
                        "                M[b] = first",
                        "            spikes[n] = g",
                        "            n += 1",
                    ]
                    if code.threshold
                    else []
                ),
            ]),
            "return n",
        ],
    )  # fmt: skip


def _lanes(kind: Kind, update: Sequence[Assignment], all_free: bool) -> Lines:
    """The loop of :func:`_step`, for blocks in which all neurons are free, or any."""
    code, slots = kind.code, kind.slots
    body = written(kind, update, all_free)
    stores = _stored(kind, update)
    used = _names([a.expression for a in update]) | set(stores)
    for receptor in code.receptors:
        row = f"s{slots[f'event {receptor.name}']}"
        jump = f"{row}[l]"
        if receptor.gain != "1.0":
            jump = f"{jump} * {render(receptor.gain, dialect(kind))}"
            used |= names_in(receptor.gain)
        if receptor.drop and not all_free:
            jump = f"({jump} if free else 0.0)"
            used.add("free")
        state = own_name(kind, receptor.variable)
        body += [f"{state} = {state} + {jump}", f"{row}[l] = 0.0"]
        used.add(receptor.variable)
        if receptor.variable not in stores:
            stores.append(receptor.variable)
    if code.threshold:
        used |= names_in(code.threshold)
        body += _threshold(kind, all_free)
        if not all_free:
            used.add("free")
    events = [f"event {r.name}" for r in code.receptors]
    views = _views(kind, [*events, *(["was above"] if code.crossing else [])])
    loop = _loop(kind, used, body, stores)
    return [*(v for v in views if v not in loop), *loop]


def _threshold(kind: Kind, all_free: bool) -> Lines:
    code = kind.code
    above = f"(1.0 if {render(code.threshold, dialect(kind))} else 0.0)"
    fires = "above" if all_free else "(above if free else 0.0)"
    lines = [f"above = {above}"]
    if code.crossing:
        row = f"s{kind.slots['was above']}"
        lines += [
            f"fires = {fires} if {row}[l] == 0.0 else 0.0",
            f"{row}[l] = above",
        ]
    else:
        lines += [f"fires = {fires}"]
    return [*lines, "hit[l] = fires", "found += 1 if fires != 0.0 else 0"]


def _after_spike(kind: Kind) -> Lines:
    """The reset of the neuron in lane ``l``."""
    code = kind.code
    texts = [a.expression for a in code.reset]
    if code.crossing:
        texts.append(code.threshold)
    used = _names(texts)
    loads = [n for n in kind.slots if n in used]
    changed = list(dict.fromkeys(a.target for a in code.reset))
    lines = [*_loads(kind, loads), *written(kind, code.reset)]
    lines += [f"s{kind.slots[n]}[l] = {own_name(kind, n)}" for n in changed]
    if code.crossing and code.reset:
        above = render(code.threshold, dialect(kind))
        lines.append(f"s{kind.slots['was above']}[l] = 1.0 if {above} else 0.0")
    return lines
