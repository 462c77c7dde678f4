"""MultiArea: areas with a probability of connection from each to each."""

from __future__ import annotations

__all__ = ["MultiArea", "equal_areas"]

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurobridge.errors import NetworkError
from neurobridge.frozen import FrozenDict
from neurobridge.structure import checks
from neurobridge.structure.plan import Group, Plan
from neurobridge.structure.structure import Structure, neurons_of


def equal_areas(n_areas: int, n_neurons: int) -> FrozenDict[str, int]:
    """Sizes of ``area_1``, ``area_2`` ... that share ``n_neurons`` equally.

    Raises
    ------
    NetworkError
        If ``n_neurons`` is no multiple of ``n_areas``.
    """
    n_areas = checks.whole(n_areas, "n_areas", 1)
    n_neurons = checks.whole(n_neurons, "n_neurons", 1)
    size, rest = divmod(n_neurons, n_areas)
    if rest:
        raise NetworkError(
            f"{n_neurons} neurons do not divide into {n_areas} equal areas; "
            f"{n_areas * size} or {n_areas * (size + 1)} do, or give the size of each area"
        )
    return checks.sizes([size] * n_areas, "area")


@dataclass(frozen=True, eq=False, repr=False)
class MultiArea(Structure):
    """Areas; every pair of neurons is an edge with the probability of their areas.

    Weights may have either sign.

    Parameters
    ----------
    sizes : mapping of str to int, or sequence of int
        Neurons of every area, by name or in order (``area_1`` ...); see :func:`equal_areas`.
    connectivity : (forward, backward, within), or float array of shape (n_areas, n_areas)
        Probabilities. Forward is from an earlier to a later area. The matrix is post x pre:
        ``connectivity[i, j]`` is from area ``j`` to area ``i``.
    inputs, outputs : sequence of str, optional
        Areas that receive input and that are read out; default: all.
    self_connections : bool
    seed : int

    Raises
    ------
    NetworkError
        If a probability is outside 0..1, a size is not a whole number, or a shape does not fit.
    UnknownNameError
        If an area does not exist.
    """

    sizes: Mapping[str, int] | Sequence[int]
    connectivity: ArrayLike
    inputs: Sequence[str] | None = None
    outputs: Sequence[str] | None = None
    self_connections: bool = field(default=False, kw_only=True)
    seed: int = field(kw_only=True)

    def __post_init__(self) -> None:
        freeze = object.__setattr__
        freeze(self, "sizes", checks.sizes(self.sizes, "area"))
        names = list(self._sizes)
        freeze(self, "connectivity", checks.connectivity_matrix(self.connectivity, names))
        freeze(self, "inputs", checks.area_names(self.inputs, names, "inputs"))
        freeze(self, "outputs", checks.area_names(self.outputs, names, "outputs"))
        freeze(self, "seed", checks.seed(self.seed))

    @property
    def _sizes(self) -> FrozenDict[str, int]:
        sizes: Any = self.sizes
        return FrozenDict(sizes)

    def _plan(self) -> Plan:
        groups = tuple(
            Group(name, name, size, self_connections=self.self_connections)
            for name, size in self._sizes.items()
        )
        return Plan(groups, np.asarray(self.connectivity, dtype=np.float64))

    @property
    def input_neurons(self) -> NDArray[np.int32]:
        """Neurons of the areas that receive input, int32, ascending."""
        return neurons_of(self, tuple(self.inputs or ()))

    @property
    def output_neurons(self) -> NDArray[np.int32]:
        """Neurons of the areas that are read out, int32, ascending."""
        return neurons_of(self, tuple(self.outputs or ()))
