"""Steps of integrators for a state and its tangent vectors, without side effects."""

from __future__ import annotations

__all__ = ["STEPS", "Pair", "Step", "rest_of_rk4", "rk4"]

from collections.abc import Callable, Mapping
from typing import NamedTuple

import torch

from neurobridge.analysis.lyapunov.system import Method
from neurobridge.analysis.lyapunov.torch.field import Field, Slopes


class Pair(NamedTuple):
    """A state (..., N) and its tangent vectors (..., k, N), or slopes of both."""

    x: torch.Tensor
    V: torch.Tensor | None

    def plus(self, slopes: Slopes | Pair, factor: float) -> Pair:
        """``self + factor*slopes``."""
        x = torch.add(self.x, slopes[0], alpha=factor)
        V, K = self.V, slopes[1]
        return Pair(x, None if V is None or K is None else torch.add(V, K, alpha=factor))


Step = Callable[[Field, Pair, float, torch.Tensor | None], Pair]


def rk4(field: Field, now: Pair, h: float, current: torch.Tensor | None) -> Pair:
    """The classical Runge-Kutta method; a current is held during the step."""
    return rest_of_rk4(field, now, field(now.x, now.V, current), h, current)


def rest_of_rk4(
    field: Field, now: Pair, first: Slopes, h: float, current: torch.Tensor | None
) -> Pair:
    """What is left of a step once the slopes at its beginning are known."""
    total = now.plus(first, h / 6)
    slopes = first
    for reach, share in ((h / 2, h / 3), (h / 2, h / 3), (h, h / 6)):
        at = now.plus(slopes, reach)
        slopes = field(at.x, at.V, current)
        total = total.plus(slopes, share)
    return total


def _euler(field: Field, now: Pair, h: float, current: torch.Tensor | None) -> Pair:
    return now.plus(field(now.x, now.V, current), h)


def _map(field: Field, now: Pair, h: float, current: torch.Tensor | None) -> Pair:
    slopes = field(now.x, now.V, current)
    return Pair(slopes.state, slopes.tangents)


STEPS: Mapping[Method, Step] = {"rk4": rk4, "euler": _euler, "map": _map}
"""Methods of one step."""
