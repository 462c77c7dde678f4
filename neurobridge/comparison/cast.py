"""The runs of a comparison as the figures show them: pooled, and set against the reference."""

from __future__ import annotations

__all__ = ["Cast", "Run", "cast"]

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurobridge.comparison.overlap import shared_spikes
from neurobridge.comparison.pooling import Pool, pooled, until
from neurobridge.comparison.result import Comparison
from neurobridge.recording import Recording, Spikes

SERIES = 6
"""Colours for runs other than the reference; a seventh run starts over."""


@dataclass(frozen=True)
class Run:
    """One run in the figures.

    Parameters
    ----------
    name : str
    series : str
        CSS class that gives its colour: ``s0`` for the reference, then ``s1`` ...
    recording : Recording
    spikes : Spikes
        All populations pooled.
    shared : bool array, shape (len(spikes),)
        Which spikes the reference has too.
    in_reference : Spikes
        The reference, cut to the length of this run.
    """

    name: str
    series: str
    recording: Recording
    spikes: Spikes
    shared: NDArray[np.bool_]
    in_reference: Spikes


@dataclass(frozen=True)
class Cast:
    """All runs that can be drawn, in the order of the comparison, and the baseline."""

    runs: tuple[Run, ...]
    reference: Run
    baseline: Run | None
    pool: Pool

    @property
    def others(self) -> tuple[Run, ...]:
        """All runs but the reference."""
        return tuple(r for r in self.runs if r is not self.reference)

    @property
    def duration(self) -> float:
        """In ms."""
        return self.reference.spikes.n_steps * self.reference.spikes.dt


def cast(comparison: Comparison) -> Cast:
    """The runs of a comparison that have spikes to draw, that is all that did not fail."""
    base = comparison.reference_entry.recording
    pool = pooled(base.spikes)
    series = {e.name: f"s{1 + k % SERIES}" for k, e in enumerate(comparison.others)}
    series[comparison.reference] = "s0"
    runs = {
        e.name: _run(e.name, series[e.name], e.recording, pool)
        for e in comparison.entries
        if e.status != "failed"
    }
    baseline = None
    if comparison.baseline is not None:
        name = f"seed {comparison.baseline.recording.seed}"
        baseline = _run(name, "sb", comparison.baseline.recording, pool)
    return Cast(tuple(runs.values()), runs[comparison.reference], baseline, pool)


def _run(name: str, series: str, recording: Recording, pool: Pool) -> Run:
    spikes = pooled({p: recording.spikes[p] for p in pool.names}).spikes
    reference = until(pool.spikes, spikes.n_steps)
    _, shared = shared_spikes(reference, spikes)
    return Run(name, series, recording, spikes, shared, reference)
