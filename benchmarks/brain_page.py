"""The part of the page on networks with the size of the fly's brain."""

from __future__ import annotations

__all__ = ["brain_page"]

from collections.abc import Mapping
from typing import Any

from benchmarks.brain_input import DURATION, STEPS
from benchmarks.machine import measured_on
from benchmarks.prepare import LIKE
from benchmarks.table import goal, seconds, table
from neurobridge.connectome.synthetic import SHAPES

Found = Mapping[str, Any]

PACKAGES = ("numpy", "Brian2", "nest-simulator", "nestml", "torch", "numba")

_HEAD = """\
## A network with the size of the fly's brain

{n:,} leaky neurons (the fly model of Shiu et al. 2024), {n_edges:,} edges, steps of 0.1 ms:
`examples/whole_fly_like.yaml`, a random graph with the degrees and synapse counts of FlyWire 783.
Events are drawn once and read by all; a run is {duration:g} ms, {steps:,} steps. *Run* is CPU time
of the simulation alone, on one thread; that of neurobridge contains the lowering of the input and
the sorting of all spikes. *Build* is CPU time from arrays to a network that is ready, with the
compiler of Brian2; the C++ of NEST's model and the machine code of `native` were compiled before.
Exact engines give the same spikes (`hash`), or there would be no table. The same file on a GPU,
through brian2cuda, has not been run.
"""

_SUGAR = """\
### Sparse: 420 neurons driven at 37 Hz

{n_spikes:,} spikes, hash `{hash}`. *Shared* are spikes of the same neuron in the same step; torch
computes in float32, and flycns keeps another schedule, in which two kicks in neighbouring steps are
one.
"""

_BUSY = """\
### Busy: every neuron kicked 5 times a second

{n_spikes:,} spikes, hash `{hash}`.
"""

_BACKGROUND = """\
### The two ways of the engine, and its choice

Seconds of CPU for {duration:g} ms, on one thread. *event* computes a neuron when something arrives,
*dense* all neurons in all steps, *auto* is the default and changes between them as it runs. Kicks
reach every neuron at the rate that is given.
"""

_THREADS = """\
### Two threads

Every neuron kicked 5 times a second, {n_spikes:,} spikes, the same with both. Wall time, for which
nothing else may run; the load during the measurement was {load:.1f} processes.
"""

_TABLE = """\
### From an edge table to a running network

A Parquet file with {n_edges:,} rows of ids with 18 digits, in random order. The whole process,
Python and imports included; files are in the page cache.
"""

LIMITS = {"background-0.5": 0.25, "background-5": 1.6}
"""CPU seconds of `auto`, at most."""
TIMES = {"Brian2, C++ standalone": 20.0, "flycns, NumPy": 50.0}
"""How many times as long a peer must take, at least."""
ABSOLUTE = 0.1
CHOICE = 1.15
THREADS = 1.6
TABLE_S, TABLE_MB = 6.0, 1000.0


def brain_page(results: Mapping[str, Found]) -> str:
    """What is there of it; empty if nothing is."""
    found = {n.split("-")[1]: r for n, r in results.items() if n.startswith("brain-")}
    if not found:
        return ""
    shape = SHAPES[LIKE["15M"]]
    head = _HEAD.format(n=shape.n, n_edges=shape.n_edges, duration=DURATION, steps=STEPS)
    return "\n".join([head, *(_PARTS[name](r) for name, r in found.items())])


def _sugar(found: Found) -> str:
    took = found["sides"]["neurobridge, native"]["min"]["cpu_s"] * 1000 / found["duration"]
    absolute = f"CPU seconds of neurobridge for a simulated one: {goal(took, ABSOLUTE)}."
    return _joined(_SUGAR.format(**found), _sides(found, TIMES), absolute, _note(found))


def _busy(found: Found) -> str:
    return _joined(_BUSY.format(**found), _sides(found, {}), _note(found))


def _sides(found: Found, goals: Mapping[str, float]) -> str:
    ours = next(iter(found["sides"].values()))
    rows = []
    for name, side in found["sides"].items():
        times = [side[k]["cpu_s"] / ours[k]["cpu_s"] for k in ("min", "median")]
        least = goals.get(name)
        rows.append(
            [
                name, seconds(side["build_s"]), f"{side['min']['cpu_s']:.3g}",
                f"{side['median']['cpu_s']:.3g}", str(side["n_runs"]),
                "" if side is ours else f"{times[0]:.1f} ({times[1]:.1f})",
                goal(times[0], least, at_least=True) if least else "",
                f"{side['peak_mb']:,.0f}", f"{side['n_spikes']:,}",
                "the same" if side["hash"] == found["hash"] else f"{side['shared']:,} shared",
            ]
        )  # fmt: skip
    head = [
        "", "build", "run, minimum", "median", "runs", "times as long (medians)", "goal",
        "peak MB", "spikes", "which",
    ]  # fmt: skip
    return table(head, rows)


def _background(found: Found) -> str:
    rows = []
    for workload, row in found["rows"].items():
        took = {mode: side["min"]["cpu_s"] for mode, side in row["sides"].items()}
        better = min(took["event"], took["dense"])
        kind, _, rate = workload.partition("-")
        limit = LIMITS.get(workload)
        rows.append(
            [
                f"{rate} Hz" if rate else kind, f"{row['n_spikes']:,}", f"`{row['hash']}`",
                *(f"{took[mode]:.3f}" for mode in ("event", "dense", "auto")),
                goal(took["auto"] / better, CHOICE), goal(took["auto"], limit) if limit else "",
            ]
        )  # fmt: skip
    head = ["", "spikes", "hash", "event", "dense", "auto", "auto over the better", "goal of auto"]
    return _joined(_BACKGROUND.format(**found), table(head, rows), _note(found))


def _threads(found: Found) -> str:
    one, two = found["sides"].values()
    rows = [
        [name, seconds(side["min"]["wall_s"]), seconds(side["median"]["wall_s"]),
         seconds(side["min"]["cpu_s"])]
        for name, side in found["sides"].items()
    ]  # fmt: skip
    faster = one["min"]["wall_s"] / two["min"]["wall_s"]
    told = f"Two threads are {goal(faster, THREADS, at_least=True)} times as fast."
    head = ["", "wall s, minimum", "median", "CPU s"]
    return _joined(_THREADS.format(**found), table(head, rows), told, _note(found))


def _table(found: Found) -> str:
    wall = {name: seconds(took) for name, took in found["wall"].items()}
    wall["import"] = ""  # the clock of wall time starts in Python
    rows = [[name, seconds(took), wall[name]] for name, took in found["cpu"].items()]
    rows.append(["all", goal(found["cpu_s"], TABLE_S), seconds(found["wall_s"])])
    told = f"Peak memory: {goal(found['peak_mb'], TABLE_MB)} MB."
    parts = [_TABLE.format(**found), table(["", "CPU s", "wall s"], rows), told, _note(found)]
    return _joined(*parts)


_PARTS = {
    "sugar": _sugar, "busy": _busy, "background": _background, "threads": _threads,
    "table": _table,
}  # fmt: skip


def _joined(*parts: str) -> str:
    return "\n".join(part if part.endswith("\n") else f"{part}\n" for part in parts)


def _note(found: Found) -> str:
    flycns = found.get("versions", {}).get("flycns")
    and_flycns = f", flycns {flycns}" if flycns else ""
    return f"{measured_on(found, PACKAGES)}{and_flycns}; load {found['load']:.1f} processes."
