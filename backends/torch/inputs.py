"""What is played into a batch of runs: events, spikes of sources, currents."""

from __future__ import annotations

__all__ = ["Events", "Injection", "Inputs"]

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import torch
from numpy.typing import NDArray

from neurobridge.errors import NetworkError
from neurobridge.lowering.program import CurrentInput, Drive, Program


@dataclass(frozen=True)
class Events:
    """Events in a batch, sorted by step: int64 (k,) each, and float ``value`` (k,)."""

    step: torch.Tensor
    neuron: torch.Tensor
    trial: torch.Tensor
    value: torch.Tensor

    @classmethod
    def of(
        cls, step: NDArray[np.int64], neuron: NDArray[np.int32], trial: NDArray[np.int64],
        value: NDArray[np.float64], dtype: torch.dtype, device: torch.device,
    ) -> Events:  # fmt: skip
        """From arrays in any order."""
        order = np.lexsort((neuron, trial, step))

        def put(array: NDArray[np.generic]) -> torch.Tensor:
            return torch.as_tensor(array[order].astype(np.int64), device=device)

        values = torch.as_tensor(value[order], dtype=dtype, device=device)
        return cls(put(step), put(neuron), put(trial), values)

    def between(self, first: int, last: int) -> Events:
        """Those of the steps ``first <= step < last``."""
        ends = torch.as_tensor([first, last], device=self.step.device)
        low, high = torch.searchsorted(self.step, ends).tolist()
        part = slice(low, high)
        return Events(self.step[part], self.neuron[part], self.trial[part], self.value[part])


@dataclass(frozen=True)
class Injection:
    """A current: ``value`` (T, m, B), or (1, m, B) if it is constant, into ``neurons`` (m,).

    ``first`` is the step of the first row.
    """

    value: torch.Tensor
    neurons: torch.Tensor | None = None
    first: int = 0

    def at(self, step: int) -> torch.Tensor:
        """The current in a step, (m, B)."""
        return self.value[0 if self.value.shape[0] == 1 else step - self.first]

    def between(self, first: int, n_steps: int) -> torch.Tensor:
        """The current in the steps from ``first`` on, (n_steps or 1, m, B)."""
        if self.value.shape[0] in (1, n_steps):
            return self.value
        return self.value[first - self.first : first - self.first + n_steps]

    def cut(self, lengths: Sequence[int]) -> list[Injection]:
        """Pieces of these lengths, with one gradient for all of them."""
        if self.value.shape[0] == 1:
            return [self] * len(lengths)
        starts = np.cumsum([self.first, *lengths[:-1]]).tolist()
        pieces = torch.split(self.between(self.first, sum(lengths)), list(lengths))
        return [replace(self, value=v, first=s) for v, s in zip(pieces, starts, strict=True)]


@dataclass(frozen=True)
class Inputs:
    """Input of ``batch`` runs of ``n_steps`` steps.

    Parameters
    ----------
    n_steps, batch : int
    events : mapping of (population, receptor) to list of Events
        ``value`` is added to the receptor in phase 2 of the step.
    sources : mapping of population to Events
        Stamps of the spikes of source populations.
    currents : mapping of population to list of Injection
        These may require gradients.
    """

    n_steps: int
    batch: int
    events: dict[tuple[str, str], list[Events]] = field(default_factory=dict)
    sources: dict[str, Events] = field(default_factory=dict)
    currents: dict[str, list[Injection]] = field(default_factory=dict)

    @classmethod
    def from_drives(
        cls, drives: Sequence[Drive], program: Program, dtype: torch.dtype, device: torch.device
    ) -> Inputs:
        """The drives of the runs of a batch; all are equally long.

        Raises
        ------
        NetworkError
            If they are not, or there is none.
        """
        lengths = {d.n_steps for d in drives}
        if len(lengths) != 1:
            raise NetworkError(
                f"the runs of a batch must be equally long, got {sorted(lengths)} steps"
            )
        n_steps = lengths.pop()
        made = cls(n_steps, len(drives))
        for trial, drive in enumerate(drives):
            for e in drive.events:
                value = e.weight[e.channel] * e.count
                trials = np.full(e.step.size, trial)
                made.events.setdefault((e.population, e.receptor), []).append(
                    Events.of(e.step, e.target[e.channel], trials, value, dtype, device)
                )
        for name in (p.name for p in program.populations if p.is_source):
            made.sources[name] = _merged(drives, name, dtype, device)
        for name in dict.fromkeys(c.population for d in drives for c in d.currents):
            size = program.population(name).size
            made.currents[name] = [_injection(drives, name, size, n_steps, dtype, device)]
        return made

    def with_current(self, population: str, injection: Injection) -> Inputs:
        """A copy with one more current.

        Raises
        ------
        NetworkError
            If it does not fit the steps or the batch.
        """
        steps, m, batch = injection.value.shape
        if 1 < steps < self.n_steps or batch not in (1, self.batch) or not steps:
            raise NetworkError(
                f"current into {population!r}: expected (1 or {self.n_steps} steps, {m} neurons, 1 "
                f"or {self.batch} runs), got {tuple(injection.value.shape)}"
            )
        currents = {**self.currents, population: [*self.currents.get(population, []), injection]}
        return replace(self, currents=currents)

    def cut(self, lengths: Sequence[int]) -> list[Inputs]:
        """Copies whose currents are those of consecutive steps, so many each."""
        if len(lengths) == 1:
            return [self]
        pieces = {
            name: list(zip(*(c.cut(lengths) for c in several), strict=True))
            for name, several in self.currents.items()
            if several
        }
        return [
            replace(self, currents={name: list(cut[i]) for name, cut in pieces.items()})
            for i in range(len(lengths))
        ]


def _merged(drives: Sequence[Drive], name: str, dtype: torch.dtype, device: torch.device) -> Events:
    trains = [(i, s) for i, d in enumerate(drives) for s in d.sources if s.population == name]
    stamp = np.concatenate([np.zeros(0, np.int64), *(s.stamp for _, s in trains)])
    neuron = np.concatenate([np.zeros(0, np.int32), *(s.neuron for _, s in trains)])
    trial = np.repeat([i for i, _ in trains], [s.stamp.size for _, s in trains]).astype(np.int64)
    return Events.of(stamp, neuron, trial, np.ones(stamp.size), dtype, device)


def _injection(
    drives: Sequence[Drive],
    name: str,
    size: int,
    n_steps: int,
    dtype: torch.dtype,
    device: torch.device,
) -> Injection:
    """The summed currents of a population over time."""
    per_run = [[c for c in d.currents if c.population == name] for d in drives]
    constant = all(c.start.tolist() == [0] for run in per_run for c in run)
    steps = 1 if constant else n_steps
    total = np.zeros((steps, size, len(drives)))
    for b, run in enumerate(per_run):
        for current in run:
            _add(total[:, :, b], current)
    return Injection(torch.as_tensor(total, dtype=dtype, device=device))


def _add(total: NDArray[np.float64], current: CurrentInput) -> None:
    """Add a current that changes at given steps to ``total`` (T, n)."""
    ends = [*current.start[1:].tolist(), total.shape[0]]
    for value, first, last in zip(current.value, current.start.tolist(), ends, strict=True):
        total[first:last, current.neuron] += value
