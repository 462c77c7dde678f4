"""Of which neurons of a population a loss or a metric is."""

from __future__ import annotations

__all__ = ["OfNeurons"]

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from neurobridge.errors import NetworkError
from neurobridge.graph.population import Population, checked_indices
from neurobridge.training.groups import select_neurons
from neurobridge.training.objective import Seen


@dataclass(frozen=True, eq=False, kw_only=True)
class OfNeurons:
    """Fields that choose neurons of a population; by default all of them.

    Parameters
    ----------
    where : mapping of label to value or list of values, optional
        Neurons with these labels, such as ``{"cell_type": ["KC", "MBON"]}``.
    neurons : sequence of int, optional
        Or by index, such as those that were recorded.
    others : bool
        The neurons that are not chosen, such as those that were not recorded.

    Raises
    ------
    NetworkError, UnknownNameError
        If both are given, or (once it is worked out) a label or an index does not exist, or
        nothing is chosen.
    """

    where: Mapping[str, Any] | None = None
    neurons: ArrayLike | None = None
    others: bool = False

    def __post_init__(self) -> None:
        if self.where is not None and self.neurons is not None:
            raise NetworkError(f"{self._name}: give where= or neurons=, not both")
        if self.others and self.where is None and self.neurons is None:
            raise NetworkError(f"{self._name}: others=True needs where= or neurons=")

    @property
    def _name(self) -> str:
        return type(self).__name__

    def chosen(self, seen: Seen, population: str) -> torch.Tensor:
        """Indices of the neurons, int64."""
        source = seen.model.network.population(population)
        mask = self._mask(source)
        if self.others:
            mask = ~mask
        index = np.flatnonzero(mask)
        if not index.size:
            raise NetworkError(f"{self._name} of {population!r}: no neuron is chosen")
        return torch.as_tensor(index, device=seen.model.options.device)

    def _mask(self, source: Population) -> NDArray[np.bool_]:
        if self.where is not None:
            return select_neurons(source, self.where, f"{self._name} of {source.name}")
        mask = np.ones(source.size, dtype=bool)
        if self.neurons is None:
            return mask
        index = checked_indices(self.neurons, f"{self._name} of {source.name!r}")
        if index.size and index.max() >= source.size:
            raise NetworkError(
                f"{self._name}: neuron {int(index.max())} does not exist, {source.name!r} has "
                f"{source.size}"
            )
        mask[:] = False
        mask[index] = True
        return mask
