"""The distance of van Rossum between spike trains, differentiable."""

from __future__ import annotations

__all__ = ["VanRossum", "van_rossum_distance"]

import math
from dataclasses import dataclass
from typing import Any

import torch

from neurobridge.errors import NetworkError
from neurobridge.training.losses.spikes import spikes_and_teacher
from neurobridge.training.losses.subset import OfNeurons
from neurobridge.training.objective import Loss, Seen
from neurobridge.units import parse_quantity


@dataclass(frozen=True, eq=False)
class VanRossum(OfNeurons, Loss):
    r"""Mean over neurons and trials of van Rossum's distance to a teacher's spike trains.

    Each train becomes a sum of exponentials, and

    .. math:: D^2 = \frac{1}{\tau} \int_0^\infty (f - g)^2 dt, \qquad
        f(t) = \sum_i H(t - t_i)\, e^{-(t - t_i)/\tau}

    (van Rossum 2001, Neural Comput. 13:751). One spike too many is 1/2, one spike that is late by
    ``d`` is ``1 - exp(-d/tau)``. Gradients reach the network's spikes, and go on through their
    surrogates.

    Parameters
    ----------
    population : str
    tau : float or str
        In ms: short counts coincidences, long counts spikes.
    target : str, optional
        Target of the batch with the teacher's spikes, (T, n, B); default ``"POPULATION.spikes"``.
    where, neurons, others
        See :class:`OfNeurons`.

    Raises
    ------
    NetworkError, UnknownNameError
        If tau is not positive, names do not exist, or shapes do not fit.
    """

    population: str
    tau: float | str = 10.0
    target: str | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        tau = float(parse_quantity(self.tau, "ms", f"{self._name}, tau"))
        if not 0 < tau < math.inf:
            raise NetworkError(f"{self._name}: tau must be above 0 ms, got {tau:g}")
        object.__setattr__(self, "tau", tau)

    def __call__(self, seen: Seen) -> torch.Tensor:
        """The value."""
        spikes, teacher = spikes_and_teacher(self, seen, self.population, self.target)
        return van_rossum_distance(spikes - teacher, seen.dt / float(self.tau)).mean()


def van_rossum_distance(difference: torch.Tensor, steps: float) -> torch.Tensor:
    """``D^2`` of every train, (...).

    With spikes on a grid the integral is a sum without error,
    ``D^2 = 1/2 sum_jk d_j d_k a^|j - k|`` with ``a = exp(-dt/tau)``.

    Parameters
    ----------
    difference : tensor (T, ...)
        One train minus the other.
    steps : float
        ``dt/tau``.
    """
    distance: torch.Tensor = _Distance.apply(difference, math.exp(-steps))  # type: ignore[no-untyped-call]
    return distance


class _Distance(torch.autograd.Function):
    """A quadratic form whose matrix is never made: two passes over time, forward and back."""

    @staticmethod
    def forward(ctx: Any, difference: torch.Tensor, decay: float) -> torch.Tensor:
        product = difference.clone()  # becomes sum_k d_k a^|j - k|
        for t in range(1, len(product)):
            product[t].add_(product[t - 1], alpha=decay)
        later = torch.zeros_like(product[:1])[0]
        for t in range(len(product) - 2, -1, -1):
            later = decay * (later + difference[t + 1])
            product[t].add_(later)
        ctx.save_for_backward(product)
        return 0.5 * (difference * product).sum(0)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, *grads: torch.Tensor) -> Any:
        (product,) = ctx.saved_tensors
        return grads[0] * product, None
