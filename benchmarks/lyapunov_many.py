"""Spectra of many networks on two cores, beside that of one.

python -m benchmarks.lyapunov_many N STEPS REPEATS RESULT.json
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from benchmarks.lyapunov_networks import DT, G
from neurobridge.analysis import lyapunov

NETWORKS, CORES = 16, 2


def main(n: str, steps: str, repeats: str, result: str) -> None:
    """Measure one, all on one core, and all on two, in turns."""
    systems = [
        lyapunov.of_network(lyapunov.random_network(int(n), G, seed=seed), "map")
        for seed in range(NETWORKS)
    ]
    options: dict[str, Any] = {"time": int(steps) * DT, "transient": 10.0, "warm_up": 10.0}

    def spectra(count: int, cores: int) -> list[np.ndarray]:
        found = lyapunov.spectra(systems[:count], threads=cores, progress=False, **options)
        return [one.exponents for one in found]

    sides: dict[str, Callable[[], list[np.ndarray]]] = {
        "one network": lambda: spectra(1, 1),
        f"{NETWORKS} networks, one thread": lambda: spectra(NETWORKS, 1),
        f"{NETWORKS} networks, {CORES} threads": lambda: spectra(NETWORKS, CORES),
    }
    first, alone, together = (call() for call in sides.values())  # compiles
    if not np.array_equal(alone, together) or not np.array_equal(first[0], alone[0]):
        raise AssertionError("exponents depend on the number of networks or threads")
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in sides}
    for _ in range(int(repeats)):
        for name, call in sides.items():
            wall, cpu = time.perf_counter(), time.process_time()
            call()
            taken[name].append((time.perf_counter() - wall, time.process_time() - cpu))
            print(f"  {name}: {taken[name][-1][0]:.3f} s", flush=True)
    found = {
        name: {"min": min(w), "median": median(w), "cpu": min(c)}
        for name, (w, c) in ((name, zip(*t, strict=True)) for name, t in taken.items())
    }
    Path(result).write_text(json.dumps({"n": int(n), "steps": int(steps), "sides": found}))


if __name__ == "__main__":
    main(*sys.argv[1:])
