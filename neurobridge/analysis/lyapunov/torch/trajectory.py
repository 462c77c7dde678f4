"""A trajectory with its frame, cut into windows and those into intervals."""

from __future__ import annotations

__all__ = ["Stretch", "Trajectory", "carried"]

from dataclasses import dataclass

import numpy as np
import torch

from neurobridge.analysis.lyapunov.declared import DeclaredSystem
from neurobridge.analysis.lyapunov.directions import initial_frame
from neurobridge.analysis.lyapunov.renormaliser import raise_diverged
from neurobridge.analysis.lyapunov.settle import told
from neurobridge.analysis.lyapunov.stability import extreme_eigenvalues, largest_dt
from neurobridge.analysis.lyapunov.system import DivergedError, Method, Propagator, Real
from neurobridge.analysis.lyapunov.torch.propagator import TorchPropagator
from neurobridge.errors import NetworkError

CHUNK = 200
"""Steps between two looks at whether a state is finite."""


@dataclass(frozen=True)
class Stretch:
    """Consecutive windows on a trajectory; all lengths are numbers of steps.

    Parameters
    ----------
    k : int
        Tangent vectors.
    windows, intervals, steps : int
        Windows, intervals of a window, each ended by a QR factorisation, and steps of an interval.
    transient, warm_up : int
        Of the state, and then of the frame.
    dt : float
    method : {"rk4", "euler", "map"}
    seed : int
        Of the initial state and frame.
    """

    k: int
    windows: int
    intervals: int
    steps: int
    transient: int
    warm_up: int
    dt: float
    method: Method
    seed: int

    def first(self, window: int, interval: int) -> int:
        """Steps from the beginning of the warm-up to that of an interval."""
        return self.warm_up + (window * self.intervals + interval) * self.steps


@dataclass(frozen=True, eq=False)
class Trajectory:
    """What is at the beginning of every interval, and how much the frame grows during it.

    Parameters
    ----------
    states : float64 tensor (windows, intervals, N)
    frames : float64 tensor (windows, intervals, k, N)
        Orthonormal rows.
    logs : float64 tensor (windows, intervals, k)
    """

    states: torch.Tensor
    frames: torch.Tensor
    logs: torch.Tensor


def carried(system: DeclaredSystem, stretch: Stretch, device: torch.device) -> Trajectory:
    """Carry a state to the attractor, its frame to the directions that belong there, and record.

    Raises
    ------
    NetworkError
        If the time step is too large for the method at the state that is reached.
    DivergedError
        If the trajectory does not stay finite; it names the state that does not, and when.
    """
    try:
        state = _settled(system, stretch, device)
        if system.meaning == "flow":
            _check_dt(system, stretch, state)
        return _recorded(system, stretch, state, device)
    except DivergedError as err:
        raise told(err, system, stretch.method, stretch.dt) from None


def _propagator(
    system: DeclaredSystem, stretch: Stretch, k: int, device: torch.device
) -> Propagator:
    if device.type == "cpu":
        return system.propagator(k, stretch.dt, stretch.method, "float64")
    return TorchPropagator(system, k, stretch.dt, stretch.method, "float64", device)


def _settled(system: DeclaredSystem, stretch: Stretch, device: torch.device) -> Real:
    propagator = _propagator(system, stretch, 0, device)
    propagator.begin(system.start(stretch.seed), None)
    for steps in _chunks(stretch.transient, CHUNK):
        _advance(propagator, steps, stretch.dt)
    return propagator.state()


def _check_dt(system: DeclaredSystem, stretch: Stretch, state: Real) -> None:
    bound = largest_dt(extreme_eigenvalues(system, state), stretch.method)
    if stretch.dt > bound:
        raise NetworkError(
            f"dt = {stretch.dt:g} {system.unit} is too large: after the transient "
            f"{stretch.method} is stable up to dt = {bound:.3g}; take a smaller dt"
        )


def _recorded(
    system: DeclaredSystem, stretch: Stretch, state: Real, device: torch.device
) -> Trajectory:
    propagator = _propagator(system, stretch, stretch.k, device)
    propagator.begin(state, initial_frame(system.size, stretch.k, stretch.seed))
    for steps in _chunks(stretch.warm_up, stretch.steps):
        _advance(propagator, steps, stretch.dt)
        propagator.renormalise("householder")
    shape = (stretch.windows, stretch.intervals)
    states = np.empty((*shape, system.size))
    frames = np.empty((*shape, stretch.k, system.size))
    logs = np.empty((*shape, stretch.k))
    for at in np.ndindex(shape):
        states[at], frames[at] = propagator.state(), propagator.frame().T
        _advance(propagator, stretch.steps, stretch.dt)
        logs[at], _ = propagator.renormalise("householder")
    _check_logs(logs)
    tensors = (torch.as_tensor(a, device=device) for a in (states, frames, logs))
    return Trajectory(*tensors)


def _chunks(n_steps: int, length: int) -> list[int]:
    whole, rest = divmod(n_steps, length)
    return [length] * whole + [rest] * (rest > 0)


def _advance(propagator: Propagator, n_steps: int, dt: float) -> None:
    before = propagator.snapshot()
    propagator.advance(n_steps)
    if not np.isfinite(propagator.state()).all():
        propagator.restore(before)
        raise_diverged(propagator, n_steps, dt)


def _check_logs(logs: Real) -> None:
    if np.isfinite(logs).all():
        return
    window, interval, vector = np.argwhere(~np.isfinite(logs))[0]
    raise NetworkError(
        f"tangent vector {vector + 1} shrinks to nothing in interval {interval} of window "
        f"{window}: its exponent is -infinity, the Jacobian is singular. Ask for fewer exponents, "
        "k=..., or factorise more often, interval=..."
    )
