"""Compiled code that knows nothing of models: edges, delivery, drawing, sampling."""

from __future__ import annotations

__all__ = [
    "COUNT", "FILL", "READ", "arrive", "clear", "couple", "draw", "inject", "keep_past",
    "put_in_order", "sample_blocks", "sender_at", "senders_of", "walk",
]  # fmt: skip

from collections.abc import Callable
from typing import Any

import numpy as np
from numba import njit

compiled: Callable[[Any], Any] = njit(
    cache=True, nogil=True, error_model="numpy", boundscheck=False
)


COUNT, FILL, READ = 0, 1, 2


@compiled
def walk(
    indptr: Any, source: Any, delay: Any, lane_of: Any, n_lanes: Any, pre: Any, post: Any,
    shares: Any, what: Any, upcoming: Any, target: Any, weight: Any, given: Any, found: Any,
) -> None:  # fmt: skip
    """Lead each edge of a pathway, in their order, to the next place of its row.

    ``COUNT`` does no more, ``FILL`` puts target and the weight that is ``given`` there, ``READ``
    takes the weight there for ``found``.
    """
    one_delay = delay.size == 1
    thread, last = 0, shares[1] * 64
    for j in range(indptr.size - 1):
        while post + j >= last:
            thread += 1
            last = shares[thread + 1] * 64
        for e in range(indptr[j], indptr[j + 1]):
            lane = lane_of[delay[0] if one_delay else delay[e]]
            row = (pre + source[e]) * n_lanes + lane
            at = upcoming[thread, row]
            upcoming[thread, row] = at + 1
            if what == FILL:
                target[at] = np.uint32(post + j)
                weight[at] = given[e]
            elif what == READ:
                found[e] = weight[at]


@compiled
def senders_of(thread: Any, threads: Any, stamp: Any, first_spike: Any, drive: Any) -> Any:
    """Where the spikes with this stamp lie: those of a thread, or of sources after all threads."""
    if thread < threads:
        return first_spike[thread, stamp], first_spike[thread, stamp + 1]
    return drive.source_start[stamp], drive.source_start[stamp + 1]


@compiled
def sender_at(thread: Any, i: Any, threads: Any, spikes: Any, drive: Any) -> Any:
    """The neuron that sent spike ``i`` of a thread, or of the sources."""
    if thread < threads:
        return np.int64(spikes[thread, i])
    return np.int64(drive.source[i])


@compiled
def _uniforms(key0: Any, key1: Any, stream: Any, block: Any) -> Any:
    """Both draws of a block of a stream: Philox4x32-10, as :func:`neurobridge.rng.uniforms_of`."""
    low, half, m0, m1 = (
        np.uint64(0xFFFFFFFF), np.uint64(32), np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
    )  # fmt: skip
    c0, c1 = np.uint64(stream) & low, np.uint64(stream) >> half
    c2, c3 = np.uint64(block) & low, np.uint64(block) >> half
    k0, k1 = np.uint64(key0), np.uint64(key1)
    for _ in range(10):
        p0, p1 = c0 * m0, c2 * m1
        c0, c1, c2, c3 = (p1 >> half) ^ c1 ^ k0, p1 & low, (p0 >> half) ^ c3 ^ k1, p0 & low
        k0 = (k0 + np.uint64(0x9E3779B9)) & low
        k1 = (k1 + np.uint64(0xBB67AE85)) & low
    six, wide = np.uint64(6), np.uint64(26)
    first = (np.float64(((c0 >> six) << wide) | (c1 >> six)) + 0.5) * 2.0**-52
    second = (np.float64(((c2 >> six) << wide) | (c3 >> six)) + 0.5) * 2.0**-52
    return first, second


