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
        measured = measure(system, short, settled, k, progress)
        wanted = [_wanted(m, system.size) for m in measured.members()]
        if max(wanted) <= k:
            return min(k, int(max(wanted)) + 1)
        k = more(k, system.size)
    return system.size


def _wanted(measured: Measured, size: int) -> float:
    """Vectors beyond the dimension with a margin; infinite if it is not known yet."""
    dimension = kaplan_yorke(measured.blocks.mean(axis=0), size)
    return float(np.ceil(1.1 * dimension)) + 2 if np.isfinite(dimension) else np.inf


def enough(measured: Measured, size: int) -> bool:
    """Whether the cumulative sum of each is negative in the end, beyond its error."""
    k = measured.blocks.shape[-1]
    return k == size or all(_turns_negative(m) for m in measured.members())


def _turns_negative(measured: Measured) -> bool:
    total, error = jackknife(measured.blocks, lambda mean: float(mean.sum()))
    return total < -3 * error


def more(k: int, size: int) -> int:
    """The next number of vectors to try."""
    return min(size, int(np.ceil(GROWTH * k)) + 1)
