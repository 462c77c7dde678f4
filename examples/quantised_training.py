"""Train a network for the 16-bit weights of SpiNNaker, and see what rounding costs without that.

The job is that of ``train_and_deploy.py``: odours in the olfactory pathway of the fly (FlyWire
783), or, where these reference data, which lie outside the repository, are not at hand, patterns in
C. elegans. The network is trained in floating point, and from there once more as the chip runs it:
with the chip's time step, and through the rounding of its weights (straight-through estimator).
Every network then runs on the reference or on the twin of the chip, all test trials, and its own
readout names what it saw.

A weight of the chip has 16 bits, which is more than this task needs. What happens with fewer is
shown too: the same with the ``--bits`` most significant ones.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from train_and_deploy import DATA, DT, SEED, Job, fly, say, train, worm

import neurobridge as nb
from neurobridge.training import (
    ChipTraining,
    Objective,
    TrainableNetwork,
    deploy,
    fit,
    losses,
    metrics,
)

# the largest input of one step (nA) for which the scale of weights is chosen: that of many neurons
# is never nearly as large as all their inputs together
SCALE = {"fly": "neurons.exc=30;neurons.inh=7", "worm": "neurons.exc=7;neurons.inh=3"}
BITS = {"fly": 8, "worm": 5}
ACCEPT = ("weights_rounded", "weights_become_zero", "parameters_rounded")


def chip(job_name: str, bits: int = 16) -> ChipTraining:
    """How a job is laid out on the chip."""
    return ChipTraining({"max_summed_input": SCALE[job_name], "split": "never"}, bits)


def train_aware(
    job: Job, network: nb.Network, how: ChipTraining, folder: Path, epochs: int
) -> nb.Network:
    """Train a network further, as the chip runs it."""
    done = fit(
        TrainableNetwork(network, DT, job.train, chip=how),
        job.data,
        Objective({"task": losses.CrossEntropy("choice")}),
        folder,
        metrics={"accuracy": metrics.Accuracy("choice")},
        epochs=epochs,
        batch=16,
        learning_rate=job.learning_rate,
        clip=1.0,
        seed=SEED,
    )
    say(done.history.round(4).to_string(index=False), soft_wrap=True)
    return done.network()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--json", action="store_true", help="print one object")
    parser.add_argument(
        "--network", choices=("fly", "worm"), help="default: fly if its data are there"
    )
    parser.add_argument("--bits", type=int, help="of the weights that are made coarser")
    parser.add_argument("--epochs", type=int, help="of training in float; half as many follow")
    options = parser.parse_args()
    name = options.network or ("fly" if (DATA / "flywire783_olfactory").is_dir() else "worm")
    job = fly(DATA) if name == "fly" else worm()
    if options.epochs is not None:
        job = replace(job, epochs=options.epochs)
    bits = options.bits or BITS[name]
    say(f"{job.network}\n{job.data.task}")
    with tempfile.TemporaryDirectory() as scratch:
        rows = list(_rows(job, name, bits, Path(scratch)))
    if options.json:
        print(json.dumps({"network": name, "rows": rows}))
        return
    table = Table("weights", "trained", "runs on", "accuracy", "95 %", "trials", "spikes", "time")
    for row in rows:
        low, high = row["interval"]
        table.add_row(
            row["weights"], row["trained"], row["on"], f"{row['accuracy']:.1%}",
            f"{low:.0%} .. {high:.0%}", str(row["trials"]), f"{row['spikes']:,}",
            f"{row['seconds']:.0f} s",
        )  # fmt: skip
    Console().print(table)


def _rows(job: Job, name: str, bits: int, scratch: Path) -> Iterator[dict[str, Any]]:
    twin = f"fixedpoint:max_summed_input={SCALE[name]}:split=never"
    plain, seconds = _timed(lambda: train(job, scratch / "float"))
    yield _tested(job, plain, "reference", "float", "in float", seconds)
    yield _tested(job, plain, twin, "16 bits", "in float", 0.0)
    for n in (16, bits):
        how, words = chip(name, n), f"{n} bits"
        if n < 16:
            yield _tested(job, how.limited(plain, DT), twin, words, "in float", 0.0)
        folder, epochs = scratch / words, (job.epochs + 1) // 2
        aware, seconds = _timed(partial(train_aware, job, plain, how, folder, epochs))
        yield _tested(job, aware, twin, words, "aware", seconds)


def _timed(work: Callable[[], nb.Network]) -> tuple[nb.Network, float]:
    begun = time.perf_counter()
    return work(), time.perf_counter() - begun


def _tested(
    job: Job, network: nb.Network, backend: str, weights: str, trained: str, seconds: float
) -> dict[str, Any]:
    """The test trials on a backend; its seconds come on top of those of training."""
    begun = time.perf_counter()
    (found,) = deploy(network, job.data, [backend], dt=DT, seed=SEED, accept=ACCEPT)
    assert found.accuracy is not None
    say(f"{weights}, trained {trained}, on {backend.partition(':')[0]}: {found.accuracy}")
    return {
        "weights": weights,
        "trained": trained,
        "on": "twin" if backend.startswith("fixedpoint") else "reference",
        "accuracy": found.accuracy.value,
        "interval": found.accuracy.interval,
        "trials": found.n_trials,
        "spikes": found.spikes,
        "seconds": seconds + time.perf_counter() - begun,
    }


if __name__ == "__main__":
    main()
