"""Comparison of runs: metrics, tiers, the table and the HTML report."""

from __future__ import annotations

__all__ = [
    "TIERS",
    "Baseline",
    "Check",
    "Comparison",
    "Divergence",
    "Entry",
    "SeedComparison",
    "SignalDifference",
    "SpikeMetrics",
    "SpikeStatistics",
    "Tier",
    "TrainDistances",
    "compare_recordings",
    "compare_seeds",
    "spike_metrics",
    "spike_statistics",
]

from neurobridge.compare.build import compare_recordings
from neurobridge.compare.distances import TrainDistances
from neurobridge.compare.divergence import Divergence
from neurobridge.compare.metrics import SpikeMetrics, spike_metrics
from neurobridge.compare.result import Baseline, Comparison, Entry
from neurobridge.compare.seeds import SeedComparison, compare_seeds
from neurobridge.compare.signals import SignalDifference
from neurobridge.compare.statistics import SpikeStatistics, spike_statistics
from neurobridge.compare.tiers import TIERS, Check, Tier
