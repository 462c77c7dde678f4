"""Parts of a connectome. The methods of :class:`Connectome` of the same names document these."""

from __future__ import annotations

__all__ = [
    "in_region",
    "largest_component",
    "neighbourhood",
    "of_cell_types",
    "prune",
    "select",
    "take_edges",
    "take_neurons",
    "with_ids",
]

from collections.abc import Iterable

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from neurobridge.connectome.expression import Mask, evaluate
from neurobridge.connectome.history import derived
from neurobridge.connectome.labels import Label, read_only, take_label
from neurobridge.connectome.table import Connectome, Direction
from neurobridge.errors import ConnectomeError, UnknownNameError


def select(connectome: Connectome, expression: str) -> Connectome:
    """Neurons for which an expression holds, and the edges between them."""
    kept = take_neurons(connectome, _where(connectome, expression))
    return derived(kept, connectome, "select", {"expression": expression})


def with_ids(connectome: Connectome, ids: ArrayLike) -> Connectome:
    """Neurons of the given ids, and the edges between them."""
    index = connectome.index_of(ids)
    kept = take_neurons(connectome, _mask(connectome.n_neurons, index))
    return derived(kept, connectome, "with_ids", {"ids": connectome.ids[index].tolist()})


def of_cell_types(connectome: Connectome, cell_types: Iterable[str], label: str) -> Connectome:
    """Neurons of the given cell types, and the edges between them."""
    wanted = _as_list(cell_types)
    kept = take_neurons(connectome, _is_one_of(connectome.label(label), wanted, label))
    return derived(kept, connectome, "of_cell_types", {"cell_types": wanted, "label": label})


def in_region(connectome: Connectome, regions: str | Iterable[str], label: str) -> Connectome:
    """Edges in the given regions, and the neurons that have one there."""
    wanted = _as_list(regions)
    if label not in connectome.edge_labels:
        raise UnknownNameError(
            "edge label",
            label,
            connectome.edge_labels,
            "Load the connectome with its regions, e.g. load('codex', path, keep=['neuropil']) "
            "or load('neuprint', path, by_region=True)",
        )
    inside = _is_one_of(connectome.edge_labels[label], wanted, label)
    there = take_edges(connectome, inside)
    ends = _mask(there.n_neurons, np.concatenate([there.pre, there.post]))
    kept = take_neurons(there, ends)
    return derived(kept, connectome, "in_region", {"regions": wanted, "label": label})


def neighbourhood(
    connectome: Connectome, seeds: str | ArrayLike, hops: int, direction: Direction
) -> Connectome:
    """Neurons within some hops of a set, the set itself, and the edges between them all."""
    if direction not in {"in", "out", "both"}:
        raise ConnectomeError(f"direction: expected 'in', 'out' or 'both', got {direction!r}")
    if isinstance(hops, bool) or not isinstance(hops, (int, np.integer)) or hops < 0:
        raise ConnectomeError(f"hops: expected a whole number of at least 0, got {hops!r}")
    if isinstance(seeds, str):
        reached, recorded = _where(connectome, seeds), seeds
    else:
        index = connectome.index_of(seeds)
        reached = _mask(connectome.n_neurons, index)
        recorded = connectome.ids[index].tolist()
    for _ in range(hops):
        further = reached.copy()
        if direction in {"out", "both"}:
            further[connectome.post[reached[connectome.pre]]] = True
        if direction in {"in", "both"}:
            further[connectome.pre[reached[connectome.post]]] = True
        if np.array_equal(further, reached):
            break
        reached = further
    kept = take_neurons(connectome, reached)
    arguments = {"seeds": recorded, "hops": int(hops), "direction": direction}
    return derived(kept, connectome, "neighbourhood", arguments)


def prune(connectome: Connectome, at_least: float) -> Connectome:
    """Edges whose count (or weight, where there are no counts) is at least ``at_least``."""
    number = isinstance(at_least, (int, float, np.number)) and not isinstance(at_least, bool)
    if not (number and np.isfinite(at_least)):
        raise ConnectomeError(f"at_least: expected a finite number, got {at_least!r}")
    values = connectome.count if connectome.count is not None else connectome.strength
    kept = take_edges(connectome, values >= at_least)
    return derived(kept, connectome, "prune", {"at_least": float(at_least)})


def largest_component(connectome: Connectome) -> Connectome:
    """The largest strongly connected component."""
    from scipy import sparse
    from scipy.sparse.csgraph import connected_components

    n = connectome.n_neurons
    if not n:
        raise ConnectomeError("there are no neurons, so there is no component")
    ones = np.ones(connectome.n_edges, dtype=np.int8)
    graph = sparse.csr_array(
        (ones, connectome.pre, np.searchsorted(connectome.post, np.arange(n + 1))), shape=(n, n)
    )
    _, component = connected_components(graph, directed=True, connection="strong")
    sizes = np.bincount(component)
    largest = component[np.argmax(sizes[component] == sizes.max())]  # that with the lowest id
    kept = take_neurons(connectome, component == largest)
    return derived(kept, connectome, "largest_component", {})


def take_neurons(connectome: Connectome, keep: Mask) -> Connectome:
    """Neurons where a mask is True and the edges between them; no step in the history."""
    new_index = np.cumsum(keep, dtype=np.int32) - np.int32(1)
    inside = keep[connectome.pre] & keep[connectome.post]
    part = take_edges(connectome, inside)
    return part.replace(
        ids=read_only(connectome.ids[keep]),
        pre=read_only(new_index[part.pre]),
        post=read_only(new_index[part.post]),
        sign=None if connectome.sign is None else connectome.sign[keep],
        labels={name: take_label(label, keep) for name, label in connectome.labels.items()},
    )


def take_edges(connectome: Connectome, keep: Mask) -> Connectome:
    """Edges where a mask is True and all neurons; no step in the history."""
    columns = {
        name: None if array is None else read_only(array[keep])
        for name in ("pre", "post", "count", "weight", "edge_sign")
        for array in (getattr(connectome, name),)
    }
    labels = {name: take_label(label, keep) for name, label in connectome.edge_labels.items()}
    return connectome.replace(edge_labels=labels, **columns)


def _where(connectome: Connectome, expression: str) -> Mask:
    columns: dict[str, Label] = {"id": connectome.ids, **connectome.labels}
    if connectome.sign is not None:
        columns["sign"] = connectome.sign
    return evaluate(expression, columns, connectome.n_neurons)


def _is_one_of(label: Label, wanted: list[str], name: str) -> Mask:
    if not isinstance(label, pd.Categorical):
        raise ConnectomeError(f"label {name!r}: expected text, it holds {label.dtype}")
    known = {str(c): i for i, c in enumerate(label.categories)}
    for value in wanted:
        if value not in known:
            raise UnknownNameError(f"value of label {name!r}", value, known)
    return np.isin(label.codes, [known[value] for value in wanted])


def _as_list(values: str | Iterable[str]) -> list[str]:
    return [values] if isinstance(values, str) else list(values)


def _mask(size: int, index: NDArray[np.int32]) -> Mask:
    mask = np.zeros(size, dtype=bool)
    mask[index] = True
    return mask
