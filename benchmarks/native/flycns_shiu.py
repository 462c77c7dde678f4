"""The fly model of Shiu et al. (2024) on flycns.

    python flycns_shiu.py ENGINE ARRAYS DURATION SPIKES.npz RESULT.json

ENGINE is LIFReference (NumPy, float64) or LIFTorch (float32). ARRAYS is as in nest_shiu.py.
flycns keeps Brian2's default schedule: a kick meets the threshold a step later, and two in
neighbouring steps are one; a neuron that may spike again after R steps is clamped for R - 1. So the
kicks are given a step earlier and the refractory period is a step longer.
"""

import sys
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import flycns.dynamics
import numpy as np
from flycns.dynamics import Drive
from flycns.dynamics.lif import LIFParams

from benchmarks.phases import Phases

DT, KICK = 0.1, 68.75


def main(engine, folder, duration, spikes, result):
    phases = Phases()
    phases.done("import_s")
    arrays = {p.stem: np.load(p) for p in Path(folder).glob("*.npy")}
    phases.done("load_s")

    if engine == "LIFTorch":
        import torch

        torch.set_num_threads(1)
    n = int(arrays["n"])
    by_source = np.argsort(arrays["pre"], kind="stable")
    indptr = np.concatenate([[0], np.cumsum(np.bincount(arrays["pre"], minlength=n))])
    parameters = LIFParams()
    parameters = replace(parameters, t_rfc_ms=parameters.t_rfc_ms + DT)
    simulator = getattr(flycns.dynamics, engine)(
        indptr, arrays["post"][by_source], arrays["weight"][by_source], parameters
    )
    steps, where = np.unique(arrays["event_step"], return_index=True)
    neurons = np.split(arrays["event_neuron"], where[1:])
    events = {
        int(step) - 1: (hit, np.full(hit.size, KICK))
        for step, hit in zip(steps, neurons, strict=True)
    }
    state = simulator.start(Drive(events=events))
    unlimited = np.flatnonzero(arrays["t_ref"] == 0)
    state.refractory[unlimited] = 0
    phases.done("build_s")
    for _ in range(round(float(duration) / DT)):
        simulator.advance(state)
    step, neuron = simulator.finish(state).spike_times()
    phases.done("run_s")
    np.savez(spikes, step=step + 1, neuron=neuron)
    phases.write(result, versions={"flycns": version("flycns")})


if __name__ == "__main__":
    main(*sys.argv[1:])
