"""A connectome of iaf_psc_exp neurons on NEST, as one writes it by hand.

    python nest_lif.py RECORDER_SYNAPSE ARRAYS DURATION SPIKES.npz RESULT.json

RECORDER_SYNAPSE is the model of the connections to the spike recorder, "static_synapse" by default.
ARRAYS holds pre, post, weight (nA), event_step and event_neuron, one ``.npy`` file each.
"""

import sys
from pathlib import Path

import nest
import numpy as np

from benchmarks.phases import Phases

DT, DELAY, DRIVE_PA = 0.1, 1.8, 2000.0


def main(recorder_synapse, folder, duration, spikes, result):
    phases = Phases()
    phases.done("import_s")
    arrays = {p.stem: np.load(p) for p in Path(folder).glob("*.npy")}
    phases.done("load_s")

    nest.ResetKernel()
    nest.verbosity = nest.VerbosityLevel.ERROR
    nest.resolution = DT
    nest.SetDefaults("static_synapse", {"delay": DELAY})
    nest.CopyModel(recorder_synapse, "to_recorder", {"delay": DELAY})
    # Small synapses reach the first 65,534 nodes only, so the recorder comes first.
    recorder = nest.Create("spike_recorder", params={"time_in_steps": True})
    neurons = nest.Create(
        "iaf_psc_exp",
        int(arrays["n"]),
        params={
            "E_L": -65.0, "V_m": -65.0, "V_reset": -65.0, "V_th": -50.0, "C_m": 250.0,
            "tau_m": 20.0, "t_ref": 2.0, "tau_syn_ex": 5.0, "tau_syn_in": 5.0,
        },
    )  # fmt: skip
    first = neurons[0].global_id
    pre, post = arrays["pre"] + np.int64(first), arrays["post"] + np.int64(first)
    nest.Connect(pre, post, "one_to_one", {"weight": arrays["weight"] * 1e3})

    # Input spikes take the delay of the network: a shorter one would slow down everything.
    driven, generator = np.unique(arrays["event_neuron"], return_inverse=True)
    generators = nest.Create("spike_generator", len(driven))
    order = np.lexsort((arrays["event_step"], generator))
    bounds = np.cumsum(np.bincount(generator))[:-1]
    times = np.split((arrays["event_step"][order] + 1) * DT, bounds)
    generators.set([{"spike_times": t} for t in times])
    nest.Connect(generators, neurons[driven.tolist()], "one_to_one", {"weight": DRIVE_PA})

    nest.Connect(neurons, recorder, syn_spec={"synapse_model": "to_recorder"})
    phases.done("build_s")
    nest.Simulate(float(duration) + DELAY)
    events = recorder.get("events")
    phases.done("run_s")
    shift = round(DELAY / DT)
    np.savez(spikes, step=np.asarray(events["times"]) - shift, neuron=events["senders"] - first)
    phases.write(result)


if __name__ == "__main__":
    main(*sys.argv[1:])
