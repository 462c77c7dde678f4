"""Neurons with nonlinear membranes: AdEx, Izhikevich, Hodgkin-Huxley."""

from __future__ import annotations

__all__ = ["adex", "hodgkin_huxley", "izhikevich", "izhikevich_exp"]

from neurobridge.graph.model import NeuronModel, Parameter, Receptor, Refractory

_CONDUCTANCES = (
    Receptor("exc", "g_exc += w", sign="positive", magnitude=True, when_clamped="keep"),
    Receptor("inh", "g_inh += w", sign="negative", magnitude=True, when_clamped="keep"),
)
_SYNAPSES = {
    "tau_syn_exc": Parameter(5.0, "ms", "decay time of excitation", above=0),
    "tau_syn_inh": Parameter(10.0, "ms", "decay time of inhibition", above=0),
    "e_exc": Parameter(0.0, "mV", "reversal potential of excitation"),
    "e_inh": Parameter(-80.0, "mV", "reversal potential of inhibition"),
    "i_offset": Parameter(0.0, "nA", "constant input current"),
}

adex = NeuronModel(
    name="adex",
    equations="""
        u         = where(v < v_peak, v, v_peak) : mV
        dv/dt     = (g_leak*(v_rest - u) + g_leak*delta_t*exp((u - v_t)/delta_t) - z
                    + g_exc*(e_exc - u) + g_inh*(e_inh - u) + i_offset + current)/c_m : mV
        dz/dt     = (a*(u - v_rest) - z)/tau_w : nA
        dg_exc/dt = -g_exc/tau_syn_exc : uS
        dg_inh/dt = -g_inh/tau_syn_inh : uS
    """,
    parameters=_SYNAPSES
    | {
        "c_m": Parameter(0.281, "nF", "membrane capacitance", above=0),
        "g_leak": Parameter(0.03, "uS", "leak conductance", above=0),
        "v_rest": Parameter(-70.6, "mV", "leak reversal potential"),
        "v_reset": Parameter(-70.6, "mV", "potential after a spike"),
        "v_t": Parameter(-50.4, "mV", "threshold of the exponential term"),
        "delta_t": Parameter(2.0, "mV", "slope factor", above=0),
        "v_peak": Parameter(0.0, "mV", "potential at which a spike is counted"),
        "a": Parameter(0.004, "uS", "subthreshold adaptation"),
        "b": Parameter(0.0805, "nA", "adaptation added by a spike"),
        "tau_w": Parameter(144.0, "ms", "time constant of adaptation", above=0),
        "t_ref": Parameter(0.0, "ms", "absolute refractory period", at_least=0),
    },
    receptors=_CONDUCTANCES,
    threshold="v >= v_peak",
    threshold_policy="level",
    reset="v = v_reset; z += b",
    refractory=Refractory("t_ref", clamped=("v",)),
    integrator="rk4",
    initial={"v": "v_rest"},
    reference="Brette & Gerstner (2005), J. Neurophysiol. 94:3637, doi:10.1152/jn.00686.2005",
    doc="Adaptive exponential integrate-and-fire with exponential conductances; weights in uS.",
)

izhikevich = NeuronModel(
    name="izhikevich",
    equations="""
        dv/dt = 0.04/mV/ms*v**2 + 5/ms*v + 140*mV/ms - u + (i_offset + current)/c_m : mV
        du/dt = a*(b*v - u) : mV/ms
    """,
    parameters={
        "a": Parameter(0.02, "1/ms", "rate of recovery"),
        "b": Parameter(0.2, "1/ms", "sensitivity of recovery"),
        "c": Parameter(-65.0, "mV", "potential after a spike"),
        "d": Parameter(8.0, "mV/ms", "recovery added by a spike"),
        "v_thresh": Parameter(30.0, "mV", "spike cut-off"),
        "c_m": Parameter(0.001, "nF", "what turns a current into mV/ms", above=0),
        "i_offset": Parameter(0.0, "nA", "constant input current"),
    },
    receptors=(Receptor("syn", "v += w", sign="any", magnitude=False, when_clamped="keep"),),
    threshold="v >= v_thresh",
    threshold_policy="level",
    reset="v = c; u += d",
    refractory=None,
    integrator="euler",
    initial={"v": "c", "u": "b*c"},
    reference="Izhikevich (2003), IEEE Trans. Neural Netw. 14:1569, doi:10.1109/TNN.2003.820440",
    doc="Quadratic neuron with recovery; weights in mV. Forward Euler, as NEST integrates it.",
)

