"""Recording: what every run returns, as flat arrays."""

from __future__ import annotations

__all__ = ["Recording", "Signal", "Spikes"]

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from hashlib import blake2b
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from neurobridge.content import ByContent
from neurobridge.errors import UnknownNameError
from neurobridge.lowering.finding import Finding

Status = Literal["ok", "incomplete", "degraded", "failed"]


@dataclass(frozen=True, eq=False)
class Spikes(ByContent):
    """Spikes of one population, sorted by (trial, step, neuron). Equal if all content is equal.

    Parameters
    ----------
    step : int64 array, shape (k,)
        Stamp in steps; the spike time is ``step * dt`` ms.
    neuron : int32 array, shape (k,)
        Index in the population.
    trial : int32 array, shape (k,)
    dt : float
        Time step in ms.
    n_steps : int
        Length of a trial in steps.
    neurons : int32 array or None
        The neurons that were recorded; None for all ``size``.
    size : int
        Neurons in the population.
    """

    step: NDArray[np.int64]
    neuron: NDArray[np.int32]
    trial: NDArray[np.int32]
    dt: float
    n_steps: int
    size: int
    neurons: NDArray[np.int32] | None = None

    def __len__(self) -> int:
        return int(self.step.size)

    @property
    def time(self) -> NDArray[np.float64]:
        """Spike times in ms, shape (k,)."""
        return np.asarray(self.step * self.dt, dtype=np.float64)

    @property
    def recorded(self) -> NDArray[np.int32]:
        """Indices of the recorded neurons."""
        return np.arange(self.size, dtype=np.int32) if self.neurons is None else self.neurons

    @property
    def n_trials(self) -> int:
        """Number of different trials that have a spike, at least 1."""
        return max(int(np.unique(self.trial).size), 1)

    @cached_property
    def counts(self) -> NDArray[np.int64]:
        """Spikes per neuron over all trials, int64 (size,); 0 where :attr:`recorded` lacks it."""
        return np.bincount(self.neuron, minlength=self.size)

    @property
    def rates(self) -> NDArray[np.float64]:
        """Mean firing rate per neuron in Hz, float64 (size,).

        0 for a run without steps, and for neurons that were not recorded.
        """
        if not self.n_steps:
            return np.zeros(self.size)
        seconds = self.n_steps * self.dt * 1e-3 * self.n_trials
        return np.asarray(self.counts / seconds, dtype=np.float64)

    def of(self, neuron: int) -> NDArray[np.float64]:
        """Spike times of one neuron in ms (all trials)."""
        return np.asarray(self.time[self.neuron == neuron])

    def same_as(self, other: Spikes) -> bool:
        """Whether every spike is identical in step, neuron and trial."""
        return (
            np.array_equal(self.step, other.step)
            and np.array_equal(self.neuron, other.neuron)
            and np.array_equal(self.trial, other.trial)
        )


@dataclass(frozen=True, eq=False)
class Signal(ByContent):
    """A state variable over time: ``values`` float64 (T, n) at ``step`` int64 (T,)."""

    variable: str
    unit: str
    population: str
    values: NDArray[np.float64]
    step: NDArray[np.int64]
    neurons: NDArray[np.int32]
    dt: float

    @property
    def time(self) -> NDArray[np.float64]:
        """Sample times in ms, shape (T,)."""
        return np.asarray(self.step * self.dt, dtype=np.float64)


@dataclass(frozen=True)
class Recording:
    """Result of a run.

    Parameters
    ----------
    spikes : mapping of str to Spikes
        By spike probe; by population, if the network has no spike probe.
    signals : mapping of str to Signal
        By probe name.
    status : {"ok", "incomplete", "degraded", "failed"}
        ``incomplete`` after an interruption: what was recorded until then is here.
    message : str
        A sentence on a status that is not ok.
    findings : tuple of Finding
        What was said, and accepted, before the run.
    backend : str
    versions, settings, timings, info : mapping
        ``timings`` has ``build_s``, ``run_s`` and ``collect_s``; ``info`` has what the backend
        tells about itself, e.g. ``peak_mb``.
    network_id : str
    dt, duration : float
        In ms.
    seed, trial : int
    """

    spikes: Mapping[str, Spikes]
    signals: Mapping[str, Signal]
    backend: str
    network_id: str
    dt: float
    duration: float
    seed: int
    trial: int = 0
    status: Status = "ok"
    message: str = ""
    findings: tuple[Finding, ...] = ()
    versions: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    timings: Mapping[str, float] = field(default_factory=dict)
    info: Mapping[str, Any] = field(default_factory=dict)

    @property
    def n_spikes(self) -> int:
        """Spikes of all populations."""
        return sum(len(s) for s in self.spikes.values())

    @property
    def spike_hash(self) -> str:
        """Sixteen hexadecimal digits that are equal if, and only if, all spikes are.

        BLAKE2b over what was recorded, probe by probe in order of their names: the name, then step,
        neuron and trial of every spike, sorted, as little-endian int64. It is the same function for
        every backend, and knows nothing of dt.
        """
        whole = blake2b(digest_size=8)
        for name, spikes in sorted(self.spikes.items()):
            whole.update(f"{name}\n{len(spikes)}\n".encode())
            for column in (spikes.step, spikes.neuron, spikes.trial):
                whole.update(np.ascontiguousarray(column, dtype="<i8").data)
        return whole.hexdigest()

    def __getitem__(self, name: str) -> Spikes | Signal:
        """The signal of a probe, or the spikes of a population."""
        if name in self.signals:
            return self.signals[name]
        if name in self.spikes:
            return self.spikes[name]
        raise UnknownNameError("probe or population", name, [*self.signals, *self.spikes])

    def replace(self, **changes: Any) -> Recording:
        """A copy with some fields changed."""
        return replace(self, **changes)

    def __repr__(self) -> str:
        return (
            f"<Recording {self.status}: {self.n_spikes:,} spikes, {self.duration:g} ms at dt "
            f"{self.dt:g} ms on {self.backend}, probes {list(self.signals)}>"
        )
