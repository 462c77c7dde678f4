"""Program: what a backend is given. Everything has been decided; nothing is left to choose.

A :class:`~neurobridge.graph.Network` is lowered for one time step ``dt`` into a :class:`Program`
(what is built once) and, for each run, a :class:`Drive` (what is played into it). Both hold plain
arrays in canonical units (ms, mV, nA, nF, uS, MOhm) and integer steps. Step ``k`` covers
``(k dt, (k+1) dt]``; see ``docs/contract.md`` for the order of events inside it.

Code is text in a small expression language that every equation-taking backend translates:
Python syntax with ``+ - * / **``, comparisons, ``and or not``, numbers, names, and the functions
``exp log sqrt sin cos tan tanh sinh cosh expm1 log1p abs floor exprel erf erfc`` and
``where(cond, a, b)``.
Evaluating the same straight-line code everywhere is what makes results equal: the integrator is
part of the program, not of the simulator.
"""

from __future__ import annotations

__all__ = [
    "Assignment",
    "CountInput",
    "CurrentInput",
    "Drive",
    "EventInput",
    "EventPlan",
    "NeuronCode",
    "Pathway",
    "PopulationProgram",
    "Program",
    "ReceptorCode",
    "SignalPlan",
    "SourceSpikes",
    "SpikePlan",
    "Stage",
]

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from neurobridge.graph.model import NeuronModel
    from neurobridge.lowering.finding import Finding

Int = NDArray[np.int64]
Index = NDArray[np.int32]
Real = NDArray[np.float64]


@dataclass(frozen=True)
class Assignment:
    """``target = expression``; the target is a state variable or a local of this block."""

    target: str
    expression: str


@dataclass(frozen=True)
class ReceptorCode:
    """What an arriving event of summed weight ``w`` does: ``variable += w * gain``.

    ``drop`` says that the event is lost if the neuron is clamped in this step.
    ``gain`` is an expression over constants, ``"1.0"`` where there is none.
    """

    name: str
    variable: str
    gain: str
    drop: bool


@dataclass(frozen=True)
class Stage:
    """A part of phase 1 that ends where neurons must hear of each other again.

    ``signal`` is what the population sends at the beginning of the stage, an expression over
    states, constants and locals of earlier stages; ``"0.0"`` if it sends nothing. When all
    populations have worked out theirs, each coupling is the sum over its edges of ``weight *
    signal``, and then ``update`` runs.
    """

    signal: str
    update: tuple[Assignment, ...]


@dataclass(frozen=True)
class NeuronCode:
    """One step of one population, as straight-line code.

    Names that the code may use: the states, the constants, locals assigned before, ``free`` (True
    where the neuron is not clamped in this step) and, in stages, the ``couplings`` and
    ``current`` (the summed injected current, constant over the step; only if ``takes_current``).

    Phase 1 runs the ``stages`` in order, phase 2 adds events as the receptors say, phase 3 tests
    ``threshold`` (and ``free``; with ``crossing`` also that it was false at the end of the step
    before, or at the initial state for step 0), then runs ``reset`` for the neurons that spiked.

    Models that are not coupled continuously have one stage. ``memory`` are values that last from
    step to step as states do, are 0 at first, and are no states of the model (slopes of earlier
    steps); in the first ``start_steps`` steps ``start`` runs in place of ``stages``.
    """

    states: tuple[str, ...]
    stages: tuple[Stage, ...]
    receptors: tuple[ReceptorCode, ...]
    threshold: str
    crossing: bool
    reset: tuple[Assignment, ...]
    takes_current: bool
    couplings: tuple[str, ...] = ()
    memory: tuple[str, ...] = ()
    start: tuple[Stage, ...] = ()
    start_steps: int = 0

    @property
    def update(self) -> tuple[Assignment, ...]:
        """All assignments of phase 1 after the start, in order."""
        return tuple(a for stage in self.stages for a in stage.update)

    @property
    def expressions(self) -> tuple[str, ...]:
        """Every expression of the code, gains aside."""
        stages = (*self.start, *self.stages)
        texts = [stage.signal for stage in stages]
        texts += [a.expression for stage in stages for a in stage.update]
        texts += [a.expression for a in self.reset]
        return (*texts, *([self.threshold] if self.threshold else []))

    def receptor(self, name: str) -> ReceptorCode:
        """The receptor of that name."""
        return next(r for r in self.receptors if r.name == name)


