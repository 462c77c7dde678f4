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
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

import neurobridge as nb
from neurobridge.connectome import Argmax, load
from neurobridge.tasks import (
    DOOR_NAMES,
    load_receptor_ids,
    odour_task,
    orn_encoder,
    pattern_task,
)
from neurobridge.training import (
    Objective,
    TaskData,
    Train,
    TrainableNetwork,
    deploy,
    fit,
    fitted_readout,
    losses,
    metrics,
)

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
SEED, DT = 1, 1.0
BACKENDS = ("reference", "torch", "nest", "brian2")
say = Console(stderr=True).print


@dataclass
class Job:
    """A network, the trials that it learns from, and what is trained."""

    network: nb.Network
    data: TaskData
    train: Sequence[Train]
    epochs: int
    learning_rate: float


def fly(data: Path, tested: int = 5) -> Job:
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
        trials=(8, 1, tested),
        duration=200.0,
    )
    encoder = orn_encoder(neurons, ids, task.feature_names, shared="mean", absent="drop")
    kenyon = neurons.where(cell_class="KC")
    scales = Train("projections.synapses.scale", by=("pre.cell_class", "post.cell_class"))
    return _job(network, task, encoder, kenyon, scales, 5, 0.003)


def worm(tested: int = 10) -> Job:
    """C. elegans, and patterns."""
    connectome = load("celegans", gap_junctions=False)
    connectome = connectome.with_signs(Argmax("celegans"), unknown="drop")
    network = nb.to_network(connectome, nb.models.lif_exp, weight="10 pA", delay="2 ms")
    neurons = network.population("neurons")
    sensory = neurons.where(role="sensory")
    task = pattern_task(8, 4, trials=(8, 2, tested), duration=100.0)
    # every sensory neuron listens to one of the features
    weight = np.zeros((sensory.size, 8))
    weight[np.arange(sensory.size), np.arange(sensory.size) % 8] = 80.0
    encoder = nb.Encoder("touch", "neurons", sensory, weight, np.full(sensory.size, 5.0))
    others = np.setdiff1d(np.arange(neurons.size), sensory)
    weights = Train("projections.synapses.weight")  # every edge; each keeps its sign
    return _job(network, task, encoder, others, weights, 12, 0.03)


def _job(network, task, encoder, read, synapses, epochs, rate) -> Job:  # type: ignore[no-untyped-def]
    n_classes = len(task.classes)
    weight = np.zeros((n_classes, read.size))
    readout = nb.Readout(
        "choice", "neurons", read, weight, np.zeros(n_classes), classes=task.classes
    )
    train = (
        synapses,
        Train("populations.neurons.v_thresh", bounds=("-62 mV", "-35 mV"), learning_rate=0.3),
        Train("readouts.choice.weight"),
        Train("readouts.choice.bias"),
    )
    data = TaskData(task, encoder.name, receptor="exc", weight="1.5 nA")
    return Job(network.with_encoder(encoder).with_readout(readout), data, train, epochs, rate)


def train(job: Job, folder: Path) -> nb.Network:
    """Train in float32 from a fitted readout, and write the result into a new network."""
    network = fitted_readout(job.network, "choice", job.data, dt=DT, seed=SEED)
    done = fit(
        TrainableNetwork(network, DT, job.train),
        job.data,
        Objective({"task": losses.CrossEntropy("choice")}),
        folder,
        metrics={"accuracy": metrics.Accuracy("choice")},
        epochs=job.epochs,
        batch=16,
        learning_rate=job.learning_rate,
        clip=1.0,
        seed=SEED,
    )
    say(done.history.round(4).to_string(index=False), soft_wrap=True)
    return done.network(verify=True)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--json", action="store_true", help="print one object")
    parser.add_argument(
        "--network", choices=("fly", "worm"), help="default: fly if its data are there"
    )
    parser.add_argument("--epochs", type=int)
    parser.add_argument("--tested", type=int, help="trials of each pattern that backends run")
    parser.add_argument("--out", type=Path, help="folder of the run; default: a temporary one")
    options = parser.parse_args()
    there = (DATA / "flywire783_olfactory").is_dir()
    tested = {} if options.tested is None else {"tested": options.tested}
    on_fly = (options.network or ("fly" if there else "worm")) == "fly"
    job = fly(DATA, **tested) if on_fly else worm(**tested)
    if options.epochs is not None:
        job = replace(job, epochs=options.epochs)
    say(f"{job.network}\n{job.data.task}")
    with tempfile.TemporaryDirectory() as scratch:
        trained = train(job, options.out or Path(scratch) / "run")

    results = deploy(trained, job.data, BACKENDS, dt=DT, seed=SEED)
    if options.json:
        report = {
            "network": trained.id,
            "accuracy": {r.backend: r.accuracy.value for r in results if r.accuracy},
            "spikes": {r.backend: r.spikes for r in results},
            "identical": all(r.same_spikes for r in results),
        }
        print(json.dumps(report))
        return
    table = Table("backend", "test accuracy", "spikes", "same spikes as the reference")
    for r in results:
        table.add_row(r.backend, str(r.accuracy), f"{r.spikes:,}", "all" if r.same_spikes else "no")
    Console().print(table)


if __name__ == "__main__":
    main()
