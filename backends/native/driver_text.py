"""Source of the loop over steps: one function, which every thread runs for its own neurons."""

from __future__ import annotations

__all__ = ["driver"]

from collections.abc import Callable, Sequence
from itertools import accumulate

from neurobridge.backends.native.event_text import (
    TABLES,
    UNPACKED,
    WAKING,
    class_lines,
    columns,
    looked,
)
from neurobridge.backends.native.kind import LANES, Kind
from neurobridge.backends.native.lines import Lines, function, indented

ADVANCE = '''
@njit(cache=True, nogil=True, error_model="numpy", boundscheck=False, no_cfunc_wrapper=True,
      _nrt=False)
def advance(t, k0, k1, mode, chunk, shares, cells, sleep, graph, wires, drive, coupled, sampling,
            spikes, first_spike, said, memory, counter, costs, owns, scratch):
    """Steps ``k0`` up to ``k1`` for the neurons of thread ``t``; how far it came.

    ``mode`` is 0 (events), 1 (dense) or 2 (chosen as it goes). ``said`` int64 (2, threads, 8) is
    what threads tell each other at the end of a chunk: synaptic events, looks at neurons, room left
    for spikes. ``memory`` float64 (threads, 8) lasts from one call to the next.
    """
    threads = shares.size - 1
    b0, b1 = shares[t], shares[t + 1]
    own, hit, row = owns[t], scratch[t, :64], scratch[t, 64:]
    own[4], own[5] = b0 * 64, b1 * 64
    dense = mode == 1 or not MAY_SLEEP
    looks_per_event, regret, parity = 0.25, 0.0, 0
    if k0 > 0:
        own[0], dense, looks_per_event = np.int64(memory[t, 0]), memory[t, 1] == 1.0, memory[t, 2]
        regret, parity = memory[t, 3], np.int64(memory[t, 4])
    elif not dense:
        fall_asleep(b0, b1, -1.0, cells, sleep, own)
    mine = spikes[t]
    n = first_spike[t, k0 + 1]
    at = k0
    while at < k1:
        begin, stop = at, min(at + chunk, k1)
        own[2], own[3] = 0, 0
        for k in range(begin, stop):
            if dense:
                own[2] += arrive(t, k, own[4], own[5], cells.blocks, STRIDE, graph, wires,
                                 drive, spikes, first_spike)
                inject(t, k, b0, b1, cells.blocks, STRIDE, drive)
                n = dense_step(t, k, b0, b1, shares, cells, coupled, mine, n, counter, hit)
            else:
                n = event_step(t, k, cells, sleep, graph, wires, drive, spikes, first_spike, own,
                               mine, n)
            first_spike[t, k + 2] = n
            if sampling.neuron.size:
                if dense:
                    sample_blocks(k, b0, b1, cells.blocks, STRIDE, sampling)
                else:
                    sample_rows(k, cells, sleep, sampling, own, row)
        at = stop
        if dense:
            memory[t, 5] += stop - begin
        said[parity, t, 0], said[parity, t, 1], said[parity, t, 2] = own[2], own[3], mine.size - n
        wait_for_all(counter, threads)
        events, looks, room = 0, 0.0, said[parity, 0, 2]
        for other in range(threads):
            events += said[parity, other, 0]
            looks += said[parity, other, 1]
            room = min(room, said[parity, other, 2])
        parity = 1 - parity
        if MAY_SLEEP and mode == 2:
            if not dense and events > 0:
                looks_per_event = looks / events
            if dense:
                looks = looks_per_event * events
            by_events = costs[0] * looks + costs[1] * events
            by_steps = costs[2] * (stop - begin) + costs[3] * events
            regret = max(0.0, regret + (by_steps - by_events if dense else by_events - by_steps))
            if regret > costs[4]:
                regret = 0.0
                if dense:
                    to_rows(b0, b1, at - 1.0, cells)
                    fall_asleep(b0, b1, at - 1.0, cells, sleep, own)
                else:
                    to_blocks(b0, b1, at - 1.0, cells, sleep)
                dense = not dense
        if room < costs[5]:
            break
    memory[t, 0], memory[t, 1], memory[t, 2] = own[0], 1.0 if dense else 0.0, looks_per_event
    memory[t, 3], memory[t, 4] = regret, parity
    return at
'''


