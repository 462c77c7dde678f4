"""Comparison: the verdict on several runs of one network, and the numbers behind it."""

from __future__ import annotations

__all__ = ["Baseline", "Comparison", "Entry", "noted"]

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from neurobridge.comparison.metrics import SpikeMetrics
from neurobridge.comparison.signals import SignalDifference
from neurobridge.comparison.statistics import SpikeStatistics
from neurobridge.comparison.tiers import Check
from neurobridge.lowering.finding import Finding
from neurobridge.recording import Recording

if TYPE_CHECKING:
    from rich.table import Table

    from neurobridge.comparison.attribution import Attribution

SCHEMA = 1


@dataclass(frozen=True)
class Entry:
    """One run in a comparison.

    Parameters
    ----------
    name : str
        As given by the caller, mostly the backend.
    recording : Recording
    is_reference : bool
    tier : str or None
        None for the reference itself.
    checks : tuple of Check
        The rules of the tier.
    metrics : SpikeMetrics or None
        All populations pooled; None for the reference and for a run that failed.
    populations : mapping of str to SpikeMetrics
        The same by population, if there are several.
    signals : tuple of SignalDifference
    statistics : SpikeStatistics or None
        None for a run that failed.
    notes : tuple of str
        What limits this comparison.
    """

    name: str
    recording: Recording = field(repr=False)
    is_reference: bool
    tier: str | None
    checks: tuple[Check, ...]
    metrics: SpikeMetrics | None
    populations: Mapping[str, SpikeMetrics]
    signals: tuple[SignalDifference, ...]
    statistics: SpikeStatistics | None
    notes: tuple[str, ...] = ()

    @property
    def status(self) -> str:
        """Status of the run: ok, incomplete, degraded or failed."""
        return self.recording.status

    @property
    def complete(self) -> bool:
        """Whether the run reached its end."""
        return self.status in ("ok", "degraded")

    @property
    def spikes(self) -> int:
        """Spikes of all populations."""
        return self.recording.n_spikes

    @property
    def identical(self) -> bool:
        """Whether the run is complete and every spike is the same as in the reference."""
        if self.is_reference:
            return True
        return self.complete and self.metrics is not None and self.metrics.identical

    @property
    def passed(self) -> bool | None:
        """Whether the tier holds; None if it cannot be judged from what was run."""
        if self.is_reference:
            return True
        if not self.complete or any(c.passed is False for c in self.checks):
            return False
        return True if any(c.passed for c in self.checks) else None

    @property
    def build_s(self) -> float | None:
        """Seconds to build."""
        return self.recording.timings.get("build_s")

    @property
    def run_s(self) -> float | None:
        """Seconds to run."""
        return self.recording.timings.get("run_s")

    @property
    def peak_mb(self) -> float | None:
        """Peak memory in MB, as far as the backend could tell."""
        return self.recording.info.get("peak_mb")

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Findings of the run."""
        return self.recording.findings

    @property
    def versions(self) -> Mapping[str, str]:
        """Versions of what ran."""
        return self.recording.versions

    def to_dict(self) -> dict[str, Any]:
        """A plain dictionary, for JSON."""
        return {
            "name": self.name,
            "is_reference": self.is_reference,
            "status": self.status,
            "message": self.recording.message,
            "spikes": self.spikes,
            "identical": self.identical,
            "tier": self.tier,
            "passed": self.passed,
            "build_s": self.build_s,
            "run_s": self.run_s,
            "peak_mb": self.peak_mb,
            "checks": [c.to_dict() for c in self.checks],
            "metrics": self.metrics.to_dict() if self.metrics else None,
            "populations": {name: m.to_dict() for name, m in self.populations.items()},
            "signals": [s.to_dict() for s in self.signals],
            "statistics": self.statistics.to_dict() if self.statistics else None,
            "findings": [f.to_dict() for f in self.findings],
            "versions": dict(self.versions),
            "notes": list(self.notes),
        }


@dataclass(frozen=True)
class Baseline:
    """The reference backend at another seed: what a mere change of seed does to every metric."""

    recording: Recording = field(repr=False)
    metrics: SpikeMetrics

    def to_dict(self) -> dict[str, Any]:
        """A plain dictionary, for JSON."""
        return {"seed": self.recording.seed, "metrics": self.metrics.to_dict()}


@dataclass(frozen=True)
class Comparison:
    """Several runs of one network, each measured against one of them.

    Made by :func:`~neurobridge.comparison.compare_recordings`. ``attribution`` is there if a run
    has SpiNNaker's arithmetic: which of its errors does what.
    """

    reference: str
    entries: tuple[Entry, ...]
    baseline: Baseline | None = None
    attribution: Attribution | None = None

    def __getitem__(self, name: str) -> Entry:
        """The entry of that name."""
        return next(e for e in self.entries if e.name == name)

    @cached_property
    def reference_entry(self) -> Entry:
        """The entry that all others are measured against."""
        return self[self.reference]

    @property
    def others(self) -> tuple[Entry, ...]:
        """All entries but the reference."""
        return tuple(e for e in self.entries if not e.is_reference)

    @property
    def identical(self) -> bool:
        """Whether all runs are complete and have exactly the same spikes."""
        return all(e.identical for e in self.entries)

    @property
    def passed(self) -> bool:
        """Whether no run fails its tier."""
        return all(e.passed is not False for e in self.entries)

    @property
    def headline(self) -> str:
        """The verdict in one line, e.g. ``"identical: 3 of 3 backends, 41,208 spikes"``."""
        same = sum(e.identical for e in self.entries)
        spikes = self.reference_entry.spikes
        line = f"identical: {same} of {len(self.entries)} backends, {spikes:,} spikes"
        return line if same == len(self.entries) else f"not {line}"

    def to_dict(self) -> dict[str, Any]:
        """A plain dictionary, for JSON."""
        recording = self.reference_entry.recording
        return {
            "schema": SCHEMA,
            "identical": self.identical,
            "passed": self.passed,
            "headline": self.headline,
            "reference": self.reference,
            "spikes": recording.n_spikes,
            "network_id": recording.network_id,
            "dt": recording.dt,
            "duration": recording.duration,
            "seed": recording.seed,
            "backends": [e.to_dict() for e in self.entries],
            "baseline": self.baseline.to_dict() if self.baseline else None,
            "attribution": self.attribution.to_dict() if self.attribution else None,
        }

    def table(self) -> Table:
        """A rich table, one row for each run and one for the baseline."""
        from neurobridge.comparison.table import comparison_table

        return comparison_table(self)

    def report(
        self,
        path: str | Path,
        *,
        title: str = "",
        network: Mapping[str, object] | None = None,
        command: str = "",
    ) -> Path:
        """Write a self-contained HTML report.

        See :func:`neurobridge.comparison.report.write_report` for the parameters.
        """
        from neurobridge.comparison.report import write_report

        return write_report(self, path, title=title, network=network or {}, command=command)


def noted(comparison: Comparison, name: str, note: str) -> Comparison:
    """The comparison with one more note at one of its entries."""
    entries = tuple(
        replace(e, notes=(*e.notes, note)) if e.name == name else e for e in comparison.entries
    )
    return replace(comparison, entries=entries)