@compiled
def draw(t: Any, k: Any, c: Any, lowest: Any, highest: Any, counted: Any) -> Any:
    """Draw what input ``c`` adds in step ``k`` to neurons ``lowest`` up to ``highest``.

    Returns
    -------
    Where it lies in ``hit`` and ``amount``.
    """
    leaves = k - (counted.span[c, 2] - 1)
    a, b = counted.channel[c], counted.channel[c + 1]
    a, b = (
        a + np.searchsorted(counted.neuron[a:b], np.uint32(lowest)),
        a + np.searchsorted(counted.neuron[a:b], np.uint32(highest)),
    )
    if leaves < counted.span[c, 0] or leaves >= counted.span[c, 1]:
        return a, a
    block, n = leaves // 2, a
    known = leaves % 2 == 1 and counted.kept_block[t, c] == block
    counted.kept_block[t, c] = block
    begin, length = counted.cdf_start[c], counted.length[c]
    for i in range(a, b):
        if known:
            u = counted.kept[i]
        else:
            first, second = _uniforms(
                counted.key[c, 0], counted.key[c, 1], counted.stream[i], block
            )
            counted.kept[i] = second
            u = first if leaves % 2 == 0 else second
        at = begin + counted.row[i] * length
        low, high = 0, length
        while high - low > 8:
            middle = (low + high) // 2
            if counted.cdf[at + middle] <= u:
                low = middle + 1
            else:
                high = middle
        while low < high and counted.cdf[at + low] <= u:
            low += 1
        if low:
            counted.hit[n] = counted.neuron[i]
            counted.amount[n] = counted.weight[i] * low
            n += 1
    return a, n


