"""A training step of a network with the size of a fly brain: time and memory.

python -m benchmarks.brain_step DEVICE N_STEPS BATCH RESULT.json

138,639 neurons and 5,000,000 edges, each with a weight that is trained by Adam.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import numpy as np
import torch

import neurobridge as nb
from benchmarks.turns import prepare_torch
from neurobridge.connectome.synthetic import Shape, synthetic_graph
from neurobridge.training import Train, TrainableNetwork

BRAIN = Shape(138_639, 5_000_000, 5_000, 1.08, 1.2, 1.0, 2, 2_058)
DT, CHECKPOINT_EVERY, STEPS = 1.0, 20, 3
WEIGHT_NA, DRIVEN, RATE_HZ, DRIVE_NA = 0.004, 12_384, 40.0, 3.0


def main(device: str, n_steps: str, batch: str, result: str) -> None:
    """Measure a few steps; the first one compiles."""
    where = prepare_torch(device)
    network = made()
    model = TrainableNetwork(
        network, DT, [Train("projections.synapses.weight")], device=device,
        checkpoint_every=CHECKPOINT_EVERY,
    )  # fmt: skip
    optimiser = torch.optim.Adam(model.parameters(), lr=0.01)
    inputs = model.inputs([[]] * int(batch), int(n_steps) * DT, seed=1)
    seconds, losses = [], []
    for _ in range(STEPS):
        start = time.process_time()
        spikes = model(inputs).outputs.spikes["neurons"]
        loss = (spikes.mean() - 0.01) ** 2 * 1e4
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        seconds.append(time.process_time() - start)
        losses.append(float(loss))
    if not losses[-1] < losses[0]:
        raise AssertionError(f"training does not help: {losses}")
    found = {
        **where, "n": network.n_neurons, "n_edges": network.n_edges,
        "steps": int(n_steps), "batch": int(batch), "checkpoint_every": CHECKPOINT_EVERY,
        "step_s": min(seconds[1:]), "first_s": seconds[0], "losses": losses,
        "rate": float(spikes.mean()),
    }  # fmt: skip
    if device != "cpu":
        found["gpu_mb"] = torch.cuda.max_memory_allocated(device) / 1e6
    Path(result).write_text(json.dumps(found))


def made() -> nb.Network:
    """The graph with leaky neurons, of which some are driven."""
    graph = synthetic_graph(BRAIN)
    rng = np.random.default_rng(1)
    driven = np.sort(rng.choice(BRAIN.n, DRIVEN, replace=False))
    b = nb.NetworkBuilder()
    b.population("neurons", BRAIN.n, nb.models.lif_exp)
    weight = WEIGHT_NA * graph.count * graph.sign[graph.pre]
    pairs = np.stack([graph.pre, graph.post], axis=1)
    b.connect("synapses", "neurons", "neurons", pairs, weight=weight, delay=2.0)
    b.add(
        nb.Poisson(
            "drive", "neurons", rate=RATE_HZ, neurons=driven, receptor="exc", weight=DRIVE_NA
        )
    )
    return b.build()


if __name__ == "__main__":
    main(*sys.argv[1:])
