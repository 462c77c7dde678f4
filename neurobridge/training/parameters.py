"""Trained: one path as a torch module, which gives physical values that keep every constraint."""

from __future__ import annotations

__all__ = ["Trained", "make_trained"]

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from neurobridge.errors import NetworkError
from neurobridge.graph.network import Network
from neurobridge.rng import generator
from neurobridge.training.groups import (
    Grouping,
    group_edges,
    group_neurons,
    select_edges,
    select_neurons,
)
from neurobridge.training.specification import Target, Train, matrix_on_edges, resolve
from neurobridge.training.transforms import Transform, bounded, free, signed
from neurobridge.units import parse_quantity

Real = NDArray[np.float64]


class Trained(nn.Module):
    """Values of one path.

    What the optimiser moves is ``step``, 0 at first; the physical value is
    ``transform(start + rate * step)``, so a learning rate of an element acts under any optimiser.

    Parameters
    ----------
    spec : Train
    target : Target
    transform : Transform
    grouping : Grouping
        Of the elements.
    rate : float64 array, shape (n_groups,)
    fixed : bool array, shape (n,), or None
        Elements that keep their value.
    value : float64 array, shape (n,)
        Initial physical values.
    """

    start: torch.Tensor
    rate: torch.Tensor
    code: torch.Tensor
    value: torch.Tensor
    fixed: torch.Tensor | None

    def __init__(
        self,
        spec: Train,
        target: Target,
        transform: Transform,
        grouping: Grouping,
        rate: Real,
        fixed: NDArray[np.bool_] | None,
        value: torch.Tensor,
    ) -> None:
        super().__init__()
        self.spec, self.target, self.transform, self.grouping = spec, target, transform, grouping
        self.step = nn.Parameter(torch.zeros_like(transform.start))
        # what is 0 and keeps its sign starts at minus infinity, and nothing moves it
        self.register_buffer("start", transform.start)
        self.register_buffer("rate", torch.as_tensor(rate, dtype=value.dtype).view_as(self.start))
        self.register_buffer("code", torch.as_tensor(grouping.code))
        self.register_buffer("value", value)
        self.register_buffer("fixed", None if fixed is None else torch.as_tensor(fixed))
        self.shares = grouping.size != value.numel()

    def forward(self) -> torch.Tensor:
        """Physical value of every element, shape (n,)."""
        values = self.transform.forward(self.start + self.rate * self.step)
        if self.shares:
            values = values.flatten()[self.code]
        values = values.view_as(self.value)
        if self.fixed is not None:
            values = torch.where(self.fixed, self.value, values)
        return values


class LowRankPart(nn.Module):
    """``(U V^T)`` on the edges, shape (E,)."""

    post: torch.Tensor
    pre: torch.Tensor
    value: torch.Tensor

    def __init__(self, spec: Train, target: Target, network: Network, dtype: torch.dtype) -> None:
        super().__init__()
        self.spec, self.target = spec, target
        edges = network.projections[target.part].edges
        size = float(np.abs(network.weights(target.part)).mean()) or 1.0
        rng = generator(0, "weights", f"low rank {spec.path}")
        left = rng.normal(size=(edges.n_post, spec.rank)) * spec.spread
        right = rng.normal(size=(edges.n_pre, spec.rank)) * spec.spread
        self.u = nn.Parameter(torch.as_tensor(left, dtype=dtype))
        self.v = nn.Parameter(torch.as_tensor(right, dtype=dtype))
        self.size = size
        self.register_buffer("post", torch.as_tensor(edges.post.astype(np.int64)))
        self.register_buffer("pre", torch.as_tensor(edges.pre.astype(np.int64)))
        self.register_buffer("value", self().detach().clone())

    def factors(self) -> tuple[torch.Tensor, torch.Tensor]:
        """``m`` (n_post, rank) and ``n`` (n_pre, rank) in the unit of the weights."""
        return self.size * self.u, self.v

    def forward(self) -> torch.Tensor:
        """What is added to every edge."""
        m, n = self.factors()
        return (m[self.post] * n[self.pre]).sum(1)


