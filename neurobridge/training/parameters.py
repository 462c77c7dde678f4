"""Trained: one path as a torch module, which gives physical values that keep every constraint."""

from __future__ import annotations

__all__ = ["LowRankPart", "Trained", "make_trained"]

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from neurobridge.errors import NetworkError
from neurobridge.graph.model import Parameter
from neurobridge.graph.network import Network
from neurobridge.graph.projection import Projection
from neurobridge.training.groups import (
    Grouping,
    group_edges,
    group_neurons,
    select_edges,
    select_neurons,
)
from neurobridge.training.low_rank import LowRankPart
from neurobridge.training.specification import Target, Train, matrix_on_edges, resolve
from neurobridge.training.transforms import Bounds, Transform, bounded
from neurobridge.units import parse_quantity

Real = NDArray[np.float64]
Mask = NDArray[np.bool_]


class Trained(nn.Module):
    """Values of one path.

    What the optimiser moves is ``step``, 0 at first; the physical value is
    ``transform(start + rate * step)``, so a learning rate of an element acts under any optimiser.

    Parameters
    ----------
    spec : Train
    target : Target
    transform : Transform
        Of the groups.
    grouping : Grouping
        Of the elements.
    rate : float64 array, shape (n_groups,)
        Where it is 0, the value stays what it is to the last bit.
    moves : bool array, shape (n,)
        Other elements keep their value.
    value : tensor
        Initial physical values, n in all.
    """

    rate: torch.Tensor
    code: torch.Tensor
    value: torch.Tensor
    held: torch.Tensor | None
    fixed: torch.Tensor | None

    def __init__(
        self,
        spec: Train,
        target: Target,
        transform: Transform,
        grouping: Grouping,
        rate: Real,
        moves: Mask,
        value: torch.Tensor,
    ) -> None:
        super().__init__()
        self.spec, self.target, self.transform, self.grouping = spec, target, transform, grouping
        self.step = nn.Parameter(torch.zeros_like(transform.start))
        self.shares = not grouping.each
        shape, held = value.shape, (rate == 0)[grouping.code]
        self.register_buffer("rate", torch.as_tensor(rate, dtype=value.dtype))
        self.register_buffer("code", torch.as_tensor(grouping.code))
        self.register_buffer("value", value)
        self.register_buffer("held", torch.as_tensor(held).view(shape) if held.any() else None)
        fixed = None if moves.all() else torch.as_tensor(~moves).view(shape)
        self.register_buffer("fixed", fixed)

    def forward(self) -> torch.Tensor:
        """Physical value of every element, of the shape of the initial ones."""
        values: torch.Tensor = self.transform(self.transform.start + self.rate * self.step)
        if self.shares:
            values = values[self.code]
        values = values.view_as(self.value)
        for unchanged in (self.held, self.fixed):
            if unchanged is not None:
                values = torch.where(unchanged, self.value, values)
        return values


def make_trained(spec: Train, network: Network, dtype: torch.dtype) -> Trained | LowRankPart:
    """The module of one specification.

    Raises
    ------
    NetworkError, UnknownNameError
        If the path names nothing, or the constraint does not fit what is there.
    """
    target = resolve(spec.path, network)
    if not spec.self_connections and not spec.path.startswith("projections."):
        raise NetworkError(f"path {spec.path!r}: self_connections=False is for projections")
    if spec.sign is not None and target.kind not in ("weight", "low_rank"):
        raise NetworkError(
            f"path {spec.path!r}: sign={spec.sign!r} is for weights and low-rank parts; for other "
            "values give bounds"
        )
    if target.kind == "low_rank":
        return _low_rank(spec, target, network, dtype)
    if target.kind in ("weight", "scale"):
        return _of_projection(spec, target, network, dtype)
    if target.kind in ("parameter", "initial"):
        return _of_population(spec, target, network, dtype)
    return _of_map(spec, target, network, dtype)


# -- projections --------------------------------------------------------------------------------


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
    if rate.ndim > 1:
        shape = (edges.n_post, edges.n_pre)
        rate = matrix_on_edges(rate, edges.post, edges.pre, shape, spec.path)
    moves = _edges_that_move(spec, network, projection)
    if target.kind == "scale":
        bounds = _bounds(spec, "1", Bounds(low=0.0, low_open=True))
        return _made(spec, target, grouping, rate, moves, np.ones(edges.n_edges), dtype, bounds)
    value = network.weights(target.part)
    unit = network.population(projection.post).model.weight_unit(projection.receptor)
    if spec.sign == "free":
        _needs_both_signs(network, target, spec.path)
        bounds = _bounds(spec, unit, Bounds())
        return _made(spec, target, grouping, rate, moves, value, dtype, bounds)
    _check_dale(network, target.part, value, spec.path)
    bounds = _bounds_of_magnitude(spec, unit)
    return _made(spec, target, grouping, rate, moves, value, dtype, bounds, np.sign(value))


