"""What is varied in a study: the strength of couplings, and the spread of gains and shifts."""

from __future__ import annotations

__all__ = ["PARAMETERS", "Varied", "checked_values", "seeds_of"]

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurobridge.analysis.lyapunov.workflows.ensemble import Ensemble
from neurobridge.analysis.lyapunov.workflows.spread import Spread
from neurobridge.errors import NetworkError, UnknownNameError

PARAMETERS = ("weights", "gains", "shifts")
"""The strength of the couplings; the standard deviation of gains, and of shifts."""


@dataclass(frozen=True)
class Varied:
    """Parameters that have one value together.

    Parameters
    ----------
    names : tuple of {"weights", "gains", "shifts"}
    per_root_n : bool
        Whether standard deviations of gains and shifts are the value divided by the square root of
        N, as that of weights is.

    Raises
    ------
    UnknownNameError, NetworkError
        If there is no such parameter, none is given, or one twice.
    """

    names: tuple[str, ...]
    per_root_n: bool = False

    def __post_init__(self) -> None:
        for name in self.names:
            if name not in PARAMETERS:
                raise UnknownNameError("parameter to vary", name, PARAMETERS)
        if not self.names or len(set(self.names)) < len(self.names):
            raise NetworkError(f"parameters to vary: expected each once, got {self.names}")

    def at(self, ensemble: Ensemble, value: float) -> Ensemble:
        """The ensemble at a value."""
        changes: dict[str, Any] = {}
        sd = value / np.sqrt(ensemble.n_neurons) if self.per_root_n else value
        if "weights" in self.names:
            changes["strength"] = value
        if "gains" in self.names:
            changes["gain"] = Spread(1.0 if ensemble.gain is None else ensemble.gain.mean, sd)
        if "shifts" in self.names:
            changes["shift"] = Spread(0.0 if ensemble.shift is None else ensemble.shift.mean, sd)
        return ensemble.varied(**changes)

    @property
    def text(self) -> str:
        """What an axis says."""
        root = " * sqrt(N)" if self.per_root_n else ""
        words = {"weights": "strength g", "gains": f"sd of gains{root}",
                 "shifts": f"sd of shifts{root}"}  # fmt: skip
        return " = ".join(words[name] for name in self.names)


def checked_values(values: Sequence[float], at_least: int = 1) -> NDArray[np.float64]:
    """Values of a parameter, ascending, float64 (m,).

    Raises
    ------
    NetworkError
        If there are too few, one is negative or not finite, or they do not ascend.
    """
    grid = np.array(values, dtype=np.float64)
    fine = grid.ndim == 1 and grid.size >= at_least and np.isfinite(grid).all()
    if not fine or (grid < 0).any() or (np.diff(grid) <= 0).any():
        raise NetworkError(
            f"values to vary over: expected at least {at_least} numbers >= 0 that ascend, got "
            f"{list(values)}"
        )
    return grid


def seeds_of(seed: int, samples: int) -> list[int]:
    """A seed for each sample: the first is ``seed``, so that any one can be run alone.

    Raises
    ------
    NetworkError
        If one of them is not a whole number or below 0, or there is no sample.
    """
    for name, value, least in (("seed", seed, 0), ("samples", samples, 1)):
        whole = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
        if not whole or value < least:
            raise NetworkError(f"{name}: expected a whole number, at least {least}, got {value!r}")
    return [int(seed) + sample for sample in range(samples)]
