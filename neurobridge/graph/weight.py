"""Weights of a projection: factorised over the connectome, explicit, low-rank, and sums of them."""

from __future__ import annotations

__all__ = ["Explicit", "Factorised", "LowRank", "Weight", "WeightSum"]

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurobridge.content import ByContent
from neurobridge.errors import NetworkError, UnitError
from neurobridge.frozen import frozen_array, owned
from neurobridge.graph.edges import Edges
from neurobridge.units import parse_quantity


@dataclass(frozen=True, eq=False)
class Factorised(ByContent):
    """``sign * count * scale[group] * unit``: the connectome gives signs and counts.

    Parameters
    ----------
    unit : float or str
        Weight of one synapse, in the canonical weight unit of the receptor or with its own unit
        (``"0.275 mV"``); not negative, since signs come from neurons or edges.
    scale : float array, shape (n_groups,)
        Trained or chosen factors, one a group. Default: one group, 1.
    group : str, optional
        Column of the edges that holds the group of each edge.
    """

    unit: float | str
    scale: NDArray[np.float64] = field(default_factory=lambda: np.ones(1))
    group: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "scale", frozen_array(np.atleast_1d(self.scale), np.float64))
        if self.scale.ndim != 1 or not np.isfinite(self.scale).all():
            raise NetworkError(f"weight: scale must be flat and finite, got {self.scale}")
        if isinstance(self.unit, (int, float)):
            _unit_weight(self.unit, self.unit)
        if self.group is None and self.scale.size != 1:
            raise NetworkError(
                f"weight: {self.scale.size} scales, but no group column says which edge has which"
            )

    def values(self, edges: Edges, sign: NDArray[np.int8] | None, unit: str) -> NDArray[np.float64]:
        """Weight of every edge in ``unit``, float64 (E,); ``sign`` int8 (n_pre,)."""
        self.check(edges)
        factor = _unit_weight(parse_quantity(self.unit, unit, "weight"), self.unit)
        signs = _of_edges(edges.sign) if edges.sign is not None else _presynaptic(edges, sign)
        assert edges.count is not None
        result = edges.count.astype(np.float64)
        result *= factor * float(self.scale[0]) if self.group is None else factor
        if self.group is not None:
            result *= self.scale[edges.columns[self.group]]
        result *= signs
        return result

    def check(self, edges: Edges) -> None:
        """Raise :class:`NetworkError` unless the edges have counts, and groups with a scale."""
        if edges.count is None:
            raise NetworkError("factorised weights need synapse counts, but the edges have none")
        if self.group is None:
            return
        if self.group not in edges.columns:
            raise NetworkError(
                f"weight: the edges have no column {self.group!r}; they have {list(edges.columns)}"
            )
        groups = edges.columns[self.group]
        if groups.dtype.kind not in "iu":
            raise NetworkError(
                f"weight: groups must be integers, but column {self.group!r} is {groups.dtype}"
            )
        for group in (int(groups.min()), int(groups.max())) if groups.size else ():
            if not 0 <= group < self.scale.size:
                raise NetworkError(
                    f"weight: group {group} has no scale; there are {self.scale.size}"
                )

    def scaled(self, factor: float) -> Factorised:
        """The same weights times ``factor``."""
        return replace(self, scale=self.scale * factor)

    def take(self, keep: NDArray[np.bool_]) -> Factorised:
        """The weights of a subset of the edges."""
        return self

    def restrict(self, pre: NDArray[np.int32], post: NDArray[np.int32]) -> Factorised:
        """The weights among subsets of neurons; call :meth:`take` as well."""
        return self


