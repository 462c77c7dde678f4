"""FlyWire tables as Codex exports them (FAFB and BANC): a folder of CSV files.

=============================  ============================================================
``connections*.csv[.gz]``      pre_root_id, post_root_id, neuropil, syn_count, nt_type
``neurons.csv[.gz]``           root_id, group, nt_type, nt_type_score, da_avg ... oct_avg
``classification.csv[.gz]``    root_id, flow, super_class, class, sub_class, hemilineage, side,
                               nerve
``consolidated_cell_types``    root_id, primary_type, additional_type(s)
=============================  ============================================================

There is one row per pair and neuropil: the counts of a pair are summed, never the first one kept.
"""

from __future__ import annotations

__all__ = ["load_codex"]

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from neurobridge.citation import Reference
from neurobridge.connectome.build import OnUnknown, from_edges
from neurobridge.connectome.columns import Origin, id_column
from neurobridge.connectome.labels import Label, as_label
from neurobridge.connectome.provenance import Provenance, SourceFile
from neurobridge.connectome.reading import column_names, read_table
from neurobridge.connectome.table import Connectome
from neurobridge.connectome.transmitters import probability_label
from neurobridge.errors import ConnectomeError, FileFormatError, UnknownNameError
from neurobridge.lowering.finding import Finding

PRE, POST, COUNT, ROOT = "pre_root_id", "post_root_id", "syn_count", "root_id"
EDGE_LABELS = {"neuropil": "neuropil", "nt": "nt_type"}
ANNOTATIONS: dict[str, dict[str, str]] = {
    "neurons": {
        "group": "group",
        "nt": "nt_type",
        "nt_score": "nt_type_score",
        **{probability_label(t): f"{t}_avg" for t in ("ach", "gaba", "glut", "da", "ser", "oct")},
    },
    "classification": {
        name: name
        for name in (
            "flow",
            "super_class",
            "class",
            "sub_class",
            "hemilineage",
            "side",
            "nerve",
        )
    },
    "consolidated_cell_types": {
        "cell_type": "primary_type",
        "additional_types": "additional_type(s)|additional_types",
    },
}
"""Labels of every table, and the column that holds them; bars separate spellings."""

DEFINING = ("neurons", "classification")
"""Tables that list every proofread neuron; cell types are listed for most only."""

REFERENCES = (
    Reference(
        "dorkenwald2024",
        "Dorkenwald et al. (2024). Neuronal wiring diagram of an adult brain. Nature 634, 124-138.",
        "10.1038/s41586-024-07558-y",
    ),
    Reference(
        "schlegel2024",
        "Schlegel et al. (2024). Whole-brain annotation and multi-connectome cell typing of "
        "Drosophila. Nature 634, 139-152.",
        "10.1038/s41586-024-07686-5",
    ),
    Reference(
        "eckstein2024",
        "Eckstein et al. (2024). Neurotransmitter classification from electron microscopy images "
        "at synaptic sites in Drosophila melanogaster. Cell 187, 2574-2594.",
        "10.1016/j.cell.2024.03.016",
    ),
)


def load_codex(
    path: str | Path,
    *,
    release: str = "",
    connections: str | None = None,
    keep: Iterable[str] = (),
    unknown: OnUnknown = "error",
    licence: str = "FlyWire terms of use; ask flywire.ai",
) -> Connectome:
    """FlyWire tables from a folder, or one connections file alone.

    Parameters
    ----------
    path : path
        A folder with a connections file and any of the three annotation tables, or a connections
        file. Without ``neurons`` and ``classification`` the neurons are those with an edge.
    release : str
        The release that the files were downloaded from, e.g. ``"783"``; the files do not say it.
    connections : str, optional
        Name of the connections file, where the folder holds several.
    keep : iterable of {"neuropil", "nt"}
        Edge labels by which rows of one pair stay apart. By default all rows are summed.
    unknown : {"error", "drop"}
        What becomes of rows about neurons that ``neurons`` and ``classification`` do not list.
    licence : str
        To be recorded.

    Returns
    -------
    Connectome
        With the labels that the tables give: ``cell_type``, ``super_class``, ``side``, ``nt``,
        ``nt_score``, ``p_acetylcholine`` ...

    Raises
    ------
    FileFormatError
        If there is no connections file, or more than one and none was named.
    UnknownNameError
        If a column or an entry of ``keep`` does not exist.
    ConnectomeError
        If an id is a float, missing or doubled, a count is not a count, or a neuron is unknown.
    """
    keep = tuple(keep)
    for name in keep:
        if name not in EDGE_LABELS:
            raise UnknownNameError("edge label of Codex files", name, EDGE_LABELS)
    edges_path, tables = _find(Path(path), connections)
    columns = [PRE, POST, COUNT, *(EDGE_LABELS[name] for name in keep)]
    edges = read_table(edges_path, columns, ids=(PRE, POST), integers=(PRE, POST, COUNT))
    ids, labels, nodes_from, findings = _annotations(tables, edges, unknown)
    if not release:
        findings += (
            Finding(
                code="release_not_given",
                severity="note",
                where=edges_path.name,
                why="Codex files do not say their release, and ids change between releases",
                remedy="pass release='783' or whatever the download page said",
            ),
        )
    parts = {name: edges[name] for name in (PRE, POST, COUNT)}
    edge_labels = {name: edges[EDGE_LABELS[name]] for name in keep}
    del edges  # so that from_edges can let go of what it has used
    return from_edges(
        parts.pop(PRE),
        parts.pop(POST),
        count=parts.pop(COUNT),
        ids=ids,
        labels=labels,
        edge_labels=edge_labels,
        unknown=unknown,
        findings=findings,
        nodes_from=nodes_from,
        edges_from=edges_path.name,
        columns={"id": ROOT, "pre": PRE, "post": POST, "count": COUNT},
        provenance=Provenance(
            dataset="flywire-codex",
            release=release,
            files=tuple(SourceFile.of(p) for p in (edges_path, *tables.values())),
            licence=licence,
            references=REFERENCES,
            notes=(f"rows of a pair summed over all but {list(keep) or 'nothing'}",),
        ),
    )


