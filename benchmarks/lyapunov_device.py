"""The full spectrum of a large network on a GPU and on one core.

python -m benchmarks.lyapunov_device DEVICE N STEPS STEPS_OF_THE_CPU REPEATS RESULT.json
"""

from __future__ import annotations

import json
import os
import sys
import time
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from benchmarks.lyapunov_networks import DT, G
from neurobridge.analysis import lyapunov

TOLERANCE = 1e-8
ONE_CORE = "one core"


def main(device: str, n: str, steps: str, cpu_steps: str, repeats: str, result: str) -> None:
    """Check that both agree over the steps of the CPU, then measure them in turns."""
    import torch

    network = lyapunov.random_network(int(n), G)
    measure = partial(run, lyapunov.of_network(network, "map"))
    one_core = partial(measure, int(cpu_steps), device="cpu")
    on_device = partial(measure, device=device)
    expected, found = one_core(), on_device(int(cpu_steps))
    apart = float(np.abs(expected - found).max())
    if not apart <= TOLERANCE:
        raise AssertionError(f"exponents on {device} are off by {apart:.1e}")
    name = torch.cuda.get_device_name(device) if device.startswith("cuda") else device
    mixed = partial(on_device, int(steps), precision="mixed")
    mixed()
    sides = {
        ONE_CORE: (one_core, int(cpu_steps)),
        name: (partial(on_device, int(steps)), int(steps)),
        f"{name}, float32 tangents": (mixed, int(steps)),
    }
    taken: dict[str, list[float]] = {side: [] for side in sides}
    for _ in range(int(repeats)):
        for side, (call, done) in sides.items():
            start = time.perf_counter()
            call()
            taken[side].append(1000 * (time.perf_counter() - start) / (done * DT))
            print(f"  {side}: {taken[side][-1]:.3g} ms a tau", flush=True)
    told = {
        "n": int(n), "steps": int(steps), "apart": apart, "gpu": name, "cores": os.cpu_count(),
        "sides": {side: {"min": min(t), "median": median(t)} for side, t in taken.items()},
    }  # fmt: skip
    Path(result).write_text(json.dumps(told))


def run(system: Any, n_steps: int, *, device: str, precision: Any = "float64") -> np.ndarray:
    """All exponents of so many steps, from the first one on."""
    found = lyapunov.spectrum(
        system, "all", time=n_steps * DT, transient=0.0, warm_up=0.0, precision=precision,
        checks=False, progress=False, device=device,
    )  # fmt: skip
    return found.exponents


if __name__ == "__main__":
    main(*sys.argv[1:])
