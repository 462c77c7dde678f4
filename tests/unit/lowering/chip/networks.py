"""Small networks for tests of the chip."""

from __future__ import annotations

from typing import Any

import numpy as np

from neurobridge import Network, NetworkBuilder, SpikeTrains, models
from neurobridge.graph.model import NeuronModel
from neurobridge.lowering.chip.lower import lower_to_chip
from neurobridge.lowering.chip.plan import ChipPlan
from neurobridge.lowering.finding import Finding
from neurobridge.lowering.lower import lower


def star(
    weights: Any,
    model: NeuronModel = models.lif_exp,
    *,
    delay: Any = 1.0,
    receptor: str | None = None,
    size: int = 1,
    **parameters: Any,
) -> Network:
    """One source neuron per weight, all onto neuron 0 of ``cell``."""
    weights = np.atleast_1d(np.asarray(weights, dtype=np.float64))
    b = NetworkBuilder()
    b.population("input", weights.size, models.spike_source)
    b.population("cell", size, model, **parameters)
    pairs = np.stack([np.arange(weights.size), np.zeros(weights.size, int)], axis=1)
    b.connect("way", "input", "cell", pairs, weight=weights, delay=delay, receptor=receptor)
    b.add(SpikeTrains("spikes", "input", time=[3.0], neuron=[0]))
    return b.build()


def planned(network: Network, dt: float = 1.0, **settings: Any) -> tuple[ChipPlan, list[Finding]]:
    """The plan of a network that has one."""
    plan, findings = lower_to_chip(lower(network, dt), settings)
    assert plan is not None, findings
    return plan, findings


def found(network: Network, code: str, dt: float = 1.0, **settings: Any) -> Finding:
    """The one finding of that code."""
    _, findings = lower_to_chip(lower(network, dt), settings)
    (finding,) = (f for f in findings if f.code == code)
    return finding
