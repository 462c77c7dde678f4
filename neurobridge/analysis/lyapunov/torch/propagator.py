"""A state and its tangents in torch, of one system or of many at once."""

from __future__ import annotations

__all__ = ["TorchPropagator"]

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from neurobridge.analysis.lyapunov.declared import DeclaredSystem
from neurobridge.analysis.lyapunov.system import (
    Method,
    Precision,
    Propagator,
    Real,
    Renormalisation,
)
from neurobridge.analysis.lyapunov.torch.field import Field, Slopes
from neurobridge.analysis.lyapunov.torch.frames import factorise, right_solved
from neurobridge.analysis.lyapunov.torch.layout import Layout
from neurobridge.analysis.lyapunov.torch.steps import STEPS, Pair, rest_of_rk4
from neurobridge.analysis.lyapunov.torch.trace import own_weights, trace
from neurobridge.analysis.lyapunov.torch.values import coupling_of, stacked_constants, together

ADAMS = (55 / 24, -59 / 24, 37 / 24, -9 / 24)


class TorchPropagator(Propagator):
    """Carries a :class:`DeclaredSystem` on, or several that differ in numbers only.

    With a sequence of S systems, everything that goes in and comes out has S in front: states are
    (S, N), frames (S, N, k), logarithms (S, k), and :attr:`divergence` is an array (S,). What is
    not finite in one system does not touch the others.

    Parameters
    ----------
    systems : DeclaredSystem or sequence of DeclaredSystem
    k : int
        Tangent vectors.
    dt : float
    method : {"ab4", "rk4", "euler", "map"}
    precision : {"float64", "mixed"}
        Of the tangents; ``mixed`` is float32 for them and float64 for everything else.
    device : str or torch.device

    Raises
    ------
    NetworkError
        If systems differ in more than numbers.
    """

    def __init__(
        self,
        systems: DeclaredSystem | Sequence[DeclaredSystem],
        k: int,
        dt: float,
        method: Method,
        precision: Precision,
        device: str | torch.device = "cpu",
    ) -> None:
        self.alone = isinstance(systems, DeclaredSystem)
        self.systems = [systems] if isinstance(systems, DeclaredSystem) else list(systems)
        together(self.systems)
        self.k, self.dt, self.method = k, dt, method
        self.size = self.systems[0].size
        self.device = torch.device(device)
        self.dtype = torch.float32 if precision == "mixed" else torch.float64
        layout = Layout(self.systems[0].cells)
        constants = stacked_constants(self.systems, self.device)
        self.field = Field(layout, constants, coupling_of(self.systems, self.device))
        self.own = own_weights(self.systems, self.device)
        self._forget(Pair(torch.zeros(self._shape(), device=self.device), None))

    def _shape(self, *rest: int) -> tuple[int, ...]:
        return (*([] if self.alone else [len(self.systems)]), *rest)

    def _forget(self, now: Pair) -> None:
        self.now, self.step = now, 0
        self.past: list[Pair] = []
        start = float("nan") if self.method == "map" else 0.0
        self.total = torch.full(self._shape(), start, dtype=torch.float64, device=self.device)

    # -- see Propagator ------------------------------------------------------------------------

    def begin(self, state: Real, frame: Real | None) -> None:
        """See :class:`Propagator`."""
        x = torch.tensor(np.asarray(state), dtype=torch.float64, device=self.device)
        V = None
        if frame is not None and self.k:
            rows = np.ascontiguousarray(np.swapaxes(frame, -1, -2))
            V = torch.tensor(rows, dtype=self.dtype, device=self.device)
        self._forget(Pair(x, V))

    @torch.no_grad()
    def advance(self, n_steps: int) -> None:
        """See :class:`Propagator`."""
        currents = self._currents(n_steps)
        for i in range(n_steps):
            self._advance(None if currents is None else currents[i])
            self.step += 1

    def _advance(self, current: torch.Tensor | None) -> None:
        now, h = self.now, self.dt
        if self.method == "map":
            self.now = STEPS["map"](self.field, now, h, current)
            return
        first = self.field(now.x, now.V, current)
        self.total += trace(self.field, first, self.own, now.x)
        if self.method == "euler":
            self.now = now.plus(first, h)
        elif self.method == "rk4":
            self.now = rest_of_rk4(self.field, now, first, h, current)
        else:
            self.now = self._ab4(first, current)

    def _ab4(self, first: Slopes, current: torch.Tensor | None) -> Pair:
        """Adams-Bashforth; its first three steps are Runge-Kutta's."""
        now, h = self.now, self.dt
        self.past = [Pair(first.state, first.tangents), *self.past[:3]]
        if len(self.past) < len(ADAMS):
            return rest_of_rk4(self.field, now, first, h, current)
        for slopes, weight in zip(self.past, ADAMS, strict=True):
            now = now.plus(slopes, h * weight)
        return now

    def _currents(self, n_steps: int) -> torch.Tensor | None:
        """Injected currents, (n_steps, n), or (n_steps, S, n)."""
        if all(s.currents is None for s in self.systems):
            return None
        rows = [self._current(s, n_steps) for s in self.systems]
        stacked = rows[0] if self.alone else np.stack(rows, 1)
        return torch.tensor(stacked, dtype=torch.float64, device=self.device)

    def _current(self, system: DeclaredSystem, n_steps: int) -> Real:
        if system.currents is not None:
            return system.currents.of(self.step, n_steps, self.dt)
        n = sum(c.size for c in system.cells if c.code.takes_current)
        return np.zeros((n_steps, n))

    @torch.no_grad()
    def renormalise(self, kind: Renormalisation) -> tuple[Real, Real | None]:
        """See :class:`Propagator`."""
        V = self.now.V
        if V is None:
            return np.zeros(self._shape(0)), None
        found = factorise(V, kind)
        self.now = Pair(self.now.x, found.frame)
        if self.method == "ab4":
            self.past = [
                Pair(p.x, None if p.V is None else right_solved(p.V, found.factor))
                for p in self.past
            ]
        factor = found.factor.cpu().numpy() if kind == "householder" else None
        return found.logs.cpu().numpy(), factor

    def state(self) -> Real:
        """See :class:`Propagator`."""
        copy: Real = self.now.x.cpu().numpy().copy()
        return copy

    def frame(self) -> Real:
        """See :class:`Propagator`."""
        if self.now.V is None:
            return np.zeros(self._shape(self.size, 0))
        return np.array(self.now.V.mT.double().cpu().numpy())

    def snapshot(self) -> Any:
        """See :class:`Propagator`."""
        return self.step, self.now, list(self.past), self.total.clone()

    def restore(self, snapshot: Any) -> None:
        """See :class:`Propagator`."""
        self.step, self.now, past, total = snapshot
        self.past, self.total = list(past), total.clone()

    @property
    def divergence(self) -> Any:
        """See :class:`Propagator`; an array (S,) for several systems."""
        return float(self.total) if self.alone else self.total.cpu().numpy().copy()
