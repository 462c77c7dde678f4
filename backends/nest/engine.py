"""A program in NEST's kernel.

The kernel is one for the process: an engine that runs after another one was built builds itself
again. What it runs is the text of :mod:`neurobridge.backends.nest.script`.
"""

from __future__ import annotations

__all__ = ["NestEngine"]

import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from neurobridge.backends.base import Engine, Progress, RawResult, source_result
from neurobridge.backends.nest.catalogue import wrong_sign
from neurobridge.backends.nest.cells import Cell, Models, choose_cells
from neurobridge.backends.nest.modules import compiled_modules
from neurobridge.backends.nest.ranks import RankError, n_processes, once, own_rank
from neurobridge.backends.nest.script import Script, build_script, stimulus_script
from neurobridge.errors import BackendError, NeurobridgeError
from neurobridge.lowering.program import Drive, Pathway, PopulationProgram, Program

if TYPE_CHECKING:
    from neurobridge.backends.nest.tools import Network


class NestEngine(Engine):
    """A program, built in NEST.

    Parameters
    ----------
    program : Program
    models : {"auto", "nestml", "builtin"}
    threads : int
    """

    _in_kernel: ClassVar[weakref.ref[NestEngine] | None] = None
    """The engine whose network is in the kernel."""

    def __init__(self, program: Program, models: Models, threads: int) -> None:
        self._program, self._models, self._threads = program, models, threads
        self._compiled: set[str] = set()
        self._net: Network | None = None
        self._cells = choose_cells(program, models)
        self._built_s = self._build()

    def run(self, drive: Drive, progress: Progress | None = None) -> RawResult:
        """See :class:`Engine`."""
        self._compile_what_breaks_signs(drive)
        net = self._network(drive.n_steps)
        script = stimulus_script(self._program, self._cells, drive)
        stimulate = _load(script, "stimulate", self._program.dt)
        start = time.perf_counter()
        with _nest_errors("running"):
            result = net.run(
                drive.n_steps, lambda net: stimulate(net, script.arrays.__getitem__), progress
            )
        spikes = dict(result.spikes)
        for plan in self._program.spike_plans:
            if self._program.population(plan.population).is_source:
                spikes[plan.name] = source_result(plan, drive, result.steps_done)
        info = {
            "cells": {name: cell.model for name, cell in self._cells.items()},
            "compiled_because": {n: c.reason for n, c in self._cells.items() if c.nestml},
            "threads": self._threads,
            "processes": n_processes(),
            "rank": own_rank(),
            "quiet_steps": net.quiet,
            "nest_build_s": self._built_s,
            "run_s": time.perf_counter() - start,
        }
        return RawResult(spikes, result.signals, result.steps_done, info)

    def set_population(self, population: PopulationProgram) -> None:
        """See :class:`Engine`. A cell that changes its kind is built again before the next run."""
        program, old = self._program.with_population(population), self._cells[population.name]
        self._cells = choose_cells(program, self._models, self._compiled)
        self._program, cell = program, self._cells[population.name]
        if self._net is None or not self._is_in_kernel() or not _same_build(cell, old):
            self._net = None
            return
        from neurobridge.backends.nest.tools import put

        group = self._net.populations[population.name]
        group.parameters, group.initial = dict(cell.parameters), cell.initial
        group.silent, group.last = cell.silent, cell.last
        with _nest_errors("setting parameters"):
            put(group.nodes, cell.parameters)

    def weights(self) -> dict[int, NDArray[np.float64]]:
        """See :class:`Engine`. NEST gives 15 us an edge; 2.3 M edges take half a minute."""
        net = self._network(0)
        held: dict[int, NDArray[np.float64]] = {}
        for pair in dict.fromkeys((p.pre, p.post) for p in self._program.pathways):
            chosen = [i for i, p in enumerate(self._program.pathways) if (p.pre, p.post) == pair]
            held.update(self._weights_between(net, *pair, chosen))
        return held

    def export(self, folder: Path, drive: Drive) -> None:
        """See :class:`Engine`."""
        from neurobridge.backends.nest.export import export_project

        if n_processes() > 1:
            raise BackendError(
                f"{n_processes()} processes would all write this project: export it without "
                "mpirun. Its run.py can then be started with mpirun"
            )
        self._compile_what_breaks_signs(drive)
        export_project(folder, self._program, self._cells, drive)

    def close(self) -> None:
        """See :class:`Engine`."""
        if self._is_in_kernel():
            import nest

            nest.ResetKernel()
        self._net = None

    # ---- building -------------------------------------------------------------------------------

    def _build(self) -> float:
        """Fill NEST's kernel; returns the seconds that it took."""
        NestEngine._in_kernel = None
        script = build_script(self._program, self._cells)
        with _nest_errors("building"):
            build = _load(script, "build", self._program.dt)
            modules = once(lambda: compiled_modules(self._cells.values()))
            start = time.perf_counter()
            self._net = build(script.arrays.__getitem__, modules, self._threads)
        NestEngine._in_kernel = weakref.ref(self)
        return time.perf_counter() - start

    def _network(self, n_steps: int) -> Network:
        """The network in the kernel; built again if another one is there, or if that is faster."""
        if (
            self._net is None
            or not self._is_in_kernel()
            or self._net.detour(n_steps) > max(n_steps, 1000)
        ):
            self._built_s = self._build()
        assert self._net is not None  # _build() sets it
        return self._net

    def _is_in_kernel(self) -> bool:
        owner = NestEngine._in_kernel
        return owner is not None and owner() is self

    def _compile_what_breaks_signs(self, drive: Drive) -> None:
        """Compile cells whose built-in form would take an input for the other receptor's."""
        broken = {
            event.population
            for event in drive.events
            if self._cells[event.population].signed_receptors
            and wrong_sign(event.receptor, event.weight)
        }
        if not broken:
            return
        if self._models == "builtin":
            raise BackendError(
                f"populations {sorted(broken)}: a stimulus has weights of the wrong sign for its "
                "receptor, and NEST's cell tells receptors apart by the sign. Use models='auto'"
            )
        self._compiled |= broken
        self._cells = choose_cells(self._program, self._models, self._compiled)
        self._net = None

    def _weights_between(
        self, net: Network, pre: str, post: str, chosen: list[int]
    ) -> dict[int, NDArray[np.float64]]:
        """Match NEST's edges to ours by everything that tells them apart."""
        cell, paths = self._cells[post], [self._program.pathways[i] for i in chosen]
        ours = [np.concatenate(c) for c in zip(*(_columns(p, cell) for p in paths), strict=True)]
        with _nest_errors("reading weights"):
            theirs = net.weights(pre, post)
        mine, held = np.lexsort(ours[::-1]), np.lexsort(theirs[::-1])
        if len(mine) != len(held) or any(
            not np.array_equal(a[mine], b[held]) for a, b in zip(ours[:4], theirs[:4], strict=True)
        ):
            raise BackendError(
                f"NEST holds {len(held):,} edges from {pre!r} to {post!r}, and they are not the "
                f"{len(mine):,} that were built"
            )
        weight = np.empty(len(mine))
        # What equals our weight in NEST's unit is our weight; dividing back could round.
        given = np.concatenate([p.weight for p in paths])[mine]
        factor = np.concatenate([_factor(p, cell) for p in paths])[mine]
        same = theirs[4][held] == ours[4][mine]
        weight[mine] = np.where(same, given, theirs[4][held] / factor)
        bounds = np.cumsum([p.n_edges for p in paths])[:-1]
        return dict(zip(chosen, np.split(weight, bounds), strict=True))


