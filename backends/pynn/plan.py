"""Plan: a program as the job of one simulator, and what comes back as ours.

A step of ``dt`` is ``substeps`` steps of the simulator. All shifts of :class:`Simulator` are made
here, in both directions, so that everything outside counts as ``docs/contract.md`` does.
"""

from __future__ import annotations

__all__ = ["Plan"]

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from neurobridge.backends.base import RawResult, source_result
from neurobridge.backends.pynn.catalogue import CellType, cell_type
from neurobridge.backends.pynn.clock import Clock
from neurobridge.backends.pynn.fixed_step import RESETS, early_threshold, step_mean
from neurobridge.backends.pynn.inputs import currents_of, events_of, sources_of
from neurobridge.backends.pynn.job import Cells, Connections, Job, Outcome
from neurobridge.backends.pynn.simulators import Simulator
from neurobridge.errors import BackendError
from neurobridge.lowering.program import (
    Drive,
    Pathway,
    PopulationProgram,
    Program,
    SignalPlan,
    SpikePlan,
)

Index = NDArray[np.int32]
Int = NDArray[np.int64]
Real = NDArray[np.float64]

CHUNK = 1000
"""Steps between two looks at whether the run shall stop."""


class Plan:
    """A program in the terms of one simulator.

    Parameters
    ----------
    program : Program
        Every population with states has a row in the catalogue.
    simulator : Simulator
    substeps : int
    """

    def __init__(self, program: Program, simulator: Simulator, substeps: int) -> None:
        self.program, self.simulator = program, simulator
        self.clock = Clock(program.dt, substeps, simulator.lead, simulator.early)
        self.rows: dict[str, CellType] = {}
        for population in program.populations:
            row = None if population.is_source else cell_type(population.model)
            if row is not None:
                self.rows[population.name] = row

    # -- to the simulator ---------------------------------------------------------------------

    def job(self, drive: Drive, weights: bool = False) -> Job:
        """Everything that one run needs."""
        inputs = events_of(drive, self.clock, self._receptor)
        connections = [c for path in self.program.pathways for _, c in self._connections(path)]
        shifted = [self._from_source(c) for c in inputs.connections]
        every = [*connections, *shifted]
        n_steps = drive.n_steps * self.clock.substeps + self.simulator.tail
        longest = max((float(c.delay.max()) for c in every if c.delay.size), default=0.0)
        return Job(
            timestep=self.clock.step,
            n_steps=n_steps,
            lead=self.clock.lead,
            ahead=self.simulator.ahead,
            n_chunk=CHUNK if self.simulator.reruns else n_steps,
            setup={**self.simulator.setup, "max_delay": max(longest, 2 * self.clock.step)},
            cells=tuple(self._cells(p) for p in self.program.populations if p.name in self.rows),
            sources=(*sources_of(self.program, drive, self.clock), *inputs.sources),
            connections=tuple(connections if weights else every),
            currents=tuple(currents_of(drive, self.clock)),
            weights=weights,
        )

    def _cells(self, p: PopulationProgram) -> Cells:
        row = self.rows[p.name]
        parameters = row.to_pynn(p.parameters)
        if "t_ref" in row.parameters:
            steps = np.asarray(p.refractory_steps, dtype=np.int64) * self.clock.substeps
            steps = np.where(steps > 0, steps + self.simulator.refractory_shift, steps)
            parameters["tau_refrac"] = (steps + self._early(p.name)) * self.clock.step
        if self._early(p.name):
            parameters["v_spike"] = early_threshold(p.parameters, self.clock.step)
        initial = {
            theirs: p.initial[ours] * self._mean(p, ours)
            for ours, theirs in row.states.items()
            if theirs in self.simulator.initial
        }
        threshold = p.parameters[row.threshold] if row.threshold else None
        return Cells(
            p.name, p.size, row.theirs, parameters, initial, threshold, self._recorded(p, row)
        )

    def _early(self, population: str) -> int:
        """Steps between the spike that is found and the one that is meant."""
        cell = self.rows[population].theirs if population in self.rows else ""
        return int(self.simulator.fixed_step and cell == "EIF_cond_exp_isfa_ista")

    def _mean(self, p: PopulationProgram, state: str) -> float | Real:
        """What a synaptic state is multiplied by in the simulator."""
        tau = self._decay(p, state)
        if not self.simulator.fixed_step or tau is None:
            return 1.0
        return step_mean(tau, self.clock.step)

    def _decay(self, p: PopulationProgram, state: str) -> Real | None:
        """Time constant of a synaptic state that decays exponentially."""
        receptor = next((r.name for r in p.code.receptors if r.variable == state), "")
        name = self.rows[p.name].decays.get(receptor, "")
        return np.asarray(p.parameters[name]) if name else None

    def _recorded(self, p: PopulationProgram, row: CellType) -> dict[str, Index]:
        asked: dict[str, Index] = {}
        for plan in self.program.signal_plans:
            if plan.population == p.name:
                name = row.states[plan.variable]
                asked[name] = np.union1d(asked.get(name, plan.neurons), plan.neurons)
        everyone = np.arange(p.size, dtype=np.int32)
        heard = any(plan.population == p.name for plan in self.program.spike_plans)
        return {**asked, "spikes": everyone} if heard or asked else {}

    def _connections(self, path: Pathway) -> list[tuple[Int, Connections]]:
        """A pathway as connections, and which of its edges each one holds."""
        if not path.n_edges:
            return []
        post = self.program.population(path.post)
        steps = np.broadcast_to(np.asarray(path.delay, dtype=np.int64), path.source.shape)
        delay = (steps * self.clock.substeps + self._early(path.pre)) * self.clock.step
        whole = Connections(
            path.pre, path.post, "", path.source, path.target, path.weight, np.asarray(delay)
        )
        if self.program.population(path.pre).is_source:
            whole = self._from_source(whole)
        return [
            (edges, _part(whole, edges, name, weight))
            for name, edges, weight in self._receptor(
                post.name, path.receptor, path.target, path.weight
            )
        ]

    def _from_source(self, c: Connections) -> Connections:
        return replace(c, delay=c.delay + self.simulator.source_delay_shift * self.clock.step)

    def _receptor(
        self, population: str, receptor: str, target: Index, weight: Real
    ) -> list[tuple[str, Int, Real]]:
        """(PyNN's receptor, edges, their weights in the simulator); one or two."""
        p, row = self.program.population(population), self.rows[population]
        if receptor in row.receptors:
            mean = self._mean(p, p.code.receptor(receptor).variable)
            each = np.broadcast_to(mean, p.size)[target]
            return [(row.receptors[receptor], np.arange(weight.size), weight * each)]
        signs = (("excitatory", weight >= 0), ("inhibitory", weight < 0))
        return [(name, np.flatnonzero(of), weight[of]) for name, of in signs if of.any()]

    # -- from the simulator -------------------------------------------------------------------

    def result(self, drive: Drive, outcome: Outcome) -> RawResult:
        """What a run gave, in our terms."""
        done = max(outcome.n_steps - self.simulator.tail, 0) // self.clock.substeps
        spikes = {}
        for plan in self.program.spike_plans:
            if self.program.population(plan.population).is_source:
                spikes[plan.name] = source_result(plan, drive, done)
            else:
                spikes[plan.name] = self._spikes(plan, outcome, done)
        signals = {p.name: self._signal(p, outcome, done) for p in self.program.signal_plans}
        cells = {name: row.theirs for name, row in self.rows.items()}
        info = {"simulator": self.simulator.name, "cells": cells, **outcome.seconds}
        return RawResult(spikes, signals, done, info)

    def _spikes(self, plan: SpikePlan, outcome: Outcome, done: int) -> tuple[Int, Index]:
        time, neuron = outcome.spikes[plan.population]
        step = self._steps(time) + self.simulator.spike_shift + self._early(plan.population)
        stamp = -(-step // self.clock.substeps)
        kept = (stamp >= 1) & (stamp <= done)
        if plan.neurons is not None:
            kept &= np.isin(neuron, plan.neurons)
        return stamp[kept], neuron[kept]

    def _steps(self, time: Real) -> Int:
        return np.rint(time / self.clock.step).astype(np.int64)

    def _signal(self, plan: SignalPlan, outcome: Outcome, done: int) -> Real:
        p, row = self.program.population(plan.population), self.rows[plan.population]
        name = row.states[plan.variable]
        recorded = self._recorded(p, row)[name]
        every, late, scale = outcome.states[p.name, name], 0, self._mean(p, plan.variable)
        if self.simulator.fixed_step and (tau := self._decay(p, plan.variable)) is not None:
            # recorded before what arrives is added: one sample later it is there, and has decayed
            late, scale = 1, scale * np.exp(-self.clock.step / tau)
        if self.simulator.fixed_step:
            every = self._after_resets(p, row, plan.variable, every, recorded, outcome)
        last = np.arange(1, done // plan.interval + 1) * plan.interval * self.clock.substeps - 1
        values = every[np.ix_(last + late, np.searchsorted(recorded, plan.neurons))]
        return np.asarray(values / np.broadcast_to(scale, p.size)[plan.neurons])

    def _after_resets(
        self,
        p: PopulationProgram,
        row: CellType,
        state: str,
        every: Real,
        recorded: Index,
        outcome: Outcome,
    ) -> Real:
        """Samples at the time of a spike as they are after it."""
        kind, parameter = RESETS.get(row.theirs, {}).get(state, ("", ""))
        if not kind:
            return every
        time, neuron = outcome.spikes[p.name]
        at, column = self._steps(time) - 1, np.searchsorted(recorded, neuron)
        known = np.isin(neuron, recorded) & (at >= 0) & (at < every.shape[0])
        at, column, neuron = at[known], column[known], neuron[known]
        value = np.broadcast_to(p.parameters[parameter], p.size)[neuron]
        after = every.copy()
        after[at, column] = value if kind == "set" else after[at, column] + value
        return after

    def weights(self, outcome: Outcome) -> dict[int, Real]:
        """Weight of every edge, by pathway: ours where the simulator holds what it was given."""
        held = {i: np.empty(p.n_edges) for i, p in enumerate(self.program.pathways)}
        built = iter(outcome.weights)
        for number, path in enumerate(self.program.pathways):
            for edges, ours in self._connections(path):
                factor = np.divide(
                    path.weight[edges], ours.weight,
                    out=np.ones(edges.size), where=ours.weight != 0,
                )  # fmt: skip
                theirs = _matched(ours, next(built), path)
                # nA become pA and nA again in some simulators, which rounds
                same = np.isclose(theirs, ours.weight, rtol=1e-14, atol=0.0)
                held[number][edges] = np.where(same, path.weight[edges], theirs * factor)
        return held


def _part(whole: Connections, edges: Int, receptor: str, weight: Real) -> Connections:
    return Connections(
        whole.pre, whole.post, receptor, whole.source[edges], whole.target[edges], weight,
        whole.delay[edges],
    )  # fmt: skip


def _matched(ours: Connections, theirs: Real, path: Pathway) -> Real:
    """The simulator's weights in our order; edges are told apart by all that they have."""
    steps = ours.source, ours.target, ours.delay, ours.weight
    mine = np.lexsort((ours.weight, np.round(ours.delay, 6), ours.target, ours.source))
    other = np.lexsort((theirs[2], np.round(theirs[3], 6), theirs[1], theirs[0]))
    if len(mine) != len(other) or any(
        not np.array_equal(np.asarray(steps[i])[mine], theirs[i][other]) for i in (0, 1)
    ):
        raise BackendError(
            f"the simulator holds {len(other):,} edges of projection {path.projection!r}, and they "
            f"are not the {len(mine):,} that were built"
        )
    weight = np.empty(len(mine))
    weight[mine] = theirs[2][other]
    return weight
