"""Values of a network by path: read, and set in a new network."""

from __future__ import annotations

__all__ = ["paths_of", "value_at", "with_value"]

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurobridge.errors import NetworkError
from neurobridge.frozen import FrozenDict
from neurobridge.graph.network import Network
from neurobridge.graph.weight import Explicit
from neurobridge.training.specification import Target, resolve

MAPS = ("weight", "bias")
"""Fields of readouts and encoders."""


def paths_of(network: Network) -> list[str]:
    """All paths that name values of a network, part by part."""
    populations = network.populations.items()
    return [
        *(f"projections.{name}.weight" for name in network.projections),
        *(f"populations.{name}.{field}" for name, p in populations for field in p.parameters),
        *(f"populations.{name}.initial.{state}" for name, p in populations for state in p.initial),
        *(f"readouts.{name}.{field}" for name in network.readouts for field in MAPS),
        *(f"encoders.{name}.{field}" for name in network.encoders for field in MAPS),
    ]


def value_at(network: Network, path: str) -> NDArray[np.float64]:
    """The value at a path: (E,) for weights, (n,) for parameters and initial states, or a map.

    Raises
    ------
    NetworkError, UnknownNameError
        If the path names nothing, or no value (scales and low-rank parts have none of their own).
    """
    target = _valued(path, network)
    if target.kind == "weight":
        return network.weights(target.part)
    if target.kind in ("readout", "encoder"):
        group = network.readouts if target.kind == "readout" else network.encoders
        return np.array(getattr(group[target.part], target.field), dtype=np.float64)
    population = network.population(target.part)
    given = population.parameters if target.kind == "parameter" else population.initial
    value = np.asarray(given[target.field], dtype=np.float64)
    return np.broadcast_to(value, (population.size,)).copy()


def with_value(network: Network, path: str, value: NDArray[np.float64]) -> Network:
    """A network with another value at a path.

    Raises
    ------
    NetworkError
        If the shape is another.
    """
    target, old = _valued(path, network), value_at(network, path)
    if value.shape != old.shape:
        raise NetworkError(f"path {path!r}: expected shape {old.shape}, got {value.shape}")
    if target.kind == "weight":
        projection = replace(network.projections[target.part], weight=Explicit(value))
        return network.with_projection(projection)
    if target.kind == "readout":
        readout: Any = network.readouts[target.part]
        return network.with_readout(replace(readout, **{target.field: value}))
    if target.kind == "encoder":
        encoder: Any = network.encoders[target.part]
        return network.with_encoder(replace(encoder, **{target.field: value}))
    if target.kind == "parameter":
        return network.with_parameters(target.part, **{target.field: value})
    population = network.population(target.part)
    own = replace(population, initial=FrozenDict({**population.initial, target.field: value}))
    changed = FrozenDict({**network.populations, target.part: own})
    return replace(network, populations=changed)


def _valued(path: str, network: Network) -> Target:
    target = resolve(path, network)
    if target.kind in ("scale", "low_rank"):
        raise NetworkError(
            f"path {path!r} has no value of its own; 'projections.{target.part}.weight' has it"
        )
    return target
