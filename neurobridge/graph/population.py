"""Population: neurons that share one dynamics. Cell types are labels, not populations."""

from __future__ import annotations

__all__ = ["Population"]

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurobridge.content import ByContent
from neurobridge.errors import NetworkError, UnknownNameError
from neurobridge.frozen import FrozenDict, frozen_array
from neurobridge.graph.labels import Labels
from neurobridge.graph.model import NeuronModel, Parameter


@dataclass(frozen=True, eq=False)
class Population(ByContent):
    """Neurons of one model.

    Parameters
    ----------
    name : str
    size : int
    model : NeuronModel
    parameters : mapping of str to float, str or array of shape (size,)
        Overrides of the model's defaults; strings carry units.
    initial : mapping of str to float, str or array of shape (size,)
        Overrides of the model's initial state.
    ids : int64 array, shape (size,), optional
        Identifiers in the data set; default 0, 1, 2 ...
    labels : Labels
    positions : float32 array, shape (size, 3), optional
        In micrometres.
    """

    name: str
    size: int
    model: NeuronModel
    parameters: FrozenDict[str, float | NDArray[np.float64]] = field(default_factory=FrozenDict)
    initial: FrozenDict[str, float | NDArray[np.float64]] = field(default_factory=FrozenDict)
    ids: NDArray[np.int64] | None = None
    labels: Labels = field(default_factory=Labels)
    positions: NDArray[np.float32] | None = None

    def __post_init__(self) -> None:
        where = f"population {self.name!r}"
        check_name(self.name, "population")
        if not isinstance(self.size, (int, np.integer)) or self.size < 1:
            raise NetworkError(f"{where}: size must be a whole number >= 1, got {self.size!r}")
        freeze = object.__setattr__
        freeze(self, "size", int(self.size))
        freeze(self, "parameters", self._converted_parameters(where))
        freeze(self, "initial", self._converted_initial(where))
        freeze(self, "ids", self._checked_ids(where))
        self.labels.check_size(self.size, where)
        if self.positions is not None:
            freeze(self, "positions", frozen_array(self.positions, np.float32))
            if self.positions.shape != (self.size, 3):
                raise NetworkError(
                    f"{where}: positions must have shape ({self.size}, 3), "
                    f"got {self.positions.shape}"
                )

    def _converted_parameters(self, where: str) -> FrozenDict[str, Any]:
        for name in self.parameters:
            if name not in self.model.parameters:
                raise UnknownNameError(
                    f"parameter of model {self.model.name!r} ({where})", name, self.model.parameters
                )
        values = {}
        for name, parameter in self.model.parameters.items():
            given = self.parameters.get(name, parameter.default)
            if given is None:
                raise NetworkError(f"{where}: parameter {name!r} has no default; give it a value")
            values[name] = self._converted(parameter, given, f"{where}, parameter {name!r}")
        return FrozenDict(values)

    def _converted_initial(self, where: str) -> FrozenDict[str, Any]:
        values = {}
        for name, given in self.initial.items():
            if name not in self.model.states:
                raise UnknownNameError(
                    f"state of model {self.model.name!r} ({where})", name, self.model.states
                )
            as_parameter = Parameter(None, self.model.states[name].unit)
            values[name] = self._converted(as_parameter, given, f"{where}, initial {name!r}")
        return FrozenDict(values)

    def _converted(self, parameter: Parameter, given: Any, where: str) -> Any:
        value = parameter.convert(given, where)
        if isinstance(value, float):
            return value
        if value.shape != (self.size,):
            raise NetworkError(
                f"{where}: expected one number, or one for each of {self.size} neurons, "
                f"got shape {value.shape}"
            )
        return frozen_array(value, np.float64)

    def _checked_ids(self, where: str) -> NDArray[np.int64]:
        if self.ids is None:
            return frozen_array(np.arange(self.size), np.int64)
        given = np.asarray(self.ids)
        if given.dtype.kind not in "iu":
            raise NetworkError(
                f"{where}: ids must be integers, got {given.dtype}; ids above 2**53 do not survive "
                "a float column, so read them as int64 from the start"
            )
        if given.size and given.dtype.kind == "u" and given.max() >= 2**63:
            raise NetworkError(f"{where}: id {given.max()} does not fit into int64")
        ids = frozen_array(self.ids, np.int64)
        if ids.shape != (self.size,):
            raise NetworkError(f"{where}: {ids.size} ids for {self.size} neurons")
        values, counts = np.unique(ids, return_counts=True)
        if values.size != ids.size:
            raise NetworkError(
                f"{where}: ids must be unique, but {int((counts > 1).sum())} occur more than once, "
                f"e.g. {values[counts > 1][0]}"
            )
        return ids

    def index_of(self, ids: ArrayLike) -> NDArray[np.int32]:
        """Indices of the neurons with these ids, in the order given."""
        wanted = np.atleast_1d(np.asarray(ids))
        if wanted.size and wanted.dtype.kind not in "iu":
            raise NetworkError(
                f"population {self.name!r}: ids must be integers, got {wanted.dtype}; ids above "
                "2**53 do not survive a float column"
            )
        assert self.ids is not None
        if wanted.dtype.kind == "u":  # uint64 and int64 would meet as float64
            too_large = wanted[wanted > np.iinfo(np.int64).max]
            if too_large.size:
                raise NetworkError(f"population {self.name!r}: there is no id {too_large[0]}")
            wanted = wanted.astype(np.int64)
        order = np.argsort(self.ids)
        place = np.minimum(np.searchsorted(self.ids, wanted, sorter=order), self.size - 1)
        found = order[place]
        missing = wanted[self.ids[found] != wanted]
        if missing.size:
            raise NetworkError(
                f"population {self.name!r}: {missing.size} of {wanted.size} ids do not exist, "
                f"e.g. {missing[0]}"
            )
        return np.asarray(found, dtype=np.int32)

    def where(self, **conditions: str | list[str] | tuple[str, ...]) -> NDArray[np.int32]:
        """Indices of the neurons whose labels fulfil all conditions; see :meth:`Labels.where`."""
        return np.flatnonzero(self.labels.where(**conditions)).astype(np.int32)

    def with_parameters(self, values: Mapping[str, Any]) -> Population:
        """A copy with some parameters replaced."""
        return replace(self, parameters=FrozenDict({**self.parameters, **values}))

    def take(self, index: NDArray[np.int32]) -> Population:
        """The population of some of the neurons."""

        def cut(values: FrozenDict[str, Any]) -> FrozenDict[str, Any]:
            return FrozenDict(
                {k: v if isinstance(v, float) else v[index] for k, v in values.items()}
            )

        assert self.ids is not None
        return replace(
            self,
            size=int(index.size),
            parameters=cut(self.parameters),
            initial=cut(self.initial),
            ids=self.ids[index],
            labels=self.labels.take(index),
            positions=None if self.positions is None else self.positions[index],
        )


def checked_indices(values: Any, where: str) -> NDArray[np.int32]:
    """``values`` as a flat int32 array; that the neurons exist is checked in the network."""
    array = np.atleast_1d(np.asarray(values))
    if array.size == 0:
        return frozen_array(np.zeros(0), np.int32)
    if array.ndim != 1 or array.dtype.kind not in "iu":
        raise NetworkError(
            f"{where}: neurons must be a flat array of integer indices, got {array.dtype} of shape "
            f"{array.shape}"
        )
    if array.min() < 0 or array.max() >= 2**31:
        bad = array.min() if array.min() < 0 else array.max()
        raise NetworkError(f"{where}: {bad} is no index of a neuron")
    return frozen_array(array, np.int32)


def check_name(name: str, kind: str) -> None:
    """Names become identifiers and file names, so they are kept plain."""
    if not isinstance(name, str) or not name.isidentifier() or not name.isascii():
        raise NetworkError(
            f"{kind} name {name!r}: use letters, digits and _, and do not start with a digit"
        )
