"""neuPrint exports (hemibrain, MANC, MaleCNS): traced-neurons and traced connections as CSV.

==========================================  ===============================================
``traced-neurons.csv[.gz]``                 bodyId, type, instance, and any further columns
``traced-total-connections.csv[.gz]``       bodyId_pre, bodyId_post, weight
``traced-roi-connections.csv[.gz]``         bodyId_pre, bodyId_post, roi, weight
==========================================  ===============================================

``weight`` is a number of synapses.
"""

from __future__ import annotations

__all__ = ["load_neuprint"]

from pathlib import Path

from neurobridge.citation import Reference
from neurobridge.connectome.build import OnUnknown, from_edges
from neurobridge.connectome.provenance import Provenance, SourceFile
from neurobridge.connectome.reading import read_table
from neurobridge.connectome.table import Connectome
from neurobridge.errors import FileFormatError, UnknownNameError

ID, PRE, POST, COUNT, ROI = "bodyId", "bodyId_pre", "bodyId_post", "weight", "roi"
RENAMED = {
    "type": "cell_type",
    "somaSide": "side",
    "superclass": "super_class",
    "predictedNt": "nt",
    "predictedNtProb": "nt_score",
    "predictedNtConfidence": "nt_score",
}
"""Columns of neuPrint that mean the same as a label of ours; all others keep their name."""

DATASETS = {
    "hemibrain": Reference(
        "scheffer2020",
        "Scheffer et al. (2020). A connectome and analysis of the adult Drosophila central brain. "
        "eLife 9, e57443.",
        "10.7554/eLife.57443",
    ),
    "manc": Reference(
        "takemura2024",
        "Takemura et al. (2024). A connectome of the male Drosophila ventral nerve cord. "
        "eLife 13, RP97769.",
        "10.7554/eLife.97769",
    ),
    "male-cns": Reference(
        "berg2025",
        "Berg et al. (2025). Sexual dimorphism in the complete connectome of the adult male "
        "Drosophila central nervous system. bioRxiv.",
    ),
}


def load_neuprint(
    path: str | Path,
    *,
    dataset: str,
    release: str = "",
    by_region: bool = False,
    unknown: OnUnknown = "error",
) -> Connectome:
    """A folder that neuPrint exported.

    Parameters
    ----------
    path : path
        Folder with ``traced-neurons.csv`` and ``traced-total-connections.csv``.
    dataset : {"hemibrain", "manc", "male-cns"}
        Which animal it is; decides what to cite.
    release : str
        Such as ``"v1.2.1"``.
    by_region : bool
        Read ``traced-roi-connections.csv`` instead, and keep the region of every edge as the edge
        label ``neuropil``. Regions of neuPrint can be nested: counts of a pair then add up to
        more than its total.
    unknown : {"error", "drop"}
        What becomes of rows about bodies that are not among the traced neurons.

    Returns
    -------
    Connectome
        All columns of ``traced-neurons`` as labels; ``type`` is called ``cell_type``.

    Raises
    ------
    UnknownNameError
        If the dataset or a column does not exist.
    FileFormatError
        If a file does not exist.
    ConnectomeError
        If an id or a count is not one, or a body is unknown.
    """
    if dataset not in DATASETS:
        raise UnknownNameError("neuPrint dataset", dataset, DATASETS)
    folder = Path(path)
    nodes_path = _find(folder, "traced-neurons")
    edges_path = _find(
        folder, "traced-roi-connections" if by_region else "traced-total-connections"
    )
    nodes = read_table(nodes_path, ids=(ID,))
    edges = read_table(
        edges_path,
        [PRE, POST, COUNT, *([ROI] if by_region else [])],
        ids=(PRE, POST),
        integers=(PRE, POST, COUNT),
    )
    return from_edges(
        edges[PRE],
        edges[POST],
        count=edges[COUNT],
        ids=nodes[ID],
        labels={RENAMED.get(c, c): nodes[c] for c in nodes.column_names if c != ID},
        edge_labels={"neuropil": edges[ROI]} if by_region else None,
        unknown=unknown,
        nodes_from=nodes_path.name,
        edges_from=edges_path.name,
        columns={"id": ID, "pre": PRE, "post": POST, "count": COUNT},
        provenance=Provenance(
            dataset=dataset,
            release=release,
            files=tuple(SourceFile.of(p) for p in (nodes_path, edges_path)),
            licence="CC BY 4.0",
            references=(DATASETS[dataset],),
        ),
    )


def _find(folder: Path, stem: str) -> Path:
    for path in (folder / f"{stem}.csv", folder / f"{stem}.csv.gz"):
        if path.is_file():
            return path
    present = ", ".join(sorted(p.name for p in folder.iterdir())) if folder.is_dir() else "nothing"
    raise FileFormatError(f"no {stem}.csv or {stem}.csv.gz in {folder}; there is: {present}")
