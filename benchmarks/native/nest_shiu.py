"""The fly model of Shiu et al. (2024) on NEST with a hand-written NESTML neuron.

    python nest_shiu.py MODULE ARRAYS DURATION SPIKES.npz RESULT.json

MODULE is the compiled ``shiu.nestml``, ARRAYS is as in nest_lif.py with weights in mV, and with the
refractory period t_ref (ms) of every neuron.
"""

import sys
from pathlib import Path

import nest
import numpy as np

from benchmarks.phases import Phases

DT, DELAY, KICK_MV = 0.1, 1.8, 68.75
SYNAPSE, KICK = 1, 2


def main(module, folder, duration, spikes, result):
    phases = Phases()
    phases.done("import_s")
    arrays = {p.stem: np.load(p) for p in Path(folder).glob("*.npy")}
    phases.done("load_s")

    nest.ResetKernel()
    nest.verbosity = nest.VerbosityLevel.ERROR
    nest.resolution = DT
    nest.Install(module)
    neurons = nest.Create("shiu_by_hand", int(arrays["n"]))
    neurons.t_ref = arrays["t_ref"].tolist()
    pre, post = arrays["pre"] + np.int64(1), arrays["post"] + np.int64(1)
    # A synapse model with the receptor as its default needs no receptor for every edge.
    nest.CopyModel("static_synapse", "synapse", {"receptor_type": SYNAPSE, "delay": DELAY})
    nest.CopyModel("static_synapse", "kick", {"receptor_type": KICK, "delay": DELAY})
    nest.Connect(pre, post, "one_to_one", {"synapse_model": "synapse", "weight": arrays["weight"]})

    driven, first = np.unique(arrays["event_neuron"], return_inverse=True)
    generators = nest.Create("spike_generator", len(driven))
    order = np.lexsort((arrays["event_step"], first))
    bounds = np.cumsum(np.bincount(first))[:-1]
    times = np.split((arrays["event_step"][order] + 1) * DT, bounds)
    generators.set([{"spike_times": t} for t in times])
    nest.Connect(
        generators, neurons[driven.tolist()], "one_to_one",
        {"synapse_model": "kick", "weight": KICK_MV},
    )  # fmt: skip

    recorder = nest.Create("spike_recorder", params={"time_in_steps": True})
    nest.Connect(neurons, recorder)
    phases.done("build_s")
    nest.Simulate(float(duration) + DELAY)
    events = recorder.get("events")
    phases.done("run_s")
    shift = round(DELAY / DT)
    np.savez(spikes, step=np.asarray(events["times"]) - shift, neuron=events["senders"] - 1)
    phases.write(result)


if __name__ == "__main__":
    main(*sys.argv[1:])