def driver(kinds: Sequence[Kind], may_sleep: bool) -> Lines:
    """All functions that know of several kinds."""
    parts = [_dense_step(kinds)]
    if may_sleep:
        parts += [_event_step(kinds), _conversions(kinds)]
    else:
        parts += [_nothing()]
    before = "\n\n\n".join("\n".join(p) for p in parts)
    return [f"MAY_SLEEP = {may_sleep}", "AHEAD = np.uint64(12)", "", "", before, "", ADVANCE]


def _choice(name: str, n: int, call: Callable[[int], Lines]) -> Lines:
    """``if name == 0: ... elif name == 1: ...``."""
    if n == 1:
        return call(0)
    lines = []
    for i in range(n):
        lines += [f"{'if' if i == 0 else 'elif'} {name} == {i}:", *indented(call(i))]
    return lines


def _populations(body: Lines) -> Lines:
    """Over populations; ``q0`` and ``q1`` are the blocks of this thread."""
    return [
        "for p in range(cells.kind.size):",
        "    q0, q1 = max(b0, cells.bounds[p]), min(b1, cells.bounds[p + 1])",
        "    kind = cells.kind[p]",
        *indented(body),
    ]


def _dense_step(kinds: Sequence[Kind]) -> Lines:
    staged = [i for i, kind in enumerate(kinds) if not kind.is_fused]
    most = max((max(len(k.code.stages), len(k.code.start)) for k in kinds), default=0)
    lines = [
        "D, M, C, R = cells.blocks, cells.released, cells.scalars, cells.refractory",
        "kf = np.float64(k)",
        "threads = shares.size - 1",
    ]
    for stage in range(most if staged else 0):
        lines += _populations(_staged(kinds, stage, "signal", ", coupled.now"))
        if stage == 0:
            lines += ["keep_past(k, b0, b1, coupled)"]
        moving = [f"(kind == {i} and {_stages(kinds[i])} > {stage})" for i in staged]
        lines += [
            "wait_for_all(counter, threads)",
            "for c in range(coupled.population.size):",
            "    p = coupled.population[c]",
            "    kind = cells.kind[p]",
            f"    if {' or '.join(moving)}:",
            "        q0, q1 = max(b0, cells.bounds[p]), min(b1, cells.bounds[p + 1])",
            "        couple(c, k, q0 * 64, q1 * 64, cells.bounds[p] * 64, coupled, D, STRIDE)",
            "wait_for_all(counter, threads)",
            *_populations(_staged(kinds, stage, "update", "")),
        ]
    step = _choice(
        "kind", len(kinds),
        lambda i: [f"n = dense_{i}(D, M, C, R, p, q0, q1, kf, mine, n, hit)"],
    )  # fmt: skip
    return function(
        "dense_step", "t, k, b0, b1, shares, cells, coupled, mine, n, counter, hit",
        [*lines, *_populations(step), "return n"],
    )  # fmt: skip


def _stages(kind: Kind) -> str:
    code = kind.code
    if not code.start_steps:
        return str(len(code.stages))
    return f"({len(code.start)} if k < {code.start_steps} else {len(code.stages)})"


def _staged(kinds: Sequence[Kind], stage: int, what: str, more: str) -> Lines:
    """One stage of all kinds that have it; couplings are cleared when signals are sent."""
    lines: Lines = []
    for i, kind in enumerate(kinds):
        if kind.is_fused:
            continue
        code = kind.code
        for variant, stages, when in (
            ("start", code.start, f"k < {code.start_steps}"),
            ("main", code.stages, f"k >= {code.start_steps}"),
        ):
            if stage >= len(stages):
                continue
            lines += [f"if kind == {i} and {when}:",
                      f"    {what}_{i}_{variant}_{stage}(D, C, p, q0, q1, kf{more})"]  # fmt: skip
            if what == "signal":
                lines += [f"    clear(D, STRIDE, {kind.slots[c]}, q0, q1)" for c in code.couplings]
    return lines or ["pass"]


def _nothing() -> Lines:
    """What the loop names, and never calls if no neuron may sleep."""
    names = {
        "event_step": "t, k, cells, sleep, graph, wires, drive, spikes, first_spike, own, mine, n",
        "fall_asleep": "b0, b1, k, cells, sleep, own",
        "to_blocks": "b0, b1, k, cells, sleep",
        "to_rows": "b0, b1, k, cells",
        "sample_rows": "k, cells, sleep, sampling, own, row",
    }
    return [
        line
        for name, arguments in names.items()
        for line in (*function(name, arguments, ["return 0"]), "", "")
    ]