@dataclass(frozen=True)
class PopulationProgram:
    """One population. A *source* has no dynamics: its spikes are given by the drive.

    ``constants`` and ``initial`` map names to a float or a float64 array of shape (size,); they
    hold every constant that the code names and the initial value of every state.
    ``refractory_steps`` is an int or int32 array (size,). ``model`` and ``parameters`` (canonical
    units, as declared) are for backends with a catalogue of native cells.
    """

    name: str
    size: int
    model: NeuronModel
    parameters: Mapping[str, float | Real]
    code: NeuronCode
    constants: Mapping[str, float | Real]
    initial: Mapping[str, float | Real]
    refractory_steps: int | Index
    is_source: bool = False


@dataclass(frozen=True)
class Pathway:
    """Edges that reach one receptor or coupling of a population, in canonical order (post, pre).

    ``indptr`` int64 (n_post + 1,), ``source`` int32 (E,), ``weight`` float64 (E,) in the unit of
    the receptor (already signed, or already a magnitude, as the receptor wants it), ``delay`` in
    steps: one int, or int32 (E,). ``edge`` int64 (E,) gives the position of each edge in the
    projection that it comes from, or None if it is all of them in order.

    A ``continuous`` pathway adds ``weight * signal`` to the coupling ``receptor`` in every stage:
    with delay 0 the signal of the same stage, with delay ``D`` in all stages of step ``k`` the
    signal at the beginning of step ``k - D`` (0 before the first).
    """

    projection: str
    pre: str
    post: str
    receptor: str
    indptr: Int
    source: Index
    weight: Real
    delay: int | Index
    edge: Int | None = None
    continuous: bool = False

    @property
    def n_edges(self) -> int:
        """Number of edges."""
        return int(self.source.size)

    @cached_property
    def target(self) -> Index:
        """Postsynaptic index of every edge, int32 (E,); made on first use."""
        n_post = self.indptr.size - 1
        return np.repeat(np.arange(n_post, dtype=np.int32), np.diff(self.indptr))

    @property
    def delay_range(self) -> tuple[int, int]:
        """Shortest and longest delay in steps; (0, 0) without edges."""
        if not self.n_edges:
            return 0, 0
        if isinstance(self.delay, (int, np.integer)):
            return int(self.delay), int(self.delay)
        return int(self.delay.min()), int(self.delay.max())


@dataclass(frozen=True)
class SpikePlan:
    """Record the spikes of ``neurons`` (int32, or None for all) of ``population``."""

    name: str
    population: str
    neurons: Index | None


@dataclass(frozen=True)
class SignalPlan:
    """Record state ``variable`` of ``neurons`` at times ``interval, 2 interval, ...`` (steps)."""

    name: str
    population: str
    variable: str
    unit: str
    neurons: Index
    interval: int


@dataclass(frozen=True)
class EventPlan:
    """What a stimulus can send to a receptor, whatever is drawn for a run.

    ``neurons`` int32 (m,) get events of ``weight``, as an :class:`EventInput` has it; hardly ever
    more than ``at_most`` of them hit one neuron in one step.
    """

    stimulus: str
    population: str
    receptor: str
    neurons: Index
    weight: float
    at_most: int


