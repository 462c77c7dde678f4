"""The twin: one run of a network with SpiNNaker's own arithmetic, bit for bit.

A step ``t`` has the order of the chip: the sums of slot ``t`` of the ring buffers become input;
states are recorded; all neurons move and are tested against their threshold; then the spikes of
step ``t``, of neurons and of sources, add their weights to slots ``t + delay``.

It is what the chip does if no packet is late or lost: timing, routing and buffers are not modelled.
"""

from __future__ import annotations

__all__ = ["Twin", "simulate"]

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from neurobridge.backends.fixedpoint.checks import check_network, slots_of
from neurobridge.backends.fixedpoint.currents import Injection
from neurobridge.backends.fixedpoint.fixed import Int, encode
from neurobridge.backends.fixedpoint.groups import group_populations
from neurobridge.backends.fixedpoint.parameters import raw_parameters
from neurobridge.backends.fixedpoint.recorder import Recorder
from neurobridge.backends.fixedpoint.ring_buffer import RingBuffer
from neurobridge.backends.fixedpoint.synapses import Synapses
from neurobridge.errors import BackendError
from neurobridge.lowering.chip.network import RECEPTORS, ChipNetwork, ChipPopulation, ChipResult

_REPORT_EVERY = 100
_LARGEST_INPUT = (1 << 31) - 1


def simulate(
    network: ChipNetwork,
    progress: Callable[[int], None] | None = None,
    *,
    saturate: bool = True,
    arrival: Sequence[str] | None = None,
) -> ChipResult:
    """Run a network as the chip would.

    Parameters
    ----------
    network : ChipNetwork
    progress : callable, optional
        Called now and then with the number of steps done so far.
    saturate : bool
        Whether ring buffers stop at 65535 as on the chip. If not, sums are unlimited: the
        difference to a run with ``saturate=True`` is what saturation did.
    arrival : sequence of str, optional
        Names of all populations and sources in the order in which their packets reach a core
        within a step, which depends on where the host tools place them. It changes the number of
        saturations, and nothing else. By default that of the network: populations, then sources.

    Returns
    -------
    ChipResult
        With the provenance ``saturations_by_core`` and ``synaptic_events_by_core``: by population,
        int64 (cores,); and ``overflows``: by population, steps of neurons in which the drive of a
        membrane wrapped around.

    Raises
    ------
    BackendError
        If the network cannot be run exactly; see :mod:`.checks` and :mod:`.parameters`.
    """
    twin = Twin(network, saturate=saturate, arrival=arrival)
    twin.run(progress)
    return twin.result()