@compiled
def arrive(
    t: Any, k: Any, lowest: Any, highest: Any, blocks: Any, stride: Any, graph: Any, wires: Any,
    drive: Any, spikes: Any, first_spike: Any,
) -> Any:  # fmt: skip
    """Sum up all events of step ``k`` in the blocks; their number."""
    counted, total = drive.counted, 0
    for c in range(counted.length.size):
        a, b = draw(t, k, c, lowest, highest, counted)
        total += b - a
        offset = wires.slot[counted.span[c, 3]] * 64
        _add_up(counted.hit, counted.amount, a, b, blocks, stride, offset)
    for e in range(drive.event_start[t, k], drive.event_start[t, k + 1]):
        g = np.int64(drive.event_neuron[e])
        slot = wires.slot[drive.event_port[e]]
        blocks[(g // 64) * stride + slot * 64 + g % 64] += drive.event_weight[e]
    threads, n_lanes = first_spike.shape[0], graph.lane_delay.size
    total += drive.event_start[t, k + 1] - drive.event_start[t, k]
    for d in range(graph.first_lane.size - 1):
        q0, q1 = graph.first_lane[d], graph.first_lane[d + 1]
        stamp = k + 1 - graph.lane_delay[q0]
        if stamp < 0:
            continue
        for other in range(threads + 1):
            i0, i1 = senders_of(other, threads, stamp, first_spike, drive)
            for i in range(i0, i1):
                sender = sender_at(other, i, threads, spikes, drive)
                for q in range(q0, q1):
                    a = graph.start[t, sender * n_lanes + q]
                    b = graph.start[t, sender * n_lanes + q + 1]
                    total += b - a
                    offset = wires.slot[graph.lane_port[q]] * 64
                    _add_up(graph.target, graph.weight, a, b, blocks, stride, offset)
    return total


@compiled
def _add_up(
    target: Any, weight: Any, a: Any, b: Any, blocks: Any, stride: Any, offset: Any
) -> None:  # fmt: skip
    step, place, lanes, lane = np.uint64(stride), np.uint64(offset), np.uint64(6), np.uint64(63)
    for e in range(np.uint64(a), np.uint64(b)):
        g = np.uint64(target[e])
        blocks[(g >> lanes) * step + place + (g & lane)] += weight[e]


@compiled
def inject(t: Any, k: Any, b0: Any, b1: Any, blocks: Any, stride: Any, drive: Any) -> None:
    """Currents that change at the beginning of step ``k``."""
    for c in range(drive.current_slot.size):
        change = drive.change_start[c] + drive.upcoming[t, c]
        if change == drive.change_start[c + 1] or drive.change[change] != k:
            continue
        n = drive.neuron_start[c + 1] - drive.neuron_start[c]
        values = drive.value_start[c] + drive.upcoming[t, c] * n
        drive.upcoming[t, c] += 1
        for i in range(n):
            g = np.int64(drive.current_neuron[drive.neuron_start[c] + i])
            b = g // 64
            if b0 <= b < b1:
                at = b * stride + drive.current_slot[c] * 64 + g % 64
                blocks[at] = drive.value[values + i]


@compiled
def sample_blocks(k: Any, b0: Any, b1: Any, blocks: Any, stride: Any, sampling: Any) -> None:
    """States that are recorded at the end of step ``k``."""
    for i in range(sampling.neuron.size):
        g = np.int64(sampling.neuron[i])
        b = g // 64
        if b0 <= b < b1 and (k + 1) % sampling.interval[i] == 0:
            n = (k + 1) // sampling.interval[i] - 1
            value = blocks[b * stride + sampling.state[i] * 64 + g % 64]
            sampling.values[sampling.first[i] + n * sampling.stride[i]] = value


@compiled
def put_in_order(values: Any, a: Any, b: Any) -> None:
    """Sort ``values[a:b]`` in place: by insertion if they are few, else by a heap."""
    if b - a <= 16:
        for i in range(a + 1, b):
            value, j = values[i], i
            while j > a and values[j - 1] > value:
                values[j] = values[j - 1]
                j -= 1
            values[j] = value
        return
    for root in range((b - a) // 2 - 1, -1, -1):
        _sink(values, a, root, b - a)
    for end in range(b - a - 1, 0, -1):
        values[a], values[a + end] = values[a + end], values[a]
        _sink(values, a, 0, end)


@compiled
def _sink(values: Any, a: Any, root: Any, n: Any) -> None:
    value = values[a + root]
    while 2 * root + 1 < n:
        child = 2 * root + 1
        if child + 1 < n and values[a + child + 1] > values[a + child]:
            child += 1
        if values[a + child] <= value:
            break
        values[a + root] = values[a + child]
        root = child
    values[a + root] = value


@compiled
def keep_past(k: Any, b0: Any, b1: Any, coupled: Any) -> None:
    """What is sent at the beginning of step ``k`` is kept for couplings with a delay."""
    if coupled.population.size == 0:
        return
    row = k % coupled.past.shape[0]
    for g in range(b0 * 64, b1 * 64):
        coupled.past[row, g] = coupled.now[g]


@compiled
def clear(blocks: Any, stride: Any, slot: Any, b0: Any, b1: Any) -> None:
    """Set a slot to zero."""
    for b in range(b0, b1):
        for lane in range(64):
            blocks[b * stride + slot * 64 + lane] = 0.0


@compiled
def couple(
    c: Any, k: Any, j0: Any, j1: Any, post: Any, coupled: Any, blocks: Any, stride: Any
) -> None:
    """Add what the continuous pathway ``c`` brings to the neurons ``j0`` up to ``j1``."""
    edge, row, pre = coupled.first[c], coupled.row_first[c], coupled.pre[c]
    offset, depth = coupled.slot[c] * 64, coupled.past.shape[0]
    last = coupled.row_first[c + 1] - 1 - row
    for j in range(j0 - post, min(j1 - post, last)):
        total = 0.0
        for e in range(edge + coupled.indptr[row + j], edge + coupled.indptr[row + j + 1]):
            delay = coupled.delay[e]
            if delay == 0:
                total += coupled.weight[e] * coupled.now[pre + coupled.source[e]]
            elif delay <= k:
                total += (
                    coupled.weight[e] * coupled.past[(k - delay) % depth, pre + coupled.source[e]]
                )
        g = post + j
        blocks[(g // 64) * stride + offset + g % 64] += total
