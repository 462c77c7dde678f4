"""One step after the other, phase by phase, as ``docs/contract.md`` has it."""

from __future__ import annotations

__all__ = ["ReferenceEngine"]

from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurobridge.backends.base import Engine, Progress, RawResult
from neurobridge.backends.reference.coupling import Continuous
from neurobridge.backends.reference.delivery import Mailbox, OutgoingEdges
from neurobridge.lowering.counts import CountPlayer
from neurobridge.lowering.evaluate import compile_block, evaluate
from neurobridge.lowering.program import CurrentInput, Drive, PopulationProgram, Program

PROGRESS_EVERY = 100


class Neurons:
    """State of one population, and the three phases of a step."""

    def __init__(self, program: PopulationProgram) -> None:
        self.program, self.code, self.size = program, program.code, program.size
        self.values: dict[str, Any] = dict(program.constants)
        for name in self.code.states:
            self.values[name] = np.full(self.size, program.initial[name], dtype=np.float64)
        for name in self.code.memory:
            self.values[name] = np.zeros(self.size)
        self.clamped_for = np.zeros(self.size, dtype=np.int64)
        self.free = np.ones(self.size, dtype=bool)
        self.values["free"] = self.free
        self.start = [compile_block(stage.update) for stage in self.code.start]
        self.stages = [compile_block(stage.update) for stage in self.code.stages]
        self.reset = compile_block(self.code.reset)
        self.gains = {r.name: evaluate(r.gain, self.values) for r in self.code.receptors}
        self.was_above = self._above() if self.code.crossing else None

    def begin(self, current: NDArray[np.float64]) -> None:
        """Phase 1, before its stages: who is clamped, what is injected."""
        self.free = self.clamped_for == 0
        np.maximum(self.clamped_for - 1, 0, out=self.clamped_for)
        self.values["free"] = self.free
        if self.code.takes_current:
            self.values["current"] = current

    def n_stages(self, step: int) -> int:
        """Stages of phase 1 in this step."""
        return len(self.start if step < self.code.start_steps else self.stages)

    def signal(self, step: int, stage: int) -> NDArray[np.float64]:
        """What is sent at the beginning of a stage."""
        stages = self.code.start if step < self.code.start_steps else self.code.stages
        value = evaluate(stages[stage].signal, self.values)
        return np.broadcast_to(np.asarray(value, dtype=np.float64), (self.size,))

    def integrate(self, step: int, stage: int, coupled: dict[str, NDArray[np.float64]]) -> None:
        """Phase 1, one stage; ``coupled`` is what arrives at each coupling."""
        self.values.update(coupled)
        (self.start if step < self.code.start_steps else self.stages)[stage](self.values)

    def receive(self, receptor_name: str, weight: NDArray[np.float64]) -> None:
        """Phase 2."""
        receptor = self.code.receptor(receptor_name)
        jump = weight * self.gains[receptor_name]
        if receptor.drop:
            jump = np.where(self.free, jump, 0.0)
        self.values[receptor.variable] = self.values[receptor.variable] + jump

    def spike(self) -> NDArray[np.int32]:
        """Phase 3: the neurons that spike, after their reset."""
        if not self.code.threshold:
            return np.zeros(0, dtype=np.int32)
        above = self._above()
        fires = above & self.free
        if self.was_above is not None:
            fires &= ~self.was_above
        who = np.flatnonzero(fires).astype(np.int32)
        if who.size:
            self._reset(who)
        if self.was_above is not None:
            self.was_above = self._above() if self.code.reset else above
        return who

    def _above(self) -> NDArray[np.bool_]:
        above = evaluate(self.code.threshold, self.values)
        return np.broadcast_to(np.asarray(above, dtype=bool), (self.size,))

    def _reset(self, who: NDArray[np.int32]) -> None:
        states = {n: self.values[n] for n in self.code.states}
        there = {
            n: v[who] if isinstance(v, np.ndarray) and v.shape == (self.size,) else v
            for n, v in self.values.items()
        }
        self.reset(there)
        for name, before in states.items():
            after = before.copy()
            after[who] = there[name]
            self.values[name] = after
        steps = self.program.refractory_steps
        self.clamped_for[who] = steps if isinstance(steps, int) else steps[who]