def make_trained(spec: Train, network: Network, dtype: torch.dtype) -> Trained | LowRankPart:
    """The module of one specification.

    Raises
    ------
    NetworkError, UnknownNameError
        If the path names nothing, or the constraint does not fit what is there.
    """
    target = resolve(spec.path, network)
    if target.kind == "low_rank":
        _needs_both_signs(network, target, spec.path)
        return LowRankPart(spec, target, network, dtype)
    if target.kind in ("weight", "scale"):
        return _of_projection(spec, target, network, dtype)
    if target.kind in ("parameter", "initial"):
        return _of_population(spec, target, network, dtype)
    return _of_map(spec, target, network, dtype)


def _of_projection(spec: Train, target: Target, network: Network, dtype: torch.dtype) -> Trained:
    projection = network.projections[target.part]
    edges = projection.edges
    by = spec.by or ("each" if target.kind == "weight" else "all")
    if target.kind == "weight" and by != "each":
        raise NetworkError(
            f"path {spec.path!r}: weights are trained one by one; what groups of edges share is "
            f"'projections.{target.part}.scale'"
        )
    grouping = group_edges(network, projection, by, spec.path)
    rate: Any = np.asarray(spec.learning_rate, dtype=np.float64)
    if rate.ndim == 2:
        shape = (edges.n_post, edges.n_pre)
        rate = matrix_on_edges(rate, edges.post, edges.pre, shape, spec.path)
    chosen = None
    if spec.where is not None:
        chosen = select_edges(network, projection, spec.where, spec.path)
    value = network.weights(target.part) if target.kind == "weight" else np.ones(edges.n_edges)
    unit = network.population(projection.post).model.weight_unit(projection.receptor)
    if target.kind == "weight":
        if spec.sign == "free":
            _needs_both_signs(network, target, spec.path)
        else:
            _check_dale(network, target.part, value, spec.path)
    low, high = _bounds(spec, unit if target.kind == "weight" else "1", -np.inf, np.inf)
    if target.kind == "scale":
        low = max(low, 0.0)
    return _made(spec, target, grouping, rate, chosen, value, dtype, low, high)


def _check_dale(network: Network, name: str, value: Real, path: str) -> None:
    """With signs of neurons in the description, weights must agree with them."""
    projection = network.projections[name]
    sign = network.population(projection.pre).labels.sign
    if sign is None:
        return
    given = sign[projection.edges.pre]
    wrong = (given != 0) & (value != 0) & (np.sign(value) != given)
    if wrong.any():
        edge = int(np.flatnonzero(wrong)[0])
        raise NetworkError(
            f"path {path!r}: {int(wrong.sum())} of {value.size} weights have another sign than "
            f"their presynaptic neuron, the first is edge {edge} with {value[edge]:g} from neuron "
            f"{int(projection.edges.pre[edge])} of sign {int(given[edge])}; mend the weights or "
            "the labels, or train with sign='free'"
        )


def _needs_both_signs(network: Network, target: Target, path: str) -> None:
    projection = network.projections[target.part]
    entries = network.population(projection.post).model.reached(projection.receptor)
    if len(entries) > 1 or entries[0].sign != "any":
        raise NetworkError(
            f"path {path!r}: weights that may change sign need a receptor that takes both, but "
            f"{projection.post!r} has {[(e.name, e.sign) for e in entries]}; keep sign='fixed', or "
            "use a model with one receptor of sign 'any'"
        )


def _of_population(spec: Train, target: Target, network: Network, dtype: torch.dtype) -> Trained:
    population = network.population(target.part)
    grouping = group_neurons(population, spec.by or "each", spec.path)
    chosen = None
    if spec.where is not None:
        chosen = select_neurons(population, spec.where, spec.path)
    if target.kind == "initial":
        unit, low, high = population.model.states[target.field].unit, -np.inf, np.inf
        given: Any = population.initial.get(target.field, 0.0)
        if target.field not in population.initial and target.field in population.model.initial:
            raise NetworkError(
                f"path {spec.path!r}: the initial value follows from parameters by the model; give "
                f"the population its own initial {target.field!r} first"
            )
    else:
        declared = population.model.parameters[target.field]
        unit = declared.unit
        low, high = max(declared.above, declared.at_least), min(declared.below, declared.at_most)
        given = population.parameters[target.field]
    value = np.broadcast_to(np.asarray(given, dtype=np.float64), (population.size,)).copy()
    low, high = _bounds(spec, unit, low, high)
    rate = np.asarray(spec.learning_rate, dtype=np.float64)
    return _made(spec, target, grouping, rate, chosen, value, dtype, low, high)


