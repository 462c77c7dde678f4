"""Which parameters control the Lyapunov spectrum best: weights, gains, shifts, or both of these?

Neuromodulation changes gains and thresholds of neurons, plasticity changes weights. With equal
numbers of parameters, which of them bring the leading exponents of a network to a target? Here
gains, shifts and weights of random networks and of circuits of the fly (FlyWire 783; of the worm
where those data are not at hand) are trained so that the leading exponents become 0, with exact
derivatives, and each result is measured by an independent long run of the trained network.

Every condition has the learning rate that was best on a network which is not in the table. Weights
of random networks may change sign, those of connectomes may not. Distances are root mean squares
over the exponents, per tau. Half an hour on two cores; --quick shows in a minute or two that it
works.

python examples/nrm_study.py [--quick] [--network fly|worm] [--out FOLDER] [--processes 2]
"""

from __future__ import annotations

import argparse
import os
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from rich.console import Console
from rich.table import Table
from scipy.stats import t as student

from neurobridge.analysis.lyapunov import workflows
from neurobridge.analysis.lyapunov.workflows.over_networks import median_interval
from neurobridge.connectome import load

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
FLY = (
    "group == 'ALLN' and side == 'R'",
    "group == 'ALLN' and side == 'L'",
    "group == 'ALPN' and side == 'R'",
    "group == 'LHLN' and side == 'R'",
    "group in ('MBON', 'DAN', 'APL') and side == 'R'",
)
"""Local and projection neurons of the antennal lobe, lateral horn, mushroom body."""
WORM = ("role == 'inter'", "role == 'motor'", "role in ('sensory', 'inter')",
        "role in ('inter', 'motor')", "role != 'polymodal'")  # fmt: skip
"""Parts of the worm overlap, so its replicates are not independent of each other."""
PILOT = 100
"""Seed of the networks on which learning rates are chosen."""


@dataclass(frozen=True)
class Condition:
    """What is trained: parameters, and how many of each in units of N (None: all)."""

    name: str
    parameters: tuple[str, ...]
    per_neuron: dict[str, float] | None = None


CONDITIONS = (
    Condition("gains", ("gains",)),
    Condition("shifts", ("shifts",)),
    Condition("gains and shifts, half each", ("gains", "shifts"), {"gains": 0.5, "shifts": 0.5}),
    Condition("weights, N", ("weights",), {"weights": 1.0}),
    Condition("gains and shifts", ("gains", "shifts")),
    Condition("weights, 2 N", ("weights",), {"weights": 2.0}),
    Condition("all weights", ("weights",)),
)
COMPARED = (
    ("gains", "weights, N"), ("shifts", "weights, N"),
    ("gains and shifts, half each", "weights, N"), ("gains and shifts", "weights, 2 N"),
    ("gains", "all weights"), ("gains and shifts", "all weights"),
)  # fmt: skip


@dataclass(frozen=True)
class Size:
    """How large the study is."""

    n: int = 64
    k: int = 8
    epochs: int = 80
    replicates: int = 5
    rates: tuple[float, ...] = (0.03, 0.1, 0.3, 1.0)
    windows: int = 2
    check_time: float = 300.0


@dataclass(frozen=True)
class Job:
    """One training."""

    kind: str
    replicate: int
    seed: int
    condition: Condition
    rate: float
    size: Size


def circuit(kind: str, replicate: int, n: int) -> workflows.Ensemble:
    """The networks of a kind; a replicate is a circuit, or the seed of a random network."""
    if kind == "random":
        return workflows.random_networks(n, 1.0, activation="tanh_positive")
    if kind == "fly":
        connectome = load("table", DATA / "flywire783_olfactory", mapping={
            "dataset": "flywire783_olfactory",
            "nodes": {"file": "nodes.csv.gz", "id": "root_id",
                      "labels": {"nt": "nt_filled", "group": "seed_group", "side": "hemisphere"}},
            "edges": {"file": "edges.csv.gz", "pre": "pre_root_id", "post": "post_root_id",
                      "count": "syn_count"},
        })  # fmt: skip
        parts = FLY
    else:
        connectome, parts = load("celegans", gap_junctions=False), WORM
    part = connectome.select(parts[replicate % len(parts)])
    return workflows.connectome_networks(part, 4.0, activation="tanh_positive")


def carry_out(job: Job) -> dict[str, Any]:
    """Train once, and measure independently."""
    ensemble = circuit(job.kind, job.replicate, job.size.n)
    numbers = {
        name: max(round(share * ensemble.n_neurons), 1)
        for name, share in (job.condition.per_neuron or {}).items()
    }
    study = workflows.train(
        ensemble, parameters=job.condition.parameters, numbers=numbers, target=[0.0],
        k=job.size.k, epochs=job.size.epochs, learning_rate=job.rate,
        free_signs=job.kind == "random", windows=job.size.windows, window=15.0, transient=50.0,
        warm_up=15.0, check_time=job.size.check_time, seed=job.seed, progress=False,
    )  # fmt: skip
    row = study.table.iloc[0].to_dict()
    return {
        "kind": job.kind, "replicate": job.replicate, "networks": ensemble.name,
        "condition": job.condition.name, "rate": job.rate, **row,
    }  # fmt: skip


