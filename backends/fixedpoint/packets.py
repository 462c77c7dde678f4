"""Spike packets: which a run must have sent, and whether those of a vector file are these.

The key of a packet is that of its core, plus ``neuron << 4`` (counted on the core), plus the lowest
four bits of the step. The host tools choose the keys of cores; here they are found: a core's key is
one with which all its packets stand in the file.
"""

from __future__ import annotations

__all__ = ["explain_packets"]

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from neurobridge.backends.fixedpoint.simulate import Twin
from neurobridge.lowering.chip.network import ChipPopulation, ChipSource

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
    senders = {p.pre for p in network.projections}
    spikes = twin.recorder.spikes()
    cores = []
    everyone: list[ChipPopulation | ChipSource] = [*network.populations, *network.sources]
    for population in everyone:
        name, width = population.name, min(population.neurons_per_core, population.size)
        if name not in senders:
            continue
        if isinstance(population, ChipPopulation):
            step, neuron = spikes[name]
        else:
            inside = population.step < network.n_steps
            step, neuron = population.step[inside], population.neuron[inside]
        bits = (width - 1).bit_length()
        for number in range(-(-population.size // width)):
            here = neuron // width == number
            local = (neuron[here] % width).astype(np.int64)
            keys = (local << _COLOUR_BITS) | (step[here] & (2**_COLOUR_BITS - 1))
            packets = Counter(zip(step[here].tolist(), keys.tolist(), strict=True))
            if name in merged:
                packets = Counter(packets.keys())
            cores.append(_Core(name, 1 << (bits + _COLOUR_BITS), packets))
    return cores


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
