"""Structure: who connects to whom, and what every neuron is."""

from __future__ import annotations

__all__ = ["Structure"]

from abc import ABC, abstractmethod
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurobridge.content import ByContent
from neurobridge.errors import UnknownNameError
from neurobridge.frozen import FrozenDict, owned
from neurobridge.graph.edges import Edges
from neurobridge.graph.labels import Column, Labels
from neurobridge.graph.model import NeuronModel
from neurobridge.graph.network import Network, Operation
from neurobridge.graph.population import Population
from neurobridge.graph.projection import Projection, TickDelays
from neurobridge.graph.weight import Explicit
from neurobridge.structure.density import BlockDensity
from neurobridge.structure.plan import Plan

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from neurobridge.structure.initialisers import Initialiser
    from neurobridge.structure.weights import Weights

Index = NDArray[np.int32]
CLASSES = {1: "E", -1: "I", 0: ""}
"""Label ``cell_class`` by sign."""


class Structure(ByContent, ABC):
    """Base of all structures: a frozen request with its seed, from which all else follows.

    The edges are drawn on first use. Two structures are equal if they were requested equally, and
    then they have the same edges.
    """

    seed: int

    @abstractmethod
    def _plan(self) -> Plan:
        """Groups of neurons and their probabilities."""

    @property
    @abstractmethod
    def input_neurons(self) -> Index:
        """Neurons that are to receive input, int32, ascending."""

    @property
    @abstractmethod
    def output_neurons(self) -> Index:
        """Neurons that are to be read out, int32, ascending."""

    # -- edges ----------------------------------------------------------------------------------

    @cached_property
    def plan(self) -> Plan:
        """Groups of neurons and the probability of an edge among them."""
        return self._plan()

    @property
    def n_neurons(self) -> int:
        """Number of neurons, N."""
        return self.plan.n_neurons

    @cached_property
    def edges(self) -> Edges:
        """The edges."""
        return self.plan.edges(self.seed)

    @property
    def mask(self) -> NDArray[np.bool_]:
        """Where there is an edge, bool (N, N), post x pre; made on each call."""
        mask = np.zeros((self.n_neurons, self.n_neurons), dtype=bool)
        mask[self.edges.post, self.edges.pre] = True
        return mask

    @cached_property
    def densities(self) -> BlockDensity:
        """Density of every block against the requested probability."""
        plan, edges = self.plan, self.edges
        n = len(plan.groups)
        block = plan.group[edges.post] * n + plan.group[edges.pre]
        return BlockDensity(
            tuple(g.name for g in plan.groups),
            plan.probability,
            np.bincount(block, minlength=n * n).reshape(n, n),
            plan.possible(),
        )

    # -- neurons --------------------------------------------------------------------------------

    @cached_property
    def sign(self) -> NDArray[np.int8]:
        """+1 excitatory, -1 inhibitory, 0 either, int8 (N,)."""
        return owned(np.array([g.sign for g in self.plan.groups], np.int8)[self.plan.group])

    @cached_property
    def areas(self) -> FrozenDict[str, Index]:
        """Neurons of every area, ascending."""
        return FrozenDict(
            {a: _where(self._area.codes == i) for i, a in enumerate(self._area.categories)}
        )

    def area(self, name: str) -> Index:
        """Neurons of an area, int32, ascending.

        Raises
        ------
        UnknownNameError
            If there is no such area.
        """
        if name not in self.areas:
            raise UnknownNameError("area", name, self.areas)
        return self.areas[name]

    @cached_property
    def labels(self) -> Labels:
        """Labels ``area``, ``input``, ``output`` ("yes" or "no"), ``cell_class`` ("E" or "I").

        Neurons that may be both have the ``cell_class`` "", and if all are, there is no such label
        and no sign.
        """
        columns = {
            "area": self._area,
            "input": _yes_or_no(self.input_neurons, self.n_neurons),
            "output": _yes_or_no(self.output_neurons, self.n_neurons),
        }
        if not self.sign.any():
            return Labels(FrozenDict(columns))
        columns["cell_class"] = Column.of(np.array([CLASSES[s] for s in self.sign.tolist()]))
        return Labels(FrozenDict(columns), self.sign)

    @cached_property
    def _area(self) -> Column:
        groups = self.plan.groups
        names = tuple(dict.fromkeys(g.area for g in groups))
        codes = np.array([names.index(g.area) for g in groups], dtype=np.uint32)
        return Column(codes[self.plan.group], names)

    # -- use ------------------------------------------------------------------------------------

    def network(
        self,
        model: NeuronModel,
        weights: Weights | Initialiser | ArrayLike,
        *,
        delay: float | str | TickDelays,
        receptor: str | None = None,
        unit: str | None = None,
        name: str = "neurons",
        projection: str = "recurrent",
        initial: dict[str, Any] | None = None,
        **parameters: Any,
    ) -> Network:
        """A network of one population and one projection with exactly these edges.

        Parameters
        ----------
        model : NeuronModel
        weights : Weights, Initialiser, or array of shape (N, N) or (E,)
            An initialiser draws with the seed of the structure. A matrix is post x pre and 0 where
            there is no edge; a flat array is in the order of :attr:`edges`.
        delay : float, str or TickDelays
            In ms; 0 for rate models.
        receptor : str, optional
            Default: by the sign of the weight.
        unit : str, optional
            Of the weights; default: that of the receptor.
        name, projection : str
            Names of the population and of the projection.
        initial, **parameters
            Of the population: numbers, strings with units, or arrays with one value a neuron.

        Returns
        -------
        Network
            Labels and signs of the neurons included; the request is in its history.

        Raises
        ------
        NetworkError
            If weights lie outside the mask or contradict a sign, or parts do not fit together.
        """
        from neurobridge.structure.weights import Weights

        made = Weights.on(self, weights)
        population = Population(
            name, self.n_neurons, model, FrozenDict(parameters), FrozenDict(initial or {}),
            labels=self.labels,
        )  # fmt: skip
        values: Any = Explicit(made.values, unit)
        apart: Any = delay
        edges = Projection(projection, name, name, self.edges, values, apart, receptor)
        request = Operation("structure", FrozenDict(self._request()), "")
        return Network(
            FrozenDict({name: population}), FrozenDict({projection: edges}), history=(request,)
        )

    def draw(self, path: str | Path | None = None) -> Figure:
        """The matrix with the borders of areas; see :func:`neurobridge.structure.draw`."""
        from neurobridge.structure.drawing import draw

        return draw(self, path)

    def _request(self) -> dict[str, Any]:
        """What the history of a network says."""
        groups = self.plan.groups
        return {
            "kind": type(self).__name__,
            "seed": self.seed,
            "groups": [g.name for g in groups],
            "sizes": [g.size for g in groups],
            "probability": self.plan.probability,
        }

    def __repr__(self) -> str:
        groups = ", ".join(f"{g.name} ({g.size})" for g in self.plan.groups)
        return f"<{type(self).__name__}: {self.n_neurons} neurons in {groups}; seed {self.seed}>"


def neurons_of(structure: Structure, areas: tuple[str, ...]) -> Index:
    """The neurons of some areas, ascending."""
    empty = np.zeros(0, dtype=np.int32)
    return np.sort(np.concatenate([empty, *(structure.areas[a] for a in areas)]))


def _where(mask: NDArray[np.bool_]) -> Index:
    return owned(np.flatnonzero(mask).astype(np.int32))


def _yes_or_no(chosen: Index, size: int) -> Column:
    codes = np.zeros(size, dtype=np.uint16)
    codes[chosen] = 1
    return Column(codes, ("no", "yes"))
