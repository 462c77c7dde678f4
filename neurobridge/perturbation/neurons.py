"""Which neurons of a network a perturbation is about."""

from __future__ import annotations

__all__ = ["Neurons", "find_neurons", "only_population"]

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from neurobridge.connectome.expression import evaluate
from neurobridge.connectome.labels import Label
from neurobridge.errors import NetworkError, UnknownNameError
from neurobridge.graph.labels import MISSING, Column
from neurobridge.graph.network import Network
from neurobridge.graph.population import Population

Neurons = str | ArrayLike
"""An expression over labels, names, indices, or a mask."""


def find_neurons(
    network: Network, neurons: Neurons, population: str | None = None
) -> NDArray[np.int32]:
    """Indices of the neurons that are meant.

    Parameters
    ----------
    network : Network
    neurons : str, sequence of str, int array of shape (k,), or bool array of shape (N,)
        An expression over labels as :meth:`Connectome.select` takes it, also with ``id`` and
        ``sign`` (``"cell_type == 'MN9'"``); names, where there is a label ``name``; indices; or a
        mask. Ids are no indices: find them by ``population.index_of(ids)``, or write
        ``"id in (720575940624963786, 720575940630233916)"``.
    population : str, optional
        Needed if there are several.

    Returns
    -------
    int32 array, shape (k,)
        Ascending, each once.

    Raises
    ------
    NetworkError
        If nobody is meant, an index does not exist or is an id, a name is not unique, or there are
        several populations and none is named.
    ConnectomeError
        If the expression cannot be read.
    UnknownNameError
        If a population, label, value or name does not exist.
    """
    of = only_population(network, population)
    if isinstance(neurons, str):
        found = np.flatnonzero(evaluate(neurons, _columns(of), of.size))
        if not found.size:
            raise NetworkError(f"no neuron of population {of.name!r} fulfils {neurons!r}")
        return found.astype(np.int32)
    given = np.atleast_1d(np.asarray(neurons))
    if given.ndim != 1 or not given.size:
        raise NetworkError(
            f"neurons of population {of.name!r}: expected an expression, names, indices or a mask, "
            f"got {'an empty list' if not given.size else f'an array of shape {given.shape}'}"
        )
    if given.dtype.kind in "UO" and all(isinstance(name, str) for name in given):
        return _by_name(of, given)
    if given.dtype == bool:
        return _by_mask(of, given)
    return _by_index(of, given)


def only_population(network: Network, population: str | None) -> Population:
    """The population of that name, or the only one.

    Raises
    ------
    NetworkError
        If there are several and none is named.
    UnknownNameError
        If there is none of that name.
    """
    if population is not None:
        return network.population(population)
    if len(network.populations) > 1:
        raise NetworkError(
            f"this network has the populations {', '.join(network.populations)}; say which one is "
            f"meant, e.g. population={next(iter(network.populations))!r}"
        )
    return next(iter(network.populations.values()))


def _columns(population: Population) -> Mapping[str, Label]:
    """The labels as expressions know them; an empty label is a missing one."""
    assert population.ids is not None
    columns: dict[str, Label] = {"id": population.ids}
    if population.labels.sign is not None:
        columns["sign"] = population.labels.sign
    return {**columns, **{k: _categorical(c) for k, c in population.labels.columns.items()}}


def _categorical(column: Column) -> pd.Categorical:
    known = [c for c in column.categories if c != MISSING]
    place = {c: i for i, c in enumerate(known)}
    code = np.array([place.get(c, -1) for c in column.categories], dtype=np.int64)
    codes: NDArray[np.int64] = code[column.codes]
    return pd.Categorical.from_codes(codes, pd.Index(known, dtype=object))


def _by_name(population: Population, names: NDArray[Any]) -> NDArray[np.int32]:
    if "name" not in population.labels.columns:
        raise NetworkError(
            f"population {population.name!r} has no label 'name', so neurons are not found by "
            f"name; it has {', '.join(population.labels.columns) or 'no labels'}. Use an "
            "expression or indices"
        )
    known = population.labels["name"].values
    place = {name: i for i, name in enumerate(known)}
    for name in names.tolist():
        if name not in place:
            raise UnknownNameError("neuron", name, place)
        number = int(np.count_nonzero(known == name))
        if number > 1:
            raise NetworkError(f"{number} neurons have the name {name!r}; use indices")
    return np.unique([place[name] for name in names.tolist()]).astype(np.int32)


def _by_mask(population: Population, mask: NDArray[np.bool_]) -> NDArray[np.int32]:
    if mask.size != population.size:
        raise NetworkError(
            f"a mask of {mask.size} for the {population.size} neurons of population "
            f"{population.name!r}"
        )
    if not mask.any():
        raise NetworkError(f"the mask selects no neuron of population {population.name!r}")
    return np.flatnonzero(mask).astype(np.int32)


def _by_index(population: Population, index: NDArray[Any]) -> NDArray[np.int32]:
    if index.dtype.kind not in "iu":
        raise NetworkError(
            f"neurons of population {population.name!r}: expected integer indices, got "
            f"{index.dtype}, e.g. {index[0]!r}"
        )
    outside = index[(index < 0) | (index >= population.size)]
    if outside.size:
        assert population.ids is not None
        is_id = bool(np.isin(outside[:1].astype(np.int64), population.ids)[0])
        raise NetworkError(
            f"neuron {outside[0]} does not exist; population {population.name!r} has the indices "
            f"0 to {population.size - 1}"
            + ("; this is an id, so find it by population.index_of([...])" if is_id else "")
        )
    return np.unique(index).astype(np.int32)
