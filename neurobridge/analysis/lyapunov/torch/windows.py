"""Exponents over windows of a trajectory, with gradients of constants and couplings.

The trajectory is carried on without a gradient, by what is fastest, and its state and frame at the
beginning of every interval between two factorisations are kept. The backward pass goes through the
intervals from the last to the first, and works out each once more, so that what is held at a time
is one interval, however many there are.
"""

from __future__ import annotations

__all__ = ["Differentiable", "Stretch", "window_exponents"]

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from neurobridge.analysis.lyapunov.declared import DeclaredSystem
from neurobridge.analysis.lyapunov.system import Method, Real
from neurobridge.analysis.lyapunov.torch.coupling import (
    Coupling,
    DenseCoupling,
    SparseCoupling,
    SparsePattern,
)
from neurobridge.analysis.lyapunov.torch.field import Field
from neurobridge.analysis.lyapunov.torch.frames import orthonormalised
from neurobridge.analysis.lyapunov.torch.layout import Layout
from neurobridge.analysis.lyapunov.torch.steps import STEPS, Pair
from neurobridge.analysis.lyapunov.torch.trajectory import Stretch, Trajectory, carried
from neurobridge.analysis.lyapunov.torch.values import is_dense_on

HELD = {"cpu": 2**28, "cuda": 2**32}
"""Bytes of one interval that are held for the backward pass, at about: more windows wait."""
TENSORS = 10
"""Tensors of the size of a frame that a product with the Jacobian leaves for the backward pass."""
STAGES: Mapping[Method, int] = {"rk4": 4, "euler": 1, "map": 1}


@dataclass(frozen=True, eq=False)
class Differentiable:
    """A system whose numbers are functions of what is trained.

    Parameters
    ----------
    system : DeclaredSystem
        With the present numbers.
    constants : tuple by population of mapping of name to float64 tensor (n,)
    weights : float64 tensor (E,)
        In the order of ``system.coupling``.
    """

    system: DeclaredSystem
    constants: tuple[Mapping[str, torch.Tensor], ...]
    weights: torch.Tensor


def window_exponents(given: Differentiable, stretch: Stretch) -> torch.Tensor:
    """Exponents over each window, float64 (windows, k), in the order of the frame.

    The gradient is that of each window from its first state and frame, which count as given: it
    does not reach back into the windows before.

    Raises
    ------
    NetworkError
        If the time step is too large.
    DivergedError
        If the trajectory does not stay finite.
    """
    trajectory = carried(given.system, stretch, given.weights.device)
    leaves = _Leaves(given)
    if not torch.is_grad_enabled() or not leaves.tensors:
        logs = trajectory.logs.sum(1)
    else:
        logs = _Logs.apply(leaves, stretch, trajectory, *leaves.tensors)  # type: ignore[no-untyped-call]
    exponents: torch.Tensor = logs / (stretch.intervals * stretch.steps * stretch.dt)
    return exponents


class _Leaves:
    """The tensors that gradients are asked of, and the field that they make."""

    def __init__(self, given: Differentiable) -> None:
        self.given, self.layout = given, Layout(given.system.cells)
        self.named = [
            (p, name)
            for p, constants in enumerate(given.constants)
            for name, value in constants.items()
            if value.requires_grad
        ]
        self.tensors = [given.constants[p][name] for p, name in self.named]
        self.coupled = given.weights.requires_grad
        matrix, device = given.system.coupling, given.weights.device
        self.pattern: SparsePattern | None = None
        self.weights = given.weights
        self.dense = is_dense_on(given.system, device)
        if self.dense:
            self.weights = _dense(given)
        elif matrix.shape[0]:
            self.pattern = SparsePattern(matrix.indptr, matrix.indices, matrix.shape, device)
        if self.coupled:
            self.tensors.append(self.weights)

    def field(self, tensors: list[torch.Tensor]) -> Field:
        """The field with these tensors in place of the leaves."""
        constants = [dict(c) for c in self.given.constants]
        for (p, name), value in zip(self.named, tensors, strict=False):
            constants[p][name] = value
        weights = tensors[-1] if self.coupled else self.weights.detach()
        return Field(self.layout, constants, self._coupling(weights))

    def _coupling(self, weights: torch.Tensor) -> Coupling | None:
        if self.dense:
            return DenseCoupling(weights)
        return None if self.pattern is None else SparseCoupling(weights, self.pattern)


