"""One network on one process and on several: every spike, every sample and every weight the same.

    python -m tools.nest_on_two_ranks [--processes 2] [--threads 1] [NAME ...]

needs a NEST with MPI (``tools/nest_with_mpi.sh`` builds it), ``mpirun`` and ``mpi4py``; the
environment is that of NEST. Prints a table, and ends with code 1 if anything differs. The networks
are those of ``tests/equivalence/networks.py`` and others; those of the reference data outside the
repository are left out where the data are not.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from neurobridge import (
    Current,
    Network,
    NetworkBuilder,
    SpikeTrains,
    StateProbe,
    compile,
    load_experiment,
    models,
)
from neurobridge.backends.nest.ranks import own_rank
from neurobridge.rng import generator
from tests.data import _FOLDER as REFERENCE_DATA
from tests.equivalence.networks import delta_500, exponential_500, olfactory

DT = 0.1
SEED = 1


@dataclass(frozen=True)
class Case:
    """A network and for how long (ms) it runs."""

    build: Callable[[], Network]
    duration: float
    settings: dict[str, Any]


def sources_and_current() -> Network:
    """Given spikes over edges that are shorter than those between neurons; a current."""
    rng = generator(SEED, "weights", "sources and current")
    n, m = 60, 7
    b = NetworkBuilder()
    b.population("cells", n, models.lif_exp)
    b.population("in", m, models.spike_source)
    for name, pre, count, weight, delays in (
        ("recurrent", "cells", n, 0.03, (18, 40)), ("input", "in", m, 2.0, (1, 30))
    ):  # fmt: skip
        pairs = np.argwhere(rng.random((count, n)) < 0.3)
        delay = rng.integers(*delays, len(pairs)) * DT
        b.connect(name, pre, "cells", pairs, weight=weight, delay=delay, receptor="exc")
    spikes = np.unique(rng.integers((0, 0), (2000, m), (400, 2)), axis=0)
    b.add(
        SpikeTrains("trains", "in", spikes[:, 0] * DT, spikes[:, 1].astype(np.int32)),
        Current("step", "cells", [0.6, 0.0], [20.0, 120.0], [0, 5, 6, 59]),
        StateProbe("states", "cells", "v", neurons=[3, 4, 59], interval=0.3),
    )
    return b.build()


def rates() -> Network:
    """Rate neurons, coupled with delays and without."""
    rng = generator(SEED, "weights", "rates")
    n = 31
    b = NetworkBuilder()
    b.population("units", n, models.rate_model("tanh"), initial={"x": rng.normal(size=n)})
    pairs = np.argwhere(rng.random((n, n)) < 0.5)
    for name, delay in (("now", 0.0), ("later", 0.7)):
        b.connect(name, "units", "units", pairs, weight=rng.normal(0, 0.4, len(pairs)), delay=delay)
    b.add(StateProbe("states", "units", "x"))
    return b.build()


def one_neuron() -> Network:
    """Fewer neurons than processes: some have nothing to do."""
    b = NetworkBuilder()
    b.population("cell", 1, models.lif_delta)
    b.connect("itself", "cell", "cell", np.array([[0, 0]]), weight=1.0, delay=2.0, receptor="syn")
    b.add(Current("step", "cell", 0.5), StateProbe("state", "cell", "v"))
    return b.build()


def worm() -> Network:
    """The built-in experiment of C. elegans."""
    return load_experiment("celegans").network()


CASES = {
    "celegans": Case(worm, 1000.0, {}),
    "exponential_500": Case(exponential_500, 300.0, {}),
    "exponential_500, compiled": Case(exponential_500, 300.0, {"models": "nestml"}),
    "delta_500": Case(delta_500, 300.0, {}),
    "sources_and_current": Case(sources_and_current, 200.0, {}),
    "rates": Case(rates, 100.0, {}),
    "one_neuron": Case(one_neuron, 100.0, {}),
    "olfactory": Case(olfactory, 200.0, {}),
}
FROM_DATA = {"olfactory"}


# ---- on each process ----------------------------------------------------------------------------


def work(folder: Path, names: list[str], threads: int, part: float) -> None:
    """Run the cases; the first process writes what it got, and every one a hash of it."""
    for name in names:
        case = CASES[name]
        start = time.perf_counter()
        with compile(case.build(), "nest", dt=DT, threads=threads, **case.settings) as compiled:
            found = results(compiled, round(part * case.duration))
            rank = own_rank()
        found["seconds"] = np.array(time.perf_counter() - start)
        (folder / f"{name}.{rank}").write_text(hash_of(found))
        if rank == 0:
            np.savez(folder / f"{name}.npz", **found)


def results(compiled: Any, duration: float) -> dict[str, Any]:
    """Spikes and samples of two runs, and all weights."""
    found: dict[str, Any] = {}
    for seed in (SEED, SEED + 1):
        recording = compiled.run(duration, seed=seed)
        for name, spikes in recording.spikes.items():
            found[f"spikes/{seed}/{name}/step"] = spikes.step
            found[f"spikes/{seed}/{name}/neuron"] = spikes.neuron
        for name, signal in recording.signals.items():
            found[f"signal/{seed}/{name}"] = signal.values
    for name in compiled.network.projections:
        found[f"weight/{name}"] = compiled.weights(name)
    return found


def hash_of(found: dict[str, Any]) -> str:
    """What differs from process to process if they do not all get the same."""
    parts = (found[name].tobytes() for name in sorted(found) if name != "seconds")
    return hashlib.sha256(b"".join(parts)).hexdigest()


# ---- from outside -------------------------------------------------------------------------------


def start(folder: Path, processes: int, given: argparse.Namespace) -> None:
    """Run this file on so many processes."""
    folder.mkdir()
    launcher = ["mpirun", "-n", str(processes)] if processes > 1 else []
    module = ["-m", "mpi4py", "-m"] if processes > 1 else ["-m"]
    worker = [sys.executable, *module, "tools.nest_on_two_ranks", *given.names]
    arguments = ["--threads", str(given.threads), "--part", str(given.part)]
    arguments += ["--worker", str(folder)]
    cores = {"OMPI_MCA_rmaps_base_oversubscribe": "1", "OMPI_MCA_mpi_yield_when_idle": "1"}
    environment = {**os.environ, **cores}
    subprocess.run([*launcher, *worker, *arguments], check=True, env=environment)


def compared(name: str, one: Path, many: Path) -> list[str]:
    """A row of the table: what was compared, and how many of it differ."""
    a, b = np.load(one / f"{name}.npz"), np.load(many / f"{name}.npz")
    hashes = {path.read_text() for path in many.glob(f"{name}.[0-9]*")}
    kinds = {kind: [k for k in a.files if k.startswith(kind)] for kind in ("spikes", "weight")}
    count = {kind: sum(a[k].size for k in keys) for kind, keys in kinds.items()}
    wrong = [
        k for k in a.files if not k.startswith(("signal", "seconds"))
        and not np.array_equal(a[k], b[k])
    ]  # fmt: skip
    apart = [np.abs(a[k] - b[k]).max(initial=0.0) for k in a.files if k.startswith("signal")]
    largest = max(apart, default=0.0)
    if a.files != b.files or len(hashes) != 1:
        wrong.append("the processes among themselves")
    if largest > MEMBRANE:
        wrong.append("signals")
    return [
        name, f"{count['spikes'] // 2:,}", f"{count['weight']:,}", f"{largest:.1e}",
        f"{float(a['seconds']):.1f}", f"{float(b['seconds']):.1f}",
        "the same" if not wrong else "differ: " + ", ".join(wrong),
    ]  # fmt: skip


MEMBRANE = 1e-9
"""Largest difference of a sample: spikes of one step are summed in another order."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(CASES))
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--threads", type=int, default=1, help="threads of each process")
    parser.add_argument("--part", type=float, default=1.0, help="how much of each run is run")
    parser.add_argument("--worker", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    here = REFERENCE_DATA.is_dir()
    given.names = given.names or [n for n in CASES if here or n not in FROM_DATA]
    if given.worker:
        work(given.worker, given.names, given.threads, given.part)
        return 0
    with tempfile.TemporaryDirectory(prefix="neurobridge-") as scratch:
        one, many = Path(scratch) / "one", Path(scratch) / "many"
        start(one, 1, given)
        start(many, given.processes, given)
        rows = [compared(name, one, many) for name in given.names]
    table = Table("network")
    for head in ("spikes", "weights", "signals by", "1: s", f"{given.processes}: s", ""):
        table.add_column(head, no_wrap=True)
    for row in rows:
        table.add_row(*row)
    Console().print(table)
    return int(any(row[-1] != "the same" for row in rows))


if __name__ == "__main__":
    sys.exit(main())
