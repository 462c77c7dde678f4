"""The part of the page on training in torch."""

from __future__ import annotations

__all__ = ["training_page"]

from collections.abc import Mapping
from typing import Any

from benchmarks.machine import note
from benchmarks.table import table

Found = Mapping[str, Any]

_HEAD = """\
## Training in torch

Rivals take turns in one process, on one thread of the CPU (CPU time) or on a GPU (wall time until
it is idle). Before anything is measured they must give the same outputs and gradients. *Times as
long* is the rival's time over that of neurobridge. neurobridge is used as users train: a
`TrainableNetwork` in float32, gradients of all weights, no optimiser.
"""

_RATES = """\
### A rate network, on {device}

256 rectified units in Euler steps, all to all, 8 inputs, 2 outputs, 100 steps, 64 runs. The network
of nn4n is the same one: outputs and gradients differ by {apart:.0e} of the largest. `torch.nn.RNN`
is not: it has no leak and no time constant, and is here as the limit of what one could hope for.
"""

_SPIKES = """\
### A sparse spiking network, on {device}

2,000 leaky neurons, 5 % of all edges, {steps} steps, 32 runs, {percent:.1f} % of the neurons spike
in a step. All three compute the same: in float64 spikes and gradients are equal over 25 steps.
snnTorch's recurrent layer is all to all and trains every entry of its matrix, 20 times as many as
exist; masking them would come on top. Inference is the same without gradients.
"""

_BRAIN = """\
### A network with the size of a fly brain, on {device}

{n:,} leaky neurons with exponential currents, {n_edges:,} edges, each with a weight of its own,
{steps} steps of 1 ms, {batch} runs, checkpoints every {checkpoint_every} steps, {percent:.1f} % of
the neurons spike in a step. A training step is forward, backward and Adam. For comparison, the
gradient of a sparse tensor of torch would be a matrix of {matrix_gb:.0f} GB.
"""

PACKAGES = ("numpy", "torch", "numba", "nn4n", "snntorch")

TARGETS = {
    ("rates", "nn4n"): 1.15,
    ("rates", "torch.nn.RNN"): 1 / 1.05,
    ("training", "dense loop"): 3.5,
    ("training", "snnTorch"): 6.0,
    ("inference", "dense loop"): 8.0,
}
"""How many times as long the rival must take, at least."""


def training_page(results: Mapping[str, Found]) -> str:
    """What is there of it; empty if nothing is."""
    parts = [_part(name, found) for name, found in results.items() if name.startswith("train-")]
    return "\n".join([_HEAD, *parts]) if parts else ""


def _part(name: str, found: Found) -> str:
    kind = name.split("-")[1]
    where = {"device": found.get("gpu", "the CPU") if found["device"] != "cpu" else "the CPU"}
    write = {"rates": _rates, "spikes": _spikes, "brain": _brain}[kind]
    return f"{write({**found, **where})}\n{note(found, PACKAGES)}"


def _rates(found: Found) -> str:
    return f"{_RATES.format(**found)}\n" + table(
        ["", "ms a step, minimum", "median", *TIMES], _turns("rates", found["sides"])
    )


def _spikes(found: Found) -> str:
    percent = 100 * found["rate"]
    rows: list[list[str]] = []
    for job in ("training", "inference"):
        turns = _turns(job, found[job], per=found["steps"])
        rows += [[job if row[0] == "neurobridge" else "", *row] for row in turns]
    head = ["", "", "ms a time step, minimum", "median", *TIMES]
    return f"{_SPIKES.format(**found, percent=percent)}\n{table(head, rows)}"


TIMES = ("times as long, minima", "medians", "target")


def _turns(job: str, sides: Mapping[str, Mapping[str, float]], per: int = 1) -> list[list[str]]:
    ours = sides["neurobridge"]
    rows = []
    for name, took in sides.items():
        cells = [f"{1000 * took[kind] / per:.3g}" for kind in ("min", "median")]
        if name == "neurobridge":
            rows.append([name, *cells, "", "", ""])
            continue
        times = [took[kind] / ours[kind] for kind in ("min", "median")]
        target = TARGETS.get((job, name))
        told = f"at least {target:.2f}: {_met(times, target)}" if target else "-"
        rows.append([name, *cells, *(f"{t:.2f}" for t in times), told])
    return rows


def _met(times: list[float], target: float) -> str:
    """By both, by the median only, or not."""
    if min(times) >= target:
        return "met"
    return "met by one of both" if max(times) >= target else "missed"


def _brain(found: Found) -> str:
    rows = [
        ["s of a training step", f"{found['step_s']:.1f}", "-"],
        ["s of the first one, with compilation", f"{found['first_s']:.1f}", "-"],
        ["peak memory of the process, MB", f"{found['peak_mb']:,.0f}", "at most 24,000"],
    ]
    if "gpu_mb" in found:
        rows.append(["peak memory of the GPU, MB", f"{found['gpu_mb']:,.0f}", "at most 24,000"])
    more = {"matrix_gb": 4 * found["n"] ** 2 / 1e9, "percent": 100 * found["rate"]}
    return f"{_BRAIN.format(**found, **more)}\n{table(['', '', 'target'], rows)}"