izhikevich_exp = NeuronModel(
    name="izhikevich_exp",
    equations="""
        dv/dt = 0.04/mV/ms*v**2 + 5/ms*v + 140*mV/ms - u
                + (i_exc + i_inh + i_offset + current)/c_m : mV
        du/dt = a*(b*v - u) : mV/ms
        di_exc/dt = -i_exc/tau_syn_exc : nA
        di_inh/dt = -i_inh/tau_syn_inh : nA
    """,
    parameters=dict(izhikevich.parameters)
    | {
        "tau_syn_exc": Parameter(5.0, "ms", "decay time of excitation", above=0),
        "tau_syn_inh": Parameter(5.0, "ms", "decay time of inhibition", above=0),
    },
    receptors=(
        Receptor("exc", "i_exc += w", sign="positive", magnitude=False, when_clamped="keep"),
        Receptor("inh", "i_inh += w", sign="negative", magnitude=False, when_clamped="keep"),
    ),
    threshold="v >= v_thresh",
    threshold_policy="level",
    reset="v = c; u += d",
    refractory=None,
    integrator="rk4",
    initial={"v": "c", "u": "b*c"},
    reference="Izhikevich (2003), IEEE Trans. Neural Netw. 14:1569, doi:10.1109/TNN.2003.820440",
    doc="Quadratic neuron with recovery and exponentially decaying currents; a weight is the jump "
    "in nA, and ``c_m`` turns nA into mV/ms.",
)

hodgkin_huxley = NeuronModel(
    name="hodgkin_huxley",
    equations="""
        x         = v - v_t : mV
        alpha_m   = 1.28/ms/exprel((13*mV - x)/(4*mV)) : 1/ms
        beta_m    = 1.4/ms/exprel((x - 40*mV)/(5*mV)) : 1/ms
        alpha_h   = 0.128/ms*exp((17*mV - x)/(18*mV)) : 1/ms
        beta_h    = 4/ms/(1 + exp((40*mV - x)/(5*mV))) : 1/ms
        alpha_n   = 0.16/ms/exprel((15*mV - x)/(5*mV)) : 1/ms
        beta_n    = 0.5/ms*exp((10*mV - x)/(40*mV)) : 1/ms
        g_ion     = g_leak + g_na*m**3*h + g_kd*n**4 + g_exc + g_inh : uS
        i_rev     = g_leak*e_leak + g_na*m**3*h*e_na + g_kd*n**4*e_k
                    + g_exc*e_exc + g_inh*e_inh : nA
        dv/dt     = (i_rev - g_ion*v + i_offset + current)/c_m : mV
        dm/dt     = alpha_m - (alpha_m + beta_m)*m : 1
        dh/dt     = alpha_h - (alpha_h + beta_h)*h : 1
        dn/dt     = alpha_n - (alpha_n + beta_n)*n : 1
        dg_exc/dt = -g_exc/tau_syn_exc : uS
        dg_inh/dt = -g_inh/tau_syn_inh : uS
    """,
    parameters=_SYNAPSES
    | {
        "c_m": Parameter(0.2, "nF", "membrane capacitance", above=0),
        "g_leak": Parameter(0.01, "uS", "leak conductance", at_least=0),
        "g_na": Parameter(20.0, "uS", "peak sodium conductance", at_least=0),
        "g_kd": Parameter(6.0, "uS", "peak potassium conductance", at_least=0),
        "e_leak": Parameter(-60.0, "mV", "leak reversal potential"),
        "e_na": Parameter(50.0, "mV", "sodium reversal potential"),
        "e_k": Parameter(-90.0, "mV", "potassium reversal potential"),
        "v_t": Parameter(-63.0, "mV", "shift of the voltage axis of the gates"),
        "v_spike": Parameter(0.0, "mV", "potential whose upward crossing is a spike"),
    },
    receptors=_CONDUCTANCES,
    threshold="v >= v_spike",
    threshold_policy="crossing",
    reset="",
    refractory=None,
    integrator="exponential_euler",
    initial={
        "v": "e_leak",
        "m": "alpha_m/(alpha_m + beta_m)",
        "h": "alpha_h/(alpha_h + beta_h)",
        "n": "alpha_n/(alpha_n + beta_n)",
    },
    reference="Traub & Miles (1991), Neuronal Networks of the Hippocampus; as in "
    "Brette et al. (2007), J. Comput. Neurosci. 23:349, doi:10.1007/s10827-007-0038-6",
    doc="Hodgkin-Huxley neuron with exponential conductances; a spike is an upward crossing.",
)
