"""A network with the size of the fly's brain: neurobridge beside what one could take instead."""

from __future__ import annotations

__all__ = ["background", "busy", "from_table", "sugar", "two_threads"]

import json
import subprocess
import sys
import venv
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from benchmarks.brain_input import DT, DURATION, STEPS, WORKLOADS, arrays_of, prepared
from benchmarks.measure import Measured, python
from benchmarks.memory import JOBS, edge_table
from benchmarks.prepare import DATA
from benchmarks.side_by_side import NATIVE, nestml_module
from neurobridge.recording import Recording, Spikes

FLYCNS = "flycns==0.7.0"
MODES = ("auto", "event", "dense")
ONE_THREAD = {"native": {"threads": 1}}
RUNS = 3
"""Runs of a process of neurobridge, which builds once."""


@dataclass(frozen=True)
class Side:
    """An engine: how it is started, how often at most, and whether it claims to be exact.

    One that is ``compiled`` is started once before, so that its machine code is in a cache.
    """

    start: Callable[..., Measured]
    repeats: int
    exact: bool = True
    compiled: bool = False


def sugar(scale: str, repeats: int) -> dict[str, Any]:
    """The drive of the example, on neurobridge and on its peers."""
    folder = prepared(scale)
    arrays = arrays_of(folder, "sugar")
    by_hand = partial(_by_hand, arrays)
    sides = {
        "neurobridge, native": Side(
            partial(_ours, folder, "sugar", ONE_THREAD), repeats, compiled=True
        ),
        "Brian2, C++ standalone": Side(partial(by_hand, "brian2_shiu.py"), repeats),
        "NEST, NESTML": Side(partial(by_hand, "nest_shiu.py", nestml_module()), 1),
        "torch, a loop": Side(partial(by_hand, "torch_shiu.py"), 1, exact=False),
    }
    flycns = flycns_python()
    if flycns:
        by_flycns = partial(by_hand, "flycns_shiu.py", interpreter=flycns)
        sides["flycns, NumPy"] = Side(partial(by_flycns, "LIFReference"), 1, exact=False)
    return _graph(folder) | _side_by_side("sugar", sides, repeats)


def background(scale: str, repeats: int) -> dict[str, Any]:
    """Kicks to every neuron at several rates: the two ways of the engine and its choice."""
    folder = prepared(scale)
    settings = {mode: {"mode": mode, "threads": 1} for mode in MODES}
    rows = {}
    for workload in WORKLOADS:
        row = _in_turns(folder, workload, settings, repeats)
        versions = row.pop("versions")
        rows[workload] = row
        took = ", ".join(f"{m} {s['min']['cpu_s']:.3f}" for m, s in row["sides"].items())
        print(f"  {workload}: {took} s CPU", flush=True)
    return _graph(folder) | {"rows": rows, "repeats": repeats, "versions": versions}


def busy(scale: str, repeats: int) -> dict[str, Any]:
    """Brian2 beside neurobridge where every neuron is kicked 5 times a second."""
    folder = prepared(scale)
    workload = "background-5"
    by_hand = partial(_by_hand, arrays_of(folder, workload))
    sides = {
        "neurobridge, native": Side(
            partial(_ours, folder, workload, ONE_THREAD), repeats, compiled=True
        ),
        "Brian2, C++ standalone": Side(partial(by_hand, "brian2_shiu.py"), repeats),
        "torch, a loop": Side(partial(by_hand, "torch_shiu.py"), 1, exact=False),
    }
    return _graph(folder) | _side_by_side(workload, sides, repeats)


def two_threads(scale: str, repeats: int) -> dict[str, Any]:
    """One thread and two, at 5 Hz: wall time, for which nothing else may run."""
    folder = prepared(scale)
    settings = {f"{k} thread{'s'[: k > 1]}": {"threads": k} for k in (1, 2)}
    found = _in_turns(folder, "background-5", settings, repeats)
    return _graph(folder) | found | {"repeats": repeats}


def from_table(repeats: int) -> dict[str, Any]:
    """From an edge table of 15 M rows to a network that runs."""
    job = (*JOBS, "running_from_table", edge_table())
    python(*job)  # its machine code is in a cache from now on
    runs = [python(*job) for _ in range(repeats)]
    phases, wall = ([r.told[key] for r in runs] for key in ("phases", "wall"))
    return {
        "n_edges": runs[0].told["n_edges"],
        "cpu": {name: min(p[name] for p in phases) for name in phases[0]},
        "wall": {name: min(p[name] for p in wall) for name in wall[0]},
        "cpu_s": min(r.cpu_s for r in runs), "wall_s": min(r.wall_s for r in runs),
        "peak_mb": min(r.peak_mb for r in runs), "repeats": repeats,
    }  # fmt: skip


def flycns_python() -> Path | None:
    """Python of an environment of its own with flycns; None where it cannot be installed."""
    folder = DATA / "flycns"
    python_there = folder / "bin" / "python"
    if not python_there.exists():
        venv.create(folder, with_pip=True)
    numpy_here = f"numpy=={np.__version__}"
    command = [str(python_there), "-m", "pip", "install", "--quiet", FLYCNS, numpy_here]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        print(f"  flycns cannot be installed: {done.stderr[-300:]}", flush=True)
        return None
    return python_there


