"""A program in compiled code, which runs for a while, looks up, and goes on."""

from __future__ import annotations

__all__ = ["Mode", "NativeEngine"]

import copy
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from neurobridge.backends.base import Engine, Progress, RawResult, source_result
from neurobridge.backends.native import arrays, atomics, kernels
from neurobridge.backends.native.cells import (
    Plan,
    cells_of,
    coupled_of,
    plan_of,
    sampling_of,
    sleep_of,
    wires_of,
)
from neurobridge.backends.native.costs import costs_of
from neurobridge.backends.native.graph import build_graph, weights_of
from neurobridge.backends.native.inputs import input_of
from neurobridge.backends.native.kind import LANES
from neurobridge.backends.native.layout import lay_out
from neurobridge.backends.native.text import module_text
from neurobridge.codegen.modules import load_module
from neurobridge.lowering.program import Drive, PopulationProgram, Program

Mode = Literal["auto", "event", "dense"]

SECONDS = 0.2
"""About how long compiled code runs before progress is told and Ctrl-C is heard."""


class NativeEngine(Engine):
    """Runs a program in compiled code.

    Parameters
    ----------
    program : Program
    mode : {"auto", "event", "dense"}
    threads : int
    """

    def __init__(self, program: Program, mode: Mode, threads: int) -> None:
        self.program, self.mode = program, mode
        self.layout = lay_out(program, threads)
        self.graph = build_graph(program, self.layout)
        self._load(plan_of(program))
        self.run(Drive(0, (), (), ()))  # compiles, or finds what was compiled before

    def share(self) -> Engine:
        """See :class:`Engine`: the graph is shared, everything else belongs to a run."""
        return copy.copy(self)

    def set_population(self, population: PopulationProgram) -> None:
        """See :class:`Engine`."""
        self.program = self.program.with_population(population)
        self._load(plan_of(self.program))

    def weights(self) -> dict[int, NDArray[np.float64]]:
        """See :class:`Engine`."""
        return weights_of(self.program, self.layout, self.graph)

    def run(self, drive: Drive, progress: Progress | None = None) -> RawResult:
        """See :class:`Engine`."""
        start = time.perf_counter()
        run = _Run(self, drive)
        with suppress(KeyboardInterrupt):
            run.steps(progress)
        spikes, signals = run.spikes(run.done), run.signals(run.done)
        info = {**run.info(), "run_s": time.perf_counter() - start}
        return RawResult(spikes, signals, run.done, info)

    def _load(self, plan: Plan) -> None:
        self.plan = plan
        self.module = load_module(module_text(plan.shape), kernels, atomics, arrays)


class _Run:
    """Everything that belongs to one run."""

    def __init__(self, engine: NativeEngine, drive: Drive) -> None:
        plan, layout, threads = engine.plan, engine.layout, engine.layout.threads
        self.engine, self.drive, self.layout, self.plan = engine, drive, layout, plan
        self.done = 0
        self.sampling, self.samples = sampling_of(engine.program, plan, layout, drive.n_steps)
        self.shares = layout.shares
        self.spike = np.zeros((threads, self._room), np.int32)
        self.first_spike = np.zeros((threads, drive.n_steps + 2), np.int64)
        self.said = np.zeros((2, threads, 8), np.int64)
        self.memory = np.zeros((threads, 8))
        self.counter = np.zeros(8, np.int64)
        self.own = np.zeros((threads, 8), np.int64)
        self.scratch = np.zeros((threads, LANES + plan.shape.width))
        self.mode = {"event": 0, "dense": 1, "auto": 2}[engine.mode]
        costs = costs_of(plan, layout)
        self.costs = np.array([*costs, self._room], dtype=np.float64)
        self.static: tuple[Any, ...] = (
            cells_of(plan, layout, engine.mode == "dense"), sleep_of(plan, layout), engine.graph,
            wires_of(plan, layout),
            input_of(drive, layout, plan.kind), coupled_of(engine.program, plan, layout),
            self.sampling,
        )  # fmt: skip

    @property
    def _room(self) -> int:
        """Most spikes of a thread in a chunk."""
        share = int(np.diff(self.shares).max(initial=0)) * LANES
        return share * self.layout.chunk + 1

    def steps(self, progress: Progress | None) -> None:
        """Run to the end; ``done`` says how far it is."""
        threads, chunk = self.layout.threads, self.layout.chunk
        pace = chunk
        with ThreadPoolExecutor(threads) as pool:
            while True:
                at = self.done
                stop = min(at + pace, self.drive.n_steps)
                began = time.perf_counter()
                if threads == 1:
                    self.done = self._advance(0, at, stop)
                else:
                    jobs = [pool.submit(self._advance, t, at, stop) for t in range(threads)]
                    self.done = min([job.result() for job in jobs])
                took = max(time.perf_counter() - began, 1e-6)
                share = min(2.0, SECONDS / took)
                pace = max(1, round(share * (self.done - at) / chunk)) * chunk
                if progress is not None and self.done:
                    progress(self.done)
                if self.done >= self.drive.n_steps:
                    return
                if self.said[:, :, 2].min() < self._room:
                    self._grow()

    def _advance(self, thread: int, k0: int, k1: int) -> int:
        cells, sleep, graph, wires, drive, coupled, sampling = self.static
        return int(
            self.engine.module.advance(
                thread, k0, k1, self.mode, self.layout.chunk, self.shares, cells, sleep, graph,
                wires, drive, coupled, sampling, self.spike, self.first_spike, self.said,
                self.memory, self.counter, self.costs, self.own, self.scratch,
            )
        )  # fmt: skip

    def _grow(self) -> None:
        """Room for as many spikes again, and for a chunk in which all neurons always spike."""
        old = self.spike
        self.spike = np.zeros((old.shape[0], 2 * old.shape[1] + self._room), np.int32)
        self.spike[:, : old.shape[1]] = old

    def spikes(self, done: int) -> dict[str, tuple[NDArray[np.int64], NDArray[np.int32]]]:
        """Spikes by plan; of the steps that were done."""
        program, places = self.engine.program, self.layout.places
        stamp, neuron = self._all_spikes(done)
        found = {}
        for plan in program.spike_plans:
            if program.population(plan.population).is_source:
                found[plan.name] = source_result(plan, self.drive, done)
                continue
            place = places[plan.population]
            own = (neuron >= place.first) & (neuron < place.first + place.size)
            who = neuron[own] - place.first
            when = stamp[own]
            if plan.neurons is not None:
                chosen = np.isin(who, plan.neurons)
                who, when = who[chosen], when[chosen]
            found[plan.name] = (when, who.astype(np.int32))
        return found

    def _all_spikes(self, done: int) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
        parts, stamps = [], []
        for first, spikes in zip(self.first_spike, self.spike, strict=True):
            counts = np.diff(first[1 : done + 2])
            stamps.append(np.repeat(np.arange(1, done + 1), counts))
            parts.append(spikes[: int(counts.sum())])
        return np.concatenate(stamps), np.concatenate(parts)

    def signals(self, done: int) -> dict[str, NDArray[np.float64]]:
        """Samples by probe."""
        plans = self.engine.program.signal_plans
        return {s.name: self.samples[s.name][: done // s.interval] for s in plans}

    def info(self) -> dict[str, Any]:
        """What the run says about itself."""
        return {
            "threads": self.layout.threads,
            "path": self.engine.mode if self.plan.shape.may_sleep else "dense",
            "dense_share": float(self.memory[0, 5]) / max(self.done, 1),
        }
