"""A neuron model in a dozen lines of equations, run on every backend that takes equations.

python examples/declare_a_model.py
"""

import numpy as np

from neurobridge import Current, NetworkBuilder, NeuronModel, Parameter, Receptor, StateProbe, run

qif = NeuronModel(
    name="qif",
    equations="""
        dv/dt = k*(v - v_rest)*(v - v_crit) + (i_syn + current)/c_m : mV
        di_syn/dt = -i_syn/tau_syn : nA
    """,
    parameters={
        "k": Parameter(0.02, "1/(mV*ms)"),
        "v_rest": Parameter(-65.0, "mV"),
        "v_crit": Parameter(-50.0, "mV"),
        "v_peak": Parameter(20.0, "mV"),
        "c_m": Parameter("250 pF", "nF", above=0),
        "tau_syn": Parameter(5.0, "ms", above=0),
    },
    receptors=(Receptor("syn", "i_syn += w", sign="any", magnitude=False, when_clamped="keep"),),
    threshold="v >= v_peak",
    threshold_policy="level",
    reset="v = v_rest",
    refractory=None,
    integrator="rk4",
    initial={"v": "v_rest"},
)

builder = NetworkBuilder()
builder.population("ring", 10, qif)
pairs = [(i, (i + 1) % 10) for i in range(10)]
builder.connect("next", "ring", "ring", pairs, weight="2.5 nA", delay="1.5 ms")
builder.add(
    Current("kick", "ring", amplitude=[2.0, 0.0], time=[10.0, 20.0],
            neurons=np.array([0])),
    StateProbe("v", "ring", "v", neurons=np.array([0])),
)  # fmt: skip
network = builder.build()

spikes = {name: run(network, 200.0, name, dt=0.1).spikes["ring"] for name in
          ("reference", "brian2", "nest")}  # fmt: skip
for name, train in spikes.items():
    same = "identical" if train.same_as(spikes["reference"]) else "DIFFERENT"
    print(f"{name:10} {len(train):4} spikes, {same}")
