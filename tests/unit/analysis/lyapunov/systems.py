"""Systems whose exponents are known."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from neurobridge.analysis import lyapunov


def lorenz() -> lyapunov.DeclaredSystem:
    """Lorenz (1963): 0.9056, 0, -14.5723 (Sprott 2003, Chaos and Time-Series Analysis)."""
    return lyapunov.equations(
        "dx/dt = sigma*(y - x); dy/dt = x*(rho - z) - y; dz/dt = x*y - beta*z",
        {"sigma": 10.0, "rho": 28.0, "beta": 8 / 3},
        {"x": 1.0, "y": 1.0, "z": 20.0},
    )


def roessler() -> lyapunov.DeclaredSystem:
    """Roessler (1976) with 0.2, 0.2, 5.7: 0.0714, 0, -5.394 (Sprott 2003)."""
    return lyapunov.equations(
        "dx/dt = -y - z; dy/dt = x + a*y; dz/dt = b + z*(x - c)",
        {"a": 0.2, "b": 0.2, "c": 5.7},
        {"x": 1.0, "y": 1.0, "z": 0.0},
        dt=0.05,
    )


def henon() -> lyapunov.DeclaredSystem:
    """Henon (1976): 0.41922, -1.62319, the sum is ln 0.3 (Sprott 2003)."""
    return lyapunov.equations(
        "x' = 1 - a*x**2 + y; y' = b*x", {"a": 1.4, "b": 0.3}, {"x": 0.1, "y": 0.1}
    )


def lorenz_96(n: int = 40, forcing: float = 8.0) -> lyapunov.System:
    """Lorenz (1996), with its derivative written by hand."""

    def value(x: NDArray[np.float64]) -> NDArray[np.float64]:
        return (np.roll(x, -1) - np.roll(x, 2)) * np.roll(x, 1) - x + forcing

    def jvp(x: NDArray[np.float64], v: NDArray[np.float64]) -> NDArray[np.float64]:
        ahead, behind = np.roll(x, -1) - np.roll(x, 2), np.roll(x, 1)
        moved = np.roll(v, -1, axis=0) - np.roll(v, 2, axis=0)
        made: NDArray[np.float64] = moved * behind[:, None] + ahead[:, None] * np.roll(v, 1, 0) - v
        return made

    start = np.full(n, forcing)
    start[0] += 0.01
    return lyapunov.function(value, start, jvp=jvp, dt=0.05)
