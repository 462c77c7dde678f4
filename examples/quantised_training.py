"""Train a network for the 16-bit weights of SpiNNaker, and see what rounding costs without that.

The job is that of ``train_and_deploy.py``: odours in the olfactory pathway of the fly (FlyWire
783), or, where these reference data, which lie outside the repository, are not at hand, patterns in
C. elegans. The network is trained in floating point, and once as the chip runs it: with the chip's
time step, and through the rounding of its weights (straight-through estimator). Every network then
runs on the reference or on the twin of the chip, all test trials, and its own readout names what it
saw.

A weight of the chip has 16 bits, which is more than this task needs. What happens with fewer, the
``--bits`` most significant ones, is shown too: without training for them, and with it, from the
network that was trained in floating point.
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

from rich import box
from rich.console import Console
from rich.table import Table
from train_and_deploy import DATA, DT, SEED, Job, fly, say, worm

import neurobridge as nb
from neurobridge.training import (
    ChipTraining,
    Objective,
    TrainableNetwork,
    deploy,
    fit,
    fitted_readout,
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


def train(job: Job, network: nb.Network, how: ChipTraining | None, folder: Path) -> nb.Network:
    """Train a network, in floating point or as the chip runs it."""
    done = fit(
        TrainableNetwork(network, DT, job.train, chip=how),
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
    parser.add_argument("--epochs", type=int, help="of each training")
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
    headings = ("weights", "trained", "on", "accuracy", "95 %", "trials", "spikes", "time")
    table = Table(*headings, box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
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
    start = fitted_readout(job.network, "choice", job.data, dt=DT, seed=SEED)
    plain, seconds = _timed(partial(train, job, start, None, scratch / "float"))
    yield _tested(job, plain, "reference", "float", "float", seconds)
    yield _tested(job, plain, twin, "16 bits", "float", 0.0)
    aware, seconds = _timed(partial(train, job, start, chip(name), scratch / "16 bits"))
    yield _tested(job, aware, twin, "16 bits", "aware", seconds)
    few = chip(name, bits)
    yield _tested(job, few.limited(plain, DT), twin, f"{bits} bits", "float", 0.0)
    aware, seconds = _timed(partial(train, job, plain, few, scratch / "few bits"))
    yield _tested(job, aware, twin, f"{bits} bits", "aware", seconds)


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