def _event_step(kinds: Sequence[Kind]) -> Lines:
    firsts = list(accumulate((len(k.code.receptors) for k in kinds), initial=0))

    def delivered(edges: str) -> Lines:
        call = "deliver_{i}(entry, {edges}, a, b, k, cells, sleep, own)"
        lines = []
        for i, first in enumerate(firsts[:-1]):
            lines += [f"if {first} <= entry < {firsts[i + 1]}:",
                      f"    {call.format(i=i, edges=edges)}"]  # fmt: skip
        return lines or ["pass"]

    deliver = delivered("graph.target, graph.weight")
    played = delivered("drive.event_neuron, drive.event_weight")
    drawn = delivered("drive.counted.hit, drive.counted.amount")
    look = _choice("kind", len(kinds), lambda i: looked(kinds[i], i))
    rush = _choice("kind", len(kinds), lambda i: _current_lines(kinds[i], i))
    takes_current = any(k.code.takes_current for k in kinds)
    return [
        "@inner",
        "def event_step(t, step, cells, sleep, graph, wires, drive, spikes, first_spike, own,",
        "               mine, n):",
        *indented(UNPACKED),
        "    R, k = cells.refractory, np.float64(step)",
        *(indented(_currents(rush)) if takes_current else []),
        "    for c in range(drive.counted.length.size):",
        "        a, b = draw(t, step, c, own[4], own[5], drive.counted)",
        "        entry = wires.entry[drive.counted.span[c, 3]]",
        *indented(drawn, 8),
        "        own[2] += b - a",
        "    a, done = drive.event_start[t, step], drive.event_start[t, step + 1]",
        "    own[2] += done - a",
        "    while a < done:",
        "        port, b = drive.event_port[a], a + 1",
        "        while b < done and drive.event_port[b] == port:",
        "            b += 1",
        "        entry = wires.entry[port]",
        *indented(played, 8),
        "        a = b",
        "    threads = first_spike.shape[0]",
        "    for d in range(graph.first_lane.size - 1):",
        "        q0, q1 = graph.first_lane[d], graph.first_lane[d + 1]",
        "        s = step + 1 - graph.lane_delay[q0]",
        "        if s < 0:",
        "            continue",
        "        for other in range(threads + 1):",
        "            i0, i1 = senders_of(other, threads, s, first_spike, drive)",
        "            for i in range(i0, i1):",
        "                sender = sender_at(other, i, threads, spikes, drive)",
        "                row = sender * graph.lane_delay.size",
        "                for q in range(q0, q1):",
        "                    a, b = graph.start[t, row + q], graph.start[t, row + q + 1]",
        "                    if a == b:",
        "                        continue",
        "                    own[2] += b - a",
        "                    entry = wires.entry[graph.lane_port[q]]",
        *indented(deliver, 20),
        "    begin, q = n, 0",
        "    own[3] += own[0]",
        "    while q < own[0]:",
        "        g = np.int64(awake[own[4] + q])",
        *indented(class_lines(False), 8),
        "        kind = cells.kind[p]",
        *indented(look, 8),
        "        if found >= 2:",
        "            mine[n] = g",
        "            n += 1",
        "        if found % 2 == 1:",
        "            q += 1",
        "            continue",
        "        place[g] = -1",
        "        own[0] -= 1",
        "        moved = awake[own[4] + own[0]]",
        "        if moved != g:",
        "            awake[own[4] + q] = moved",
        "            place[moved] = q",
        "    if n > begin + 1:",
        "        put_in_order(mine, begin, n)",
        "    return n",
    ]  # fmt: skip


def _currents(rush: Lines) -> Lines:
    """Currents that change at the beginning of step ``k``: neurons are moved up to it first."""
    return [
        "for c in range(drive.neuron_start.size - 1):",
        "    at_change = drive.change_start[c] + drive.upcoming[t, c]",
        "    if at_change == drive.change_start[c + 1] or drive.change[at_change] != step:",
        "        continue",
        "    n_neurons = drive.neuron_start[c + 1] - drive.neuron_start[c]",
        "    values = drive.value_start[c] + drive.upcoming[t, c] * n_neurons",
        "    drive.upcoming[t, c] += 1",
        "    for i in range(n_neurons):",
        "        g = np.int64(drive.current_neuron[drive.neuron_start[c] + i])",
        "        if g < own[4] or g >= own[5]:",
        "            continue",
        *indented(class_lines(False), 8),
        "        kind = cells.kind[p]",
        "        r = np.uint64(g) * WIDTH",
        "        value = drive.value[values + i]",
        *indented(rush, 8),
    ]


