"""Why a network does something else on SpiNNaker: which of the chip's errors did what.

The network runs on the reference, then with one error more in each run, until it is the twin of
the chip; and with each error alone. In a chaotic network every error, however small, ends in
another spike train, as another seed or the last bit of a weight would: then the time of the first
different spike and the rates say more than overlaps and shares.
"""

from __future__ import annotations

__all__ = ["Attribution", "Variant", "attribute"]

import operator
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from neurobridge.comparison.build import pooled_metrics
from neurobridge.comparison.metrics import SpikeMetrics
from neurobridge.comparison.variants import STEPS, Flags, RunProgress, VariantRuns
from neurobridge.graph.network import Network
from neurobridge.recording import Spikes

if TYPE_CHECKING:
    from rich.table import Table

REFERENCE, OTHER_SEED = "reference", "other seed"


@dataclass(frozen=True)
class Variant:
    """A run with some of the chip's errors.

    Parameters
    ----------
    name, words : str
        The error that came last, or that is there alone.
    spikes : int
        Of all populations but sources.
    metrics : SpikeMetrics
        Against the reference.
    added : SpikeMetrics or None
        Against the run before, which has all other errors of this one; None where there is none.
    share : float or None
        Part of the spikes that differ in the end which came with this error: the growth of the
        number of spikes that only one of two runs has, in the same step. It is negative where an
        error undoes another; None if no spike differs in the end.
    rate_difference : mapping of str to float
        By population (or spike probe): mean rate less that of the reference, in Hz.
    saturations : int or None
        Inputs that a full ring buffer lost; None where ring buffers have no limit.
    """

    name: str
    words: str
    spikes: int
    metrics: SpikeMetrics
    added: SpikeMetrics | None
    share: float | None
    rate_difference: Mapping[str, float]
    saturations: int | None = None

    @property
    def parts_at(self) -> float | None:
        """Time of the first spike that differs from the reference, in ms; None if none does."""
        first = self.metrics.divergence
        return None if first is None else first.time

    def to_dict(self) -> dict[str, Any]:
        """A plain dictionary, for JSON."""
        added = None if self.added is None else self.added.to_dict()
        plain = {**asdict(self), "rate_difference": dict(self.rate_difference)}
        return {**plain, "metrics": self.metrics.to_dict(), "added": added}


@dataclass(frozen=True)
class Attribution:
    """Which of the chip's errors did what.

    Parameters
    ----------
    reference_spikes : int
        Of all populations but sources.
    rates : mapping of str to float
        Mean rates of the reference by population (or spike probe), in Hz.
    steps : tuple of Variant
        With one error more each; the last is the twin.
    alone : tuple of Variant
        Errors that can be there without the others.
    baseline : Variant or None
        The reference at another seed, for scale.
    dt, duration : float
        In ms.
    seed, trial : int
    settings : mapping
        Of the chip.
    """

    reference_spikes: int
    rates: Mapping[str, float]
    steps: tuple[Variant, ...]
    alone: tuple[Variant, ...]
    baseline: Variant | None
    dt: float
    duration: float
    seed: int
    trial: int
    settings: Mapping[str, Any] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Variant:
        """The step of that name."""
        return next(v for v in self.steps if v.name == name)

    @property
    def chaotic(self) -> bool:
        """Whether even the smallest error alone makes the spikes as different as another seed does.

        Then overlaps and shares say that the network is chaotic, and nothing about the chip.
        """
        if self.baseline is None:
            return False
        floor = self.baseline.metrics.overlap[0] or 0.0
        seen = [v.metrics.overlap[0] for v in self.alone]
        return all(o is not None and o < floor + 0.1 * (1.0 - floor) for o in seen)

    def to_dict(self) -> dict[str, Any]:
        """A plain dictionary, for JSON."""
        return {
            "reference_spikes": self.reference_spikes,
            "rates": dict(self.rates),
            "steps": [v.to_dict() for v in self.steps],
            "alone": [v.to_dict() for v in self.alone],
            "baseline": None if self.baseline is None else self.baseline.to_dict(),
            "chaotic": self.chaotic,
            "dt": self.dt,
            "duration": self.duration,
            "seed": self.seed,
            "trial": self.trial,
            "settings": {k: repr(v) for k, v in self.settings.items()},
        }

    def table(self) -> Table:
        """A rich table: a row for each error as it is added, with what it does alone."""
        from neurobridge.comparison.attribution_table import attribution_table

        return attribution_table(self)

    def draw(self, path: str | Path) -> Path:
        """Write the figure of the report as an SVG file; returns its path."""
        from neurobridge.comparison.attribution_figure import attribution_file

        return attribution_file(self, Path(path))


