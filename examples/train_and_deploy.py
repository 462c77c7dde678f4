"""Train a spiking network on its connectome in torch, and run what it learned on every backend.

The circuit is the olfactory pathway of the fly (FlyWire 783, from receptor neurons to Kenyon cells
and beyond) and the task is to name one of ten odours at concentrations that were never trained.
Where these reference data, which lie outside the repository, are not at hand, it is C. elegans and
the task is to tell noisy patterns on its sensory neurons apart.

What is trained: the synapses (a factor for each pair of cell classes in the fly, every edge in the
worm), the threshold of every neuron, and a readout, which begins as a ridge regression on what the
untrained network does. Then the trained network is an ordinary network: the reference, torch, NEST
and Brian2 run it, trial by trial, and the spikes of all are compared.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from rich.console import Console
from rich.table import Table

import neurobridge as nb
from neurobridge.connectome import Argmax, load
from neurobridge.tasks import (
    DOOR_NAMES,
    ClassificationTask,
    load_receptor_ids,
    odour_task,
    orn_encoder,
    pattern_task,
)
from neurobridge.training import Train, TrainableNetwork, ridge_readout

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
SEED, DT = 1, 1.0
BACKENDS = ("reference", "torch", "nest", "brian2")
say = Console(stderr=True).print


@dataclass
class Job:
    """A network, a task, how a trial's events reach its neurons, and what is trained."""

    network: nb.Network
    task: ClassificationTask
    event: str
    train: Sequence[Train]
    epochs: int
    batch: int
    learning_rate: float

    @property
    def encoder(self) -> nb.Encoder:
        return next(iter(self.network.encoders.values()))

    def trial(self, task: ClassificationTask, row: int):  # type: ignore[no-untyped-def]
        """The stimuli of a trial, and the number that its draws are keyed by."""
        return task.trial(int(row), self.encoder, receptor="exc", weight=self.event)

    def inputs(self, model: TrainableNetwork, task: ClassificationTask, rows, repeat: int = 0):  # type: ignore[no-untyped-def]
        """A batch of trials; each repeat of the task has draws of its own."""
        trials = [self.trial(task, row) for row in rows]
        return model.inputs(
            [t.stimuli for t in trials], task.duration, seed=SEED,
            numbers=[t.number + repeat * 100_000 for t in trials],
        )  # fmt: skip


def fly(data: Path) -> Job:
    """The olfactory pathway of the fly, and odours."""
    connectome = load(
        "table",
        data / "flywire783_olfactory",
        mapping={
            "dataset": "flywire783_olfactory",
            "nodes": {
                "file": "nodes.csv.gz",
                "id": "root_id",
                "labels": {"cell_class": "seed_group", "nt": "nt_filled"},
            },
            "edges": {
                "file": "edges.csv.gz",
                "pre": "pre_root_id",
                "post": "post_root_id",
                "count": "syn_count",
            },
        },
    ).with_signs(Argmax("fly"), unknown="drop")
    network = nb.to_network(connectome, nb.models.lif_exp, weight="4 pA", delay="2 ms")
    neurons = network.population("neurons")
    ids = load_receptor_ids(data / "door" / "seed_ORN_door2codex.json")
    del ids["Ir75"]  # three receptors under one name
    task = odour_task(
        data / "door",
        {receptor: DOOR_NAMES.get(receptor, receptor) for receptor in ids},
        missing="zero",
        trials=(8, 1, 5),
        duration=200.0,
    )
    encoder = orn_encoder(neurons, ids, task.feature_names, shared="mean", absent="drop")
    kenyon = neurons.where(cell_class="KC")
    scales = Train("projections.synapses.scale", by=("pre.cell_class", "post.cell_class"))
    return _job(network, task, encoder, kenyon, scales, ("-62 mV", "-35 mV"), 5, 16, 0.003)


def worm() -> Job:
    """C. elegans, and patterns."""
    connectome = load("celegans", gap_junctions=False)
    connectome = connectome.with_signs(Argmax("celegans"), unknown="drop")
    network = nb.to_network(connectome, nb.models.lif_exp, weight="10 pA", delay="2 ms")
    neurons = network.population("neurons")
    sensory = neurons.where(role="sensory")
    task = pattern_task(8, 4, trials=(8, 2, 10), duration=100.0)
    # every sensory neuron listens to one of the features
    weight = np.zeros((sensory.size, 8))
    weight[np.arange(sensory.size), np.arange(sensory.size) % 8] = 80.0
    encoder = nb.Encoder("touch", "neurons", sensory, weight, np.full(sensory.size, 5.0))
    others = np.setdiff1d(np.arange(neurons.size), sensory)
    weights = Train("projections.synapses.weight")  # every edge; each keeps its sign
    return _job(network, task, encoder, others, weights, ("-62 mV", "-35 mV"), 12, 16, 0.03)