class ReferenceEngine(Engine):
    """Runs a program in NumPy."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.edges = [OutgoingEdges(p) for p in program.pathways]
        self.couplings = [Continuous(p) for p in program.pathways if p.continuous]

    def set_population(self, population: PopulationProgram) -> None:
        """See :class:`Engine`."""
        self.program = self.program.with_population(population)

    def weights(self) -> dict[int, NDArray[np.float64]]:
        """See :class:`Engine`; read back from the reordered edges that are in use."""
        found = {}
        for i, (edges, pathway) in enumerate(zip(self.edges, self.program.pathways, strict=True)):
            back = np.empty(pathway.n_edges)
            back[np.argsort(pathway.source, kind="stable")] = edges.weight
            found[i] = back
        return found

    def run(self, drive: Drive, progress: Progress | None = None) -> RawResult:
        """See :class:`Engine`."""
        self._start(drive)
        done = 0
        try:
            for step in range(drive.n_steps):
                self._step(step)
                done = step + 1
                if progress is not None and done % PROGRESS_EVERY == 0:
                    progress(done)
        except KeyboardInterrupt:
            pass
        return self._result(done)

    # -- the contract -------------------------------------------------------------------------

    def _step(self, step: int) -> None:
        self._integrate(step)  # 1: states move from t_k to t_k+1
        self._leave_sources(step)
        self._receive_counts(step)
        for (name, receptor), box in self.mail.items():  # 2: what arrives at t_k+1
            weight = box.take(step, self.neurons[name].size)
            if weight is not None:
                self.neurons[name].receive(receptor, weight)
        for name, neurons in self.neurons.items():  # 3: threshold, reset, stamp t_k+1
            who = neurons.spike()
            if who.size:
                self._emit(name, who, stamp=step + 1)
        self._sample(step + 1)

    def _integrate(self, step: int) -> None:
        """Stage by stage: all neurons send, then all move."""
        for name, neurons in self.neurons.items():
            neurons.begin(self._current(name, step))
        depth = {name: n.n_stages(step) for name, n in self.neurons.items()}
        for stage in range(max(depth.values())):
            moving = {name: n for name, n in self.neurons.items() if stage < depth[name]}
            arriving = {
                name: {c: np.zeros(n.size) for c in n.code.couplings} for name, n in moving.items()
            }
            for path in self.couplings:
                sender = self.neurons[path.pathway.pre]
                if stage < depth[path.pathway.pre] and (stage == 0 or path.is_instantaneous):
                    path.send(sender.signal(step, stage), stage)
                if path.pathway.post in moving:
                    arriving[path.pathway.post][path.pathway.receptor] += path.arrives()
            for name, neurons in moving.items():
                neurons.integrate(step, stage, arriving[name])

    def _emit(self, population: str, who: NDArray[np.int32], stamp: int) -> None:
        """4: a spike stamped s arrives at s + delay, so it is added in step s + delay - 1."""
        self.spikes[population].append((stamp, who))
        for pathway, edges in zip(self.program.pathways, self.edges, strict=True):
            if pathway.pre == population and not pathway.continuous:
                self.mail[pathway.post, pathway.receptor].send(edges, who, stamp)

    # -- inputs and outputs ---------------------------------------------------------------------

    def _start(self, drive: Drive) -> None:
        populations = self.program.populations
        self.neurons = {p.name: Neurons(p) for p in populations}
        for path in self.couplings:
            path.reset()
        self.mail = {(p.name, r.name): Mailbox() for p in populations for r in p.code.receptors}
        self.spikes: dict[str, list[tuple[int, NDArray[np.int32]]]] = {
            p.name: [] for p in populations
        }
        self.samples: dict[str, list[NDArray[np.float64]]] = {
            s.name: [] for s in self.program.signal_plans
        }
        self.sources = {s.population: _by_step(s.stamp, s.neuron) for s in drive.sources}
        self.currents = {p.name: np.zeros(p.size) for p in populations}
        self.injected: dict[str, list[tuple[CurrentInput, int]]] = {p.name: [] for p in populations}
        for current in drive.currents:
            self.injected[current.population].append((current, 0))
        self.counts = [CountPlayer(given) for given in reversed(drive.counts)]
        for events in reversed(drive.events):
            box = self.mail[events.population, events.receptor]
            weight = events.weight[events.channel] * events.count
            target = events.target[events.channel]
            for step, (where, what) in _by_step(events.step, target, weight).items():
                box.put(step, where, what)

    def _leave_sources(self, step: int) -> None:
        """Spikes of sources stamped at the beginning of this step."""
        for name, trains in self.sources.items():
            if step in trains:
                self._emit(name, trains[step][0], stamp=step)

    def _receive_counts(self, step: int) -> None:
        """Dense input that is added in this step, drawn now."""
        for player in self.counts:
            given, count = player.given, player.arriving(step)
            if count is not None:
                box = self.mail[given.population, given.receptor]
                box.put(step, given.target, given.weight * count)

    def _current(self, population: str, step: int) -> NDArray[np.float64]:
        changed = False
        inputs = self.injected[population]
        for i, (current, upcoming) in enumerate(inputs):
            if upcoming < current.start.size and current.start[upcoming] == step:
                inputs[i] = (current, upcoming + 1)
                changed = True
        if changed:
            total = np.zeros(self.neurons[population].size)
            for current, upcoming in inputs:
                if upcoming:
                    total[current.neuron] += current.value[upcoming - 1]
            self.currents[population] = total
        return self.currents[population]

    def _sample(self, done: int) -> None:
        for plan in self.program.signal_plans:
            if done % plan.interval == 0:
                values = self.neurons[plan.population].values[plan.variable]
                self.samples[plan.name].append(values[plan.neurons])

    def _result(self, steps_done: int) -> RawResult:
        """What was recorded; nothing of a step in which the run was interrupted."""
        spikes = {}
        for plan in self.program.spike_plans:
            parts = self.spikes[plan.population]
            stamp = np.repeat([s for s, _ in parts], [w.size for _, w in parts]).astype(np.int64)
            who = np.concatenate([w for _, w in parts]) if parts else np.zeros(0, np.int32)
            is_source = self.program.population(plan.population).is_source
            keep = stamp < steps_done + (not is_source)
            if plan.neurons is not None:
                keep &= np.isin(who, plan.neurons)
            spikes[plan.name] = (stamp[keep], who[keep])
        signals = {}
        for probe in self.program.signal_plans:
            rows = steps_done // probe.interval
            signals[probe.name] = np.zeros((rows, probe.neurons.size))
            if rows:
                signals[probe.name][:] = self.samples[probe.name][:rows]
        return RawResult(spikes, signals, steps_done)


def _by_step(step: NDArray[np.int64], *arrays: NDArray[Any]) -> dict[int, tuple[NDArray[Any], ...]]:
    """Cut arrays that are sorted by step into one piece a step."""
    if not step.size:
        return {}
    cuts = np.flatnonzero(np.diff(step)) + 1
    pieces = [np.split(a, cuts) for a in arrays]
    firsts = step[np.concatenate([[0], cuts])]
    return {int(s): tuple(p[i] for p in pieces) for i, s in enumerate(firsts)}
