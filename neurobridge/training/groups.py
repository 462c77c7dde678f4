"""Groups: which elements share one trained value, by labels."""

from __future__ import annotations

__all__ = ["Grouping", "group_edges", "group_neurons"]

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurobridge.errors import NetworkError, UnknownNameError
from neurobridge.graph.labels import MISSING, Labels
from neurobridge.graph.network import Network
from neurobridge.graph.population import Population
from neurobridge.graph.projection import Projection


@dataclass(frozen=True)
class Grouping:
    """``code`` int64 (n,) gives the group of each element, ``names`` what each group is called."""

    code: NDArray[np.int64]
    names: tuple[str, ...]

    @property
    def size(self) -> int:
        """Number of groups."""
        return len(self.names)

    @property
    def each(self) -> bool:
        """Whether every element is a group of its own, in order."""
        return self.size == self.code.size and bool((self.code == np.arange(self.size)).all())

    def shared(
        self, values: NDArray[np.float64], path: str, moves: NDArray[np.bool_] | None = None
    ) -> NDArray[np.float64]:
        """The value of each group, float64 (size,).

        Parameters
        ----------
        values : float64 array (n,)
        path : str
            For messages.
        moves : bool array (n,), optional
            The elements that count, if a group has any; default all.

        Raises
        ------
        NetworkError
            If those of a group differ, for then none of them is its value.
        """
        moves = np.ones(values.size, dtype=bool) if moves is None else moves
        order = np.concatenate([np.flatnonzero(~moves), np.flatnonzero(moves)[::-1]])
        first = np.zeros(self.size, dtype=np.int64)
        first[self.code[order]] = order
        found = values[first]
        different = moves & ~np.isclose(values, found[self.code], rtol=1e-12, atol=0)
        if different.any():
            where = int(np.flatnonzero(different)[0])
            raise NetworkError(
                f"path {path!r}: group {self.names[self.code[where]]!r} is to share one value, but "
                f"its members have {found[self.code[where]]:g} and {values[where]:g}; set them to "
                "one value first, or train with by='each'"
            )
        return found

    def members(self, moves: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Groups with an element that counts, bool (size,)."""
        found = np.zeros(self.size, dtype=bool)
        found[self.code[moves]] = True
        return found


def _each(n: int) -> Grouping:
    return Grouping(np.arange(n), tuple(map(str, range(n))))


def _all(n: int) -> Grouping:
    return Grouping(np.zeros(n, dtype=np.int64), ("all",))


def group_neurons(population: Population, by: str | Sequence[str], path: str) -> Grouping:
    """Groups of neurons: ``"each"``, ``"all"``, or the values of labels."""
    if by == "each":
        return _each(population.size)
    if by == "all":
        return _all(population.size)
    labels = (by,) if isinstance(by, str) else tuple(by)
    everyone = np.arange(population.size)
    return _combined(
        [_column(population.labels, n, everyone, path, population.name) for n in labels]
    )


def group_edges(
    network: Network, projection: Projection, by: str | Sequence[str], path: str
) -> Grouping:
    """Groups of edges: ``"each"``, ``"all"``, or labels as ``"pre.LABEL"``, ``"post.LABEL"``."""
    edges = projection.edges
    if by == "each":
        return _each(edges.n_edges)
    if by == "all":
        return _all(edges.n_edges)
    ends = {"pre": (projection.pre, edges.pre), "post": (projection.post, edges.post)}
    columns = []
    for name in (by,) if isinstance(by, str) else tuple(by):
        side, _, label = name.partition(".")
        if side not in ends or not label:
            raise NetworkError(
                f"path {path!r}: edges are grouped by 'pre.LABEL' or 'post.LABEL' (or 'each', "
                f"'all'), got {name!r}"
            )
        population, index = ends[side]
        labels = network.population(population).labels
        columns.append(_column(labels, label, index, path, population))
    return _combined(columns)


def select_neurons(
    population: Population, where: Mapping[str, Any], path: str
) -> NDArray[np.bool_]:
    """Neurons with these labels."""
    try:
        return population.labels.where(**where)
    except UnknownNameError as err:
        kind = f"{err.kind} of {population.name!r} (path {path!r})"
        raise UnknownNameError(kind, err.name, err.known) from err
    except NetworkError as err:
        raise NetworkError(f"path {path!r}: {err}") from err


def select_edges(
    network: Network, projection: Projection, where: Mapping[str, Any], path: str
) -> NDArray[np.bool_]:
    """Edges whose ends have these labels; keys are ``pre.LABEL`` or ``post.LABEL``."""
    edges = projection.edges
    keep = np.ones(edges.n_edges, dtype=bool)
    ends = {"pre": (projection.pre, edges.pre), "post": (projection.post, edges.post)}
    for key, value in where.items():
        side, _, label = key.partition(".")
        if side not in ends or not label:
            raise NetworkError(
                f"path {path!r}: edges are selected by 'pre.LABEL' or 'post.LABEL', got {key!r}"
            )
        population, index = ends[side]
        keep &= select_neurons(network.population(population), {label: value}, path)[index]
    return keep


def _column(
    labels: Labels, name: str, index: NDArray[Any], path: str, population: str
) -> NDArray[Any]:
    """The label of some neurons.

    Raises
    ------
    NetworkError, UnknownNameError
        If the population has no such label, or one of them lacks it.
    """
    if name == "sign" and labels.sign is not None:
        signs: NDArray[Any] = np.asarray(labels.sign).astype(str)[index]
        return signs
    if name not in labels.columns:
        kind = f"label of {population!r} (path {path!r})"
        raise UnknownNameError(kind, name, labels.columns)
    values = np.asarray(labels[name].values[index])
    missing = np.unique(index[values == MISSING]).size
    if missing:
        raise NetworkError(
            f"path {path!r}: {missing} neurons of {population!r} have no label {name!r}, so they "
            "belong to no group; label them, or group by something else"
        )
    return values


def _combined(columns: Sequence[NDArray[Any]]) -> Grouping:
    """One group for each combination of values that occurs, in sorted order."""
    joined = np.array([" -> ".join(row) for row in zip(*columns, strict=True)], dtype=object)
    names, code = np.unique(joined.astype(str), return_inverse=True)
    return Grouping(code.astype(np.int64).ravel(), tuple(names.tolist()))
