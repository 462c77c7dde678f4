"""A network as JSON and arrays, and back: by the fields of its dataclasses, without pickle."""

from __future__ import annotations

__all__ = ["CLASSES", "decode", "encode"]

import dataclasses
import math
import re
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurobridge.errors import FileFormatError, NeurobridgeError, suggest
from neurobridge.frozen import FrozenDict
from neurobridge.graph.edges import Edges
from neurobridge.graph.encoder import Encoder
from neurobridge.graph.labels import Column, Labels
from neurobridge.graph.model import Coupling, NeuronModel, Parameter, Receptor, Refractory
from neurobridge.graph.network import Network, Operation
from neurobridge.graph.population import Population
from neurobridge.graph.probe import SpikeProbe, StateProbe
from neurobridge.graph.projection import Projection, TickDelays
from neurobridge.graph.readout import Readout
from neurobridge.graph.stimulus import (
    Current,
    DiffusionNoise,
    Poisson,
    PoissonCounts,
    SpikeTrains,
    WhiteNoise,
)
from neurobridge.graph.weight import Explicit, Factorised, LowRank, WeightSum

CLASSES: dict[str, type[Any]] = {
    c.__name__: c
    for c in (
        Column, Coupling, Current, DiffusionNoise, Edges, Encoder, Explicit, Factorised, Labels,
        LowRank, Network, NeuronModel, Operation, Parameter, Poisson, PoissonCounts, Population,
        Projection, Readout, Receptor, Refractory, SpikeProbe, SpikeTrains, StateProbe, TickDelays,
        WeightSum, WhiteNoise,
    )
}  # fmt: skip
"""Every class that a file may name."""

_TYPE = "type"


def encode(network: Network) -> tuple[Any, dict[str, NDArray[Any]]]:
    """A network as a JSON value, and its arrays by name.

    A dataclass is an object with its class name under ``"type"``; mappings, arrays and floats that
    JSON has no number for are objects of ``"type"`` ``"mapping"``, ``"array"`` and ``"float"``.
    An array is named by its place, such as ``"projections.recurrent.edges.pre"``, and written once
    however many parts share it.
    """
    encoder = _Encoder()
    return encoder.value(network, ()), encoder.arrays


class _Encoder:
    """Walks the parts of a network and collects their arrays."""

    def __init__(self) -> None:
        self.arrays: dict[str, NDArray[Any]] = {}
        self._names: dict[int, str] = {}
        self._taken: set[str] = set()

    def value(self, value: Any, path: tuple[str, ...]) -> Any:
        if isinstance(value, np.generic):
            value = value.item()
        if isinstance(value, np.ndarray):
            return {_TYPE: "array", "name": self._name(value, path)}
        if type(value).__name__ in CLASSES:
            fields = {
                f.name: self.value(getattr(value, f.name), (*path, f.name))
                for f in dataclasses.fields(value)
            }
            return {_TYPE: type(value).__name__, **fields}
        if isinstance(value, Mapping):
            entries = {k: self.value(v, (*path, k)) for k, v in value.items()}
            return {_TYPE: "mapping", "entries": entries}
        if isinstance(value, (list, tuple)):
            return [self.value(v, (*path, str(i))) for i, v in enumerate(value)]
        if isinstance(value, float) and not math.isfinite(value):
            return {_TYPE: "float", "value": repr(value)}
        if value is None or isinstance(value, (bool, int, float, str)):
            return value
        raise FileFormatError(
            f"cannot save {'.'.join(path)}: {type(value).__name__} has no place in the file"
        )

    def _name(self, array: NDArray[Any], path: tuple[str, ...]) -> str:
        """The name of an array: its path, in characters that every file system takes, unique."""
        if id(array) not in self._names:
            plain = re.sub(r"[^\w.-]", "_", ".".join(path), flags=re.ASCII)[:100]
            name, number = plain, 1
            while name.casefold() in self._taken:
                number += 1
                name = f"{plain}-{number}"
            self._taken.add(name.casefold())
            self._names[id(array)] = name
            self.arrays[name] = array
        return self._names[id(array)]


def decode(value: Any, arrays: Mapping[str, NDArray[Any]]) -> Network:
    """The network that :func:`encode` made a value of.

    Raises
    ------
    FileFormatError
        If the value names an unknown class or array, lacks a field, has one too many, or describes
        a network that contradicts itself; the message says at which key.
    """
    try:
        network = _Decoder(arrays).value(value, "network")
    except (AttributeError, TypeError, ValueError) as err:
        if isinstance(err, FileFormatError):
            raise
        raise FileFormatError(f"key 'network': {err}") from err
    if not isinstance(network, Network):
        raise FileFormatError(f"key 'network': expected a Network, got {type(network).__name__}")
    return network


class _Decoder:
    def __init__(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        self.arrays = arrays

    def value(self, value: Any, where: str) -> Any:
        if isinstance(value, list):
            return tuple(self.value(v, f"{where}.{i}") for i, v in enumerate(value))
        if not isinstance(value, dict):
            return value
        kind = value.get(_TYPE)
        content = {k: v for k, v in value.items() if k != _TYPE}
        if kind == "array":
            return self._array(_only(content, "name", where), where)
        if kind == "mapping":
            entries = _only(content, "entries", where)
            return FrozenDict({k: self.value(v, f"{where}.{k}") for k, v in entries.items()})
        if kind == "float":
            return float(_only(content, "value", where))
        if kind not in CLASSES:
            raise FileFormatError(
                f"key {where!r}: unknown type {kind!r}{suggest(str(kind), CLASSES)}"
            )
        return self._part(CLASSES[kind], content, where)

    def _array(self, name: str, where: str) -> NDArray[Any]:
        if name not in self.arrays:
            raise FileFormatError(
                f"key {where!r}: there is no array {name!r} in the manifest"
                f"{suggest(name, self.arrays)}"
            )
        return self.arrays[name]

    def _part(self, cls: type[Any], content: dict[str, Any], where: str) -> Any:
        expected = {f.name for f in dataclasses.fields(cls)}
        if expected != content.keys():
            wrong = sorted(expected ^ content.keys())[0]
            what = "lacks" if wrong in expected else "has an unknown"
            raise FileFormatError(f"key {where!r}: the {cls.__name__} {what} field {wrong!r}")
        fields = {k: self.value(v, f"{where}.{k}") for k, v in content.items()}
        try:
            return cls(**fields)
        except FileFormatError:
            raise
        except (NeurobridgeError, ArithmeticError, AttributeError, TypeError, ValueError) as err:
            raise FileFormatError(f"key {where!r}: {err}") from err


def _only(content: dict[str, Any], key: str, where: str) -> Any:
    if content.keys() != {key}:
        raise FileFormatError(f"key {where!r}: expected {key!r} and nothing else beside 'type'")
    return content[key]
