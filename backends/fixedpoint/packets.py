"""Spike packets: which a run must have sent, and whether those of a vector file are these.

The key of a packet is that of its core, plus ``neuron << 4`` (counted on the core), plus the lowest
four bits of the step. Where delays are longer than the ring buffers, a delay-extension core sends a
spike once more for every stage. The host tools choose the keys of cores; here they are found: a
core's key is one with which all its packets stand in the file.
"""

from __future__ import annotations

__all__ = ["explain_packets"]

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from neurobridge.backends.fixedpoint.checks import slots_of
from neurobridge.backends.fixedpoint.fixed import Int
from neurobridge.backends.fixedpoint.simulate import Twin

_COLOUR_BITS = 4

Packets = Counter[tuple[int, int]]
"""How often each (step, key) was sent."""


@dataclass(frozen=True)
class _Core:
    """Packets of one core, without its key; keys are multiples of ``alignment``."""

    name: str
    alignment: int
    packets: Packets


def explain_packets(
    listed: Sequence[tuple[int, int]], twin: Twin, merged: Collection[str]
) -> list[str]:
    """What differs between the packets of a file and those that a run must have sent.

    Parameters
    ----------
    listed : sequence of (int, int)
        Step and key of each packet.
    twin : Twin
        After its run.
    merged : collection of str
        Sources that send several spikes of a neuron in one step as one packet.
    """
    left: Packets = Counter(listed)
    cores = sorted(_cores(twin, merged), key=lambda core: -core.packets.total())
    keys = _assign(left, cores)
    for core, key in zip(cores, keys, strict=True):
        left.subtract(_with_key(core, key))
    wrong = []
    for (step, key), count in sorted(left.items()):
        if count:
            expected, got = (count, 0) if count > 0 else (0, -count)
            place = f"packets with key {key:#010x} in step {step}"
            wrong += [f"{place}: expected {expected} more, got {got} more"] * abs(count)
    return wrong


def _cores(twin: Twin, merged: Collection[str]) -> list[_Core]:
    network = twin.network
    spikes = {s.name: (s.step, s.neuron) for s in network.sources} | twin.recorder.spikes()
    widths = {p.name: min(p.neurons_per_core, p.size) for p in network.populations}
    widths |= {s.name: min(s.neurons_per_core, s.size) for s in network.sources}
    cores = []
    for name in dict.fromkeys(p.pre for p in network.projections):
        inside = spikes[name][0] < network.n_steps
        step, neuron = spikes[name][0][inside], spikes[name][1][inside].astype(np.int64)
        extension, width = _extension(twin, name, step, neuron), widths[name]
        for number in range(-(-network.sizes[name] // width)):
            sent = _packets(step, neuron, number, width)
            if name in merged:
                sent = Counter(sent.keys())
            cores.append(_Core(name, _alignment(width), sent))
            again: Packets = Counter()
            for stage, (late, who) in enumerate(extension):
                part = _packets(late, who, number, width)
                again.update((t, (stage * width << _COLOUR_BITS) + key) for t, key in part)
            cores.append(_Core(name, _alignment(width * len(extension)), again))
    return [core for core in cores if core.packets]


def _alignment(n: int) -> int:
    """Of what the key of a core with ``n`` sending neurons is a multiple."""
    return 1 << (_COLOUR_BITS + max(n - 1, 0).bit_length())


def _packets(step: Int, neuron: Int, number: int, width: int) -> Packets:
    """What core ``number`` of a population sends for these spikes."""
    here = neuron // width == number
    keys = (neuron[here] % width << _COLOUR_BITS) | (step[here] & (2**_COLOUR_BITS - 1))
    return Counter(zip(step[here].tolist(), keys.tolist(), strict=True))


def _extension(twin: Twin, name: str, step: Int, neuron: Int) -> list[tuple[Int, Int]]:
    """Spikes that delay-extension cores send on, by stage: each a ring buffer later.

    Several spikes of a neuron in one step are one packet there.
    """
    network = twin.network
    late = set()
    for p in network.projections:
        if p.pre == name:
            slots = slots_of(network.population(p.post))
            late |= {k * slots for k in range(1, 1 + (int(p.delays.max(initial=1)) - 1) // slots)}
    inside = [(steps, step + steps < network.n_steps) for steps in sorted(late)]
    return [(step[kept] + steps, neuron[kept]) for steps, kept in inside]


def _with_key(core: _Core, key: int) -> Packets:
    return Counter({(step, key + local): n for (step, local), n in core.packets.items()})


def _assign(left: Packets, cores: Sequence[_Core]) -> list[int]:
    """A key for each core, such that the packets left over are as few as possible."""
    free = set()
    for core in cores:
        free |= {key - key % core.alignment for _, key in left}
    keys: list[int] = []
    remaining = Counter(left)
    for core in cores:
        candidates = sorted(k for k in free if k % core.alignment == 0 and k not in keys) or [0]
        best = min(candidates, key=lambda k: _missing(core, k, remaining))
        keys.append(best)
        remaining.subtract(_with_key(core, best))
    return keys


def _missing(core: _Core, key: int, remaining: Packets) -> int:
    wanted = _with_key(core, key)
    alien = sum(
        n for (_, other), n in remaining.items() if key <= other < key + core.alignment and n > 0
    )
    found = sum(min(n, max(remaining[packet], 0)) for packet, n in wanted.items())
    return (wanted.total() - found) + (alien - found)
