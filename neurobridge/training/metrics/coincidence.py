"""How many spikes coincide with those of a teacher, beyond chance."""

from __future__ import annotations

__all__ = ["SpikeCoincidence", "coincidences"]

import math
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from neurobridge.errors import NetworkError
from neurobridge.training.losses.spikes import spikes_and_teacher
from neurobridge.training.losses.subset import OfNeurons
from neurobridge.training.metrics.metric import Metric, mean_of_defined
from neurobridge.training.objective import Seen
from neurobridge.units import parse_quantity


@dataclass(frozen=True, eq=False)
class SpikeCoincidence(OfNeurons, Metric):
    r"""Coincidence factor of spike trains with those of a teacher, the mean over neurons.

    .. math:: \Gamma = \frac{N_{coinc} - \langle N_{coinc} \rangle}{\frac12 (N^* + N)}
        \cdot \frac{1}{1 - q}, \qquad \langle N_{coinc} \rangle = q N^*, \quad q = 2 \nu \Delta

    (Kistler, Gerstner & van Hemmen 1997, Neural Comput. 9:1015; Jolivet et al. 2008, J. Neurosci.
    Methods 169:417.) ``N*`` and ``N`` are the spikes of the teacher and of the network, which fires
    at rate ``nu``; ``N_coinc`` pairs spikes that are at most ``precision`` apart, one to one. 1 is
    the same, 0 is chance. On a grid the window has ``2 precision/dt + 1`` steps, and so has ``q``.

    All trials of a neuron count together. It is not defined where neither spikes, nor where
    ``q >= 1`` because windows fill the time; such neurons are not counted, and NaN is the value if
    there is no other.

    Parameters
    ----------
    population : str
    precision : float or str
        In ms, a multiple of dt.
    target : str, optional
        Target of the batch with the teacher's spikes, (T, n, B); default ``"POPULATION.spikes"``.
    where, neurons, others
        See :class:`neurobridge.training.losses.subset.OfNeurons`.
    """

    population: str
    precision: float | str = 2.0
    target: str | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        precision = float(parse_quantity(self.precision, "ms", f"{self._name}, precision"))
        if not 0 <= precision < math.inf:
            raise NetworkError(f"{self._name}: precision must be >= 0 ms, got {precision:g}")
        object.__setattr__(self, "precision", precision)

    def measure(self, seen: Seen) -> torch.Tensor:
        """Work it out."""
        return mean_of_defined(self.per_neuron(seen))

    def per_neuron(self, seen: Seen) -> torch.Tensor:
        """The factor of each chosen neuron, float64 (n,), NaN where it is not defined."""
        window = float(self.precision) / seen.dt
        steps = round(window)
        if abs(window - steps) > 1e-6:
            raise NetworkError(
                f"{self._name}: a precision of {self.precision} ms is not a multiple of the time "
                f"step of {seen.dt:g} ms"
            )
        pair = spikes_and_teacher(self, seen, self.population, self.target)
        own, teacher = (x.detach().cpu().numpy() > 0 for x in pair)
        found = coincidences(own, teacher, steps).sum(1)
        n_own, n_teacher = own.sum((0, 2)), teacher.sum((0, 2))
        q = n_own / (own.shape[0] * own.shape[2]) * (2 * steps + 1)
        with np.errstate(invalid="ignore", divide="ignore"):
            gamma = (found - q * n_teacher) / (0.5 * (n_own + n_teacher)) / (1 - q)
        return torch.as_tensor(np.where(q < 1, gamma, np.nan))


def coincidences(
    a: NDArray[np.bool_], b: NDArray[np.bool_], tolerance: int
) -> NDArray[np.int64]:  # fmt: skip
    """Largest number of pairs of spikes at most so many steps apart, one to one, (n, B).

    Taking the earliest admissible pair first is optimal for points on a line; all trains advance
    together.

    Parameters
    ----------
    a, b : bool array (T, n, B)
    tolerance : int
    """
    shape = a.shape[1:]
    times_a, i, end_a = _trains(a)
    times_b, j, end_b = _trains(b)
    matched = np.zeros(i.size, dtype=np.int64)
    alive = np.flatnonzero((i < end_a) & (j < end_b))
    while alive.size:
        late = times_a[i[alive]] - times_b[j[alive]]
        matched[alive] += np.abs(late) <= tolerance
        i[alive] += late <= tolerance
        j[alive] += late >= -tolerance
        alive = alive[(i[alive] < end_a[alive]) & (j[alive] < end_b[alive])]
    return matched.reshape(shape)


def _trains(spikes: NDArray[np.bool_]) -> tuple[NDArray[np.int64], ...]:
    """Steps of all spikes train by train, and where each train begins and ends."""
    flat = spikes.reshape(spikes.shape[0], -1).T
    train, step = np.nonzero(flat)
    ends = np.cumsum(np.bincount(train, minlength=flat.shape[0]))
    return step, np.concatenate([[0], ends[:-1]]), ends
