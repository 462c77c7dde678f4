"""Any edge list and node list, by a column mapping: no code for a new connectome."""

from __future__ import annotations

__all__ = ["load_table"]

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow.compute as pc

from neurobridge.citation import Reference
from neurobridge.connectome.build import from_edges
from neurobridge.connectome.columns import Origin, id_column
from neurobridge.connectome.mapping import EdgeTable, NodeTable, TableMapping, read_mapping
from neurobridge.connectome.provenance import Provenance, SourceFile
from neurobridge.connectome.reading import read_table
from neurobridge.connectome.table import Connectome
from neurobridge.connectome.transmitters import probability_label
from neurobridge.errors import ConnectomeError


def load_table(
    path: str | Path | None = None, *, mapping: Mapping[str, Any] | str | Path | None = None
) -> Connectome:
    """An edge list, and a node list if there is one, in CSV, TSV, Parquet, Feather or Excel.

    Parameters
    ----------
    path : path
        The YAML file with the mapping, and files are found beside it; or, with ``mapping``, the
        folder with the files.
    mapping : mapping or path, optional
        The column mapping, as a dictionary or a YAML file; see
        :mod:`neurobridge.connectome.mapping`.

    Returns
    -------
    Connectome

    Raises
    ------
    FileFormatError
        If a file does not exist or cannot be read.
    UnknownNameError
        If a column does not exist.
    ConnectomeError
        If the mapping is not valid, or the tables are not those of a connectome.
    """
    folder, plan = _plan(path, mapping)
    edges_path = folder / plan.edges.file
    nodes_path = folder / plan.nodes.file if plan.nodes else None
    nodes: Any = _read_nodes(nodes_path, plan) if nodes_path else None
    edges = _read_edges(edges_path, plan.edges)
    ends = {"pre": edges[plan.edges.pre], "post": edges[plan.edges.post]}
    if plan.edges.refers_to is not None:
        ends = _resolve(ends, nodes, nodes_path, edges_path, plan)
    amounts = {
        kind: edges[column]
        for kind, column in (("count", plan.edges.count), ("weight", plan.edges.weight))
        if column is not None
    }
    edge_labels = {ours: edges[theirs] for ours, theirs in _pairs(plan.edges.labels).items()}
    del edges  # so that from_edges can let go of what it has used
    return from_edges(
        ends.pop("pre"),
        ends.pop("post"),
        count=amounts.pop("count", None),
        weight=amounts.pop("weight", None),
        ids=nodes[plan.nodes.id] if plan.nodes else None,
        labels=_labels(nodes, plan.nodes) if plan.nodes else None,
        edge_labels=edge_labels,
        unknown=plan.unknown,
        nodes_from=plan.nodes.file if plan.nodes else "the edge list",
        edges_from=plan.edges.file,
        columns={
            "id": plan.nodes.id if plan.nodes else "id",
            "pre": plan.edges.pre,
            "post": plan.edges.post,
            "count": plan.edges.count or "count",
            "weight": plan.edges.weight or "weight",
        },
        provenance=_provenance(plan, [p for p in (edges_path, nodes_path) if p]),
    )


def _plan(
    path: str | Path | None, mapping: Mapping[str, Any] | str | Path | None
) -> tuple[Path, TableMapping]:
    if mapping is None:
        if path is None or Path(path).is_dir():
            raise ConnectomeError(
                "the table loader needs a column mapping: pass the YAML file as path, or "
                "mapping={'dataset': ..., 'edges': {'file': ..., 'pre': ..., 'post': ..., "
                "'count': ...}}"
            )
        return Path(path).parent, read_mapping(path)
    if path is not None:
        return Path(path), read_mapping(mapping)
    beside = Path.cwd() if isinstance(mapping, Mapping) else Path(mapping).parent
    return beside, read_mapping(mapping)


def _read_nodes(path: Path, plan: TableMapping) -> Any:
    nodes = plan.nodes
    assert nodes is not None
    ids = [nodes.id]
    if plan.edges.refers_to is not None and plan.edges.refers_to not in ids:
        ids.append(plan.edges.refers_to)
    columns = None
    if nodes.labels != "all":
        columns = list(dict.fromkeys([*ids, *_pairs(nodes.labels).values()]))
    return read_table(path, columns, ids=ids, delimiter=nodes.delimiter, sheet=nodes.sheet)


def _read_edges(path: Path, edges: EdgeTable) -> Any:
    amounts = [c for c in (edges.count, edges.weight) if c is not None]
    columns = list(dict.fromkeys([edges.pre, edges.post, *amounts, *_pairs(edges.labels).values()]))
    return read_table(
        path,
        columns,
        ids=(edges.pre, edges.post),
        delimiter=edges.delimiter,
        sheet=edges.sheet,
    )


def _resolve(
    ends: dict[str, Any], nodes: Any, nodes_path: Path | None, edges_path: Path, plan: TableMapping
) -> dict[str, Any]:
    """Ids in place of what the edges hold, e.g. row numbers in a column ``idx``."""
    if plan.nodes is None or nodes_path is None:
        raise ConnectomeError("edges.refers_to names a node column, but there are no 'nodes'")
    name = plan.edges.refers_to or plan.nodes.id
    keys = id_column(nodes[name], Origin(nodes_path.name, name)).combine_chunks()
    if len(pc.unique(keys)) != len(keys):
        raise ConnectomeError(
            f"column {name!r} of {nodes_path.name}: edges refer to it, so each value may occur "
            "once only, but some are doubled"
        )
    ids = id_column(nodes[plan.nodes.id], Origin(nodes_path.name, plan.nodes.id)).combine_chunks()
    resolved = {}
    for end, column in ends.items():
        origin = Origin(edges_path.name, getattr(plan.edges, end))
        at = pc.index_in(id_column(column, origin).cast(keys.type), value_set=keys)
        if at.null_count:
            row = pc.index(pc.is_null(at), True).as_py()
            raise ConnectomeError(
                f"{origin}: {at.null_count:,} rows refer to a {name!r} that is not in "
                f"{nodes_path.name}, e.g. {column[row].as_py()} in row {row + 1}"
            )
        resolved[end] = pc.take(ids, at)
    return resolved


def _labels(nodes: Any, table: NodeTable) -> dict[str, Any]:
    if table.labels == "all":
        return {_label_name(n): nodes[n] for n in nodes.column_names if n != table.id}
    return {_label_name(ours): nodes[theirs] for ours, theirs in _pairs(table.labels).items()}


def _label_name(name: str) -> str:
    """``p_ach`` and ``p_acetylcholine`` are the same probability."""
    return probability_label(name[2:]) if name.startswith("p_") else name


def _pairs(labels: dict[str, str] | list[str] | str) -> dict[str, str]:
    if isinstance(labels, str):
        return {}
    return labels if isinstance(labels, dict) else {name: name for name in labels}


def _provenance(plan: TableMapping, paths: list[Path]) -> Provenance:
    return Provenance(
        dataset=plan.dataset,
        release=plan.release,
        files=tuple(SourceFile.of(path) for path in paths),
        thresholds=dict(plan.thresholds),
        licence=plan.licence,
        references=tuple(Reference(r.key, r.text, r.doi) for r in plan.references),
        notes=tuple(plan.notes),
    )
