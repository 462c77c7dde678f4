"""RandomSubsets: a random graph with random input and output neurons."""

from __future__ import annotations

__all__ = ["RandomSubsets"]

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from neurobridge.errors import NetworkError
from neurobridge.frozen import owned
from neurobridge.rng import generator
from neurobridge.structure import checks
from neurobridge.structure.plan import Group, Plan
from neurobridge.structure.structure import Structure


@dataclass(frozen=True, eq=False, repr=False)
class RandomSubsets(Structure):
    """A random graph (Erdos & Renyi); random neurons receive input, random neurons are read out.

    Weights may have either sign. All neurons are in the area ``"network"``.

    Parameters
    ----------
    n : int
        Number of neurons.
    n_inputs, n_outputs : int
        Size of the two subsets.
    overlap : int, optional
        How many neurons are in both subsets: 0 makes them disjoint. Default: as it comes.
    density : float
        Probability of an edge.
    self_connections : bool
    seed : int

    Raises
    ------
    NetworkError
        If a subset is larger than the network, there is no such overlap, or the density is no
        probability.
    """

    n: int
    n_inputs: int
    n_outputs: int
    overlap: int | None = None
    density: float = field(kw_only=True)
    self_connections: bool = field(default=False, kw_only=True)
    seed: int = field(kw_only=True)

    def __post_init__(self) -> None:
        checks.whole(self.n, "n", 1)
        for name in ("n_inputs", "n_outputs"):
            if checks.whole(getattr(self, name), name) > self.n:
                raise NetworkError(f"{name} = {getattr(self, name)} of only {self.n} neurons")
        object.__setattr__(self, "density", checks.probability(self.density, "density"))
        self._check_overlap()
        object.__setattr__(self, "seed", checks.seed(self.seed))

    def _check_overlap(self) -> None:
        if isinstance(self.overlap, bool):
            raise NetworkError(
                f"overlap: expected how many neurons are in both, got {self.overlap}; write 0 for "
                "disjoint subsets, None for subsets drawn independently"
            )
        if self.overlap is None:
            return
        least = max(0, self.n_inputs + self.n_outputs - self.n)
        most = min(self.n_inputs, self.n_outputs)
        if not least <= checks.whole(self.overlap, "overlap") <= most:
            raise NetworkError(
                f"overlap = {self.overlap} is impossible: {self.n_inputs} input and "
                f"{self.n_outputs} output neurons of {self.n} share {least} to {most}"
            )

    def _plan(self) -> Plan:
        group = Group("network", "network", self.n, self_connections=self.self_connections)
        return Plan((group,), np.array([[self.density]]))

    @cached_property
    def input_neurons(self) -> NDArray[np.int32]:
        """Neurons that receive input, int32 (n_inputs,), ascending."""
        return self._chosen("inputs", np.arange(self.n), self.n_inputs)

    @cached_property
    def output_neurons(self) -> NDArray[np.int32]:
        """Neurons that are read out, int32 (n_outputs,), ascending."""
        if self.overlap is None:
            return self._chosen("outputs", np.arange(self.n), self.n_outputs)
        others = np.setdiff1d(np.arange(self.n), self.input_neurons)
        both = self._chosen("both", self.input_neurons, self.overlap)
        only = self._chosen("outputs", others, self.n_outputs - self.overlap)
        return owned(np.sort(np.concatenate([both, only])))

    def _chosen(self, role: str, among: NDArray[np.integer], n: int) -> NDArray[np.int32]:
        rng = generator(self.seed, "structure.subset", role)
        return owned(np.sort(rng.choice(among, n, replace=False)).astype(np.int32))
