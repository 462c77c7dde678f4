"""Metrics: what is looked at during training and not differentiated; see ``docs/losses.md``."""

from __future__ import annotations

__all__ = [
    "Accuracy",
    "ActiveFraction",
    "IntervalVariation",
    "MeanRate",
    "Metric",
    "OutputError",
    "ParameterError",
    "SpikeCoincidence",
    "StateCorrelation",
    "recorded_and_unrecorded",
]

from neurobridge.training.metrics.activity import ActiveFraction, IntervalVariation, MeanRate
from neurobridge.training.metrics.coincidence import SpikeCoincidence
from neurobridge.training.metrics.correlation import StateCorrelation
from neurobridge.training.metrics.metric import Metric, recorded_and_unrecorded
from neurobridge.training.metrics.outputs import Accuracy, OutputError
from neurobridge.training.metrics.parameters import ParameterError
