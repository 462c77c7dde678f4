"""Leaky integrate-and-fire neurons with current-based and conductance-based synapses."""

from __future__ import annotations

__all__ = ["MEMBRANE", "PAPER", "lif_alpha", "lif_cond_exp", "lif_delta", "lif_exp"]

from neurobridge.graph.model import NeuronModel, Parameter, Receptor, Refractory

MEMBRANE = {
    "v_rest": Parameter(-65.0, "mV", "resting potential"),
    "v_reset": Parameter(-65.0, "mV", "potential after a spike"),
    "v_thresh": Parameter(-50.0, "mV", "spike threshold"),
    "tau_m": Parameter(20.0, "ms", "membrane time constant", above=0),
    "t_ref": Parameter(2.0, "ms", "absolute refractory period", at_least=0),
    "c_m": Parameter(0.25, "nF", "membrane capacitance", above=0),
    "i_offset": Parameter(0.0, "nA", "constant input current"),
}
_TAU_SYN = {
    "tau_syn_exc": Parameter(5.0, "ms", "decay time of excitation", above=0),
    "tau_syn_inh": Parameter(5.0, "ms", "decay time of inhibition", above=0),
}
PAPER = "Rotter & Diesmann (1999), Biol. Cybern. 81:381, doi:10.1007/s004220050570"

lif_exp = NeuronModel(
    name="lif_exp",
    equations="""
        dv/dt     = (v_rest - v)/tau_m + (i_exc + i_inh + i_offset + current)/c_m : mV
        di_exc/dt = -i_exc/tau_syn_exc : nA
        di_inh/dt = -i_inh/tau_syn_inh : nA
    """,
    parameters=MEMBRANE | _TAU_SYN,
    receptors=(
        Receptor("exc", "i_exc += w", sign="positive", magnitude=False, when_clamped="keep"),
        Receptor("inh", "i_inh += w", sign="negative", magnitude=False, when_clamped="keep"),
    ),
    threshold="v >= v_thresh",
    threshold_policy="level",
    reset="v = v_reset",
    refractory=Refractory("t_ref", clamped=("v",)),
    integrator="exact",
    initial={"v": "v_rest"},
    reference=PAPER,
    doc="LIF with exponentially decaying synaptic currents; a weight is the jump in nA.",
)

lif_alpha = NeuronModel(
    name="lif_alpha",
    equations="""
        dv/dt     = (v_rest - v)/tau_m + (i_exc + i_inh + i_offset + current)/c_m : mV
        di_exc/dt = x_exc - i_exc/tau_syn_exc : nA
        dx_exc/dt = -x_exc/tau_syn_exc : nA/ms
        di_inh/dt = x_inh - i_inh/tau_syn_inh : nA
        dx_inh/dt = -x_inh/tau_syn_inh : nA/ms
    """,
    parameters=MEMBRANE | _TAU_SYN,
    receptors=(
        Receptor(
            "exc", "x_exc += w * exp(1)/tau_syn_exc",
            sign="positive", magnitude=False, when_clamped="keep",
        ),
        Receptor(
            "inh", "x_inh += w * exp(1)/tau_syn_inh",
            sign="negative", magnitude=False, when_clamped="keep",
        ),
    ),
    threshold="v >= v_thresh",
    threshold_policy="level",
    reset="v = v_reset",
    refractory=Refractory("t_ref", clamped=("v",)),
    integrator="exact",
    initial={"v": "v_rest"},
    reference=PAPER,
    doc="LIF with alpha-shaped synaptic currents; a weight is the peak current in nA.",
)  # fmt: skip

lif_delta = NeuronModel(
    name="lif_delta",
    equations="dv/dt = (v_rest - v)/tau_m + (i_offset + current)/c_m : mV",
    parameters=MEMBRANE,
    receptors=(Receptor("syn", "v += w", sign="any", magnitude=False, when_clamped="drop"),),
    threshold="v >= v_thresh",
    threshold_policy="level",
    reset="v = v_reset",
    refractory=Refractory("t_ref", clamped=("v",)),
    integrator="exact",
    initial={"v": "v_rest"},
    reference="Brunel (2000), J. Comput. Neurosci. 8:183, doi:10.1023/A:1008925309027",
    doc="LIF whose synapses make the membrane jump; a weight is the jump in mV.",
)

lif_cond_exp = NeuronModel(
    name="lif_cond_exp",
    equations="""
        dv/dt     = (v_rest - v)/tau_m + (i_syn + i_offset + current)/c_m : mV
        i_syn     = g_exc*(e_exc - v) + g_inh*(e_inh - v) : nA
        dg_exc/dt = -g_exc/tau_syn_exc : uS
        dg_inh/dt = -g_inh/tau_syn_inh : uS
    """,
    parameters=MEMBRANE
    | _TAU_SYN
    | {
        "e_exc": Parameter(0.0, "mV", "reversal potential of excitation"),
        "e_inh": Parameter(-80.0, "mV", "reversal potential of inhibition"),
    },
    receptors=(
        Receptor("exc", "g_exc += w", sign="positive", magnitude=True, when_clamped="keep"),
        Receptor("inh", "g_inh += w", sign="negative", magnitude=True, when_clamped="keep"),
    ),
    threshold="v >= v_thresh",
    threshold_policy="level",
    reset="v = v_reset",
    refractory=Refractory("t_ref", clamped=("v",)),
    integrator="rk4",
    initial={"v": "v_rest"},
    reference="Brette et al. (2007), J. Comput. Neurosci. 23:349, doi:10.1007/s10827-007-0038-6",
    doc="LIF with exponentially decaying synaptic conductances; a weight is the jump in uS.",
)
