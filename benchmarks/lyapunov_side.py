"""A side of a comparison of Lyapunov spectra: a process that waits for its turn.

It computes exponents of one network, again and again, each time when it is told to, so that what it
compiles stays. It needs NumPy only, for it also runs where neurobridge is not installed.
"""

from __future__ import annotations

__all__ = ["Job", "Run", "serve"]

import json
import os
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Real = NDArray[np.float64]
Run = Callable[[int], tuple[int, Real]]
"""Of how many steps, if so many are asked for, and exponents (k,); always from the same start."""


@dataclass(frozen=True)
class Job:
    """What to compute.

    Parameters
    ----------
    coupling : float64 (N, N)
        J of ``dx/dt = -x + J tanh(x)``, post x pre; the map is an Euler step of it.
    start, before : float64 (N,)
        The state, and the one a step before it.
    frame : float64 (N, k)
        Orthonormal, to begin with; a side that cannot take it begins with unit vectors.
    dt : float
    precision : str
        ``float64``, ``float32`` for everything, or ``mixed`` for tangents in float32.
    every : int
        Steps from one QR factorisation to the next, where a side can choose.
    options : mapping
        What else a side understands.
    """

    coupling: Real
    start: Real
    before: Real
    frame: Real
    dt: float
    precision: str
    every: int
    options: Mapping[str, Any]

    @classmethod
    def read(cls, path: str) -> Job:
        """A job that was written as :meth:`benchmarks.lyapunov_turns.Side.job` tells it."""
        told = json.loads(Path(path).read_text())
        with np.load(told["network"]) as arrays:
            frame = np.ascontiguousarray(arrays["frame"][:, : told["k"]])
            return cls(
                arrays["coupling"], arrays["start"], arrays["before"], frame, told["dt"],
                told["precision"], told["every"], told["options"],
            )  # fmt: skip


def serve(name: str, make: Callable[[Job], Run], job: str) -> None:
    """Prepare a side, then run as often and as many steps as the lines of the input say."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what a library prints is no answer

    def answer(**told: Any) -> None:
        answers.write(json.dumps(told) + "\n")
        answers.flush()

    on_one_core()
    try:
        run = make(Job.read(job))
    except ModuleNotFoundError as error:
        answer(missing=f"{name}: {error.name} is not installed")
        return
    answer(version=_version(name))
    for line in sys.stdin:
        cpu, wall = time.process_time(), time.perf_counter()
        steps, exponents = run(int(line))
        took = {"cpu_s": time.process_time() - cpu, "wall_s": time.perf_counter() - wall}
        answer(**took, steps=steps, exponents=np.sort(exponents.astype(np.float64))[::-1].tolist())


def on_one_core() -> None:
    """Keep to the first core, where the system can: pools of threads are then of one."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})


def _version(name: str) -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(name)
    except PackageNotFoundError:
        return ""
