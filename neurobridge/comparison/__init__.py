"""Comparison of runs: metrics, tiers, the table and the HTML report.

This module can be called, ``neurobridge.compare(network, 1000.0, dt=0.1)``, and then is the
function :func:`~neurobridge.comparison.execute.compare`.
"""

from __future__ import annotations

__all__ = [
    "TIERS",
    "Attribution",
    "BackendRun",
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
    "Variant",
    "attribute",
    "compare",
    "compare_recordings",
    "compare_seeds",
    "spike_metrics",
    "spike_statistics",
]

from neurobridge.comparison.attribution import Attribution, Variant, attribute
from neurobridge.comparison.build import compare_recordings
from neurobridge.comparison.distances import TrainDistances
from neurobridge.comparison.divergence import Divergence
from neurobridge.comparison.execute import BackendRun, compare
from neurobridge.comparison.metrics import SpikeMetrics, spike_metrics
from neurobridge.comparison.result import Baseline, Comparison, Entry
from neurobridge.comparison.seeds import SeedComparison, compare_seeds
from neurobridge.comparison.signals import SignalDifference
from neurobridge.comparison.statistics import SpikeStatistics, spike_statistics
from neurobridge.comparison.tiers import TIERS, Check, Tier