def _edges_that_move(spec: Train, network: Network, projection: Projection) -> Mask:
    moves = np.ones(projection.edges.n_edges, dtype=bool)
    if spec.where is not None:
        moves = select_edges(network, projection, spec.where, spec.path)
    if not spec.self_connections:
        if projection.pre != projection.post:
            raise NetworkError(
                f"path {spec.path!r}: self_connections=False is for projections within a "
                f"population, this one is from {projection.pre!r} to {projection.post!r}"
            )
        moves &= projection.edges.pre != projection.edges.post
    return moves


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


def _takes_both_signs(network: Network, target: Target) -> bool:
    projection = network.projections[target.part]
    entries = network.population(projection.post).model.reached(projection.receptor)
    return len(entries) == 1 and entries[0].sign == "any"


def _needs_both_signs(network: Network, target: Target, path: str) -> None:
    if _takes_both_signs(network, target):
        return
    projection = network.projections[target.part]
    entries = network.population(projection.post).model.reached(projection.receptor)
    raise NetworkError(
        f"path {path!r}: weights that may change sign need a receptor that takes both, but "
        f"{projection.post!r} has {[(e.name, e.sign) for e in entries]}; keep sign='fixed', or "
        "use a model with one receptor of sign 'any'"
    )


def _low_rank(spec: Train, target: Target, network: Network, dtype: torch.dtype) -> LowRankPart:
    if spec.by is not None or spec.bounds is not None or np.ndim(spec.learning_rate):
        raise NetworkError(
            f"path {spec.path!r}: a low-rank part takes where, self_connections, sign, rank, "
            "spread and one learning_rate, but neither by, bounds nor rates of elements"
        )
    projection = network.projections[target.part]
    value = network.weights(target.part)
    labels = network.population(projection.pre).labels.sign
    moves = _edges_that_move(spec, network, projection)
    if not moves.any():
        raise NetworkError(f"path {spec.path!r}: where={dict(spec.where or {})} selects nothing")
    sign: Real | None = None
    if spec.sign == "fixed" or (spec.sign is None and labels is not None):
        _check_dale(network, target.part, value, spec.path)
        sign = np.sign(value)
        if labels is not None and _takes_both_signs(network, target):
            sign = np.where(sign == 0, labels[projection.edges.pre], sign)
        if not (moves & (sign != 0)).any():
            raise NetworkError(
                f"path {spec.path!r}: all weights are 0 and keep their sign, so nothing can be "
                "trained; give them values, or sign='free'"
            )
    else:
        _needs_both_signs(network, target, spec.path)
    size = float(np.abs(value).mean()) or 1.0
    return LowRankPart(spec, target, projection.edges, size, moves, sign, dtype)


# -- populations, readouts and encoders ---------------------------------------------------------


def _of_population(spec: Train, target: Target, network: Network, dtype: torch.dtype) -> Trained:
    population = network.population(target.part)
    grouping = group_neurons(population, spec.by or "each", spec.path)
    moves = np.ones(population.size, dtype=bool)
    if spec.where is not None:
        moves = select_neurons(population, spec.where, spec.path)
    if target.kind == "initial":
        unit, declared = population.model.states[target.field].unit, Bounds()
        given: Any = population.initial.get(target.field, 0.0)
        if target.field not in population.initial and target.field in population.model.initial:
            raise NetworkError(
                f"path {spec.path!r}: the initial value follows from parameters by the model; give "
                f"the population its own initial {target.field!r} first"
            )
    else:
        parameter = population.model.parameters[target.field]
        unit, declared = parameter.unit, _declared(parameter)
        given = population.parameters[target.field]
    value = np.broadcast_to(np.asarray(given, dtype=np.float64), (population.size,)).copy()
    rate = np.asarray(spec.learning_rate, dtype=np.float64)
    bounds = _bounds(spec, unit, declared)
    return _made(spec, target, grouping, rate, moves, value, dtype, bounds, declared=declared)


def _declared(parameter: Parameter) -> Bounds:
    """The bounds of a declaration."""
    return Bounds(
        max(parameter.above, parameter.at_least), min(parameter.below, parameter.at_most),
        parameter.above >= parameter.at_least, parameter.below <= parameter.at_most,
    )  # fmt: skip


