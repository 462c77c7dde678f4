"""Probes: what a run records."""

from __future__ import annotations

__all__ = ["Probe", "SpikeProbe", "StateProbe"]

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurobridge.content import ByContent
from neurobridge.errors import NetworkError
from neurobridge.frozen import owned
from neurobridge.graph.population import check_name, checked_indices
from neurobridge.units import parse_quantity


@dataclass(frozen=True, eq=False)
class SpikeProbe(ByContent):
    """Record the spikes of some neurons of a population (default: all of them)."""

    name: str
    population: str
    neurons: NDArray[np.int32] | None = None

    def __post_init__(self) -> None:
        check_name(self.name, "probe")
        if self.neurons is not None:
            object.__setattr__(self, "neurons", _ascending(self.neurons, self.name))


@dataclass(frozen=True, eq=False)
class StateProbe(ByContent):
    """Record a state variable.

    Parameters
    ----------
    name, population : str
    variable : str
        A state of the population's model.
    neurons : int32 array, optional
        Default: all.
    interval : float, optional
        In ms; samples are taken at ``interval, 2 interval, ...``. Default: every time step.
    """

    name: str
    population: str
    variable: str
    neurons: NDArray[np.int32] | None = None
    interval: float | None = None

    def __post_init__(self) -> None:
        check_name(self.name, "probe")
        if self.neurons is not None:
            object.__setattr__(self, "neurons", _ascending(self.neurons, self.name))
        if self.interval is not None:
            interval = parse_quantity(self.interval, "ms", f"probe {self.name!r}, interval")
            if not interval > 0 or not np.isfinite(interval):
                raise NetworkError(
                    f"probe {self.name!r}: interval must be above 0 ms, got {interval}"
                )
            object.__setattr__(self, "interval", float(interval))


Probe = SpikeProbe | StateProbe


def _ascending(neurons: NDArray[np.int32], name: str) -> NDArray[np.int32]:
    array = checked_indices(neurons, f"probe {name!r}")
    if np.unique(array).size != array.size:
        raise NetworkError(f"probe {name!r}: a neuron is named more than once")
    return owned(np.sort(array))
