"""Values of a network by path: read, and set in a new network."""

from __future__ import annotations

__all__ = ["paths_of", "value_at", "with_value"]

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurobridge.errors import NetworkError, UnknownNameError
from neurobridge.frozen import FrozenDict
from neurobridge.graph.network import Network, Operation
from neurobridge.graph.weight import Explicit

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

    Unlike what is trained, it may be anything, such as a refractory period.

    Raises
    ------
    NetworkError, UnknownNameError
        If the path names nothing, or no value (scales and low-rank parts have none of their own).
    """
    known = paths_of(network)
    root, part, field = _split(path)
    if path not in known:
        raise UnknownNameError("path of a value", path, known)
    if root == "projections":
        return network.weights(part)
    if root in ("readouts", "encoders"):
        return np.array(getattr(getattr(network, root)[part], field), dtype=np.float64)
    population = network.population(part)
    state = field.removeprefix("initial.")
    given = population.parameters[field] if state == field else population.initial[state]
    return np.broadcast_to(np.asarray(given, dtype=np.float64), (population.size,)).copy()


def with_value(network: Network, path: str, value: NDArray[np.float64]) -> Network:
    """A network with another value at a path.

    Raises
    ------
    NetworkError, UnknownNameError
        If the path names nothing, or the shape is another.
    """
    root, part, field = _split(path)
    if field.startswith("initial."):
        return _with_initial(network, path, part, field.removeprefix("initial."), value)
    _check_shape(path, value_at(network, path).shape, value)
    if root == "projections":
        return network.with_projection(replace(network.projections[part], weight=Explicit(value)))
    if root == "readouts":
        readout: Any = network.readouts[part]
        return network.with_readout(replace(readout, **{field: value}))
    if root == "encoders":
        encoder: Any = network.encoders[part]
        return network.with_encoder(replace(encoder, **{field: value}))
    same = bool((value == value[0]).all())
    return network.with_parameters(part, **{field: float(value[0]) if same else value})


def _with_initial(
    network: Network, path: str, part: str, state: str, value: NDArray[np.float64]
) -> Network:
    """Initial states may be given where the population has none of its own."""
    population = network.population(part)
    if state not in population.model.states:
        raise UnknownNameError(f"state (path {path!r})", state, population.model.states)
    _check_shape(path, (population.size,), value)
    own = replace(population, initial=FrozenDict({**population.initial, state: value}))
    step = Operation("with_initial", FrozenDict({"path": path}), network.id)
    return replace(
        network,
        populations=FrozenDict({**network.populations, part: own}),
        history=(*network.history, step),
    )


def _check_shape(path: str, expected: tuple[int, ...], value: NDArray[np.float64]) -> None:
    if value.shape != expected:
        raise NetworkError(f"path {path!r}: expected shape {expected}, got {value.shape}")


def _split(path: str) -> tuple[str, str, str]:
    root, part, field = (*path.split(".", 2), "", "")[:3]
    if root == "projections" and field in ("scale", "low_rank"):
        raise NetworkError(
            f"path {path!r} has no value of its own; 'projections.{part}.weight' has it"
        )
    return root, part, field
