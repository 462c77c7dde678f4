"""CPU time, wall time and memory of scripts, each in a process of its own."""

from __future__ import annotations

__all__ = ["Measured", "interleaved", "python"]

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Measured:
    """One run of a script.

    Parameters
    ----------
    cpu_s, wall_s : float
        Of the process with everything that it started; CPU is user and system time.
    peak_mb : float
        Largest resident memory of the process, or of one that it started.
    told : dict
        What the script wrote as its result.
    """

    cpu_s: float
    wall_s: float
    peak_mb: float
    told: dict[str, Any]


def python(*arguments: str | Path, interpreter: str | Path = sys.executable) -> Measured:
    """Run ``python ARGUMENTS RESULT.json`` and wait for it.

    The parent must stay small: Linux counts its memory into the peak of a child.

    Raises
    ------
    RuntimeError
        If the script fails.
    """
    with tempfile.TemporaryDirectory() as scratch:
        result, output = Path(scratch) / "result.json", Path(scratch) / "output.txt"
        command = [str(interpreter), *map(str, arguments), str(result)]
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYNEST_QUIET": "1"}
        with output.open("w") as said:
            start = time.perf_counter()
            child = subprocess.Popen(
                command, stdout=said, stderr=subprocess.STDOUT, env=environment, cwd=scratch
            )
            _, status, usage = os.wait4(child.pid, 0)
            wall = time.perf_counter() - start
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode:
            raise RuntimeError(f"{' '.join(command)}:\n{output.read_text()[-3000:]}")
        told = json.loads(result.read_text())
    return Measured(usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss / 1024, told)


def interleaved(
    rivals: Mapping[str, Callable[[], Measured]], repeats: int
) -> dict[str, dict[str, Any]]:
    """Run rivals A, B, A, B, ...; returns for each what :func:`summary` makes of its runs."""
    runs: dict[str, list[Measured]] = {name: [] for name in rivals}
    for _ in range(repeats):
        for name, start in rivals.items():
            runs[name].append(start())
            print(f"  {name}: {runs[name][-1].cpu_s:.2f} s CPU", flush=True)
    return {name: summary(found) for name, found in runs.items()}


def summary(runs: Sequence[Measured]) -> dict[str, Any]:
    """All runs, with minimum and median of every number."""
    numbers = [{"cpu_s": r.cpu_s, "wall_s": r.wall_s, **r.told.get("phases", {})} for r in runs]
    return {
        "runs": [asdict(r) for r in runs],
        "min": {key: min(n[key] for n in numbers) for key in numbers[0]},
        "median": {key: median(n[key] for n in numbers) for key in numbers[0]},
        "peak_mb": min(r.peak_mb for r in runs),
    }
