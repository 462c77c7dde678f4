"""Run a handful of networks on this machine's GPU and measure them against the reference.

    tools/cuda_run.sh > gpu.json

Prints JSON: the date, the GPU, the versions, and a row for each network with its spikes, what tier
T2 says of them, and the times to build and to run. The table of docs/benchmarks.md is made from it.
"""

from __future__ import annotations

import datetime
import json
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import numpy as np

import neurobridge as nb
from neurobridge.backends.brian2 import gpu
from neurobridge.comparison import compare_recordings
from neurobridge.graph.network import Network

SETTINGS = {"target": "cuda_standalone"}


def random_network(n: int, per_neuron: int, delays: tuple[float, ...]) -> Network:
    """Excitatory and inhibitory cells, 4 to 1, each with so many inputs, driven by Poisson trains.

    Parameters
    ----------
    n, per_neuron : int
    delays : tuple of float
        In ms, one drawn for each edge.
    """
    rng = np.random.default_rng(n + len(delays))
    post = np.repeat(np.arange(n), per_neuron)
    pre = rng.integers(0, n, post.size)
    weight = np.where(pre < 0.8 * n, 0.03, -0.15)
    delay = delays[0] if len(delays) == 1 else rng.choice(delays, post.size)
    builder = nb.NetworkBuilder()
    builder.population("cells", n, nb.models.lif_exp)
    pairs = np.column_stack([pre, post])
    builder.connect("recurrent", "cells", "cells", pairs, weight=weight, delay=delay)
    builder.add(nb.Poisson("drive", "cells", rate=800.0, receptor="exc", weight=0.1))
    return builder.build()


def measure(name: str, network: Network, duration: float, dt: float) -> dict[str, object]:
    """Build and run a network on the GPU, run it on the reference, compare."""
    compiled = nb.compile(network, "brian2", dt=dt, **SETTINGS)
    on_gpu = compiled.run(duration, seed=1)
    again = compiled.run(duration, seed=1)
    reference = nb.run(network, duration, "reference", dt=dt, seed=1)
    comparison = compare_recordings(
        {"reference": reference, "gpu": on_gpu}, "reference", tiers={"gpu": "T2"}, distances=False
    )
    (entry,) = (e for e in comparison.entries if e.name == "gpu")
    return {
        "network": name,
        "neurons": network.n_neurons,
        "edges": network.n_edges,
        "duration_ms": duration,
        "passed_T2": entry.passed,
        "metrics": None if entry.metrics is None else entry.metrics.to_dict(),
        "same_when_run_again": on_gpu.spike_hash == again.spike_hash,
        "timings": [dict(r.timings) for r in (on_gpu, again, reference)],
    }


def main() -> None:
    """Measure all networks; a failure is a row, too."""
    card = gpu.find_gpu()
    nvcc = subprocess.run([str(gpu.find_nvcc()), "--version"], check=True, capture_output=True)
    worm = nb.load_experiment("celegans")
    olfactory = nb.load_experiment(Path(__file__).parent.parent / "examples" / "olfactory.yaml")
    networks = {
        "1,000 random cells": (lambda: random_network(1000, 100, (1.5,)), 1000.0, 0.1),
        "1,000 random cells, four delays": (
            lambda: random_network(1000, 100, (0.1, 1.0, 1.5, 3.0)), 1000.0, 0.1,
        ),
        "C. elegans": (worm.network, worm.settings.duration, worm.settings.dt),
        "olfactory system": (olfactory.network, olfactory.settings.duration, olfactory.settings.dt),
        "100,000 random cells": (lambda: random_network(100_000, 100, (1.5,)), 500.0, 0.1),
    }  # fmt: skip
    rows = []
    for name, (make, duration, dt) in networks.items():
        print(f"{name} ...", file=sys.stderr, flush=True)
        try:
            rows.append(measure(name, make(), duration, dt))
        except Exception as error:
            rows.append({"network": name, "failed": f"{type(error).__name__}: {error}"})
    result = {
        "date": datetime.date.today().isoformat(),
        "gpu": card.name,
        "driver": card.driver,
        "nvcc": nvcc.stdout.decode().strip().splitlines()[-1],
        "versions": {name: version(name) for name in ("brian2", "brian2cuda", "numpy")},
        "rows": rows,
    }
    print(json.dumps(result, indent=1, default=str))


if __name__ == "__main__":
    main()