def _of_map(spec: Train, target: Target, network: Network, dtype: torch.dtype) -> Trained:
    group: Mapping[str, Any] = network.readouts if target.kind == "readout" else network.encoders
    value = np.array(getattr(group[target.part], target.field), dtype=np.float64)
    if spec.by not in (None, "each", "all") or spec.where is not None:
        raise NetworkError(
            f"path {spec.path!r}: readouts and encoders are trained by 'each' or 'all' elements, "
            "without where="
        )
    by = spec.by or "each"
    n = value.size
    code = np.arange(n) if by == "each" else np.zeros(n, dtype=np.int64)
    grouping = Grouping(code, tuple(map(str, range(n))) if by == "each" else ("all",))
    low, high = _bounds(spec, "1", -np.inf, np.inf)
    rate = np.asarray(spec.learning_rate, dtype=np.float64)
    return _made(spec, target, grouping, rate, None, value, dtype, low, high)


def _made(
    spec: Train,
    target: Target,
    grouping: Grouping,
    rate: Real,
    chosen: NDArray[np.bool_] | None,
    value: Real,
    dtype: torch.dtype,
    low: float,
    high: float,
) -> Trained:
    """The module, once everything about it is known."""
    flat = value.ravel()
    shared = grouping.shared(flat, spec.path) if grouping.size != flat.size else flat
    outside = (shared < low) | (shared > high)
    if outside.any():
        raise NetworkError(
            f"path {spec.path!r}: {int(outside.sum())} of {shared.size} values are outside of the "
            f"bounds {low:g} .. {high:g}, e.g. {shared[outside][0]:g}; mend the values or the "
            "bounds"
        )
    rates = _rates(spec, rate, grouping, flat.size)
    start = torch.as_tensor(shared, dtype=dtype)
    keeps_sign = target.kind == "weight" and spec.sign != "free"
    if keeps_sign and np.isfinite([low, high]).any():
        raise NetworkError(
            f"path {spec.path!r}: bounds on weights go with sign='free'; with a fixed sign they "
            "are bounded by 0 on one side"
        )
    if keeps_sign:
        transform = signed(start)
    elif np.isfinite([low, high]).any():
        transform = bounded(start, low, high)
    else:
        transform = free(start)
    fixed = None if chosen is None else ~chosen
    if chosen is not None and not chosen.any():
        raise NetworkError(f"path {spec.path!r}: where={dict(spec.where or {})} selects nothing")
    return Trained(
        spec, target, transform, grouping, rates, fixed, torch.as_tensor(value, dtype=dtype)
    )


def _rates(spec: Train, rate: Real, grouping: Grouping, n: int) -> Real:
    """Learning rate factor of each group."""
    if rate.ndim == 0:
        return np.full(grouping.size, float(rate))
    if rate.size != n:
        raise NetworkError(
            f"path {spec.path!r}: {rate.size} learning rates for {n} elements; give one, or one "
            "for each"
        )
    return grouping.shared(rate.ravel(), f"{spec.path}, learning_rate")


def _bounds(spec: Train, unit: str, low: float, high: float) -> tuple[float, float]:
    """The declared bounds, narrowed by those that were asked for."""
    asked = spec.bounds or (None, None)
    if not isinstance(asked, tuple) or len(asked) != 2:
        raise NetworkError(f"path {spec.path!r}: bounds are (low, high), got {asked!r}")
    where = f"path {spec.path!r}, bounds"
    if asked[0] is not None:
        low = max(low, float(parse_quantity(asked[0], unit, where)))
    if asked[1] is not None:
        high = min(high, float(parse_quantity(asked[1], unit, where)))
    if not low < high:
        raise NetworkError(f"{where}: the lower bound {low:g} is not below the upper {high:g}")
    return low, high
