"""The arrays of a run at its beginning: constants, initial states, tables of sleep."""

from __future__ import annotations

__all__ = ["Plan", "cells_of", "coupled_of", "plan_of", "sampling_of", "sleep_of", "wires_of"]

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurobridge.backends.native.arrays import (
    Cells,
    Coupled,
    Sampling,
    Sleep,
    Wires,
    joined,
    starts,
)
from neurobridge.backends.native.kind import LANES, Kind, kind_of
from neurobridge.backends.native.layout import Layout
from neurobridge.backends.native.sleep import Classes, classes_of
from neurobridge.backends.native.text import Shape
from neurobridge.lowering.evaluate import evaluate
from neurobridge.lowering.program import PopulationProgram, Program


@dataclass(frozen=True)
class Plan:
    """Which code runs: populations with dynamics in order, their kinds, and who may sleep.

    ``classes`` is by population; it is empty if neurons cannot sleep.
    """

    cells: tuple[PopulationProgram, ...]
    shape: Shape
    kind: dict[str, Kind]
    classes: dict[str, Classes]


def plan_of(program: Program) -> Plan:
    """The plan of a program."""
    cells = tuple(p for p in program.populations if not p.is_source)
    kind = {p.name: kind_of(p) for p in cells}
    kinds = tuple(dict.fromkeys(kind.values()))
    classes: dict[str, Classes] = {}
    if cells and all(k.may_sleep for k in kinds):
        found = {p.name: classes_of(kind[p.name], p) for p in cells}
        if all(found.values()):
            classes = {name: c for name, c in found.items() if c is not None}
    alone = len(classes) == 1 and all(len(c.free) == 1 for c in classes.values())
    return Plan(cells, Shape(kinds, alone, bool(classes)), kind, classes)