def _columns(pathway: Pathway, cell: Cell) -> tuple[NDArray[Any], ...]:
    """Source, target, port, delay and weight of every edge, as ``Network.weights`` gives them."""
    n = pathway.n_edges
    port = max(cell.receptors[pathway.receptor] - 1, 0)
    delay = np.broadcast_to(pathway.delay, n)
    return (
        pathway.source, pathway.target, np.full(n, port), delay,
        pathway.weight * _factor(pathway, cell),
    )  # fmt: skip


def _factor(pathway: Pathway, cell: Cell) -> NDArray[np.float64]:
    """From our weight to NEST's, for every edge."""
    n_post = pathway.indptr.size - 1
    return np.broadcast_to(cell.weight_factor, n_post)[pathway.target]


def _same_build(cell: Cell, old: Cell) -> bool:
    """Whether a cell differs from an old one in parameters only, and not in what is around it."""
    factors = [
        (a.weight_factor, a.shift, *(f for _, f in a.recordables.values())) for a in (cell, old)
    ]
    return cell.model == old.model and all(map(np.array_equal, *factors))


def _load(script: Script, function: str, dt: float) -> Callable[..., Any]:
    """A function of a generated script."""
    from neurobridge.backends.nest.tools import Network

    namespace: dict[str, Any] = {"Network": Network, "DT": dt}
    exec(compile(script.text, f"<NEST script: {function}>", "exec"), namespace)
    made: Callable[..., Any] = namespace[function]
    return made


@contextmanager
def _nest_errors(doing: str) -> Iterator[None]:
    """Errors of NEST as ours, with its own words."""
    try:
        yield
    except (MemoryError, NeurobridgeError):
        raise
    except RankError as err:
        raise BackendError(str(err)) from err
    except Exception as err:
        raise BackendError(
            f"NEST failed while {doing} the network: {type(err).__name__}: {err}. "
            "If the network is right, report this with the script that export() writes"
        ) from err
