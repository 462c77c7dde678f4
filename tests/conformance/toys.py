"""Neuron models that hold numbers exact in binary, so that equality means equality.

Without leak a state changes by events and currents alone. With a step of 1 ms and weights such as
0.5 every expected value is counted by hand.
"""

from __future__ import annotations

from dataclasses import replace

from neurobridge.graph.model import Coupling, NeuronModel, Parameter, Receptor, Refractory


def _receptor(when_clamped: str) -> tuple[Receptor, ...]:
    return (Receptor("syn", "v += w", sign="any", magnitude=False, when_clamped=when_clamped),)


keeper = NeuronModel(
    name="keeper",
    equations="dv/dt = current/c_m : mV",
    parameters={
        "v_thresh": Parameter(1.0, "mV"),
        "v_reset": Parameter(0.0, "mV"),
        "t_ref": Parameter(0.0, "ms", at_least=0),
        "c_m": Parameter(0.5, "nF", above=0),
    },
    receptors=_receptor("keep"),
    threshold="v >= v_thresh",
    threshold_policy="level",
    reset="v = v_reset",
    refractory=Refractory("t_ref", clamped=("v",)),
    integrator="euler",
    doc="Counts; `>=`, level, reset to a value, keeps what arrives while clamped.",
)

dropper = replace(
    keeper,
    name="dropper",
    receptors=_receptor("drop"),
    threshold="v > v_thresh",
    reset="v -= v_thresh",
    doc="Counts; `>`, level, reset by subtraction, drops what arrives while clamped.",
)

crosser = replace(
    keeper,
    name="crosser",
    threshold_policy="crossing",
    reset="",
    refractory=None,
    doc="Counts; spikes on the way up, no reset, no refractory period.",
)

stepper = replace(
    keeper,
    name="stepper",
    threshold_policy="crossing",
    reset="v -= v_thresh",
    doc="Counts; spikes on the way up, reset by subtraction, refractory.",
)

adapter = replace(
    keeper,
    name="adapter",
    equations="""
        dv/dt = current/c_m : mV
        dz/dt = -leak*z     : mV
    """,
    parameters={
        **keeper.parameters,
        "leak": Parameter(0.0, "1/ms"),
        "b": Parameter(0.5, "mV"),
    },
    reset="z += b; z *= 2; v = v_reset - z",
    doc="Counts; its reset has three statements, each of which sees the one before.",
)

follower = NeuronModel(
    name="follower",
    equations="""
        dv/dt = -v/tau_v      : mV
        dz/dt = (v - z)/tau_z : mV
    """,
    parameters={
        "tau_v": Parameter(10.0, "ms", above=0),
        "tau_z": Parameter(4.0, "ms", above=0),
        "v_reset": Parameter(0.5, "mV"),
        "v_thresh": Parameter(1.0, "mV"),
        "t_ref": Parameter(2.0, "ms", at_least=0),
    },
    receptors=_receptor("keep"),
    threshold="v >= v_thresh",
    threshold_policy="level",
    reset="v = v_reset",
    refractory=Refractory("t_ref", clamped=("v",)),
    integrator="exact",
    doc="z follows v, which stands still while refractory.",
)

quadratic = NeuronModel(
    name="quadratic",
    equations="""
        dv/dt = k*v*(v - v_crit) - z + current/c_m : mV
        dz/dt = a*(b*v - z)                        : mV/ms
    """,
    parameters={
        "k": Parameter(0.05, "1/mV/ms"),
        "v_crit": Parameter(4.0, "mV"),
        "a": Parameter(0.1, "1/ms"),
        "b": Parameter(0.3, "1/ms"),
        "c_m": Parameter(0.5, "nF", above=0),
        "v_peak": Parameter(20.0, "mV"),
        "t_ref": Parameter(1.0, "ms", at_least=0),
    },
    receptors=_receptor("keep"),
    threshold="v >= v_peak",
    threshold_policy="level",
    reset="v = 0*mV; z += 0.5*mV/ms",
    refractory=Refractory("t_ref", clamped=("v",)),
    integrator="rk4",
    doc="A nonlinear neuron with a second state that goes on while the first is clamped.",
)

gated = NeuronModel(
    name="gated",
    equations="""
        drive = where(v < v_half, 1, 2)*gain : 1/ms
        dv/dt = (v_rest - v)/tau + drive*mV + current/c_m : mV
        dp/dt = (1/(1 + exp(-v/v_half)) - p)/tau_p : 1
    """,
    parameters={
        "v_half": Parameter(2.0, "mV"),
        "gain": Parameter(0.5, "1/ms"),
        "v_rest": Parameter(0.0, "mV"),
        "tau": Parameter(10.0, "ms", above=0),
        "tau_p": Parameter(5.0, "ms", above=0),
        "c_m": Parameter(0.5, "nF", above=0),
    },
    receptors=_receptor("keep"),
    threshold="v >= 6*mV",
    threshold_policy="level",
    reset="v = 0*mV",
    refractory=None,
    integrator="rk4",
    doc="What a user might write: a shorthand, exp and where.",
)

divided = NeuronModel(
    name="divided",
    equations="dx/dt = (-x*(1 - divisor) + drive)/tau : 1",
    parameters={"tau": Parameter(4.0, "ms", above=0)},
    receptors=(),
    threshold="",
    threshold_policy="level",
    reset="",
    refractory=None,
    integrator="euler",
    output="x",
    couplings=(
        Coupling("drive", sign="positive"),
        Coupling("divisor", sign="negative"),
    ),
    doc="What excites adds up, what inhibits makes it leakier.",
)

adapting_rate = NeuronModel(
    name="adapting_rate",
    equations="""
        above = (x - a)/width      : 1
        dx/dt = (-x + heard)/tau_x : 1
        da/dt = (x - a)/tau_a      : 1
    """,
    parameters={
        "width": Parameter(1.0, "1"),
        "tau_x": Parameter(4.0, "ms", above=0),
        "tau_a": Parameter(8.0, "ms", above=0),
    },
    receptors=(),
    threshold="",
    threshold_policy="level",
    reset="",
    refractory=None,
    integrator="euler",
    output="1 + erf(above)",
    couplings=(Coupling("heard"),),
    doc="A rate that follows the change of its input; its output is never below 0.",
)

kicked_rate = NeuronModel(
    name="kicked_rate",
    equations="dx/dt = (-x + heard)/tau : 1",
    parameters={"tau": Parameter(2.0, "ms", above=0)},
    receptors=(Receptor("kick", "x += w", sign="any", magnitude=False, when_clamped="keep"),),
    threshold="",
    threshold_policy="level",
    reset="",
    refractory=None,
    integrator="euler",
    output="x",
    couplings=(Coupling("heard"),),
    doc="A rate that spikes move.",
)

listener = replace(
    keeper,
    name="listener",
    equations="dv/dt = current/c_m + heard/tau : mV",
    parameters={**keeper.parameters, "tau": Parameter(1.0, "ms", above=0)},
    couplings=(Coupling("heard", unit="mV"),),
    doc="Counts events, current and what rates send it; spikes.",
)
