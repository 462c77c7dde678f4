"""The fly model of Shiu et al. (2024) on Brian2's C++ standalone mode, as one writes it by hand.

    python brian2_shiu.py ARRAYS DURATION SPIKES.npz RESULT.json

ARRAYS is as in nest_shiu.py. The schedule, the delay and the refractory time are those that make
Brian2 agree with NEST, so that spikes can be compared; they cost nothing.
"""

import sys
from pathlib import Path

import numpy as np
from brian2 import (
    Network,
    NeuronGroup,
    SpikeGeneratorGroup,
    SpikeMonitor,
    Synapses,
    defaultclock,
    device,
    ms,
    mV,
    set_device,
)  # fmt: skip

from benchmarks.phases import Phases

EQUATIONS = """
dv/dt = (v_rest - v + g) / tau_m : volt (unless refractory)
dg/dt = -g / tau_g : volt (unless refractory)
rfc : second
"""
CONSTANTS = {
    "v_rest": -52 * mV, "v_reset": -52 * mV, "v_th": -45 * mV, "tau_m": 20 * ms, "tau_g": 5 * ms,
    "kick": 68.75 * mV,
}  # fmt: skip


def main(folder, duration, spikes, result):
    phases = Phases()
    phases.done("import_s")
    arrays = {p.stem: np.load(p) for p in Path(folder).glob("*.npy")}
    phases.done("load_s")

    set_device("cpp_standalone", build_on_run=False)
    defaultclock.dt = 0.1 * ms
    neurons = NeuronGroup(
        int(arrays["n"]), EQUATIONS, method="exact", threshold="v > v_th",
        reset="v = v_reset; g = 0*mV", refractory="rfc", namespace=CONSTANTS,
    )  # fmt: skip
    neurons.v = CONSTANTS["v_rest"]
    neurons.rfc = (arrays["t_ref"] + 0.1) * ms
    synapses = Synapses(neurons, neurons, "w : volt", on_pre="g += w", delay=1.7 * ms)
    synapses.connect(i=arrays["pre"], j=arrays["post"])
    synapses.w = arrays["weight"] * mV
    driven, first = np.unique(arrays["event_neuron"], return_inverse=True)
    generator = SpikeGeneratorGroup(
        len(driven), first, arrays["event_step"] * 0.1 * ms, when="start"
    )
    drive = Synapses(generator, neurons, on_pre="v += kick", namespace=CONSTANTS)
    drive.connect(i=np.arange(len(driven)), j=driven)
    monitor = SpikeMonitor(neurons)
    net = Network(neurons, synapses, generator, drive, monitor)
    net.schedule = ["start", "groups", "synapses", "thresholds", "resets", "end"]
    net.run(float(duration) * ms)
    device.build(directory="build", compile=True, run=False, with_output=False)
    phases.done("build_s")
    device.run(directory="build", with_output=False)
    step = np.rint(np.asarray(monitor.t) / 1e-4).astype(int) + 1
    neuron = np.asarray(monitor.i)
    phases.done("run_s")
    np.savez(spikes, step=step, neuron=neuron)
    phases.write(result)


if __name__ == "__main__":
    main(*sys.argv[1:])
