"""Comparison of runs: metrics, tiers, the table and the HTML report.

This module can be called, ``neurobridge.compare(network, 1000.0, dt=0.1)``, and then is the
function :func:`~neurobridge.compare.execute.compare`.
"""

from __future__ import annotations

__all__ = [
    "TIERS",
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
    "compare",
    "compare_recordings",
    "compare_seeds",
    "spike_metrics",
    "spike_statistics",
]

import sys
from types import ModuleType
from typing import Any

from neurobridge.compare.build import compare_recordings
from neurobridge.compare.distances import TrainDistances
from neurobridge.compare.divergence import Divergence
from neurobridge.compare.execute import BackendRun, compare
from neurobridge.compare.metrics import SpikeMetrics, spike_metrics
from neurobridge.compare.result import Baseline, Comparison, Entry
from neurobridge.compare.seeds import SeedComparison, compare_seeds
from neurobridge.compare.signals import SignalDifference
from neurobridge.compare.statistics import SpikeStatistics, spike_statistics
from neurobridge.compare.tiers import TIERS, Check, Tier


class _CallableModule(ModuleType):
    def __call__(self, *args: Any, **kwargs: Any) -> Comparison:
        return compare(*args, **kwargs)


sys.modules[__name__].__class__ = _CallableModule
