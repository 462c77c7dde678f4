"""The twin of SpiNNaker: how long a second of the olfactory network takes, and what is faster.

python -m benchmarks.spinnaker_twin JOB ARGUMENTS... RESULT.json
"""

from __future__ import annotations

__all__ = ["chip_model", "lowering", "twin"]

import json
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks.measure import interleaved, python, summary
from benchmarks.prepare import SCALES, prepared

HERE = "benchmarks.spinnaker_twin"
N, N_IN, STEPS = 5_000, 50, 100
"""Neurons, synapses onto each, and steps of the network for the chip model."""


def twin(repeats: int) -> dict[str, Any]:
    """A second of the olfactory network, with leaky neurons and exponential currents."""
    folder, duration = prepared("olfactory", "lif") / "network", SCALES["olfactory"]
    runs = [python("-m", HERE, "second", folder, str(duration)) for _ in range(repeats)]
    told = runs[0].told
    return {**told, "duration": duration, "took": summary(runs), "repeats": repeats}


def chip_model(repeats: int) -> dict[str, Any]:
    """The same network on the twin and, by sPyNNaker's own programs, in the chip model."""
    sides = interleaved(
        {
            name: lambda backend=backend: python("-m", HERE, "random", backend)
            for name, backend in (("twin", "fixedpoint"), ("chip model", "spinnaker"))
        },
        repeats,
    )
    spikes = {run["told"]["spikes"] for side in sides.values() for run in side["runs"]}
    if len(spikes) != 1:
        raise AssertionError(f"the chip model does not have the spikes of the twin: {spikes}")
    size = {"n": N, "n_edges": N * N_IN, "steps": STEPS, "n_spikes": int(spikes.pop().split()[0])}
    return {**size, "sides": sides, "repeats": repeats}


def lowering(scale: str, repeats: int) -> dict[str, Any]:
    """From a network in memory to 16-bit weights, parts and lists of synapses."""
    folder = prepared(scale, "lif") / "network"
    runs = [python("-m", HERE, "lower", folder) for _ in range(repeats)]
    return {**runs[0].told, "took": summary(runs), "repeats": repeats}


# -- in processes of their own --------------------------------------------------------------------


def second(folder: str, duration: str) -> dict[str, Any]:
    """Build and run on the twin."""
    import neurobridge as nb

    network = nb.load(folder)
    accept = ("weights_rounded", "weights_become_zero", "parameters_rounded")
    start = time.process_time()
    with nb.compile(network, "fixedpoint", dt=0.1, accept=accept) as compiled:
        built = time.process_time()
        recording = compiled.run(float(duration), seed=1)
    ran = time.process_time()
    return {
        "n": network.n_neurons, "n_edges": network.n_edges, "dt": 0.1,
        "n_spikes": recording.n_spikes,
        "phases": {"build_s": built - start, "run_s": ran - built},
    }  # fmt: skip


def random(backend: str) -> dict[str, Any]:
    """A random network on the twin or in the chip model."""
    import hashlib

    import neurobridge as nb

    recording = nb.run(random_network(), float(STEPS), backend, dt=1.0, seed=1)
    found = recording.spikes["neurons"]
    digest = hashlib.sha256(found.step.tobytes() + found.neuron.tobytes()).hexdigest()
    return {"spikes": f"{len(found)} {digest}"}


def random_network() -> Any:
    """Leaky neurons with random synapses, 80 % of them excitatory, driven by Poisson input."""
    import numpy as np

    import neurobridge as nb

    rng = np.random.default_rng(1)
    post = np.repeat(np.arange(N), N_IN)
    pre = rng.integers(0, N, post.size)
    weight = np.where(pre < 0.8 * N, 0.1, -0.4) * rng.uniform(0.5, 1.5, post.size)
    b = nb.NetworkBuilder()
    b.population("neurons", N, nb.models.lif_exp)
    delay = rng.integers(1, 16, post.size).astype(float)
    b.connect(
        "synapses", "neurons", "neurons", np.stack([pre, post], 1), weight=weight, delay=delay
    )
    b.add(nb.Poisson("drive", "neurons", rate=30.0, receptor="exc", weight=1.0))
    return b.build()


def lower(folder: str) -> dict[str, Any]:
    """Lower a network, then lay it out for the chip."""
    import neurobridge as nb
    from neurobridge.lowering.chip.lower import lower_to_chip
    from neurobridge.lowering.lower import lower as lower_network

    network = nb.load(folder)
    start = time.process_time()
    program = lower_network(network, 0.1)
    lowered = time.process_time()
    plan, findings = lower_to_chip(program, {})
    laid_out = time.process_time()
    if plan is None:
        raise AssertionError(f"there is no plan: {[str(f) for f in findings]}")
    error = plan.error("neurons")
    return {
        "n": network.n_neurons, "n_edges": network.n_edges, "parts": len(plan.populations),
        "total": error.total, "zeros": error.became_zero,
        "phases": {
            "lower_s": lowered - start, "chip_s": laid_out - lowered, "work_s": laid_out - start,
        },
    }  # fmt: skip


if __name__ == "__main__":
    job, *arguments, result = sys.argv[1:]
    jobs = {"second": second, "random": random, "lower": lower}
    Path(result).write_text(json.dumps(jobs[job](*arguments)))