def _find(path: Path, connections: str | None) -> tuple[Path, dict[str, Path]]:
    """The connections file, and the annotation tables that are there by name."""
    if path.is_file():
        return path, {}
    if not path.is_dir():
        raise FileFormatError(f"no folder {path}; expected one with connections.csv.gz in it")
    tables = {
        name: found
        for name in ANNOTATIONS
        for found in (path / f"{name}.csv", path / f"{name}.csv.gz")
        if found.is_file()
    }
    if connections is not None:
        return path / connections, tables
    candidates = sorted(p for p in path.glob("connections*.csv*") if p.is_file())
    if len(candidates) != 1:
        names = ", ".join(p.name for p in candidates or sorted(path.iterdir())[:10]) or "nothing"
        raise FileFormatError(
            f"{path}: expected one file connections*.csv or connections*.csv.gz, got {names}. "
            "Name the one to read: connections='connections.csv.gz'"
        )
    return candidates[0], tables


def _annotations(
    tables: dict[str, Path], edges: Any, unknown: OnUnknown
) -> tuple[Any, dict[str, Label], str, tuple[Finding, ...]]:
    """Ids and labels of all neurons, where the ids are from, and findings."""
    read = {name: _read_annotation(name, path) for name, path in tables.items()}
    defining = [name for name in DEFINING if name in read]
    if defining:
        ids = pc.unique(pa.concat_arrays([read[name][0] for name in defining]))
        nodes_from = " and ".join(tables[name].name for name in defining)
    else:
        ids = pc.unique(pa.chunked_array([*edges[PRE].chunks, *edges[POST].chunks], pa.int64()))
        nodes_from = "the connections file"
    labels: dict[str, Label] = {}
    findings: tuple[Finding, ...] = ()
    for name, (table_ids, columns) in read.items():
        at = pc.index_in(ids, value_set=table_ids)
        extra = len(table_ids) - (len(ids) - at.null_count)
        if extra and defining:
            findings += (_annotated_strangers(tables[name].name, extra, nodes_from, unknown),)
        labels |= {label: as_label(column.take(at), label) for label, column in columns.items()}
    return ids, labels, nodes_from, findings


def _read_annotation(name: str, path: Path) -> tuple[Any, dict[str, Any]]:
    present = column_names(path)
    wanted: dict[str, str] = {
        label: spelling
        for label, spellings in ANNOTATIONS[name].items()
        for spelling in spellings.split("|")
        if spelling in present
    }
    table = read_table(path, [ROOT, *wanted.values()], ids=(ROOT,), integers=(ROOT,))
    origin = Origin(path.name, ROOT)
    ids = id_column(table[ROOT], origin).combine_chunks()
    if len(pc.unique(ids)) != len(ids):
        values, counts = np.unique(ids.to_numpy(), return_counts=True)
        doubled = values[counts > 1]
        raise ConnectomeError(
            f"{origin}: expected each neuron once, but {doubled.size:,} occur more often, e.g. "
            f"{', '.join(map(str, doubled[:5]))}. Keep one row per neuron"
        )
    return ids, {label: table[column].combine_chunks() for label, column in wanted.items()}


def _annotated_strangers(name: str, number: int, nodes_from: str, unknown: OnUnknown) -> Finding:
    why = f"{number:,} rows are about neurons that are not in {nodes_from}"
    if unknown == "error":
        raise ConnectomeError(
            f"{name}: {why}. Check that all files are of one release, or pass unknown='drop'"
        )
    return Finding(
        code="dropped_annotations",
        severity="note",
        where=name,
        why=why,
        remedy="unknown='drop' left these rows out; use files of one release to keep them",
        magnitude=float(number),
    )
