"""A drive as compiled code wants it: by step, by thread, by neuron of the whole network."""

from __future__ import annotations

__all__ = ["input_of"]

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurobridge.backends.native.arrays import Counted, Input, joined, starts
from neurobridge.backends.native.kind import LANES, Kind
from neurobridge.backends.native.layout import Layout
from neurobridge.lowering.program import CurrentInput, Drive

Array = NDArray[Any]


def input_of(drive: Drive, layout: Layout, kinds: dict[str, Kind]) -> Input:
    """All input of a run; ``kinds`` by population."""
    source_start, source = _sources(drive, layout)
    event_start, neuron, port, weight = _events(drive, layout)
    currents = _merged(drive.currents)
    sizes = [c.start.size for c in currents]
    members = [c.neuron.size for c in currents]
    first = [layout.places[c.population].first for c in currents]
    return Input(
        source_start, source, event_start, neuron, port, weight,
        starts(sizes), joined([c.start for c in currents], np.int64),
        starts(members),
        joined([c.neuron + f for c, f in zip(currents, first, strict=True)], np.uint32),
        starts([n * m for n, m in zip(sizes, members, strict=True)]),
        joined([c.value.ravel() for c in currents], np.float64),
        np.array([kinds[c.population].slots["current"] for c in currents], dtype=np.int64),
        np.zeros((layout.threads, len(currents)), dtype=np.int64),
        _counted(drive, layout),
    )  # fmt: skip


def _sources(drive: Drive, layout: Layout) -> tuple[NDArray[np.int64], Array]:
    """Spikes of all sources by stamp, in order of their populations."""
    stamp = joined([s.stamp for s in drive.sources], np.int64)
    sender = joined(
        [s.neuron.astype(np.int64) + layout.places[s.population].first for s in drive.sources],
        np.uint32,
    )
    order = np.argsort(stamp, kind="stable")
    return np.searchsorted(stamp[order], np.arange(drive.n_steps + 3)), sender[order]


def _events(drive: Drive, layout: Layout) -> tuple[NDArray[np.int64], Array, Array, Array]:
    """Events by thread and step; within a step as the drive has them."""
    step = joined([e.step for e in drive.events], np.int64)
    neuron = joined(
        [e.target[e.channel].astype(np.int64) + layout.places[e.population].first
         for e in drive.events], np.int64,
    )  # fmt: skip
    weight = joined([e.weight[e.channel] * e.count for e in drive.events], np.float64)
    ports = [layout.port(e.population, e.receptor) for e in drive.events]
    port = np.repeat(np.array(ports, np.int32), [e.step.size for e in drive.events])
    thread = np.searchsorted(layout.shares[1:] * LANES, neuron, side="right")
    if len(drive.events) > 1 or layout.threads > 1:
        order = np.lexsort((step, thread))
        step, neuron, weight, port = step[order], neuron[order], weight[order], port[order]
        thread = thread[order]
    key = thread * (drive.n_steps + 1) + step
    bounds = np.arange(layout.threads * (drive.n_steps + 1)).reshape(layout.threads, -1)
    return np.searchsorted(key, bounds), neuron.astype(np.uint32), port, weight


def _counted(drive: Drive, layout: Layout) -> Counted:
    """Dense input."""
    given = drive.counts
    order = [np.argsort(c.target, kind="stable") for c in given]
    first = [layout.places[c.population].first for c in given]
    m = sum(c.target.size for c in given)
    streams = [c.target[o].astype(np.int64) for c, o in zip(given, order, strict=True)]
    return Counted(
        starts([c.target.size for c in given]),
        np.array(
            [[c.first, c.last, c.delay, layout.port(c.population, c.receptor)] for c in given],
            dtype=np.int64,
        ).reshape(-1, 4),
        np.array([c.key for c in given], dtype=np.int64).reshape(-1, 2),
        joined([s + f for s, f in zip(streams, first, strict=True)], np.uint32),
        joined(streams, np.int64),
        joined([c.weight[o] for c, o in zip(given, order, strict=True)], np.float64),
        joined([c.row[o] for c, o in zip(given, order, strict=True)], np.int64),
        starts([c.cdf.size for c in given]),
        np.array([c.cdf.shape[1] for c in given], dtype=np.int64),
        joined([c.cdf.ravel() for c in given], np.float64),
        np.zeros(m), np.full((layout.threads, len(given)), -1, dtype=np.int64),
        np.zeros(m, np.uint32), np.zeros(m),
    )  # fmt: skip


def _merged(currents: Sequence[CurrentInput]) -> list[CurrentInput]:
    """Inputs of which no two reach the same neuron: those of a population that do become one."""
    found: list[CurrentInput] = []
    for population in dict.fromkeys(c.population for c in currents):
        own = [c for c in currents if c.population == population]
        neurons = np.concatenate([c.neuron for c in own])
        found += own if np.unique(neurons).size == neurons.size else [_sum(own)]
    return [c for c in found if c.start.size and c.neuron.size]


def _sum(currents: Sequence[CurrentInput]) -> CurrentInput:
    """One input that changes when any does, with the sum of all at every neuron."""
    start = np.unique(np.concatenate([c.start for c in currents]))
    neuron = np.unique(np.concatenate([c.neuron for c in currents])).astype(np.int32)
    value = np.zeros((start.size, neuron.size))
    for c in currents:
        held = np.searchsorted(c.start, start, side="right") - 1
        rows = np.where((held >= 0)[:, None], c.value[np.maximum(held, 0)], 0.0)
        value[:, np.searchsorted(neuron, c.neuron)] += rows
    return CurrentInput(currents[0].stimulus, currents[0].population, neuron, start, value)