def _current_lines(kind: Kind, i: int) -> Lines:
    if not kind.code.takes_current:
        return ["pass"]
    at = len(kind.code.states)
    return [
        f"move_{i}(S, r, k - 1.0, {TABLES})",
        f"S[r + U{at}] = value",
        "if place[g] < 0:",
        f"    wake_{i}(S, g, r, k - 1.0, {WAKING})",
        "else:",
        "    due[g] = k",
    ]


def _block(kind: Kind, name: str) -> str:
    """A value of the neuron whose lane of the block is at ``o``."""
    return f"D[o + np.uint64({kind.slots[name] * LANES})]"


def _conversions(kinds: Sequence[Kind]) -> Lines:
    """From rows to blocks and back, who is awake, and samples of rows."""

    def copied(kind: Kind, to_rows: bool) -> Lines:
        lines = []
        for j, name in enumerate(columns(kind)):
            block = _block(kind, name)
            lines.append(f"S[r + U{j}] = {block}" if to_rows else f"{block} = S[r + U{j}]")
        free = _block(kind, "first free step")
        lines.append(f"S[r + FIRST] = {free}" if to_rows else f"{free} = S[r + FIRST]")
        return lines

    n = len(kinds)
    idle = _choice("kind", n, lambda i: [f"until = {_block(kinds[i], 'first free step')}"])

    def neurons(body: Lines) -> Lines:
        """Over all neurons of this thread, but for lanes that are idle."""
        return _populations([
            f"for g in range(q0 * {LANES}, q1 * {LANES}):",
            f"    b = g // {LANES}",
            f"    o = np.uint64(b * STRIDE + g % {LANES})",
            *indented(idle),
            "    if until == np.inf:",
            "        continue",
            "    r = np.uint64(g) * WIDTH",
            *indented(body),
        ])  # fmt: skip

    tables = [line for line in class_lines(False) if not line.startswith("p = ")]
    moved = _choice("kind", n, lambda i: [f"move_{i}(S, r, k, {TABLES})"])
    wake = _choice("kind", n, lambda i: [f"wake_{i}(S, g, r, k, {WAKING})"])
    rows = _choice("kind", n, lambda i: copied(kinds[i], True))
    blocks = _choice("kind", n, lambda i: copied(kinds[i], False))
    state = _choice("kind", n, lambda i: [f"move_{i}(row, np.uint64(0), kf, {TABLES})"])
    return [
        *function("to_rows", "b0, b1, k, cells", [
            "S, D = cells.rows, cells.blocks",
            *neurons([*rows, "S[r + LAST] = k"]),
        ]),
        "", "",
        *function("fall_asleep", "b0, b1, k, cells, sleep, own", [
            *UNPACKED,
            "own[0] = 0",
            *neurons([*tables, "place[g] = -1", *wake]),
        ]),
        "", "",
        *function("to_blocks", "b0, b1, k, cells, sleep", [
            *UNPACKED,
            "M = cells.released",
            "for b in range(b0, b1):",
            "    if M[b] != np.inf:",
            "        M[b] = 0.0",
            *neurons([
                *tables, *moved, *blocks,
                "if S[r + FIRST] > M[b]:", "    M[b] = S[r + FIRST]",
            ]),
        ]),
        "", "",
        "@inner",
        "def sample_rows(k, cells, sleep, sampling, own, row):",
        *indented(UNPACKED),
        "    kf = np.float64(k)",
        "    for i in range(sampling.neuron.size):",
        "        g = np.int64(sampling.neuron[i])",
        "        if g < own[4] or g >= own[5] or (k + 1) % sampling.interval[i] != 0:",
        "            continue",
        *indented(class_lines(False), 8),
        "        kind = cells.kind[p]",
        "        r = np.int64(g) * np.int64(WIDTH)",
        "        for j in range(np.int64(WIDTH)):",
        "            row[j] = S[r + j]",
        *indented(state, 8),
        "        at_sample = (k + 1) // sampling.interval[i] - 1",
        "        sampling.values[sampling.first[i] + at_sample * sampling.stride[i]] = (",
        "            row[sampling.state[i]])",
    ]  # fmt: skip