def attribute(
    network: Network,
    duration: float,
    *,
    dt: float,
    seed: int = 0,
    trial: int = 0,
    accept: Sequence[str] = (),
    baseline: bool = True,
    progress: RunProgress | None = None,
    **settings: Any,
) -> Attribution:
    """Turn the chip's errors on one after the other, and each alone.

    Everything runs in this process, with the arithmetic of the reference or of the twin.

    Parameters
    ----------
    network : Network
        Of ``lif_exp``, ``lif_delta`` and ``lif_cond_exp`` neurons and sources.
    duration : float or str
        In ms.
    dt : float or str
        In ms.
    seed, trial : int
    accept : sequence of str
        Approximations that are accepted, see :func:`~neurobridge.compile`; the chip's own are.
    baseline : bool
        Run the reference also with another seed.
    progress : callable, optional
    **settings
        Of the backend ``fixedpoint``.

    Raises
    ------
    FindingsError
        If the chip cannot run the network.
    ModelError
        If a cell of the chip has no difference equations in real numbers.
    NetworkError
        If no spikes are recorded but those of sources.
    KeyboardInterrupt
        If a run is interrupted.
    """
    seed, trial = operator.index(seed), operator.index(trial)
    runs = VariantRuns(network, duration, dt, trial, accept, settings, progress)
    exact = runs.real(REFERENCE, Flags(), seed)
    base = runs.spikes(exact)
    steps = _cumulative(runs, seed, base)
    alone = tuple(
        replace(made, added=None, share=None)
        if s.alone == s.real
        else _variant(
            s.name, s.words, runs.spikes(runs.real(f"{s.name} alone", s.alone, seed)), base
        )
        for s, made in zip(STEPS, steps, strict=True)
        if s.alone
    )
    other = None
    if baseline:
        found = runs.spikes(runs.real(OTHER_SEED, Flags(), seed + 1))
        other = _variant(OTHER_SEED, f"seed {seed + 1}", found, base)
    return Attribution(
        sum(map(len, base.values())), {n: _mean_rate(s) for n, s in base.items()},
        steps, alone, other, exact.dt, exact.duration, seed, trial, dict(settings),
    )  # fmt: skip


def _cumulative(runs: VariantRuns, seed: int, base: Mapping[str, Spikes]) -> tuple[Variant, ...]:
    before, found = base, []
    for step in STEPS:
        recording = (
            runs.real(step.name, step.real, seed)
            if step.real
            else runs.twin(step.name, seed, saturate=step.saturate)
        )
        spikes = runs.spikes(recording)
        made = _variant(step.name, step.words, spikes, base, before)
        if step.saturate:
            made = replace(made, saturations=sum(recording.info["saturations"].values()))
        found.append(made)
        before = spikes
    apart = [0, *(_apart(v) for v in found)]
    if not apart[-1]:
        return tuple(found)
    return tuple(
        replace(v, share=(now - last) / apart[-1])
        for v, last, now in zip(found, apart[:-1], apart[1:], strict=True)
    )


def _apart(variant: Variant) -> int:
    """Spikes that only one of two runs has."""
    both, overlap = variant.spikes + variant.metrics.reference_spikes, variant.metrics.overlap[0]
    return 0 if overlap is None else round(both * (1.0 - overlap) / (1.0 + overlap))


def _variant(
    name: str,
    words: str,
    spikes: Mapping[str, Spikes],
    base: Mapping[str, Spikes],
    before: Mapping[str, Spikes] | None = None,
) -> Variant:
    return Variant(
        name=name,
        words=words,
        spikes=sum(map(len, spikes.values())),
        metrics=pooled_metrics(base, spikes, distances=False),
        added=None if before is None else pooled_metrics(before, spikes, distances=False),
        share=None,
        rate_difference={n: _mean_rate(s) - _mean_rate(base[n]) for n, s in spikes.items()},
    )


def _mean_rate(spikes: Spikes) -> float:
    """Of the recorded neurons, in Hz."""
    return float(spikes.rates[spikes.recorded].mean()) if spikes.recorded.size else 0.0