def _ours(
    folder: Path, workload: str, settings: Mapping[str, Any], spikes: Path, runs: int = RUNS
) -> Measured:
    """A process that builds all sides once; they take turns."""
    return python(
        "-m", "benchmarks.brain_ours", folder, workload, str(DURATION), "native",
        json.dumps(settings), str(runs), spikes,
    )  # fmt: skip


def _in_turns(
    folder: Path, workload: str, settings: Mapping[str, Any], repeats: int
) -> dict[str, Any]:
    """Spikes of neurobridge, which are the same with all settings, and the times of each."""
    with TemporaryDirectory() as scratch:
        spikes = Path(scratch) / "spikes.npz"
        told = _ours(folder, workload, settings, spikes, RUNS * repeats).told
        found = _recording(spikes)
    return {
        "n_spikes": found.n_spikes, "hash": found.spike_hash, "versions": told["versions"],
        "sides": {name: _times(runs) for name, runs in told["runs"].items()},
    }  # fmt: skip


def _by_hand(
    arrays: Path, script: str, *first: str, spikes: Path, interpreter: str | Path = sys.executable
) -> Measured:
    return python(NATIVE / script, *first, arrays, str(DURATION), spikes, interpreter=interpreter)


def _side_by_side(workload: str, sides: Mapping[str, Side], repeats: int) -> dict[str, Any]:
    """All sides in turns; exact ones must give the same spikes, others say how many they share."""
    runs: dict[str, list[Measured]] = {name: [] for name in sides}
    found: dict[str, Recording] = {}
    with TemporaryDirectory() as scratch:
        spikes = Path(scratch) / "spikes.npz"
        for side in sides.values():
            if side.compiled:
                side.start(spikes=spikes)
        for turn in range(repeats):
            for name, side in sides.items():
                if turn >= side.repeats:
                    continue
                runs[name].append(side.start(spikes=spikes))
                found[name] = _recording(spikes)
                took = runs[name][-1].told["phases"]["run_s"]
                print(f"  {workload}, {name}: {took:.2f} s CPU", flush=True)
    reference = next(iter(found.values()))
    for name, recording in found.items():
        if sides[name].exact and recording.spike_hash != reference.spike_hash:
            raise AssertionError(
                f"{workload}: {name} has {recording.n_spikes:,} spikes, not the "
                f"{reference.n_spikes:,} of {next(iter(found))}, or others"
            )
    return {
        "n_spikes": reference.n_spikes, "hash": reference.spike_hash, "repeats": repeats,
        "versions": {k: v for m in runs.values() for k, v in m[0].told.get("versions", {}).items()},
        "sides": {
            name: _summary(measured) | {
                "n_spikes": found[name].n_spikes, "hash": found[name].spike_hash,
                "shared": _shared(found[name], reference), "exact": sides[name].exact,
            }
            for name, measured in runs.items()
        },
    }  # fmt: skip


def _summary(runs: list[Measured]) -> dict[str, Any]:
    """Build and run of all processes of a side; a process may have run several times."""
    each = [run for m in runs for run in _runs_of(m.told)]
    return {
        **_times(each), "build_s": min(m.told["phases"]["build_s"] for m in runs),
        "peak_mb": min(m.peak_mb for m in runs), "n_runs": len(each),
    }  # fmt: skip


def _runs_of(told: Mapping[str, Any]) -> list[dict[str, float]]:
    """Times of every run of a process with one side; a script by hand runs once."""
    if "runs" not in told:
        return [{"cpu_s": told["phases"]["run_s"], "wall_s": told["wall"]["run_s"]}]
    (runs,) = told["runs"].values()
    return list(runs)


def _times(runs: list[dict[str, float]]) -> dict[str, Any]:
    """Minimum and median of the CPU and wall times."""
    return {
        kind: {key: float(pick(r[key] for r in runs)) for key in ("cpu_s", "wall_s")}
        for kind, pick in (("min", min), ("median", median))
    }


def _recording(path: Path) -> Recording:
    """Spikes of a script as a recording, for its hash."""
    with np.load(path) as stored:
        step, neuron = stored["step"].astype(np.int64), stored["neuron"].astype(np.int32)
    order = np.lexsort((neuron, step))
    zeros = np.zeros(step.size, dtype=np.int32)
    size = int(neuron.max(initial=0)) + 1
    spikes = {"neurons": Spikes(step[order], neuron[order], zeros, DT, STEPS, size)}
    return Recording(spikes, {}, "", "", DT, DURATION, 0)


def _shared(one: Recording, other: Recording) -> int:
    """Spikes of the same neuron in the same step."""
    keys = [r.spikes["neurons"].step * 2**32 + r.spikes["neurons"].neuron for r in (one, other)]
    return int(np.intersect1d(*keys, assume_unique=True).size)


def _graph(folder: Path) -> dict[str, Any]:
    graph = folder / "graph"
    return {
        "n": int(np.load(graph / "n.npy")), "duration": DURATION,
        "n_edges": int(np.load(graph / "pre.npy", mmap_mode="r").size),
    }  # fmt: skip
