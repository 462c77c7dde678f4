"""MultiAreaEI: areas of excitatory and inhibitory neurons."""

from __future__ import annotations

__all__ = ["MultiAreaEI"]

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurobridge.errors import NetworkError, UnknownNameError
from neurobridge.frozen import FrozenDict
from neurobridge.structure import checks
from neurobridge.structure.multi_area import MultiArea
from neurobridge.structure.plan import Group, Plan

PAIRS = ("EE", "EI", "IE", "II")
"""From class to class: ``EI`` is from excitatory to inhibitory."""

Pairs = Sequence[str] | Mapping[str, float]


@dataclass(frozen=True, eq=False, repr=False)
class MultiAreaEI(MultiArea):
    """Areas in which the first neurons are excitatory and the others inhibitory (Dale's law).

    The probability of an edge from class ``a`` of area ``j`` to class ``b`` of area ``i`` is
    ``connectivity[i, j]`` times the factor of the pair ``ab``: that of ``inter_area``, or that of
    ``within_area`` where ``i = j``.

    Parameters
    ----------
    sizes, connectivity, inputs, outputs, self_connections, seed
        As for :class:`MultiArea`.
    fraction_excitatory : float, or mapping of str to float
        Of the neurons of every area, or of each; times the size it must be a whole number.
    inter_area, within_area : sequence of str, or mapping of str to float
        Pairs that are connected, pre to post, out of ``EE``, ``EI`` (excitatory to inhibitory),
        ``IE`` and ``II``; with a mapping, the factor in 0..1 of each pair, 0 for those not named.
    excitatory_outputs_only : bool
        Whether inhibitory neurons of the output areas are left out of the readout.

    Raises
    ------
    NetworkError
        As for :class:`MultiArea`, and if a fraction of an area is no whole number of neurons.
    UnknownNameError
        If an area or a pair does not exist.
    """

    fraction_excitatory: float | Mapping[str, float] = field(default=0.8, kw_only=True)
    inter_area: Pairs = field(default=PAIRS, kw_only=True)
    within_area: Pairs = field(default=PAIRS, kw_only=True)
    excitatory_outputs_only: bool = field(default=False, kw_only=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        freeze = object.__setattr__
        freeze(self, "fraction_excitatory", self._fractions())
        for name in ("inter_area", "within_area"):
            freeze(self, name, checks.factor(getattr(self, name), PAIRS, name))
        for area in self._sizes:
            self._n_excitatory(area)

    def _fractions(self) -> FrozenDict[str, float]:
        given: Any = self.fraction_excitatory
        if not isinstance(given, Mapping):
            given = dict.fromkeys(self._sizes, given)
        for name in given:
            if name not in self._sizes:
                raise UnknownNameError("area in fraction_excitatory", name, self._sizes)
        missing = [a for a in self._sizes if a not in given]
        if missing:
            raise NetworkError(f"fraction_excitatory: give one for every area, not for {missing}")
        where = "fraction_excitatory of area"
        return FrozenDict({a: checks.probability(given[a], f"{where} {a!r}") for a in self._sizes})

    def _n_excitatory(self, area: str) -> int:
        fractions: Any = self.fraction_excitatory
        size, fraction = self._sizes[area], fractions[area]
        n = round(float(size * fraction))
        if abs(size * fraction - n) > 1e-9 * size:
            raise NetworkError(
                f"area {area!r}: {fraction:g} of {size} neurons are {size * fraction:g}, which is "
                f"no whole number; choose another size, or fraction_excitatory={{{area!r}: "
                f"{n}/{size}, ...}}"
            )
        return n

    def _plan(self) -> Plan:
        groups = []
        for area, size in self._sizes.items():
            n = self._n_excitatory(area)
            for label, sign, number in (("E", 1, n), ("I", -1, size - n)):
                if number:
                    name = f"{area}.{label}"
                    groups.append(Group(name, area, number, sign, self.self_connections))
        probability = [[self._probability(post, pre) for pre in groups] for post in groups]
        return Plan(tuple(groups), np.array(probability))

    def _probability(self, post: Group, pre: Group) -> float:
        matrix, areas = np.asarray(self.connectivity), list(self._sizes)
        factors: Any = self.within_area if post.area == pre.area else self.inter_area
        pair = "".join("E" if g.sign > 0 else "I" for g in (pre, post))
        return float(matrix[areas.index(post.area), areas.index(pre.area)] * factors[pair])

    @property
    def output_neurons(self) -> NDArray[np.int32]:
        """Neurons of the areas that are read out, int32, ascending."""
        neurons = super().output_neurons
        return neurons[self.sign[neurons] > 0] if self.excitatory_outputs_only else neurons