def everything(jobs: list[Job], processes: int, say: Console) -> pd.DataFrame:
    """All jobs, in processes of their own; those that failed are missing, and said."""
    rows, begun = [], time.monotonic()
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        futures = {pool.submit(carry_out, job): job for job in jobs}
        for done, future in enumerate(as_completed(futures), 1):
            job = futures[future]
            try:
                rows.append(future.result())
            except Exception as err:  # a diverging training must not lose the others
                say.print(f"{job.kind}, {job.condition.name}, {job.rate:g}: {err}", style="red")
            passed = time.monotonic() - begun
            say.print(f"{done} of {len(jobs)} trainings, {passed / 60:.1f} min", style="dim")
    return pd.DataFrame(rows)


def best_rates(
    kinds: list[str], size: Size, processes: int, say: Console
) -> dict[tuple[str, str], float]:
    """The best learning rate of each condition, on networks that are not in the study.

    For few weights it is the largest of those tried; 3 was tried as well, and is not better.
    """
    if len(size.rates) == 1:
        return {(kind, c.name): size.rates[0] for kind in kinds for c in CONDITIONS}
    jobs = [
        Job(kind, 0, PILOT, condition, rate, size)
        for kind in kinds for condition in CONDITIONS for rate in size.rates
    ]  # fmt: skip
    found = everything(jobs, processes, say)
    best = found.loc[found.groupby(["kind", "condition"])["checked_after"].idxmin()]
    return {(row.kind, row.condition): float(row.rate) for row in best.itertuples()}


def study(connectome: str, size: Size, processes: int, say: Console) -> pd.DataFrame:
    """The trainings of the table."""
    kinds = ["random", connectome]
    rates = best_rates(kinds, size, processes, say)
    jobs = [
        Job(kind, i, i, condition, rates[kind, condition.name], size)
        for kind in kinds for condition in CONDITIONS for i in range(size.replicates)
    ]  # fmt: skip
    return everything(jobs, processes, say)


def table_of(found: pd.DataFrame, kind: str) -> Table:
    """Distances before and after, medians with their intervals over replicates."""
    rows = found[found["kind"] == kind]
    sizes = ", ".join(dict.fromkeys(rows.sort_values("replicate")["networks"]))
    table = Table(title=f"{kind}: {sizes}", title_justify="left")
    for heading in ("trained", "parameters", "rate", "before", "after: median, range", "left",
                    "confirmed"):  # fmt: skip
        table.add_column(heading, justify="left" if heading == "trained" else "right")
    for condition in CONDITIONS:
        own = rows[rows["condition"] == condition.name]
        before = median_interval(own["checked_before"].to_numpy())
        after = median_interval(own["checked_after"].to_numpy())
        left = np.median(own["checked_after"] / own["checked_before"])
        count = f"{own['parameters'].min()}"
        if own["parameters"].nunique() > 1:
            count += f" to {own['parameters'].max()}"
        table.add_row(
            condition.name, count, f"{own['rate'].iloc[0]:g}", f"{before.median:.3f}",
            f"{after.median:.3f} [{after.low:.3f}, {after.high:.3f}]", f"{left:.0%}",
            f"{int(own['confirmed'].sum())} of {len(own)}",
        )  # fmt: skip
    return table


def ratio(found: pd.DataFrame, kind: str, one: str, other: str) -> tuple[float, float, float]:
    """Geometric mean of distances of one over the other, by replicate, with a 95 % interval."""
    rows = found[found["kind"] == kind].pivot_table("checked_after", "replicate", "condition")
    logs = np.log(rows[one] / rows[other]).dropna().to_numpy()
    if logs.size < 2:
        return float(np.exp(logs.mean())), np.nan, np.nan
    half = student.ppf(0.975, logs.size - 1) * logs.std(ddof=1) / np.sqrt(logs.size)
    return tuple(float(np.exp(v)) for v in (logs.mean(), logs.mean() - half, logs.mean() + half))


def conclusions(found: pd.DataFrame, kind: str) -> list[str]:
    """What came out, as far as intervals allow."""
    said = []
    for one, other in COMPARED:
        middle, low, high = ratio(found, kind, one, other)
        if high < 1:
            verdict = "end nearer"
        elif low > 1:
            verdict = "end farther"
        else:
            verdict = "cannot be told apart"
        said.append(
            f"{kind}: {one} against {other}: {verdict}; ratio of distances {middle:.2f} "
            f"[{low:.2f}, {high:.2f}]"
        )
    return said


def main() -> None:
    """Run the study, print tables and what came out."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="small: shows that it works")
    parser.add_argument("--network", choices=["fly", "worm"], help="fly where its data are")
    parser.add_argument("--out", type=Path, help="write all rows to FOLDER/nrm_study.parquet")
    parser.add_argument("--processes", type=int, default=min(os.cpu_count() or 1, 2))
    options = parser.parse_args()
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = "1"  # of the processes that train
    size = Size()
    if options.quick:
        size = replace(size, n=12, k=2, epochs=1, replicates=2, rates=(0.1,), check_time=20.0)
    console = Console(width=120)
    there = (DATA / "flywire783_olfactory").is_dir()
    connectome = options.network or ("fly" if there else "worm")
    found = study(connectome, size, options.processes, Console(stderr=True))
    if options.out is not None:
        options.out.mkdir(parents=True, exist_ok=True)
        found.to_parquet(options.out / "nrm_study.parquet")
    kinds = list(dict.fromkeys(found["kind"]))
    for kind in kinds:
        console.print(table_of(found, kind))
    console.print("Ranges are those of all replicates, intervals of ratios 95 %.")
    settling = int((found["status"] == "transient").sum())
    console.print(
        f"{settling} of {len(found)} independent runs had not settled: near 0 it takes long."
    )
    for kind in kinds:
        for line in conclusions(found, kind):
            console.print(line)


if __name__ == "__main__":
    main()
