"""Readout: a linear map from spike counts to outputs, applied on the host after a run."""

from __future__ import annotations

__all__ = ["Readout"]

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurobridge.content import ByContent
from neurobridge.errors import NetworkError
from neurobridge.frozen import frozen_array
from neurobridge.graph.population import check_name, checked_indices
from neurobridge.recording import Recording


@dataclass(frozen=True, eq=False)
class Readout(ByContent):
    """``output = weight @ spike_counts[neurons] + bias``.

    Parameters
    ----------
    name, population : str
    neurons : int32 array, shape (n,)
    weight : float64 array, shape (n_out, n)
    bias : float64 array, shape (n_out,)
    """

    name: str
    population: str
    neurons: NDArray[np.int32]
    weight: NDArray[np.float64]
    bias: NDArray[np.float64]

    def __post_init__(self) -> None:
        check_name(self.name, "readout")
        where = f"readout {self.name!r}"
        object.__setattr__(self, "neurons", checked_indices(self.neurons, where))
        for field in ("weight", "bias"):
            array = frozen_array(getattr(self, field), np.float64)
            if not np.isfinite(array).all():
                raise NetworkError(f"{where}: {field} must be finite")
            object.__setattr__(self, field, array)
        if self.weight.shape != (self.bias.size, self.neurons.size):
            raise NetworkError(
                f"{where}: weight must have shape ({self.bias.size}, {self.neurons.size}) for "
                f"{self.neurons.size} neurons and {self.bias.size} outputs, got {self.weight.shape}"
            )

    def apply(self, recording: Recording) -> NDArray[np.float64]:
        """The outputs for one recording, float64 (n_out,).

        Raises
        ------
        NetworkError
            If spikes of a neuron of the readout were not recorded.
        """
        spikes = recording.spikes.get(self.population)
        recorded = np.zeros(0, dtype=np.int32) if spikes is None else spikes.recorded
        missing = np.setdiff1d(self.neurons, recorded)
        if missing.size or spikes is None:
            raise NetworkError(
                f"readout {self.name!r}: the spikes of {missing.size} of {self.neurons.size} "
                f"neurons were not recorded under {self.population!r}; record them with "
                f"SpikeProbe({self.population!r}, {self.population!r}), or use no spike probe"
            )
        return self.weight @ spikes.counts[self.neurons] + self.bias
