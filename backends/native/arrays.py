"""The arrays that compiled code works on, by name."""

from __future__ import annotations

__all__ = [
    "Cells", "Counted", "Coupled", "Input", "Sampling", "Sleep", "Wires", "joined", "starts",
]  # fmt: skip

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Int = NDArray[np.int64]
Real = NDArray[np.float64]


class Cells(NamedTuple):
    """States of all neurons, twice: block by block for the dense path, row by row for events.

    ``blocks`` float64, flat: ``blocks[(b * n_slots + slot) * 64 + lane]``; ``released`` (n_blocks,)
    is the step from which all neurons of a block are free. ``rows`` float64, flat: the states of a
    neuron, its current, the step that it has been moved to, its first free step.
    ``scalars`` (n_populations, most) are the constants of each population, ``population``
    (n_blocks,) and ``kind`` (n_populations,) say what is where, ``bounds`` (n_populations + 1,) in
    blocks, ``refractory`` int32 (n_padded,) are steps.
    """

    blocks: Real
    released: Real
    rows: Real
    scalars: Real
    population: Int
    kind: Int
    bounds: Int
    refractory: NDArray[np.int32]


class Sleep(NamedTuple):
    """Tables of :mod:`~neurobridge.backends.native.sleep`, and who is awake.

    ``class_of[neuron >> shift]`` is the class of a neuron. ``table`` holds everything of all
    classes; ``at`` int64 (n_classes, 8) says where in it the propagators of a class begin (free,
    clamped), its windows and its resting state, the steps of its propagators, the number of
    its windows, and where their ends begin.
    ``place`` int32 (n_padded,) is where a neuron stands in ``awake``, -1 if it sleeps; ``due`` is
    the step at which it is asked again.
    """

    class_of: NDArray[np.int32]
    shift: int
    at: Int
    table: Real
    place: NDArray[np.int32]
    awake: NDArray[np.int32]
    due: Real


class Wires(NamedTuple):
    """What ports mean: slot of the blocks, and number of the function that receives."""

    slot: Int
    entry: Int


class Input(NamedTuple):
    """What is played into the network.

    Spikes of sources: those stamped ``s`` are ``source[source_start[s] : source_start[s + 1]]``,
    as senders. Events of step ``k`` for thread ``t``: ``event_start[t, k]`` up to the next, with
    ``event_neuron`` uint32, ``event_port`` and ``event_weight``. Currents: input ``c`` changes at
    ``change[change_start[c] ...]``, its neurons are ``current_neuron[neuron_start[c] ...]``, its
    values lie change by change from ``value_start[c]`` on, and go to ``current_slot[c]`` of the
    blocks; ``upcoming`` (threads, n_inputs) is the next change.
    """

    source_start: Int
    source: NDArray[np.uint32]
    event_start: Int
    event_neuron: NDArray[np.uint32]
    event_port: NDArray[np.int32]
    event_weight: Real
    change_start: Int
    change: Int
    neuron_start: Int
    current_neuron: NDArray[np.uint32]
    value_start: Int
    value: Real
    current_slot: Int
    upcoming: Int
    counted: Counted


class Counted(NamedTuple):
    """Dense Poisson input, drawn step by step (:class:`~neurobridge.lowering.program.CountInput`).

    The channels of input ``c`` are ``channel[c] : channel[c + 1]``, by ascending neuron; ``span``
    int64 (n, 4) has its first and last step of leaving, its delay, and its port; ``cdf`` rows of
    ``length[c]`` begin at ``cdf_start[c]``; ``key`` int64 (n, 2). ``kept`` (m,) is the second draw
    of the block ``kept_block`` (threads, n); ``hit`` and ``amount`` (m,) are what was drawn last.
    """

    channel: Int
    span: Int
    key: Int
    neuron: NDArray[np.uint32]
    stream: Int
    weight: Real
    row: Int
    cdf_start: Int
    length: Int
    cdf: Real
    kept: Real
    kept_block: Int
    hit: NDArray[np.uint32]
    amount: Real


class Coupled(NamedTuple):
    """Continuous pathways, one after the other.

    ``first`` (n + 1,) where the edges of each begin, ``row_first`` where its ``indptr`` does;
    ``pre`` is the first neuron that sends, ``population`` that of the targets, ``slot`` that of the
    coupling, ``delay`` int32 (E,). ``now`` (n_padded,) is what neurons send in this stage,
    ``past`` (depth, n_padded) what they sent at the beginning of each of the last steps.
    """

    first: Int
    row_first: Int
    indptr: Int
    source: NDArray[np.int32]
    weight: Real
    delay: NDArray[np.int32]
    pre: Int
    population: Int
    slot: Int
    now: Real
    past: Real


class Sampling(NamedTuple):
    """States that are recorded: neuron, slot, interval in steps, and where each goes in ``values``.

    Sample ``n`` of entry ``i`` goes to ``values[first[i] + n * stride[i]]``.
    """

    neuron: NDArray[np.uint32]
    state: Int
    interval: Int
    first: Int
    stride: Int
    values: Real


def joined(parts: Sequence[NDArray[Any]], dtype: type) -> NDArray[Any]:
    """All parts one after the other, as one array of a type; there may be none."""
    return np.concatenate([np.empty(0, dtype), *(p.astype(dtype) for p in parts)])


def starts(sizes: Sequence[int]) -> Int:
    """Where each part begins among the joined ones, and where the last one ends."""
    return np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
