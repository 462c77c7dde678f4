"""The leaky integrate-and-fire neuron of the whole-brain fly model."""

from __future__ import annotations

__all__ = ["shiu_lif"]

from neurobridge.graph.model import NeuronModel, Parameter, Receptor, Refractory

shiu_lif = NeuronModel(
    name="shiu_lif",
    equations="""
        dv/dt = (v_rest - v + g)/tau_m : mV
        dg/dt = -g/tau_syn : mV
    """,
    parameters={
        "v_rest": Parameter(-52.0, "mV", "resting potential"),
        "v_reset": Parameter(-52.0, "mV", "potential after a spike"),
        "v_thresh": Parameter(-45.0, "mV", "spike threshold"),
        "tau_m": Parameter(20.0, "ms", "membrane time constant", above=0),
        "tau_syn": Parameter(5.0, "ms", "decay time of synaptic input", above=0),
        "t_ref": Parameter(2.2, "ms", "absolute refractory period", at_least=0),
    },
    receptors=(
        Receptor("syn", "g += w", sign="any", magnitude=False, when_clamped="drop"),
        Receptor("kick", "v += w", sign="any", magnitude=False, when_clamped="drop"),
    ),
    threshold="v > v_thresh",
    threshold_policy="level",
    reset="v = v_reset; g = 0",
    refractory=Refractory("t_ref", clamped=("v", "g")),
    integrator="exact",
    initial={"v": "v_rest"},
    reference="Shiu et al. (2024), Nature 634:210, doi:10.1038/s41586-024-07763-9",
    doc="""LIF of the fly brain: a spike also clears the synaptic variable, both stand still while
    refractory, and what arrives then is lost. A weight is the jump of g in mV (0.275 mV a synapse
    in the paper); ``kick`` is the receptor of external drive, which jumps v (68.75 mV there).""",
)
