"""Exponents block by block, until the time is over or the error is small enough."""

from __future__ import annotations

__all__ = ["Measured", "measure"]

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from neurobridge.analysis.lyapunov.plan import Plan
from neurobridge.analysis.lyapunov.renormaliser import Renormaliser
from neurobridge.analysis.lyapunov.settle import Settled, refuse_growth, told
from neurobridge.analysis.lyapunov.statistics import block_errors
from neurobridge.analysis.lyapunov.system import DivergedError, Real, System

BLOCKS = 64
"""Blocks of a run, or a half, a quarter or an eighth of them, so that all take the same time."""
FEWEST = 16
"""Blocks that an error must be from before it ends a run."""
LONGEST_STRETCH = 256
FEWEST_BLOCKS = 8
SHORTEST = 2
"""Intervals between renormalisations of a block, unless too few blocks were left then."""
INTERVALS = 4
"""Intervals between renormalisations of the first blocks, if an error is the goal."""


@dataclass(frozen=True)
class Measured:
    """What a run gave.

    Parameters
    ----------
    blocks : float64 array (B, k)
        Mean exponents of each block, in the order of the frame.
    block_time : float
    divergence : float
        Mean trace of the Jacobian, NaN if it is not known.
    converged : bool
        Whether the error that was asked for was reached.
    state, earlier : float64 array (N,)
        The last state, and that at the beginning of the measurement.
    renormalisations, redone, interval : int

    For several systems at once, arrays have an axis more: blocks (B, S, k), divergence (S,), states
    (S, N); see :meth:`members`.
    """

    blocks: Real
    block_time: float
    divergence: Any
    converged: bool
    state: Real
    earlier: Real
    renormalisations: int
    redone: int
    interval: int

    def members(self) -> list[Measured]:
        """What was measured of each system."""
        if self.blocks.ndim == 2:
            return [self]
        return [
            replace(
                self, blocks=self.blocks[:, i], divergence=float(self.divergence[i]),
                state=self.state[i], earlier=self.earlier[i],
            )
            for i in range(self.blocks.shape[1])
        ]  # fmt: skip


def measure(
    system: System, plan: Plan, settled: Settled, k: int, progress: Callable[[float], None]
) -> Measured:
    """Let the frame settle, then measure.

    Raises
    ------
    DivergedError
        If the trajectory does not stay finite.
    """
    dt = settled.dt
    propagator = system.propagator(k, dt, plan.method, plan.precision)
    propagator.begin(settled.state, system.directions(k, plan.seed))
    carrier = Renormaliser(propagator, dt, plan.kind(k, system.size), plan.precision, plan.interval)
    try:
        _warm_up(carrier, round(plan.warm_up / dt), progress)
        earlier, first, trace = propagator.state(), propagator.step, propagator.divergence
        blocks, length, converged = _blocks(carrier, plan, dt, progress)
    except DivergedError as err:
        raise told(err, system, plan.method, dt) from None
    refuse_growth(system, settled.state, propagator.state(), propagator.step * dt)
    return Measured(
        blocks, length * dt, (propagator.divergence - trace) / (propagator.step - first), converged,
        propagator.state(), earlier, carrier.count, carrier.redone, carrier.interval,
    )  # fmt: skip


def _warm_up(carrier: Renormaliser, n_steps: int, progress: Callable[[float], None]) -> None:
    """In stretches that begin short, for nothing is known of the spread of exponents yet."""
    left, stretch = n_steps, 1
    while left:
        steps = min(stretch, left)
        carrier.advance(steps)
        progress(steps * carrier.dt)
        left, stretch = left - steps, min(2 * stretch, LONGEST_STRETCH)


def _blocks(
    carrier: Renormaliser, plan: Plan, dt: float, progress: Callable[[float], None]
) -> tuple[Real, int, bool]:
    """Block means, steps of a block, and whether the error was reached."""
    n_steps = max(round(plan.time / dt), 2)
    if plan.error is None and plan.blocks is None and n_steps >= 10 * BLOCKS:
        n_steps += -n_steps % BLOCKS
    length = _first_length(carrier, plan, n_steps)
    rows: list[Real] = []
    done = 0
    while done < n_steps:
        rows.append(carrier.advance(length) / (length * dt))
        done += length
        progress(length * dt)
        if plan.error is None:
            continue
        if len(rows) >= FEWEST and _error(rows) <= plan.error:
            return np.array(rows), length, True
        if len(rows) == 2 * BLOCKS:
            rows = [(a + b) / 2 for a, b in zip(rows[::2], rows[1::2], strict=True)]
            length *= 2
    return np.array(rows), length, False


def _first_length(carrier: Renormaliser, plan: Plan, n_steps: int) -> int:
    """Steps of a block: a share of the time, or as short as is worth it if an error is the goal."""
    if plan.error is not None:
        return min(INTERVALS * carrier.interval, max(n_steps // FEWEST, 1))
    if plan.blocks is not None:
        return -(-n_steps // min(plan.blocks, n_steps))
    if n_steps < 10 * BLOCKS:
        return -(-n_steps // min(n_steps, FEWEST_BLOCKS if n_steps < BLOCKS else FEWEST))
    length = shortest = -(-n_steps // BLOCKS)
    while length < SHORTEST * carrier.interval and length * FEWEST_BLOCKS < shortest * BLOCKS:
        length *= 2
    return length


def _error(rows: list[Real]) -> float:
    return float(block_errors(np.array(rows).reshape(len(rows), -1)).max())
