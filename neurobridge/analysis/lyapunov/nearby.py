"""The largest exponent from two nearby trajectories, without any derivative."""

from __future__ import annotations

__all__ = ["TwoTrajectories", "two_trajectories"]

from dataclasses import dataclass

import numpy as np

from neurobridge.analysis.lyapunov.statistics import blocking, intervals
from neurobridge.analysis.lyapunov.system import Method, Real, System
from neurobridge.errors import NetworkError
from neurobridge.rng import generator

DISTANCE = 1e-7
"""Of the two states, relative to the size of the state."""
BLOCKS = 32


@dataclass(frozen=True)
class TwoTrajectories:
    """The largest exponent, its standard error and its 95 % interval."""

    exponent: float
    error: float
    low: float
    high: float


def two_trajectories(
    system: System,
    state: Real,
    time: float,
    *,
    dt: float,
    method: Method | None = None,
    between: float = 1.0,
    warm_up: float = 50.0,
    seed: int = 0,
) -> TwoTrajectories:
    """Mean rate at which two nearby states separate, brought together again and again.

    It needs no derivative of the system, and so checks those that tangent vectors are from.

    Parameters
    ----------
    system : System
    state : float64 array (N,)
        On the attractor.
    time : float
        To measure, after ``warm_up``.
    dt : float
    method : str, optional
        Default: ``rk4`` for flows, which goes on from any state, and the system's own for maps.
    between : float
        Time after which the distance is set back.
    warm_up : float
    seed : int
        Of the direction of the first separation.

    Raises
    ------
    NetworkError
        If the time is shorter than 8 times ``between``, or the states fall together.

    References
    ----------
    Benettin, Galgani & Strelcyn (1976). Kolmogorov entropy and numerical experiments. Phys. Rev. A
    14:2338.
    """
    chosen: Method = method or ("rk4" if system.meaning == "flow" else system.default_method)
    steps = max(round(between / dt), 1)
    count = round(time / (steps * dt))
    if count < 8:
        raise NetworkError(
            f"two trajectories: {time:g} units of time have {count} intervals of {between:g}; "
            "measure for 8 at least"
        )
    one, other = (system.propagator(0, dt, chosen, "float64") for _ in range(2))
    size = DISTANCE * max(float(np.sqrt(np.mean(state**2))), 1.0)
    apart = generator(seed, "lyapunov.separation", "").standard_normal(system.size)
    apart *= size / np.linalg.norm(apart)
    first = round(warm_up / (steps * dt))
    rates = np.zeros(count)
    now = state
    for i in range(-first, count):
        one.begin(now, None)
        other.begin(now + apart, None)
        one.advance(steps)
        other.advance(steps)
        now = one.state()
        apart = other.state() - now
        distance = float(np.linalg.norm(apart))
        if not 0 < distance < np.inf:
            raise NetworkError(
                f"two trajectories: after {(i + first + 1) * steps * dt:g} units of time they are "
                f"{distance:g} apart, from which no rate follows"
            )
        if i >= 0:
            rates[i] = np.log(distance / size) / (steps * dt)
        apart *= size / distance
    n = min(BLOCKS, count)
    blocks = rates[count % n :].reshape(n, -1).mean(axis=1)[:, None]
    found = blocking(blocks)
    mean = blocks.mean(axis=0)
    low, high = intervals(mean, found.errors, found.freedom)
    return TwoTrajectories(float(mean[0]), float(found.errors[0]), float(low[0]), float(high[0]))
