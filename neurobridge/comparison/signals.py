"""How far recorded state variables are apart."""

from __future__ import annotations

__all__ = ["SignalDifference", "signal_difference"]

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurobridge.errors import NetworkError
from neurobridge.recording import Signal

Real = NDArray[np.float64]


@dataclass(frozen=True)
class SignalDifference:
    """Largest difference between two recordings of one probe.

    Parameters
    ----------
    probe, population, variable, unit : str
    samples : int
        Values compared.
    max_abs : float
        Largest absolute difference, in ``unit``; infinite where one side only is NaN.
    neuron, step : int or None
        Where it is; None if the signals are equal or empty.
    """

    probe: str
    population: str
    variable: str
    unit: str
    samples: int
    max_abs: float
    neuron: int | None
    step: int | None

    def to_dict(self) -> dict[str, Any]:
        """A plain dictionary, for JSON; an infinite difference becomes None."""
        values = asdict(self)
        return {**values, "max_abs": self.max_abs if np.isfinite(self.max_abs) else None}


def signal_difference(probe: str, reference: Signal, other: Signal) -> SignalDifference:
    """Compare two recordings of one probe over the samples that both have.

    Raises
    ------
    NetworkError
        If the probes sampled other neurons or other steps.
    """
    n = min(reference.step.size, other.step.size)
    if not np.array_equal(reference.neurons, other.neurons):
        raise NetworkError(
            f"probe {probe!r} sampled {reference.neurons.size} neurons in the reference and "
            f"{other.neurons.size} here, or not the same ones; record both runs with one network"
        )
    if not np.array_equal(reference.step[:n], other.step[:n]):
        raise NetworkError(
            f"probe {probe!r} sampled other steps than in the reference; record both runs with "
            "one network and one dt"
        )
    gap = _gap(reference.values[:n], other.values[:n])
    worst = float(gap.max(initial=0.0))
    row, column = np.unravel_index(int(gap.argmax()), gap.shape) if worst else (None, None)
    return SignalDifference(
        probe=probe,
        population=reference.population,
        variable=reference.variable,
        unit=reference.unit,
        samples=int(gap.size),
        max_abs=worst,
        neuron=None if column is None else int(reference.neurons[column]),
        step=None if row is None else int(reference.step[row]),
    )


def _gap(a: Real, b: Real) -> Real:
    with np.errstate(invalid="ignore"):
        gap = np.abs(a - b)
    same = (a == b) | (np.isnan(a) & np.isnan(b))
    return np.where(same, 0.0, np.where(np.isnan(gap), np.inf, gap))
