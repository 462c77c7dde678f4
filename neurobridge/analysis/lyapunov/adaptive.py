"""How many exponents the dimension and the entropy need."""

from __future__ import annotations

__all__ = ["enough", "more", "pilot"]

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from neurobridge.analysis.lyapunov.dimension import kaplan_yorke
from neurobridge.analysis.lyapunov.measure import Measured, measure
from neurobridge.analysis.lyapunov.plan import Plan
from neurobridge.analysis.lyapunov.settle import Settled
from neurobridge.analysis.lyapunov.statistics import jackknife
from neurobridge.analysis.lyapunov.system import System

PILOT = 20.0
"""A pilot takes one in so many parts of the time."""
GROWTH = 1.5


def pilot(system: System, plan: Plan, settled: Settled, progress: Callable[[float], None]) -> int:
    """A number of vectors with which the cumulative sum turns negative, from a short run.

    It grows until the sum does so with a margin. The measurement itself starts anew with so many.
    """
    length = plan.time / PILOT
    short = replace(plan, time=length, warm_up=min(plan.warm_up, length), error=None)
    k = min(system.size, max(8, system.size // 25))
    while k < system.size:
        found = np.sort(measure(system, short, settled, k, progress).blocks.mean(axis=0))[::-1]
        dimension = kaplan_yorke(found, system.size)
        if np.isfinite(dimension) and 1.1 * dimension + 2 <= k:
            return min(k, int(np.ceil(1.1 * dimension)) + 3)
        k = more(k, system.size)
    return system.size


def enough(measured: Measured, size: int) -> bool:
    """Whether the cumulative sum is negative in the end, beyond its error."""
    k = measured.blocks.shape[1]
    if k == size:
        return True
    total, error = jackknife(measured.blocks, lambda mean: float(mean.sum()))
    return total < -3 * error


def more(k: int, size: int) -> int:
    """The next number of vectors to try."""
    return min(size, int(np.ceil(GROWTH * k)) + 1)
