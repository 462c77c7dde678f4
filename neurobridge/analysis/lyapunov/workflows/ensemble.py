"""Ensemble: networks of one kind, one for each seed, and what of them is varied."""

from __future__ import annotations

__all__ = ["Ensemble"]

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from neurobridge.analysis.lyapunov.workflows.spread import Spread
from neurobridge.errors import NetworkError
from neurobridge.frozen import frozen_plain
from neurobridge.graph.network import Network
from neurobridge.lowering.finding import Finding


@dataclass(frozen=True, eq=False)
class Ensemble:
    """Networks of one kind, one for each seed.

    Made by :func:`random_networks`, :func:`matrix_networks`, :func:`connectome_networks`,
    :func:`same_network` and, from what a user may name, :func:`networks_named`.

    Parameters
    ----------
    name : str
        In a few words, e.g. ``"random, N = 200"``.
    make : function of (seed, strength) to Network
        Couplings have this strength. A connectome has the same couplings for all seeds.
    settings : mapping
        What they were made from, for the records; what JSON can hold.
    strength : float
        Of the couplings: the g of a random network, a factor on those of others.
    gain, shift : Spread, optional
        Of all neurons, drawn anew for each seed; None leaves what the network has.
    by : str, optional
        Label whose neurons share a random gain and a random shift.
    findings : tuple of Finding
        What making them had to say.
    mean_field : mapping, optional
        Arguments of :func:`~neurobridge.analysis.mean_field.dynamic_mean_field` besides g, where
        that theory is about these networks.
    of_size : function of a number of neurons to Ensemble, optional
        The same kind of networks at another size, where there is such a thing.

    Raises
    ------
    NetworkError
        If the strength is negative or not finite.
    """

    name: str
    make: Callable[[int, float], Network] = field(repr=False)
    settings: Mapping[str, Any]
    strength: float = 1.0
    gain: Spread | None = None
    shift: Spread | None = None
    by: str | None = None
    findings: tuple[Finding, ...] = ()
    mean_field: Mapping[str, Any] | None = None
    of_size: Callable[[int], Ensemble] | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if not (np.isfinite(self.strength) and self.strength >= 0):
            raise NetworkError(
                f"strength of the couplings (g): expected a number >= 0, got {self.strength!r}; "
                "signs come from the couplings"
            )
        object.__setattr__(self, "settings", frozen_plain(self.settings, "settings"))

    def network(self, seed: int = 0) -> Network:
        """The network of a seed.

        Raises
        ------
        NetworkError, UnknownNameError
            If neurons have no gain or shift, or not the label that is to share it.
        """
        if self.by is not None and not any(s and s.sd for s in (self.gain, self.shift)):
            raise NetworkError(
                f"by={self.by!r}: neither gains nor shifts differ, nothing is shared; give them "
                "a standard deviation"
            )
        network = self.make(seed, self.strength)
        for name in network.populations:
            population = network.population(name)
            values = {}
            for parameter, spread in (("gain", self.gain), ("shift", self.shift)):
                if spread is None:
                    continue
                if parameter not in population.parameters:
                    raise NetworkError(
                        f"population {name!r}: neurons of model {population.model.name!r} have no "
                        f"{parameter}; models of rate_model do"
                    )
                values[parameter] = spread.values(population, parameter, self.by, seed)
            if values:
                network = network.with_parameters(name, **values)
        return network

    def varied(self, **changes: Any) -> Ensemble:
        """The same with another ``strength``, ``gain``, ``shift`` or ``by``."""
        return replace(self, **changes)

    @cached_property
    def n_neurons(self) -> int:
        """Neurons of a network."""
        return self.network(0).n_neurons

    def to_dict(self) -> dict[str, Any]:
        """What they are, for the records."""
        spreads = {
            name: None if spread is None else {"mean": spread.mean, "sd": spread.sd}
            for name, spread in (("gain", self.gain), ("shift", self.shift))
        }
        return {
            "name": self.name,
            **self.settings,
            "strength": self.strength,
            **spreads,
            "by": self.by,
            "findings": [finding.to_dict() for finding in self.findings],
        }
