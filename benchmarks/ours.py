"""A saved network through neurobridge: load, build, run.

python -m benchmarks.ours NETWORK BACKEND SETTINGS DURATION SPIKES.npz RESULT.json
"""

from __future__ import annotations

import json
import sys

import numpy as np

import neurobridge as nb
from benchmarks.phases import Phases


def main(folder: str, backend: str, settings: str, duration: str, spikes: str, result: str) -> None:
    phases = Phases()
    phases.done("import_s")
    network = nb.load(folder)
    phases.done("load_s")
    with nb.compile(network, backend, dt=0.1, **json.loads(settings)) as compiled:
        phases.done("build_s")
        recording = compiled.run(float(duration), seed=1)
        phases.done("run_s")
    found = recording.spikes["neurons"]
    np.savez(spikes, step=found.step, neuron=found.neuron)
    phases.write(result, timings=dict(recording.timings))


if __name__ == "__main__":
    main(*sys.argv[1:])
