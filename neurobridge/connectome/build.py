"""From columns of ids and counts to a Connectome."""

from __future__ import annotations

__all__ = ["OnUnknown", "from_edges"]

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from neurobridge.connectome.columns import (
    Origin,
    count_column,
    id_column,
    weight_column,
)
from neurobridge.connectome.labels import Label, as_label, read_only, take_label
from neurobridge.connectome.lookup import IdLookup
from neurobridge.connectome.merge import EdgeRows, merge_rows
from neurobridge.connectome.provenance import Provenance
from neurobridge.connectome.table import Connectome
from neurobridge.errors import ConnectomeError
from neurobridge.lowering.finding import Finding

OnUnknown = Literal["error", "drop"]


def from_edges(
    pre: Any,
    post: Any,
    *,
    provenance: Provenance,
    count: Any = None,
    weight: Any = None,
    ids: Any = None,
    labels: Mapping[str, Any] | None = None,
    edge_labels: Mapping[str, Any] | None = None,
    unknown: OnUnknown = "error",
    findings: tuple[Finding, ...] = (),
    nodes_from: str = "the node list",
    edges_from: str = "the edge list",
    columns: Mapping[str, str] | None = None,
) -> Connectome:
    """A connectome from an edge list and, if there is one, a node list.

    Parameters
    ----------
    pre, post : array-like, shape (R,)
        Ids (integers) or names (text) of the source and target of every row.
    provenance : Provenance
    count : array-like, shape (R,), optional
        Synapses per row, whole numbers of at least 1.
    weight : array-like, shape (R,), optional
        Strength per row, above zero. One of ``count`` and ``weight`` is needed.
    ids : array-like, shape (N,), optional
        All neurons, also those without edges. By default those that have edges.
    labels : mapping of str to array-like, shape (N,), optional
        Columns about the neurons, in the order of ``ids``.
    edge_labels : mapping of str to array-like, shape (R,), optional
        Columns about the rows. Rows that agree in both ends and all edge labels are summed.
    unknown : {"error", "drop"}
        What becomes of rows with an end that is not in ``ids``. Dropped rows are counted in a
        finding.
    findings : tuple of Finding
        To be kept with the connectome.
    nodes_from, edges_from : str
        What the columns came from, for messages.
    columns : mapping of str to str, optional
        Their names there, for messages, e.g. ``{"pre": "pre_root_id"}``.

    Returns
    -------
    Connectome

    Raises
    ------
    ConnectomeError
        If ids are floats, missing or doubled; if a row has an unknown end; if a count or weight is
        missing, not finite, negative, zero or not whole; if lengths differ.

    Examples
    --------
    >>> c = from_edges(["a", "a"], ["b", "b"], count=[1, 2], provenance=Provenance("toy"))
    >>> c.n_edges, c.n_synapses
    (1, 3)
    """
    seen = {name: (columns or {}).get(name, name) for name in ("id", "pre", "post", "count")}
    seen["weight"] = (columns or {}).get("weight", "weight")
    if (count is None) == (weight is None):
        raise ConnectomeError(
            f"{edges_from}: expected a count (whole numbers) or a weight (strengths) per edge, "
            f"got {'neither' if count is None else 'both'}"
        )
    ends = [
        id_column(values, Origin(edges_from, seen[end]))
        for end, values in (("pre", pre), ("post", post))
    ]
    amount = count if count is not None else weight
    kind = "count" if count is not None else "weight"
    edge_labels = dict(edge_labels or {})
    for name, column in (("post", ends[1]), (kind, amount), *edge_labels.items()):
        _same_length(f"{edges_from}: column {seen.get(name, name)!r}", len(column), len(ends[0]))

    nodes = _nodes(ids, ends, Origin(nodes_from, seen["id"]))
    ends = _same_kind(nodes, ends, nodes_from, edges_from)
    order = pc.sort_indices(nodes).to_numpy()
    nodes = nodes.take(pa.array(order))
    _refuse_doubled(nodes, Origin(nodes_from, seen["id"]))

    check = count_column if kind == "count" else weight_column
    parts: list[NDArray[Any]] = [check(amount, Origin(edges_from, seen[kind]))]
    del pre, post, count, weight, amount
    lost = [_look_up(nodes, ends, parts) for _ in range(2)]
    pa.default_memory_pool().release_unused()  # at once, not when pyarrow thinks of it
    keep, finding = _known_rows(parts[1:], lost, unknown, nodes_from, edges_from)
    rows = merge_rows(_edge_rows(parts, kind, edge_labels, keep), len(nodes))
    id_values, neuron_labels = _neuron_table(nodes, labels, order, nodes_from)
    return Connectome(
        ids=id_values,
        pre=rows.pre,
        post=rows.post,
        count=rows.count,
        weight=rows.weight,
        labels=neuron_labels,
        edge_labels=rows.labels,
        provenance=provenance,
        findings=findings + finding,
    )


def _nodes(ids: Any, ends: list[Any], origin: Origin) -> Any:
    """The neurons in the order given, or those of the edges."""
    if ids is None:
        unique = [pc.unique(end) for end in ends]
        if unique[0].type != unique[1].type and all(len(u) for u in unique):
            unique = [u.cast(pa.string()) for u in unique]
        return pc.unique(pa.concat_arrays([u.cast(unique[0].type) for u in unique]))
    column = id_column(ids, origin)
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


