"""A source of spikes without dynamics of its own."""

from __future__ import annotations

__all__ = ["spike_source"]

from neurobridge.graph.model import NeuronModel

spike_source = NeuronModel(
    name="spike_source",
    equations="",
    parameters={},
    receptors=(),
    threshold="",
    threshold_policy="level",
    reset="",
    refractory=None,
    integrator="exact",
    doc="Neurons that spike exactly when a stimulus says so.",
)
