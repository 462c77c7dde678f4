"""A state and its tangents in torch, of one system or of many at once."""

from __future__ import annotations

__all__ = ["TorchPropagator"]

from collections.abc import Sequence
from typing import Any, NamedTuple

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
from neurobridge.analysis.lyapunov.torch.captured import Captured
from neurobridge.analysis.lyapunov.torch.coupling import SparseCoupling
from neurobridge.analysis.lyapunov.torch.field import Field
from neurobridge.analysis.lyapunov.torch.frames import factorise, right_solved
from neurobridge.analysis.lyapunov.torch.layout import Layout
from neurobridge.analysis.lyapunov.torch.steps import STEPS, Pair, rest_of_rk4
from neurobridge.analysis.lyapunov.torch.trace import own_weights, trace
from neurobridge.analysis.lyapunov.torch.values import coupling_of, stacked_constants, together
from neurobridge.lowering.integrate import ADAMS_BASHFORTH

CAPTURED = 5
"""Steps of a CUDA graph."""


class Underway(NamedTuple):
    """All that changes.

    Parameters
    ----------
    now : Pair
    past : tuple of Pair
        Slopes of up to four steps, the last one first.
    trace : tensor (S) or ()
        Sum over the steps.
    """

    now: Pair
    past: tuple[Pair, ...]
    trace: torch.Tensor

    def tensors(self) -> list[torch.Tensor]:
        """In order."""
        pairs = (self.now, *self.past)
        return [self.trace, *(t for pair in pairs for t in pair if t is not None)]

    def rebuilt(self, tensors: list[torch.Tensor]) -> Underway:
        """The same with other tensors, in the order of :meth:`tensors`."""
        rest = iter(tensors)
        trace = next(rest)
        pairs = [
            Pair(*(None if t is None else next(rest) for t in pair))  # type: ignore[arg-type]
            for pair in (self.now, *self.past)
        ]
        return Underway(pairs[0], tuple(pairs[1:]), trace)


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
        self.captured: Captured | None = None
        self.step = 0

    def _shape(self, *rest: int) -> tuple[int, ...]:
        return (*([] if self.alone else [len(self.systems)]), *rest)

    # -- see Propagator ------------------------------------------------------------------------

    def begin(self, state: Real, frame: Real | None) -> None:
        """See :class:`Propagator`."""
        x = torch.tensor(np.asarray(state), dtype=torch.float64, device=self.device)
        V = None
        if frame is not None and self.k:
            rows = np.ascontiguousarray(np.swapaxes(frame, -1, -2))
            V = torch.tensor(rows, dtype=self.dtype, device=self.device)
        start = float("nan") if self.method == "map" else 0.0
        trace = torch.full(self._shape(), start, dtype=torch.float64, device=self.device)
        self.underway, self.step = Underway(Pair(x, V), (), trace), 0

    @torch.no_grad()
    def advance(self, n_steps: int) -> None:
        """See :class:`Propagator`."""
        left = n_steps
        while left:
            steps = self._replay(left) or self._eager(left)
            self.step += steps
            left -= steps

    def _eager(self, n_steps: int) -> int:
        """Steps one by one, up to where the others can be replayed."""
        if self.method == "ab4" and len(self.underway.past) < len(ADAMS_BASHFORTH):
            n_steps = min(n_steps, len(ADAMS_BASHFORTH) - len(self.underway.past))
        currents = self._currents(n_steps)
        for i in range(n_steps):
            self.underway = self._after(self.underway, None if currents is None else currents[i])
        return n_steps

    def _replay(self, n_steps: int) -> int:
        """As many steps as CUDA graphs can do, which may be none."""
        times = n_steps // CAPTURED
        if not times or not self._can_be_captured():
            return 0
        underway = self.underway

        def several(tensors: list[torch.Tensor]) -> list[torch.Tensor]:
            at = underway.rebuilt(tensors)
            for _ in range(CAPTURED):
                at = self._after(at, None)
            return at.tensors()

        if self.captured is None:
            self.captured = Captured(several, underway.tensors())
        self.underway = underway.rebuilt(self.captured.repeated(times, underway.tensors()))
        return times * CAPTURED

    def _can_be_captured(self) -> bool:
        begun = self.method != "ab4" or len(self.underway.past) == len(ADAMS_BASHFORTH)
        dense = not isinstance(self.field.coupling, SparseCoupling)
        constant = all(s.currents is None for s in self.systems)
        return self.device.type == "cuda" and begun and dense and constant

    def _after(self, at: Underway, current: torch.Tensor | None) -> Underway:
        """What is under way after a step."""
        now, past, h = at.now, at.past, self.dt
        if self.method == "map":
            return Underway(STEPS["map"](self.field, now, h, current), (), at.trace)
        first = self.field(now.x, now.V, current)
        total = at.trace + trace(self.field, first, self.own, now.x)
        if self.method == "euler":
            return Underway(now.plus(first, h), (), total)
        if self.method == "ab4":
            past = (Pair(first.state, first.tangents), *past[: len(ADAMS_BASHFORTH) - 1])
        if len(past) < len(ADAMS_BASHFORTH):
            return Underway(rest_of_rk4(self.field, now, first, h, current), past, total)
        for slopes, weight in zip(past, ADAMS_BASHFORTH, strict=True):
            now = now.plus(slopes, h * weight)
        return Underway(now, past, total)

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
        now, past, total = self.underway
        if now.V is None:
            return np.zeros(self._shape(0)), None
        found = factorise(now.V, kind)
        past = tuple(
            Pair(p.x, None if p.V is None else right_solved(p.V, found.factor)) for p in past
        )
        self.underway = Underway(Pair(now.x, found.frame), past, total)
        factor = found.factor.cpu().numpy() if kind == "householder" else None
        return found.logs.cpu().numpy(), factor

    def state(self) -> Real:
        """See :class:`Propagator`."""
        copy: Real = self.underway.now.x.cpu().numpy().copy()
        return copy

    def frame(self) -> Real:
        """See :class:`Propagator`."""
        V = self.underway.now.V
        if V is None:
            return np.zeros(self._shape(self.size, 0))
        return np.array(V.mT.double().cpu().numpy())

    def snapshot(self) -> Any:
        """See :class:`Propagator`; nothing is changed in place, so that nothing is copied."""
        return self.step, self.underway

    def restore(self, snapshot: Any) -> None:
        """See :class:`Propagator`."""
        self.step, self.underway = snapshot

    @property
    def divergence(self) -> Any:
        """See :class:`Propagator`; an array (S,) for several systems."""
        total = self.underway.trace
        return float(total) if self.alone else total.cpu().numpy().copy()