class Twin:
    """A network that is being run.

    Parameters
    ----------
    network : ChipNetwork
    saturate, arrival
        As for :func:`simulate`.
    extended : bool
        Whether delays may be as long as the host tools allow with delay-extension cores, nine times
        the ring buffer. Such a delay acts like any other.
    """

    def __init__(
        self,
        network: ChipNetwork,
        *,
        saturate: bool = True,
        arrival: Sequence[str] | None = None,
        extended: bool = False,
    ) -> None:
        check_network(network, extended=extended)
        self.network = network
        dt = int(encode(network.dt, "dt"))
        if not dt:
            raise BackendError(f"dt: expected at least 2**-15 ms, got {network.dt}")
        self.dt = dt
        self.raw = {p.name: raw_parameters(p, dt) for p in network.populations}
        self.groups, self.first = group_populations(network.populations, self.raw, dt)
        self.n = sum(p.size for p in network.populations)
        self.numbers = _numbers(network, arrival)
        self.number_of = np.zeros(self.n, dtype=np.int64)
        for p in network.populations:
            first = self.first[p.name]
            self.number_of[first : first + p.size] = self.numbers[p.name]
        self.synapses = Synapses(network.projections, self.numbers, self.first, self.n)
        longest = int(self.synapses.delay.max(initial=1))
        self.ring = RingBuffer(len(RECEPTORS) * self.n, longest + 1, saturate)
        self.shift = self._of_pairs(lambda p: p.shifts)
        self.injection = Injection(network.currents, self.first, self.n, network.n_steps)
        self.recorder = Recorder(network.populations, self.first, network.n_steps)
        self.source_spikes = self._source_spikes()

    def run(self, progress: Callable[[int], None] | None = None) -> None:
        """Run all steps. The tick in which a core then pauses still takes its input."""
        for step in range(self.network.n_steps):
            self._step(step)
            if progress is not None and (step + 1) % _REPORT_EVERY == 0:
                progress(step + 1)
        self._receive(self.network.n_steps)

    def _step(self, step: int) -> None:
        self._receive(step)
        if self.recorder.wants_states:
            self.recorder.keep(step, self._states())
        fired = self._update(step)
        self.recorder.fired.append(fired)
        self._send(step, fired)

    def result(self) -> ChipResult:
        """What the run gave."""
        full = self._by_core(self.ring.saturations)
        return ChipResult(
            spikes=self.recorder.spikes(),
            states=self.recorder.states,
            saturations={name: int(counts.sum()) for name, counts in full.items()},
            provenance={
                "saturations_by_core": full,
                "synaptic_events_by_core": self._by_core(self._synaptic_events()),
                "overflows": self._overflows(),
            },
        )

    def of_population(self, name: str, what: str) -> dict[str, Int]:
        """``"constants"`` or ``"registers"`` of a population's cell, each int64 (size,)."""
        first, size = self.first[name], self.network.population(name).size
        group = next(g for g in self.groups if g.first <= first < g.last)
        part = slice(first - group.first, first - group.first + size)
        return {key: value[part] for key, value in getattr(group.cell, what)().items()}

    def _overflows(self) -> dict[str, int]:
        none = np.zeros(0, dtype=np.int64)
        by_neuron = np.concatenate([none, *(group.cell.overflows for group in self.groups)])
        ends = {p.name: self.first[p.name] + p.size for p in self.network.populations}
        return {name: int(by_neuron[self.first[name] : end].sum()) for name, end in ends.items()}

    def _of_pairs(self, value: Callable[[ChipPopulation], Any]) -> Int:
        """A number of each population, or two by receptor, for every pair of the ring buffers."""
        pairs = np.zeros((len(RECEPTORS), self.n), dtype=np.int64)
        for p in self.network.populations:
            first = self.first[p.name]
            pairs[:, first : first + p.size] = np.reshape(value(p), (-1, 1))
        return pairs.reshape(-1)

    def _source_spikes(self) -> dict[int, Int]:
        """Numbers of the source neurons that spike, by step."""
        sources = self.network.sources
        none = np.zeros(0, dtype=np.int64)
        step = np.concatenate([none, *(s.step for s in sources)])
        number = np.concatenate([none, *(self.numbers[s.name][s.neuron] for s in sources)])
        order = np.argsort(step, kind="stable")
        steps, starts = np.unique(step[order], return_index=True)
        return dict(zip(steps.tolist(), np.split(number[order], starts[1:]), strict=False))

    def _receive(self, step: int) -> None:
        sums = self.ring.take(step)
        if sums is None:
            return
        amount = sums << self.shift
        if amount.max() > _LARGEST_INPUT:
            raise BackendError(
                "saturate=False: a sum of weights is above 65536, which no input register holds; "
                "use smaller weights"
            )
        both = amount.reshape(len(RECEPTORS), self.n)
        for group in self.groups:
            for receptor in range(len(RECEPTORS)):
                group.cell.receive(receptor, both[receptor, group.first : group.last])

    def _states(self) -> list[Int]:
        parts = [(g.cell.v, *g.cell.inputs()) for g in self.groups]
        return [np.concatenate(variable) for variable in zip(*parts, strict=True)]

    def _update(self, step: int) -> Int:
        injected = self.injection.at(step)
        fired = [
            np.flatnonzero(g.cell.update(injected[g.first : g.last])) + g.first for g in self.groups
        ]
        return np.concatenate([np.zeros(0, dtype=np.int64), *fired])

    def _send(self, step: int, fired: Int) -> None:
        numbers = self.number_of[fired]
        if step in self.source_spikes:
            numbers = np.concatenate([numbers, self.source_spikes[step]])
        if not numbers.size:
            return
        numbers.sort()
        rows = self.synapses.leaving(numbers)
        if rows.size:
            synapses = self.synapses
            self.ring.add(step, synapses.pair[rows], synapses.word[rows], synapses.delay[rows])

    def _synaptic_events(self) -> Int:
        """How many synapses were processed; a delay extension sends a spike on some steps later."""
        synapses, steps = self.synapses, len(self.recorder.fired)
        counts = np.zeros(self.ring.width, dtype=np.int64)
        slots = self._of_pairs(slots_of)[synapses.pair]
        held_back = (synapses.delay - 1) // slots * slots
        for late in np.unique(held_back).tolist():
            sent = np.repeat(self._sent_before(steps - late), np.diff(synapses.first))
            here = held_back == late
            np.add.at(counts, synapses.pair[here], sent[here])
        return counts

    def _sent_before(self, step: int) -> Int:
        """How many spikes each neuron sent before ``step``, by its number."""
        none = np.zeros(0, dtype=np.int64)
        fired = self.number_of[np.concatenate([none, *self.recorder.fired[: max(step, 0)]])]
        given = [numbers for at, numbers in self.source_spikes.items() if at < step]
        everyone = np.concatenate([fired, *given])
        return np.bincount(everyone, minlength=self.synapses.first.size - 1)

    def _by_core(self, by_pair: Int) -> dict[str, Any]:
        by_neuron = by_pair.reshape(len(RECEPTORS), self.n).sum(axis=0)
        result = {}
        for p in self.network.populations:
            first = self.first[p.name]
            starts = np.arange(0, p.size, p.neurons_per_core)
            result[p.name] = np.add.reduceat(by_neuron[first : first + p.size], starts)
        return result


def _numbers(network: ChipNetwork, arrival: Sequence[str] | None) -> dict[str, Int]:
    """Numbers of all neurons in the order in which their packets arrive, by population."""
    sizes = network.sizes
    order = list(sizes) if arrival is None else list(arrival)
    if sorted(order) != sorted(sizes):
        raise BackendError(
            f"arrival: expected each population and source once, {list(sizes)}, got {order}"
        )
    starts = np.cumsum([0, *(sizes[name] for name in order)]).tolist()
    return {
        name: start + np.arange(sizes[name], dtype=np.int64)
        for name, start in zip(order, starts, strict=False)
    }
