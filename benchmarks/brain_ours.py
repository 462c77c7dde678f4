"""The whole-fly-like network through neurobridge, with several settings that take turns.

python -m benchmarks.brain_ours FOLDER WORKLOAD DURATION BACKEND SETTINGS REPEATS SPIKES.npz RESULT

SETTINGS is JSON, from the name of a side to the settings of the backend. All sides are built once
and run REPEATS times, A, B, A, B ...; they must give the same spikes.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

import neurobridge as nb
from benchmarks.phases import Phases


def main(
    folder: str, workload: str, duration: str, backend: str, settings: str, repeats: str,
    spikes: str, result: str,
) -> None:  # fmt: skip
    phases = Phases()
    phases.done("import_s")
    network = loaded(Path(folder), workload)
    phases.done("load_s")
    sides = {
        name: nb.compile(network, backend, dt=0.1, **chosen)
        for name, chosen in json.loads(settings).items()
    }
    phases.done("build_s")
    runs: dict[str, list[dict[str, float]]] = {name: [] for name in sides}
    found = {}
    for _ in range(int(repeats)):
        for name, compiled in sides.items():
            cpu, wall = time.process_time(), time.perf_counter()
            recording = compiled.run(float(duration), seed=1)
            runs[name].append(
                {"cpu_s": time.process_time() - cpu, "wall_s": time.perf_counter() - wall}
            )
            found[recording.spike_hash] = recording
    phases.done("run_s")
    if len(found) != 1:
        raise AssertionError(f"{workload}: the sides give different spikes: {list(found)}")
    (recording,) = found.values()
    got = recording.spikes["neurons"]
    np.savez(spikes, step=got.step, neuron=got.neuron)
    phases.write(result, runs=runs, versions=dict(recording.versions))


def loaded(folder: Path, workload: str) -> Any:
    """The network with the events and the refractory periods of a workload."""
    with np.load(folder / f"{workload}.npz") as arrays:
        kicks = nb.SpikeTrains(
            "kicks", "neurons", arrays["event_step"] * 0.1, arrays["event_neuron"],
            receptor="kick", weight=68.75,
        )  # fmt: skip
        t_ref = arrays["t_ref"]
    network = nb.load(folder / "network").with_parameters("neurons", t_ref=t_ref)
    return network.with_stimulus(kicks)


if __name__ == "__main__":
    main(*sys.argv[1:])
