"""Sides of a comparison of Lyapunov spectra that take turns, each in a process of its own."""

from __future__ import annotations

__all__ = ["Side", "compare"]

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from benchmarks.lyapunov_networks import DT
from benchmarks.lyapunov_rivals import engelken
from benchmarks.lyapunov_side import Job, Real
from benchmarks.measure import ROOT

SHORT, FEW = 200, 10
"""Steps over which rounding does not separate trajectories, and of a call that costs what any
call costs."""

TOLERANCE = {"float64": 1e-9, "float32": 1e-4, "mixed": 1e-4}
"""How far exponents may be from those of the reference over the short time."""

OTHER_PYTHON = "LYAPUNOV_RIVALS"
"""Environment variable with the Python of an environment that has the rivals."""


@dataclass(frozen=True)
class Side:
    """One way to compute exponents.

    Parameters
    ----------
    name : str
        As on the page.
    module, argument : str
        ``python -m MODULE ARGUMENT JOB`` waits for its turns; see :mod:`benchmarks.lyapunov_side`.
    network : Path
        See :func:`benchmarks.lyapunov_networks.network`.
    k, steps : int
        Exponents, and steps of a run that is measured.
    precision : {"float64", "float32", "mixed"}
    every : int
        Steps from one QR factorisation to the next.
    elsewhere : bool
        Whether it is run by the Python of the rivals.
    units : bool
        Whether it begins with unit vectors, and not with the frame of the network.
    retraces : bool
        Whether every call compiles again, for which its time is then not counted.
    """

    name: str
    module: str
    argument: str
    network: Path
    k: int
    steps: int
    precision: str = "float64"
    every: int = 10
    elsewhere: bool = False
    units: bool = False
    retraces: bool = False
    options: Mapping[str, Any] = field(default_factory=dict)

    def job(self) -> dict[str, Any]:
        """What :meth:`benchmarks.lyapunov_side.Job.read` reads."""
        return {
            "network": str(self.network), "k": self.k, "dt": DT, "precision": self.precision,
            "every": self.every, "options": dict(self.options),
        }  # fmt: skip


class Waiting:
    """A side that is prepared and waits for its turn."""

    def __init__(self, process: subprocess.Popen[str], said: Path) -> None:
        self.process, self.said = process, said
        self.told = self._answer()

    def run(self, n_steps: int) -> dict[str, Any]:
        """So many steps: seconds, and exponents."""
        assert self.process.stdin
        self.process.stdin.write(f"{n_steps}\n")
        self.process.stdin.flush()
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        assert self.process.stdout
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"a side ended:\n{self.said.read_text()[-3000:]}")
        told: dict[str, Any] = json.loads(line)
        return told


@contextmanager
def waiting(side: Side) -> Iterator[Waiting]:
    """A process that is prepared, and is told to end at the close."""
    with tempfile.TemporaryDirectory() as scratch:
        job, said = Path(scratch) / "job.json", Path(scratch) / "said.txt"
        job.write_text(json.dumps(side.job()))
        interpreter = os.environ.get(OTHER_PYTHON, sys.executable)
        command = [interpreter if side.elsewhere else sys.executable, "-m"]
        one = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
        with said.open("w") as errors:
            process = subprocess.Popen(
                [*command, side.module, side.argument, str(job)], text=True, cwd=scratch,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors,
                env={**os.environ, **one, "PYTHONPATH": str(ROOT)},
            )  # fmt: skip
            try:
                yield Waiting(process, said)
            finally:
                process.communicate()


def compare(sides: Sequence[Side], repeats: int) -> dict[str, dict[str, Any]]:
    """Check every side against the reference over a short time, then measure all in turns.

    Raises
    ------
    AssertionError
        If the exponents of a side are not those of the reference.
    """
    found: dict[str, dict[str, Any]] = {}
    with ExitStack() as stack:
        ready = {side.name: stack.enter_context(waiting(side)) for side in sides}
        for side in sides:
            process = ready[side.name]
            if "missing" in process.told:
                found[side.name] = process.told
                print(f"  {process.told['missing']}", flush=True)
            else:
                found[side.name] = {"version": process.told["version"], **_begun(side, process)}
        for _ in range(repeats):
            for side in sides:
                if "missing" in found[side.name]:
                    continue
                told = ready[side.name].run(side.steps)
                kept = {t: told[t] for t in ("cpu_s", "wall_s", "steps")}
                found[side.name]["runs"].append(kept)
                print(f"  {side.name}: {told['cpu_s']:.3f} s CPU", flush=True)
    return {side.name: _summary(side, found[side.name]) for side in sides}


def _begun(side: Side, process: Waiting) -> dict[str, Any]:
    """Right over a short time, and all compiled."""
    apart = _apart(side, process.run(SHORT))
    first = process.run(side.steps)["cpu_s"]
    process.run(FEW)
    return {"apart": apart, "first_s": first, "fixed_s": process.run(FEW)["cpu_s"], "runs": []}


def _apart(side: Side, told: Mapping[str, Any]) -> float:
    """Largest difference from the reference, which begins with the same frame.

    Of fewer exponents than the side was to find, those that the dimension needs are compared.
    """
    expected = _reference(side.network, side.k, side.units, told["steps"])
    found = np.array(told["exponents"])
    needed = int(np.argmax(np.cumsum(expected) < 0)) + 1 if found.size < side.k else side.k
    apart = float(np.abs(found - expected[: found.size])[:needed].max())
    if not apart <= TOLERANCE[side.precision]:
        raise AssertionError(f"exponents of {side.name} are off by {apart:.1e}")
    return apart


@cache
def _reference(network: Path, k: int, units: bool, n_steps: int) -> Real:
    """Exponents by Householder every five steps with the dense Jacobian, in float64."""
    with np.load(network) as a:
        frame = np.eye(*a["frame"].shape) if units else a["frame"]
        job = Job(a["coupling"], a["start"], a["before"], frame[:, :k], DT, "float64", 5, {})
    return np.sort(engelken(job)(n_steps)[1])[::-1]


def _summary(side: Side, found: Mapping[str, Any]) -> dict[str, Any]:
    """With CPU time in ms per unit of time tau."""
    if "missing" in found:
        return dict(found)
    free = found["fixed_s"] if side.retraces else 0.0
    took = [1000 * (run["cpu_s"] - free) / (run["steps"] * DT) for run in found["runs"]]
    return {**found, "min": min(took), "median": median(took), "max": max(took)}
