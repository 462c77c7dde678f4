"""Tier T3: two backends over many seeds, by the distributions of what they do."""

from __future__ import annotations

__all__ = ["SeedComparison", "SeedDistribution", "compare_seeds", "pairwise_correlation"]

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from neurobridge.comparison.distances import sampled_neurons
from neurobridge.comparison.pooling import pooled
from neurobridge.comparison.statistics import spike_statistics
from neurobridge.comparison.tiers import TIERS
from neurobridge.errors import NetworkError
from neurobridge.recording import Recording, Spikes

SIGNIFICANCE = 0.01
"""Distributions less likely than this under the same process count as different."""

CORRELATION_BIN_MS = 5.0


@dataclass(frozen=True)
class SeedDistribution:
    """One statistic over seeds, on the reference and on another backend.

    Parameters
    ----------
    statistic, unit : str
    reference, other : tuple of float
        One value for each seed; seeds where it is not defined are left out.
    distance, p_value : float or None
        Two-sample Kolmogorov-Smirnov test; None if a side has no value at all.
    relative_difference : float or None
        Of the means, relative to that of the reference.
    """

    statistic: str
    unit: str
    reference: tuple[float, ...]
    other: tuple[float, ...]
    distance: float | None
    p_value: float | None
    relative_difference: float | None

    @property
    def passed(self) -> bool | None:
        """Whether the two cannot be told apart; None if the statistic is not defined."""
        return None if self.p_value is None else self.p_value > SIGNIFICANCE


@dataclass(frozen=True)
class SeedComparison:
    """Verdict of tier T3; it holds if no statistic can be told apart."""

    seeds: tuple[int, ...]
    distributions: tuple[SeedDistribution, ...]

    @property
    def passed(self) -> bool | None:
        """Whether the tier holds; None if no statistic is defined."""
        verdicts = [d.passed for d in self.distributions]
        if False in verdicts:
            return False
        return True if True in verdicts else None

    def to_dict(self) -> dict[str, Any]:
        """A plain dictionary, for JSON."""
        return {
            "seeds": list(self.seeds),
            "passed": self.passed,
            "distributions": [{**asdict(d), "passed": d.passed} for d in self.distributions],
        }


def compare_seeds(reference: Sequence[Recording], other: Sequence[Recording]) -> SeedComparison:
    """Compare mean rate, interval CV and pairwise correlation over seeds.

    A test that finds no difference proves little with few seeds: look at ``relative_difference``
    too.

    Parameters
    ----------
    reference, other : sequence of Recording
        Complete runs of one network, at least ten on each side, each side with the same seeds.

    Raises
    ------
    NetworkError
        If there are too few seeds, a seed twice, other seeds on both sides, or an incomplete run.
    """
    seeds = _checked_seeds(reference, other)
    columns = [[_statistics(r) for r in runs] for runs in (reference, other)]
    names = (("mean rate", "Hz"), ("interval CV", ""), ("pairwise correlation", ""))
    distributions = tuple(
        _distribution(name, unit, *([row[k] for row in column] for column in columns))
        for k, (name, unit) in enumerate(names)
    )
    return SeedComparison(seeds, distributions)


def pairwise_correlation(spikes: Spikes, bin_ms: float = CORRELATION_BIN_MS) -> float | None:
    """Mean Pearson correlation of binned spike counts over pairs of sampled neurons.

    Neurons that spike, at most 64, evenly spaced by index; trials are joined end to end. None
    with fewer than two neurons whose counts vary.
    """
    neurons = sampled_neurons(spikes, spikes)
    width = max(1, round(bin_ms / spikes.dt))
    bins = -(-(spikes.n_steps + 1) // width)
    row = np.searchsorted(neurons, spikes.neuron)
    chosen = np.isin(spikes.neuron, neurons)
    trial = np.unique(spikes.trial, return_inverse=True)[1]
    slot = (row * spikes.n_trials + trial) * bins + spikes.step // width
    shape = (neurons.size, spikes.n_trials * bins)
    counts = np.bincount(slot[chosen], minlength=shape[0] * shape[1]).reshape(shape)
    counts = counts[np.ptp(counts, axis=1) > 0] if neurons.size else counts
    if len(counts) < 2:
        return None
    matrix = np.corrcoef(counts)
    return float(matrix[np.triu_indices_from(matrix, k=1)].mean())


def _statistics(recording: Recording) -> tuple[float | None, float | None, float | None]:
    spikes = pooled(recording.spikes).spikes
    described = spike_statistics(spikes)
    return described.mean_rate, described.mean_cv, pairwise_correlation(spikes)


def _distribution(
    statistic: str, unit: str, reference: list[float | None], other: list[float | None]
) -> SeedDistribution:
    a, b = (tuple(v for v in values if v is not None) for values in (reference, other))
    if not a or not b:
        return SeedDistribution(statistic, unit, a, b, None, None, None)
    from scipy.stats import ks_2samp  # takes longer to import than all the rest

    test = ks_2samp(a, b)
    mean = float(np.mean(a))
    relative = (float(np.mean(b)) - mean) / abs(mean) if mean else None
    distance, p_value = float(test.statistic), float(test.pvalue)
    return SeedDistribution(statistic, unit, a, b, distance, p_value, relative)


def _checked_seeds(reference: Sequence[Recording], other: Sequence[Recording]) -> tuple[int, ...]:
    needed = TIERS["T3"].seeds
    for side, runs in (("the reference", reference), ("the other backend", other)):
        if len({r.seed for r in runs}) < len(runs):
            raise NetworkError(
                f"{side} has a seed twice: {sorted(r.seed for r in runs)}; run each seed once"
            )
        if len(runs) < needed:
            raise NetworkError(
                f"{side} has {len(runs)} seeds, tier T3 needs at least {needed}; run more seeds"
            )
        for run in runs:
            if run.status in ("failed", "incomplete"):
                raise NetworkError(
                    f"the run of {side} at seed {run.seed} is {run.status}; run it again"
                )
    seeds = tuple(sorted(r.seed for r in reference))
    if seeds != tuple(sorted(r.seed for r in other)):
        raise NetworkError(
            f"the reference has the seeds {list(seeds)}, the other backend "
            f"{sorted(r.seed for r in other)}; run both with the same seeds"
        )
    return seeds
