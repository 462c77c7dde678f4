"""The reference beside the simulators, and what it saves to build once."""

from __future__ import annotations

__all__ = ["again", "reference"]

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.measure import python, summary
from benchmarks.prepare import SCALES, prepared

ENGINES = {
    "reference": ("reference", "{}"),
    "NEST": ("nest", "{}"),
    "Brian2, cython": ("brian2", '{"target": "cython"}'),
    "Brian2, cpp_standalone": ("brian2", '{"target": "cpp_standalone"}'),
}


def reference(repeats: int) -> dict[str, Any]:
    """The olfactory network for 1 s on every backend."""
    import numpy as np

    folder, duration, rows = prepared("olfactory", "shiu"), SCALES["olfactory"], {}
    found = set()
    with TemporaryDirectory() as scratch:
        out = Path(scratch) / "spikes.npz"
        for name, (backend, settings) in ENGINES.items():
            command = ("-m", "benchmarks.ours", folder / "network", backend, settings)
            runs = [python(*command, str(duration), out) for _ in range(repeats)]
            rows[name] = summary(runs)
            with np.load(out) as spikes:  # sorted, as every recording
                step, neuron = spikes["step"], spikes["neuron"]
            found.add((step.size, step.tobytes(), neuron.tobytes()))
    if len(found) != 1:
        raise AssertionError(f"spikes differ; counts: {sorted(f[0] for f in found)}")
    return {"duration": duration, "n_spikes": step.size, "rows": rows, "repeats": repeats}


def again(scale: str, repeats: int) -> dict[str, Any]:
    """A second run of a compiled network, and building it again instead."""
    folder, rows = prepared(scale, "shiu") / "network", {}
    for name, (backend, settings) in ENGINES.items():
        command = ("-m", "benchmarks.jobs", "rerun", folder, backend, settings, "100")
        rows[name] = summary([python(*command) for _ in range(repeats)])
    return {"duration": 100.0, "rows": rows, "repeats": repeats}