def cells_of(plan: Plan, layout: Layout, dense: bool) -> Cells:
    """Neurons in their initial states; ``dense`` if that is the only path that is taken."""
    shape, n_blocks = plan.shape, layout.n_padded // LANES
    blocks = np.zeros((n_blocks, shape.n_slots, LANES))
    released = np.zeros(n_blocks)
    may_sleep = shape.may_sleep and not dense
    rows = _aligned(layout.n_padded * shape.width if may_sleep else 1)
    table = rows.reshape(layout.n_padded, shape.width) if may_sleep else None
    scalars = np.zeros((len(plan.cells), max((len(k.scalars) for k in shape.kinds), default=0) + 1))
    refractory = np.zeros(layout.n_padded, np.int32)
    population = np.zeros(n_blocks, np.int64)
    for i, p in enumerate(plan.cells):
        kind, place = plan.kind[p.name], layout.places[p.name]
        own = slice(place.blocks.start, place.blocks.stop)
        population[own] = i
        scalars[i, : len(kind.scalars)] = [float(p.constants[n]) for n in kind.scalars]
        refractory[place.first : place.first + place.size] = p.refractory_steps

        def put(slot: int, value: Any, own: slice = own, size: int = place.size) -> None:
            flat = np.zeros((own.stop - own.start) * LANES)
            flat[:size] = value
            blocks[own, slot] = flat.reshape(-1, LANES)

        for name in kind.vectors:
            put(kind.slots[name], p.constants[name])
        for name in kind.code.states:
            put(kind.slots[name], p.initial[name])
        if kind.code.crossing:
            values = {**p.constants, **p.initial}
            put(kind.slots["was above"], evaluate(kind.code.threshold, values))
        put(kind.slots["first free step"], 0.0)
        idle = np.arange(place.size, (own.stop - own.start) * LANES)
        blocks[own.start + idle // LANES, kind.slots["first free step"], idle % LANES] = np.inf
        released[own.stop - 1] = np.inf if idle.size else 0.0
        if table is not None:
            mine = table[place.first : place.first + place.size]
            for j, name in enumerate(kind.code.states):
                mine[:, j] = p.initial[name]
            mine[:, -2] = -1.0
    return Cells(
        blocks.ravel(), released, rows, scalars, population,
        np.array([shape.kinds.index(plan.kind[p.name]) for p in plan.cells], dtype=np.int64),
        np.array([layout.places[p.name].blocks.start for p in plan.cells] + [n_blocks]),
        refractory,
    )  # fmt: skip


def _aligned(n: int) -> NDArray[np.float64]:
    """Zeros that begin at a cache line."""
    raw = np.zeros(n + 8)
    offset = (-raw.ctypes.data // 8) % 8
    return raw[offset : offset + n]


def sleep_of(plan: Plan, layout: Layout) -> Sleep:
    """Tables of all classes, and nobody awake."""
    n = layout.n_padded if plan.classes else 0
    alike = all(len(c.free) == 1 for c in plan.classes.values())
    shift = 6 if alike else 0
    class_of = np.zeros(n >> shift, np.int32)
    at: list[list[int]] = []
    parts = [np.zeros(0)]

    def append(values: NDArray[Any]) -> int:
        begin = sum(v.size for v in parts)
        parts.append(values.ravel().astype(np.float64))
        return begin

    for name, c in plan.classes.items():
        place = layout.places[name]
        if alike:
            class_of[place.blocks.start : place.blocks.stop] = len(at)
        else:
            class_of[place.first : place.first + place.size] = len(at) + c.of_neuron
        end = append(c.window_end)
        at += [
            [
                append(c.free[i]), append(c.clamped[i]), append(c.window[i]), append(c.rest[i]),
                c.free.shape[1] - 1, c.window.shape[1], end, 0,
            ]
            for i in range(len(c.free))
        ]  # fmt: skip
    return Sleep(
        class_of, shift, np.array(at, dtype=np.int64).reshape(-1, 8), np.concatenate(parts),
        np.full(n, -1, np.int32), np.zeros(n, np.int32), np.zeros(n),
    )  # fmt: skip


def wires_of(plan: Plan, layout: Layout) -> Wires:
    """Slot and function of every port."""
    kinds = plan.shape.kinds
    first = np.cumsum([0, *(len(k.code.receptors) for k in kinds)])
    slot, entry = [], []
    for population, receptor in layout.ports:
        kind = plan.kind[population]
        names = [r.name for r in kind.code.receptors]
        slot.append(kind.slots[f"event {receptor}"])
        entry.append(int(first[kinds.index(kind)]) + names.index(receptor))
    return Wires(np.array(slot, dtype=np.int64), np.array(entry, dtype=np.int64))


def coupled_of(program: Program, plan: Plan, layout: Layout) -> Coupled:
    """Continuous pathways."""
    paths = [p for p in program.pathways if p.continuous]
    names = [p.name for p in plan.cells]
    depth = max((p.delay_range[1] for p in paths), default=0) + 1
    sizes = [p.n_edges for p in paths]

    return Coupled(
        starts(sizes), starts([p.indptr.size for p in paths]),
        joined([p.indptr for p in paths], np.int64), joined([p.source for p in paths], np.int32),
        joined([p.weight for p in paths], np.float64),
        joined([np.broadcast_to(p.delay, (p.n_edges,)) for p in paths], np.int32),
        np.array([layout.places[p.pre].first for p in paths], dtype=np.int64),
        np.array([names.index(p.post) for p in paths], dtype=np.int64),
        np.array([plan.kind[p.post].slots[p.receptor] for p in paths], dtype=np.int64),
        np.zeros(layout.n_padded), np.zeros((depth, layout.n_padded if paths else 0)),
    )  # fmt: skip


def sampling_of(
    program: Program, plan: Plan, layout: Layout, n_steps: int
) -> tuple[Sampling, Mapping[str, NDArray[np.float64]]]:
    """Where samples go, and views of it by probe."""
    plans = program.signal_plans
    rows = [n_steps // s.interval for s in plans]
    values = np.zeros(sum(r * s.neurons.size for r, s in zip(rows, plans, strict=True)))
    neuron, state, interval, first, stride = [], [], [], [], []
    views, at = {}, 0
    for s, n_rows in zip(plans, rows, strict=True):
        n = s.neurons.size
        neuron.append(s.neurons.astype(np.int64) + layout.places[s.population].first)
        state.append(np.full(n, plan.kind[s.population].code.states.index(s.variable)))
        interval.append(np.full(n, s.interval))
        first.append(at + np.arange(n))
        stride.append(np.full(n, n))
        views[s.name] = values[at : at + n_rows * n].reshape(n_rows, n)
        at += n_rows * n

    return Sampling(
        joined(neuron, np.uint32), joined(state, np.int64), joined(interval, np.int64),
        joined(first, np.int64), joined(stride, np.int64), values,
    ), views  # fmt: skip
