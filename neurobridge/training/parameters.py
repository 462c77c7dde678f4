"""What is trained at each kind of path: which values, groups, bounds and signs."""

from __future__ import annotations

__all__ = ["LowRankPart", "Trained", "make_trained"]

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from neurobridge.errors import NetworkError
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
from neurobridge.training.trained import (
    Trained,
    asked_bounds,
    bounds_of_magnitude,
    declared_bounds,
    made,
)
from neurobridge.training.transforms import Bounds

Real = NDArray[np.float64]
Mask = NDArray[np.bool_]


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
        bounds = asked_bounds(spec, "1", Bounds(low=0.0, low_open=True))
        return made(spec, target, grouping, rate, moves, np.ones(edges.n_edges), dtype, bounds)
    value = network.weights(target.part)
    unit = network.population(projection.post).model.weight_unit(projection.receptor)
    if spec.sign == "free":
        _needs_both_signs(network, target, spec.path)
        bounds = asked_bounds(spec, unit, Bounds())
        return made(spec, target, grouping, rate, moves, value, dtype, bounds)
    _check_dale(network, target.part, value, spec.path)
    bounds = bounds_of_magnitude(spec, unit)
    return made(spec, target, grouping, rate, moves, value, dtype, bounds, np.sign(value))


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
    given = (spec.by, spec.bounds, spec.number)
    if given != (None, None, None) or np.ndim(spec.learning_rate):
        raise NetworkError(
            f"path {spec.path!r}: a low-rank part takes where, self_connections, sign, rank, "
            "spread and one learning_rate, but neither by, bounds nor rates of elements, nor number"
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
        unit, declared = parameter.unit, declared_bounds(parameter)
        given = population.parameters[target.field]
    value = np.broadcast_to(np.asarray(given, dtype=np.float64), (population.size,)).copy()
    rate = np.asarray(spec.learning_rate, dtype=np.float64)
    bounds = asked_bounds(spec, unit, declared)
    return made(spec, target, grouping, rate, moves, value, dtype, bounds, declared=declared)


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
    return made(
        spec, target, grouping, rate, moves, value, dtype, asked_bounds(spec, "1", Bounds())
    )
