"""Blocks: groups of neurons with a time constant and an initialiser of their own."""

from __future__ import annotations

__all__ = ["Block", "Blocks"]

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurobridge.content import ByContent
from neurobridge.errors import NetworkError
from neurobridge.frozen import FrozenDict, frozen_array, owned
from neurobridge.graph.model import NeuronModel
from neurobridge.graph.network import Network
from neurobridge.structure import checks
from neurobridge.structure.initialisers import Initialiser, Normal
from neurobridge.structure.plan import Group, Plan
from neurobridge.structure.structure import Structure, neurons_of
from neurobridge.structure.target import Target
from neurobridge.structure.weights import Weights
from neurobridge.units import parse_quantity

Real = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Block(ByContent):
    """A block of :class:`Blocks`.

    Parameters
    ----------
    size : int
    tau : float, str, or float array of shape (size,)
        Time constant, in ms or with a unit.
    weights : Initialiser
        Of the edges within the block; fan-in, balance and spectral radius are those of the block
        by itself.
    sign : {-1, 0, 1}
        Of all its neurons; 0: weights of either sign.
    self_connections : bool

    Raises
    ------
    NetworkError
        If a value is not possible, e.g. a time constant not above 0.
    """

    size: int
    tau: float | str | Real
    weights: Initialiser = field(default_factory=Normal)
    sign: int = 0
    self_connections: bool = False

    def __post_init__(self) -> None:
        size = checks.whole(self.size, "block, size", 1)
        tau = np.asarray(parse_quantity(self.tau, "ms", "block, tau"), dtype=np.float64)
        if tau.shape not in ((), (size,)):
            raise NetworkError(
                f"block, tau: expected one number, or one for each of {size} neurons, got shape "
                f"{tau.shape}"
            )
        if not (np.isfinite(tau) & (tau > 0)).all():
            raise NetworkError(f"block, tau: must be finite and above 0 ms, got {self.tau!r}")
        object.__setattr__(self, "tau", float(tau) if tau.ndim == 0 else frozen_array(tau, float))
        if not isinstance(self.weights, Initialiser):
            raise NetworkError(
                "block, weights: expected an initialiser such as Normal(1.0), got "
                f"{type(self.weights).__name__}"
            )
        if self.sign not in (-1, 0, 1):
            raise NetworkError(f"block, sign: expected -1, 0 or 1, got {self.sign!r}")


@dataclass(frozen=True, eq=False, repr=False)
class Blocks(Structure):
    """Blocks with a time constant and an initialiser each, and weights between them.

    The names of blocks are the areas.

    Parameters
    ----------
    blocks : mapping of str to Block
    connectivity : (forward, backward, within), or float array of shape (n_blocks, n_blocks)
        Probabilities, post x pre, as for :class:`MultiArea`.
    between : Initialiser
        Of the edges between different blocks; fan-in counts these alone.
    inputs, outputs : sequence of str, optional
        Blocks that receive input and that are read out; default: all.
    seed : int

    Raises
    ------
    NetworkError
        If a probability is outside 0..1, or a shape does not fit.
    UnknownNameError
        If a block does not exist.
    """

    blocks: Mapping[str, Block]
    connectivity: ArrayLike
    between: Initialiser = field(default_factory=Normal)
    inputs: Sequence[str] | None = None
    outputs: Sequence[str] | None = None
    seed: int = field(kw_only=True)

    def __post_init__(self) -> None:
        if not isinstance(self.blocks, Mapping) or not all(
            isinstance(b, Block) for b in self.blocks.values()
        ):
            raise NetworkError("blocks: expected a mapping of names to Block(size, tau, ...)")
        if not isinstance(self.between, Initialiser):
            raise NetworkError(f"between: expected an initialiser, got {self.between!r}")
        freeze = object.__setattr__
        freeze(self, "blocks", FrozenDict(self.blocks))
        names = list(checks.sizes({k: b.size for k, b in self.blocks.items()}, "block"))
        freeze(self, "connectivity", checks.connectivity_matrix(self.connectivity, names))
        freeze(self, "inputs", checks.area_names(self.inputs, names, "inputs"))
        freeze(self, "outputs", checks.area_names(self.outputs, names, "outputs"))
        freeze(self, "seed", checks.seed(self.seed))

    def _plan(self) -> Plan:
        groups = tuple(
            Group(name, name, b.size, b.sign, b.self_connections) for name, b in self.blocks.items()
        )
        return Plan(groups, np.asarray(self.connectivity, dtype=np.float64))

    @property
    def input_neurons(self) -> NDArray[np.int32]:
        """Neurons of the blocks that receive input, int32, ascending."""
        return neurons_of(self, tuple(self.inputs or ()))

    @property
    def output_neurons(self) -> NDArray[np.int32]:
        """Neurons of the blocks that are read out, int32, ascending."""
        return neurons_of(self, tuple(self.outputs or ()))

    @cached_property
    def tau(self) -> Real:
        """Time constant of every neuron in ms, float64 (N,)."""
        return owned(np.concatenate([np.full(b.size, b.tau) for b in self.blocks.values()]))

    @cached_property
    def weights(self) -> Weights:
        """The weights that the initialisers of the blocks and ``between`` them make."""
        values = np.zeros(self.edges.n_edges)
        for name, block in self.blocks.items():
            members = self.areas[name]
            edges, keep = self.edges.restrict(members, members)
            within = block.weights.weights(
                edges, sign=np.full(block.size, block.sign), seed=self.seed, name=f"within {name}"
            )
            values[keep] = within.values
        keep = self.plan.group[self.edges.post] != self.plan.group[self.edges.pre]
        edges = self.edges.take(keep)
        target = Target(edges, self.sign[edges.pre], self.plan.parts(edges), self.seed)
        values[keep] = self.between.on(target, "between").values if keep.any() else 0.0
        return Weights(self.edges, values, self.sign[self.edges.pre], self)

    def network(
        self,
        model: NeuronModel,
        weights: Any = None,
        *,
        tau: str = "tau",
        **options: Any,
    ) -> Network:
        """A network; see :meth:`Structure.network`.

        Parameters
        ----------
        model : NeuronModel
        weights : optional
            Default: :attr:`weights`.
        tau : str
            The parameter of the model that is the time constant of a block, e.g. ``"tau_m"``.
        **options
            As for :meth:`Structure.network`.
        """
        made = self.weights if weights is None else weights
        options[tau] = self.tau
        return super().network(model, made, **options)
