"""The first spike that one run has and the other has not."""

from __future__ import annotations

__all__ = ["Divergence", "first_divergence"]

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from neurobridge.comparison.pooling import Pool
from neurobridge.recording import Spikes


@dataclass(frozen=True)
class Divergence:
    """Where two runs part.

    Parameters
    ----------
    population : str
        Empty where a single train of spikes was compared.
    neuron : int
        Index in the population.
    trial, step : int
        Where the spike is that only one run has; the time is ``step * dt``.
    time : float
        In ms.
    in_reference : bool
        Whether it is the reference that has this spike.
    next_in_other : int or None
        Step of the next spike of this neuron in the run that lacks it; None if it never
        spikes again.
    agreed : int
        Spikes that both runs share before this one.
    """

    population: str
    neuron: int
    trial: int
    step: int
    time: float
    in_reference: bool
    next_in_other: int | None
    agreed: int

    def sentence(self, reference: str, other: str) -> str:
        """In words, e.g. for a table or a report."""
        has, lacks = (reference, other) if self.in_reference else (other, reference)
        where = f" of {self.population!r}" if self.population else ""
        late = "never again" if self.next_in_other is None else f"next at step {self.next_in_other}"
        return (
            f"neuron {self.neuron}{where} spikes at step {self.step} ({self.time:g} ms) on {has}, "
            f"not on {lacks} ({late}); {self.agreed:,} spikes agree before"
        )

    def within(self, pool: Pool) -> Divergence:
        """The same with the neuron of a pool named by its population."""
        population, neuron = pool.locate(self.neuron)
        return replace(self, population=population, neuron=neuron)


def first_divergence(reference: Spikes, other: Spikes) -> Divergence | None:
    """Earliest spike, by (step, trial, neuron), that only one run has; None if there is none."""
    a, b = _in_time(reference, other), _in_time(other, reference)
    shared = min(a.size, b.size)
    differs = np.flatnonzero(a[:shared] != b[:shared])
    if not differs.size and a.size == b.size:
        return None
    at = int(differs[0]) if differs.size else shared
    in_reference = at >= b.size or (at < a.size and bool(a[at] < b[at]))
    key = int(a[at] if in_reference else b[at])
    size, trials = _extent(reference, other)
    step, train = divmod(key, trials * size)
    trial, neuron = divmod(train, size)
    lacking = other if in_reference else reference
    later = lacking.step[
        (lacking.neuron == neuron) & (lacking.trial == trial) & (lacking.step > step)
    ]
    return Divergence(
        population="",
        neuron=neuron,
        trial=trial,
        step=step,
        time=step * reference.dt,
        in_reference=in_reference,
        next_in_other=int(later.min()) if later.size else None,
        agreed=at,
    )


def _in_time(spikes: Spikes, partner: Spikes) -> NDArray[np.int64]:
    """Spikes as ascending integers, ordered by (step, trial, neuron)."""
    size, trials = _extent(spikes, partner)
    return np.sort((spikes.step * trials + spikes.trial) * size + spikes.neuron)


def _extent(one: Spikes, two: Spikes) -> tuple[int, int]:
    last = max((int(s.trial.max()) for s in (one, two) if len(s)), default=0)
    return max(one.size, two.size), last + 1