def _of_map(spec: Train, target: Target, network: Network, dtype: torch.dtype) -> Trained:
    group: Mapping[str, Any] = network.readouts if target.kind == "readout" else network.encoders
    value = np.array(getattr(group[target.part], target.field), dtype=np.float64)
    if spec.by not in (None, "each", "all") or spec.where is not None:
        raise NetworkError(
            f"path {spec.path!r}: readouts and encoders are trained by 'each' or 'all' elements, "
            "without where="
        )
    each = spec.by != "all"
    code = np.arange(value.size) if each else np.zeros(value.size, dtype=np.int64)
    grouping = Grouping(code, tuple(map(str, range(value.size))) if each else ("all",))
    rate = np.asarray(spec.learning_rate, dtype=np.float64)
    if rate.ndim > 1 and rate.shape != value.shape:
        hint = "; it lies on its side, transpose it" if rate.shape == value.shape[::-1] else ""
        raise NetworkError(
            f"path {spec.path!r}: expected learning rates of shape {value.shape}, got "
            f"{rate.shape}{hint}"
        )
    moves = np.ones(value.size, dtype=bool)
    return _made(spec, target, grouping, rate, moves, value, dtype, _bounds(spec, "1", Bounds()))


# -- in common ----------------------------------------------------------------------------------


def _made(
    spec: Train,
    target: Target,
    grouping: Grouping,
    rate: Real,
    moves: Mask,
    value: Real,
    dtype: torch.dtype,
    bounds: Bounds,
    sign: Real | None = None,
    declared: Bounds | None = None,
) -> Trained:
    """The module, once everything about it is known.

    ``bounds`` are of the magnitude if there is a ``sign``; ``declared`` ones hold for elements that
    do not move as well.
    """
    if not moves.any():
        raise NetworkError(
            f"path {spec.path!r}: where={dict(spec.where or {})} selects nothing"
            if value.size
            else f"path {spec.path!r}: there is nothing to train, it has no element"
        )
    shared = grouping.shared(value.ravel(), spec.path, moves)
    some = grouping.members(moves)
    what = "values" if sign is None else "magnitudes"
    if sign is not None:
        shared = np.abs(shared)
        if bounds.low > 0:
            _check_inside(spec, shared[some], bounds, what)
        some &= sign != 0
        if not some.any():
            raise NetworkError(
                f"path {spec.path!r}: all weights are 0 and keep their sign, so nothing can be "
                "trained; give them values, or sign='free'"
            )
    _check_inside(spec, shared[some], bounds, what)
    transform = bounded(shared, bounds, dtype, some, sign)
    initial = (declared or Bounds()).within(torch.as_tensor(value, dtype=dtype))
    rates = _rates(spec, rate, grouping, moves)
    return Trained(spec, target, transform, grouping, rates, moves, initial)


def _check_inside(spec: Train, values: Real, bounds: Bounds, what: str) -> None:
    outside = ~bounds.holds(values)
    if outside.any():
        raise NetworkError(
            f"path {spec.path!r}: {int(outside.sum())} of {values.size} {what} are outside of the "
            f"bounds {bounds.low:g} .. {bounds.high:g}, e.g. {values[outside][0]:g}; mend the "
            "values or the bounds"
        )


def _rates(spec: Train, rate: Real, grouping: Grouping, moves: Mask) -> Real:
    """Learning rate factor of each group."""
    if rate.ndim == 0:
        return np.full(grouping.size, float(rate))
    if rate.size != moves.size:
        raise NetworkError(
            f"path {spec.path!r}: {rate.size} learning rates for {moves.size} elements; give one, "
            "or one for each"
        )
    return grouping.shared(rate.ravel(), f"{spec.path}, learning_rate", moves)


def _bounds(spec: Train, unit: str, declared: Bounds) -> Bounds:
    """The declared bounds, narrowed by those that were asked for."""
    asked: Any = spec.bounds or (None, None)
    where = f"path {spec.path!r}, bounds"
    if not isinstance(asked, tuple) or len(asked) != 2:
        raise NetworkError(f"path {spec.path!r}: bounds are (low, high), got {asked!r}")
    low, high = (
        default if given is None else float(parse_quantity(given, unit, where))
        for given, default in zip(asked, (-np.inf, np.inf), strict=True)
    )
    bounds = declared.narrowed(low, high)
    if not bounds.low < bounds.high:
        raise NetworkError(
            f"{where}: the lower bound {bounds.low:g} is not below the upper {bounds.high:g}"
        )
    return bounds


def _bounds_of_magnitude(spec: Train, unit: str) -> Bounds:
    """Bounds of weights that keep their sign: above 0, and within what was asked for."""
    for given in spec.bounds or ():
        if given is not None and parse_quantity(given, unit, f"path {spec.path!r}, bounds") < 0:
            raise NetworkError(
                f"path {spec.path!r}: with a fixed sign bounds are of the magnitude, which is not "
                f"below 0, got {given!r}; give (low, high) of the magnitude, or sign='free'"
            )
    return _bounds(spec, unit, Bounds(low=0.0, low_open=True))