def _dense(given: Differentiable) -> torch.Tensor:
    """The coupling as a dense matrix, pre x post, on which a gradient flows back to the edges."""
    matrix = given.system.coupling
    n, m = matrix.shape
    row = np.repeat(np.arange(n), np.diff(matrix.indptr))
    flat = torch.as_tensor(matrix.indices.astype(np.int64) * n + row, device=given.weights.device)
    return given.weights.new_zeros(m * n).index_put((flat,), given.weights).view(m, n)


class _Logs(torch.autograd.Function):
    """Growth along the vectors of each window, ``log |r_ii|`` summed over its intervals."""

    @staticmethod
    def forward(
        ctx: Any,
        leaves: _Leaves,
        stretch: Stretch,
        trajectory: Trajectory,
        *tensors: torch.Tensor,
    ) -> torch.Tensor:
        ctx.leaves, ctx.stretch, ctx.trajectory = leaves, stretch, trajectory
        ctx.save_for_backward(*tensors)
        return trajectory.logs.sum(1)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, *grads: torch.Tensor) -> Any:
        tensors = [t.detach().requires_grad_() for t in ctx.saved_tensors]
        total = [torch.zeros_like(t) for t in tensors]
        held = HELD[ctx.trajectory.states.device.type]
        at_once = _at_once(ctx.stretch, ctx.leaves.given.system.size, held)
        for first in range(0, ctx.stretch.windows, at_once):
            chosen = slice(first, first + at_once)
            of_windows = _Backward(ctx.leaves, ctx.stretch, ctx.trajectory, chosen, tensors)
            torch._foreach_add_(total, of_windows.run(grads[0][chosen]))
        return None, None, None, *total


def _at_once(stretch: Stretch, size: int, held: int) -> int:
    """Windows that are worked on at once."""
    tensors = TENSORS * STAGES[stretch.method] * stretch.steps
    return max(1, held // (8 * size * (stretch.k + 1) * tensors))


@dataclass
class _Backward:
    """The way back through some windows, interval by interval."""

    leaves: _Leaves
    stretch: Stretch
    trajectory: Trajectory
    chosen: slice
    tensors: list[torch.Tensor]

    def run(self, grad: torch.Tensor) -> list[torch.Tensor]:
        """Gradients of the tensors, from those of the growth of each window (w, k)."""
        total = [torch.zeros_like(t) for t in self.tensors]
        of_state: tuple[torch.Tensor, torch.Tensor] | None = None
        for i in reversed(range(self.stretch.intervals)):
            *of_start, found = self._interval(i, grad, of_state)
            of_state = (of_start[0], of_start[1])
            torch._foreach_add_(total, found)
        return total

    def _interval(
        self, i: int, grad: torch.Tensor, of_end: tuple[torch.Tensor, torch.Tensor] | None
    ) -> tuple[torch.Tensor, torch.Tensor, list[torch.Tensor]]:
        """Gradients of the start of an interval and of the tensors, from those of its end."""
        x, V = (
            t[self.chosen, i].detach().requires_grad_()
            for t in (self.trajectory.states, self.trajectory.frames)
        )
        with torch.enable_grad():
            now = self._carried(Pair(x, V), i)
            assert now.V is not None
            frame, factor = orthonormalised(now.V)
            logs = torch.diagonal(factor, dim1=-2, dim2=-1).log()
        ends = [logs] if of_end is None else [logs, now.x, frame]
        found = torch.autograd.grad(
            ends, [x, V, *self.tensors], [grad, *(of_end or ())], materialize_grads=True
        )
        return found[0], found[1], list(found[2:])

    def _carried(self, now: Pair, i: int) -> Pair:
        stretch = self.stretch
        field, step = self.leaves.field(self.tensors), STEPS[stretch.method]
        currents = self._currents(i)
        for s in range(stretch.steps):
            now = step(field, now, stretch.dt, None if currents is None else currents[s])
        return now

    def _currents(self, i: int) -> torch.Tensor | None:
        """Injected currents of an interval of each window, (steps, w, n)."""
        currents, stretch = self.leaves.given.system.currents, self.stretch
        if currents is None:
            return None
        firsts = [stretch.first(w, i) for w in range(stretch.windows)[self.chosen]]
        rows: list[Real] = [currents.of(n, stretch.steps, stretch.dt) for n in firsts]
        return torch.as_tensor(np.stack(rows, 1), device=self.trajectory.states.device)