def _job(network, task, encoder, read, synapses, bounds, epochs, batch, rate) -> Job:  # type: ignore[no-untyped-def]
    n_classes = len(task.classes)
    weight = np.zeros((n_classes, read.size))
    readout = nb.Readout(
        "choice", "neurons", read, weight, np.zeros(n_classes), classes=task.classes
    )
    train = (
        synapses,
        Train("populations.neurons.v_thresh", bounds=bounds, learning_rate=0.3),
        Train("readouts.choice.weight"),
        Train("readouts.choice.bias"),
    )
    network = network.with_encoder(encoder).with_readout(readout)
    return Job(network, task, "1.5 nA", train, epochs, batch, rate)


def start(job: Job) -> nb.Network:
    """The network with a readout that is fitted to what it does untrained."""
    model = TrainableNetwork(job.network, DT, job.train).eval()
    task = job.task.split("train")
    read = torch.as_tensor(job.network.readouts["choice"].neurons.astype(np.int64))
    counts = []
    with torch.no_grad():
        for rows in np.array_split(np.arange(task.n_trials), -(-task.n_trials // 20)):
            spikes = model(job.inputs(model, task, rows)).outputs.spikes["neurons"]
            counts.append(spikes.sum(0)[read].T.numpy())
    readout = ridge_readout(job.network.readouts["choice"], np.concatenate(counts), task.label)
    return job.network.with_readout(readout)


def train(job: Job, epochs: int) -> nb.Network:
    """Train in float32, and write the result into a new network."""
    model = TrainableNetwork(job.network, DT, job.train)
    optimiser = torch.optim.Adam(model.parameters(), lr=job.learning_rate)
    task = job.task.split("train")
    for epoch in range(epochs):
        begun, losses, right = time.perf_counter(), [], 0
        for rows in task.batches(job.batch, SEED, epoch):
            inputs = job.inputs(model, task, rows, repeat=epoch)
            label = torch.as_tensor(task.label[rows])
            output = model(inputs).readouts["choice"]
            loss = torch.nn.functional.cross_entropy(output, label)
            optimiser.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimiser.step()
            losses.append(float(loss.detach()))
            right += int((output.argmax(1) == label).sum())
        say(
            f"epoch {epoch + 1:2d} of {epochs}: loss {np.mean(losses):.3f}, training accuracy "
            f"{right / task.n_trials:.0%}, {time.perf_counter() - begun:.0f} s"
        )
    return model.to_network(verify=True, task=task.name, seed=SEED, epochs=epochs)


def deploy(job: Job, network: nb.Network, backend: str) -> tuple[list[nb.Recording], np.ndarray]:
    """Every test trial on one backend, and what the readout makes of it."""
    task = job.task.split("test")
    recordings = []
    with nb.compile(network, backend, dt=DT) as compiled:
        for trial in range(task.n_trials):
            made = job.trial(task, trial)
            recordings.append(
                compiled.run(task.duration, seed=SEED, trial=made.number, stimuli=made.stimuli)
            )
    readout = network.readouts["choice"]
    return recordings, np.array([int(np.argmax(readout.apply(r))) for r in recordings])


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--json", action="store_true", help="print one object")
    parser.add_argument(
        "--network", choices=("fly", "worm"), help="default: fly if its data are there"
    )
    parser.add_argument("--epochs", type=int)
    options = parser.parse_args()
    there = (DATA / "flywire783_olfactory").is_dir()
    job = fly(DATA) if (options.network or ("fly" if there else "worm")) == "fly" else worm()
    say(f"{job.network}\n{job.task}")
    job = replace(job, network=start(job))
    trained = train(job, job.epochs if options.epochs is None else options.epochs)

    results = {name: deploy(job, trained, name) for name in BACKENDS}
    task = job.task.split("test")
    reference = results["reference"][0]
    same = {
        name: all(
            a.spikes["neurons"].same_as(b.spikes["neurons"])
            for a, b in zip(recordings, reference, strict=True)
        )
        for name, (recordings, _) in results.items()
    }
    report = {
        "network": trained.id,
        "accuracy": {name: task.accuracy(chosen).value for name, (_, chosen) in results.items()},
        "spikes": {name: sum(r.n_spikes for r in recs) for name, (recs, _) in results.items()},
        "identical": all(same.values()),
    }
    if options.json:
        print(json.dumps(report))
        return
    table = Table("backend", "test accuracy", "spikes", "same spikes as the reference")
    for name, (recordings, chosen) in results.items():
        spikes = sum(r.n_spikes for r in recordings)
        table.add_row(
            name, str(task.accuracy(chosen)), f"{spikes:,}", "all" if same[name] else "no"
        )
    Console().print(table)


if __name__ == "__main__":
    main()
