"""A state and its tangents under a function of a user's, step by step in NumPy."""

from __future__ import annotations

__all__ = ["FunctionPropagator"]

from typing import TYPE_CHECKING, Any

import numpy as np

from neurobridge.analysis.lyapunov.compiled.frames import factorise, logs_of, right_solved
from neurobridge.analysis.lyapunov.system import Method, Propagator, Real, Renormalisation
from neurobridge.lowering.integrate import ADAMS_BASHFORTH

if TYPE_CHECKING:
    from neurobridge.analysis.lyapunov.user_functions import FunctionSystem

Both = tuple[Real, Real]
"""A state (N,) and a frame (N, k), or the slopes of both."""


class FunctionPropagator(Propagator):
    """Carries a :class:`FunctionSystem` on.

    Parameters
    ----------
    system : FunctionSystem
    k : int
    dt : float
    method : {"ab4", "rk4", "euler", "map"}
    """

    def __init__(self, system: FunctionSystem, k: int, dt: float, method: Method) -> None:
        self.system, self.size, self.k, self.dt, self.method = system, system.size, k, dt, method
        self.step = 0
        self.now: Both = (np.zeros(self.size), np.zeros((self.size, k)))
        self.past: list[Both] = []

    def begin(self, state: Real, frame: Real | None) -> None:
        """See :class:`Propagator`."""
        frame = np.zeros((self.size, 0)) if frame is None else np.array(frame, dtype=np.float64)
        self.now, self.past, self.step = (np.array(state, dtype=np.float64), frame), [], 0

    def advance(self, n_steps: int) -> None:
        """See :class:`Propagator`."""
        with np.errstate(over="ignore", invalid="ignore"):
            for _ in range(n_steps):
                self._move()
                self.step += 1

    def _move(self) -> None:
        first = self._slope(self.now)
        if self.method == "map":
            self.now = first
        elif self.method == "euler":
            self.now = _sum(self.now, (self.dt, first))
        elif self.method == "ab4" and len(self.past) == 3:
            slopes = [first, *self.past]
            weights = [self.dt * w for w in ADAMS_BASHFORTH]
            self.now = _sum(self.now, *zip(weights, slopes, strict=True))
        else:
            self._move_by_rk4(first)
        if self.method == "ab4":
            self.past = [first, *self.past[:2]]

    def _move_by_rk4(self, first: Both) -> None:
        h = self.dt
        second = self._slope(_sum(self.now, (h / 2, first)))
        third = self._slope(_sum(self.now, (h / 2, second)))
        fourth = self._slope(_sum(self.now, (h, third)))
        shares = ((h / 6, first), (h / 3, second), (h / 3, third), (h / 6, fourth))
        self.now = _sum(self.now, *shares)

    def _slope(self, at: Both) -> Both:
        state, frame = at
        moved = self.system.derivative(state, frame) if self.k else frame
        return np.asarray(self.system.value(state), dtype=np.float64), moved

    def renormalise(self, kind: Renormalisation) -> tuple[Real, Real | None]:
        """See :class:`Propagator`."""
        state, frame = self.now
        new, factor, found = factorise(np.ascontiguousarray(frame.T), kind)
        if not found:
            return np.full(self.k, np.nan), None
        self.now = state, new.T
        self.past = [
            (slope, right_solved(np.ascontiguousarray(tangents.T), factor).T)
            for slope, tangents in self.past
        ]
        return logs_of(factor), factor if kind == "householder" else None

    def state(self) -> Real:
        """See :class:`Propagator`."""
        return self.now[0].copy()

    def frame(self) -> Real:
        """See :class:`Propagator`."""
        return self.now[1].copy()

    def snapshot(self) -> Any:
        """See :class:`Propagator`; nothing is changed in place."""
        return self.step, self.now, self.past

    def restore(self, snapshot: Any) -> None:
        """See :class:`Propagator`."""
        self.step, self.now, self.past = snapshot

    @property
    def divergence(self) -> float:
        """See :class:`Propagator`; a function's trace would need all of its Jacobian."""
        return float("nan")


def _sum(start: Both, *moves: tuple[float, Both]) -> Both:
    """``start + factor*slope + ...`` for state and frame."""
    state, frame = start
    for factor, (slope, tangents) in moves:
        state, frame = state + factor * slope, frame + factor * tangents
    return state, frame
