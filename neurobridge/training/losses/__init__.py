"""Losses: the terms of an objective; see ``docs/losses.md``."""

from __future__ import annotations

__all__ = [
    "L1",
    "CrossEntropy",
    "EntropyTarget",
    "ExpansionRate",
    "FiringRate",
    "Flossing",
    "Frobenius",
    "KaplanYorkeTarget",
    "MeanSquaredError",
    "MetabolicCost",
    "NegativeLogLikelihood",
    "Prior",
    "RateBounds",
    "RateSpread",
    "RateVariation",
    "SpectrumL2",
    "SpectrumLine",
    "SpectrumMSE",
    "SpikeCountBounds",
    "SpikeCrossEntropy",
    "StateError",
    "VanRossum",
]

from neurobridge.training.losses.activity import (
    FiringRate,
    MetabolicCost,
    RateBounds,
    RateSpread,
    RateVariation,
    SpikeCountBounds,
)
from neurobridge.training.losses.classes import CrossEntropy, NegativeLogLikelihood
from neurobridge.training.losses.lyapunov import (
    EntropyTarget,
    ExpansionRate,
    Flossing,
    KaplanYorkeTarget,
    SpectrumL2,
    SpectrumLine,
    SpectrumMSE,
)
from neurobridge.training.losses.spikes import SpikeCrossEntropy
from neurobridge.training.losses.squared import MeanSquaredError, StateError
from neurobridge.training.losses.van_rossum import VanRossum
from neurobridge.training.losses.weights import L1, Frobenius, Prior