def _same_kind(nodes: Any, ends: list[Any], nodes_from: str, edges_from: str) -> list[Any]:
    """Names that all look like numbers on one side only are names all the same."""
    wanted = nodes.type
    if pa.types.is_string(wanted):
        return [end.cast(wanted) for end in ends]
    for end in ends:
        if pa.types.is_string(end.type) and len(end):
            odd = next(t for t in pc.unique(end).to_pylist() if not t.lstrip("-").isdigit())
            raise ConnectomeError(
                f"{nodes_from} has numbers for ids, {edges_from} has names, e.g. {odd!r}. "
                "Name the node column that the edges refer to"
            )
    return [end.cast(wanted) for end in ends]


def _refuse_doubled(nodes: Any, origin: Origin) -> None:
    values, counts = pc.value_counts(nodes).flatten()
    doubled = values.filter(pc.greater(counts, 1))
    if len(doubled):
        examples = ", ".join(str(v) for v in doubled[:5].to_pylist())
        raise ConnectomeError(
            f"{origin}: expected each neuron once, but {len(doubled):,} occur more often, e.g. "
            f"{examples}. Remove the extra rows, or group them into one row per neuron"
        )


def _look_up(nodes: Any, ends: list[Any], found: list[NDArray[Any]]) -> list[Any]:
    """Move the first of ``ends`` to ``found``, as positions (-1: unknown); returns unknown ids."""
    end = ends.pop(0)
    if pa.types.is_string(nodes.type):
        index = pc.fill_null(_flat(pc.index_in(end, value_set=nodes)), -1).to_numpy()
    else:
        index = IdLookup(nodes.to_numpy()).find(end)
    found.append(index)
    unknown = index < 0
    return pc.unique(end.filter(pa.array(unknown))).to_pylist() if unknown.any() else []


def _known_rows(
    found: list[NDArray[Any]],
    lost: list[list[Any]],
    unknown: str,
    nodes_from: str,
    edges_from: str,
) -> tuple[NDArray[np.bool_] | None, tuple[Finding, ...]]:
    """Which rows have two known ends (None for all), and the finding on the others."""
    if unknown not in {"error", "drop"}:
        raise ConnectomeError(f"unknown: expected 'error' or 'drop', got {unknown!r}")
    strange = sorted({value for values in lost for value in values})
    if not strange:
        return None, ()
    keep = np.logical_and(*(f >= 0 for f in found))
    number = int(keep.size - np.count_nonzero(keep))
    examples = ", ".join(str(v) for v in strange[:5])
    why = (
        f"{number:,} of {keep.size:,} rows have an end that is not in {nodes_from}: "
        f"{len(strange):,} unknown ids, e.g. {examples}"
    )
    if unknown == "error":
        raise ConnectomeError(
            f"{edges_from}: {why}. Add them to the node list, check that both files are of the "
            "same release, or pass unknown='drop' to leave these rows out"
        )
    return keep, (
        Finding(
            code="dropped_edges",
            severity="note",
            where=edges_from,
            why=why,
            remedy="unknown='drop' left these rows out; complete the node list to keep them",
            magnitude=float(number),
        ),
    )


def _edge_rows(
    parts: list[NDArray[Any]],
    kind: str,
    edge_labels: Mapping[str, Any],
    keep: NDArray[np.bool_] | None,
) -> EdgeRows:
    """The rows to keep, from amounts and indices of both ends; ``parts`` is emptied on the way."""
    post, pre, amounts = (parts.pop() if keep is None else parts.pop()[keep] for _ in range(3))
    labels: dict[str, Label] = {name: as_label(v, name) for name, v in edge_labels.items()}
    if keep is not None:
        labels = {name: take_label(label, keep) for name, label in labels.items()}
    return EdgeRows(
        pre=pre,
        post=post,
        count=amounts if kind == "count" else None,
        weight=amounts if kind == "weight" else None,
        labels=labels,
    )


def _flat(column: Any) -> Any:
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


def _neuron_table(
    nodes: Any, labels: Mapping[str, Any] | None, order: NDArray[Any], nodes_from: str
) -> tuple[NDArray[np.int64], dict[str, Label]]:
    columns: dict[str, Label] = {}
    for name, values in (labels or {}).items():
        column = as_label(values, name)
        _same_length(f"{nodes_from}: label {name!r}", len(column), len(nodes))
        columns[name] = take_label(column, order)
    if not pa.types.is_string(nodes.type):
        return read_only(np.array(nodes.to_numpy(), dtype=np.int64)), columns
    if "name" in columns:
        raise ConnectomeError(
            f"{nodes_from}: the neurons have names instead of ids, so the label 'name' is taken. "
            "Call the other column something else"
        )
    columns["name"] = as_label(nodes, "name")
    return read_only(np.arange(len(nodes), dtype=np.int64)), columns


def _same_length(what: str, got: int, expected: int) -> None:
    if got != expected:
        raise ConnectomeError(
            f"{what} has {got:,} entries, expected {expected:,}. All columns of a table are of "
            "one length"
        )