@dataclass(frozen=True, eq=False)
class Explicit(ByContent):
    """One weight an edge, in the canonical unit of the receptor (or in ``unit``).

    Parameters
    ----------
    weight : float32 or float64 array, shape (E,)
        In canonical edge order.
    unit : str, optional
        Unit of the numbers.
    """

    weight: NDArray[np.float64] | NDArray[np.float32]
    unit: str | None = None

    def __post_init__(self) -> None:
        dtype = getattr(self.weight, "dtype", np.dtype(np.float64))
        keep = np.float32 if dtype == np.float32 else np.float64
        object.__setattr__(self, "weight", frozen_array(self.weight, keep))
        finite = np.isfinite(self.weight)
        if not finite.all():
            bad = int(np.flatnonzero(~finite)[0])
            raise NetworkError(
                f"weight[{bad}] = {self.weight[bad]}: weights must be finite, but "
                f"{int((~finite).sum())} of {self.weight.size} are not"
            )

    def values(self, edges: Edges, sign: NDArray[np.int8] | None, unit: str) -> NDArray[np.float64]:
        """Weight of every edge in ``unit``, float64 (E,)."""
        self.check(edges)
        values = self.weight.astype(np.float64)
        if self.unit is not None:
            values *= _number(f"1 {self.unit}", unit)
        return values

    def check(self, edges: Edges) -> None:
        """Raise :class:`NetworkError` unless there is one weight for each edge."""
        if self.weight.shape != (edges.n_edges,):
            raise NetworkError(
                f"weight: {self.weight.size} weights for {edges.n_edges} edges; give one each"
            )

    def scaled(self, factor: float) -> Explicit:
        """The same weights times ``factor``."""
        return replace(self, weight=self.weight * self.weight.dtype.type(factor))

    def take(self, keep: NDArray[np.bool_]) -> Explicit:
        """The weights of a subset of the edges."""
        return replace(self, weight=owned(self.weight[keep]))

    def restrict(self, pre: NDArray[np.int32], post: NDArray[np.int32]) -> Explicit:
        """The weights among subsets of neurons; call :meth:`take` as well."""
        return self


@dataclass(frozen=True, eq=False)
class LowRank(ByContent):
    """``m @ n.T`` on the existing edges.

    Parameters
    ----------
    m : float64 array, shape (n_post, rank)
    n : float64 array, shape (n_pre, rank)
    unit : str, optional
        Unit of the product.
    """

    m: NDArray[np.float64]
    n: NDArray[np.float64]
    unit: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "m", frozen_array(self.m, np.float64))
        object.__setattr__(self, "n", frozen_array(self.n, np.float64))
        if self.m.ndim != 2 or self.n.ndim != 2 or self.m.shape[1] != self.n.shape[1]:
            raise NetworkError(
                f"low-rank weight: m and n must be (n_post, rank) and (n_pre, rank), "
                f"got {self.m.shape} and {self.n.shape}"
            )
        if not np.isfinite(self.m).all() or not np.isfinite(self.n).all():
            raise NetworkError("low-rank weight: m and n must be finite")

    def values(self, edges: Edges, sign: NDArray[np.int8] | None, unit: str) -> NDArray[np.float64]:
        """Weight of every edge in ``unit``, float64 (E,)."""
        self.check(edges)
        values = np.zeros(edges.n_edges)
        post = edges.post
        for r in range(self.m.shape[1]):
            values += self.m[post, r] * self.n[edges.pre, r]
        return values * (1.0 if self.unit is None else _number(f"1 {self.unit}", unit))

    def check(self, edges: Edges) -> None:
        """Raise :class:`NetworkError` unless there is a row for each neuron."""
        if self.m.shape[0] != edges.n_post or self.n.shape[0] != edges.n_pre:
            raise NetworkError(
                f"low-rank weight: m and n have {self.m.shape[0]} and {self.n.shape[0]} rows, but "
                f"there are {edges.n_post} post- and {edges.n_pre} presynaptic neurons"
            )

    def scaled(self, factor: float) -> LowRank:
        """The same weights times ``factor``."""
        return replace(self, m=self.m * factor)

    def take(self, keep: NDArray[np.bool_]) -> LowRank:
        """The weights of a subset of the edges."""
        return self

    def restrict(self, pre: NDArray[np.int32], post: NDArray[np.int32]) -> LowRank:
        """The weights among subsets of neurons."""
        return replace(self, m=self.m[post], n=self.n[pre])