@dataclass(frozen=True)
class Program:
    """A network lowered for one time step. Populations and pathways are in description order."""

    dt: float
    populations: tuple[PopulationProgram, ...]
    pathways: tuple[Pathway, ...]
    spike_plans: tuple[SpikePlan, ...]
    signal_plans: tuple[SignalPlan, ...]
    findings: tuple[Finding, ...]
    log: tuple[str, ...]
    network_id: str
    event_plans: tuple[EventPlan, ...] = ()

    def population(self, name: str) -> PopulationProgram:
        """The population of that name."""
        return next(p for p in self.populations if p.name == name)

    def with_population(self, population: PopulationProgram) -> Program:
        """A copy in which the population of that name is replaced."""
        return replace(
            self,
            populations=tuple(
                population if p.name == population.name else p for p in self.populations
            ),
        )

    @property
    def delay_range(self) -> tuple[int, int]:
        """Shortest and longest delay of spikes in steps; (1, 1) if no pathway carries any."""
        ranges = [p.delay_range for p in self.pathways if p.n_edges and not p.continuous]
        if not ranges:
            return 1, 1
        return min(r[0] for r in ranges), max(r[1] for r in ranges)


@dataclass(frozen=True)
class EventInput:
    """Host-drawn input events into one receptor.

    Channel ``c`` hits neuron ``target[c]`` with ``weight[c]``. Event ``e`` is ``count[e]``
    simultaneous events of channel ``channel[e]``, added in phase 2 of step ``step[e]``.
    Sorted by (step, channel), each pair at most once.
    ``target`` int32 (m,), ``weight`` float64 (m,), ``step`` int64 (k,), ``channel`` int32 (k,),
    ``count`` int32 (k,).
    """

    stimulus: str
    population: str
    receptor: str
    target: Index
    weight: Real
    step: Int
    channel: Index
    count: Index


@dataclass(frozen=True)
class CountInput:
    """Events into one receptor that are drawn step by step, by whoever needs them.

    In each step ``first <= s < last``, ``n`` simultaneous events of channel ``c`` leave for neuron
    ``target[c]`` with ``weight[c]``, and are added in phase 2 of step ``s + delay - 1``. ``n`` is
    the number of entries of ``cdf[row[c]]`` that are at most ``u``, with ``u`` draw ``s % 2`` of
    block ``s // 2`` of stream ``target[c]`` under ``key`` (:func:`neurobridge.rng.uniforms_of`);
    :func:`neurobridge.lowering.counts.counts_of` does that.

    ``target`` int32 (m,), ``weight`` float64 (m,), ``row`` int32 (m,), ``cdf`` float64
    (rows, length), each row ascending and padded with 2, ``key`` uint32 (2,).
    """

    stimulus: str
    population: str
    receptor: str
    target: Index
    weight: Real
    first: int
    last: int
    delay: int
    row: Index
    cdf: Real
    key: NDArray[np.uint32]


@dataclass(frozen=True)
class SourceSpikes:
    """Spikes of a source population: neuron ``neuron[e]`` spikes at time ``stamp[e] * dt``.

    Sorted by (stamp, neuron), each pair at most once; a stamp may be 0. A spike with stamp ``s``
    through a pathway of delay ``D`` is added in phase 2 of step ``s + D - 1``.
    """

    population: str
    stamp: Int
    neuron: Index


@dataclass(frozen=True)
class CurrentInput:
    """Injected current: ``value[c]`` ((m,)) holds from step ``start[c]`` to the next change.

    ``neuron`` int32 (m,), ``start`` int64 (n_changes,) ascending, ``value`` float64
    (n_changes, m), in the unit of the model. Before ``start[0]`` the current is 0. Several inputs
    to one neuron add up.
    """

    stimulus: str
    population: str
    neuron: Index
    start: Int
    value: Real


@dataclass(frozen=True)
class Drive:
    """All input of one run of ``n_steps`` steps.

    ``counts`` is for backends that say ``draws_counts``; others get the same among ``events``.
    """

    n_steps: int
    events: tuple[EventInput, ...]
    sources: tuple[SourceSpikes, ...]
    currents: tuple[CurrentInput, ...]
    counts: tuple[CountInput, ...] = ()
