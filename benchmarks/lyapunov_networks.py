"""Random networks on their attractor, saved for all sides of a comparison."""

from __future__ import annotations

__all__ = ["DT", "G", "network"]

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.measure import ROOT

DATA = ROOT / "benchmarks" / "results" / "data"
G, DT, TRANSIENT = 3.0, 0.1, 1000
"""Gain; step of the Euler map in units of tau; steps from a random state to the attractor."""


def network(n: int, density: float = 1.0, seed: int = 0) -> Path:
    """Made on first use: coupling, a state on the attractor, the one before it, and a frame.

    The frame is the one with which neurobridge begins; rivals that can begin with it, too.
    """
    path = DATA / f"tanh-{n}-{density:g}-{seed}.npz"
    if not path.exists():
        DATA.mkdir(parents=True, exist_ok=True)
        np.savez(path, **_drawn(n, density, seed))
    return path


def _drawn(n: int, density: float, seed: int) -> dict[str, NDArray[np.float64]]:
    from neurobridge.analysis.lyapunov import random_matrix
    from neurobridge.analysis.lyapunov.directions import initial_frame

    coupling = random_matrix(n, G, density=density, seed=seed)
    state = np.random.default_rng(seed).standard_normal(n)
    for _ in range(TRANSIENT):
        before = state
        state = (1 - DT) * state + DT * (coupling @ np.tanh(state))
    frame = initial_frame(n, n, seed=0)
    return {"coupling": coupling, "start": state, "before": before, "frame": frame}