@dataclass(frozen=True, eq=False)
class WeightSum(ByContent):
    """The sum of several weights on the same edges."""

    terms: tuple[Factorised | Explicit | LowRank, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "terms", tuple(self.terms))
        if not self.terms:
            raise NetworkError("weight: a sum needs at least one term")
        for term in self.terms:
            if not isinstance(term, (Factorised, Explicit, LowRank)):
                raise NetworkError(
                    "weight: the terms of a sum must be Factorised, Explicit or LowRank, got "
                    f"{type(term).__name__}"
                )

    def values(self, edges: Edges, sign: NDArray[np.int8] | None, unit: str) -> NDArray[np.float64]:
        """Weight of every edge in ``unit``, float64 (E,)."""
        values = np.zeros(edges.n_edges)
        for term in self.terms:
            values += term.values(edges, sign, unit)
        return values

    def check(self, edges: Edges) -> None:
        """Raise :class:`NetworkError` unless every term fits the edges."""
        for term in self.terms:
            term.check(edges)

    def scaled(self, factor: float) -> WeightSum:
        """The same weights times ``factor``."""
        return WeightSum(tuple(t.scaled(factor) for t in self.terms))

    def take(self, keep: NDArray[np.bool_]) -> WeightSum:
        """The weights of a subset of the edges."""
        return WeightSum(tuple(t.take(keep) for t in self.terms))

    def restrict(self, pre: NDArray[np.int32], post: NDArray[np.int32]) -> WeightSum:
        """The weights among subsets of neurons; call :meth:`take` as well."""
        return WeightSum(tuple(t.restrict(pre, post) for t in self.terms))


Weight = Factorised | Explicit | LowRank | WeightSum


def _number(value: float | str, unit: str) -> float:
    return _finite(parse_quantity(value, unit, "weight"), value)


def _unit_weight(number: Any, given: Any) -> float:
    if number < 0:
        raise NetworkError(
            f"weight: the weight of one synapse must not be negative, got {given!r}; the signs of "
            "the neurons (labels.sign) or edges say what inhibits"
        )
    return _finite(number, given)


def _finite(number: Any, given: Any) -> float:
    if not np.isfinite(number):
        raise NetworkError(f"weight: the unit weight must be finite, got {given!r}")
    return float(number)


def _of_edges(sign: NDArray[np.int8]) -> NDArray[np.int8]:
    unknown = int((sign == 0).sum())
    if unknown:
        raise NetworkError(
            f"the sign of {unknown} of {sign.size} edges is unknown (0); say what they are: "
            "with_signs(..., unknown='drop' | 'excitatory' | 'inhibitory')"
        )
    return sign


def _presynaptic(edges: Edges, sign: NDArray[np.int8] | None) -> NDArray[np.int8]:
    if sign is None:
        raise NetworkError(
            "factorised weights need a sign for every presynaptic neuron (labels.sign) or edge; "
            "choose a sign policy for the connectome first, e.g. connectome.with_signs('argmax')"
        )
    unknown = sign == 0
    if unknown.any():
        affected = unknown[edges.pre]
        if affected.any():
            raise NetworkError(
                f"{int(affected.sum())} edges start at neurons whose sign is unknown "
                f"({np.unique(edges.pre[affected]).size} neurons); say what they are: "
                "with_signs(..., unknown='drop' | 'excitatory' | 'inhibitory')"
            )
    return sign[edges.pre]


def as_weight(weight: Any) -> Weight:
    """A weight from what a user may give: a weight, or an array with one number an edge."""
    if isinstance(weight, (Factorised, Explicit, LowRank, WeightSum)):
        return weight
    if isinstance(weight, str):
        raise UnitError(f"weight {weight!r}: one weight for all edges is set through the builder")
    array: ArrayLike = weight
    return Explicit(np.asarray(array))
