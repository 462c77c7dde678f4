"""Matrices (NumPy, SciPy sparse) as connectomes, with the orientation said aloud."""

from __future__ import annotations

__all__ = ["Orientation", "from_matrix", "load_matrix"]

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np

from neurobridge.connectome.build import from_edges
from neurobridge.connectome.provenance import Provenance, SourceFile
from neurobridge.connectome.table import Connectome
from neurobridge.errors import ConnectomeError, FileFormatError

Orientation = Literal["row_is_source", "row_is_target"]
Values = Literal["count", "weight"]


def from_matrix(
    matrix: Any,
    *,
    orientation: Orientation,
    values: Values,
    provenance: Provenance,
    ids: Any = None,
    names: Any = None,
    labels: Mapping[str, Any] | None = None,
    source: str = "the matrix",
) -> Connectome:
    """A connectome from a square matrix; zero means no edge.

    Parameters
    ----------
    matrix : array-like or SciPy sparse, shape (N, N)
    orientation : {"row_is_source", "row_is_target"}
        Whether entry (i, j) is the edge from i to j, or from j to i. Nothing in a matrix says so,
        and a network run the wrong way round looks healthy; hence there is no default.
    values : {"count", "weight"}
        Whether the entries are numbers of synapses or strengths.
    provenance : Provenance
    ids : int array-like, shape (N,), optional
        Ids of the neurons; 0 to N - 1 by default.
    names : sequence of str, shape (N,), optional
        Kept as the label ``name``; neurons stay in the order of the matrix.
    labels : mapping of str to array-like, shape (N,), optional
    source : str
        For messages.

    Returns
    -------
    Connectome

    Raises
    ------
    ConnectomeError
        If the matrix is not square, an argument has another length, or an entry is not finite,
        negative, or (as a count) not whole.
    """
    from scipy import sparse

    if orientation not in {"row_is_source", "row_is_target"}:
        raise ConnectomeError(
            f"orientation: expected 'row_is_source' or 'row_is_target', got {orientation!r}"
        )
    if values not in {"count", "weight"}:
        raise ConnectomeError(f"values: expected 'count' or 'weight', got {values!r}")
    if not sparse.issparse(matrix):
        matrix = np.asarray(matrix)
        if matrix.dtype.kind not in "biuf":
            raise ConnectomeError(f"{source}: expected numbers, got {matrix.dtype}")
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:
        raise ConnectomeError(f"{source}: expected a square matrix, got shape {matrix.shape}")
    n = matrix.shape[0]
    labels = dict(labels or {})
    if names is not None:
        labels["name"] = names
    for what, column in (("ids", ids), *labels.items()):
        if column is not None and len(column) != n:
            raise ConnectomeError(f"{source} has {n} rows, but {what!r} has {len(column)} entries")
    edges = sparse.coo_array(matrix)
    edges.sum_duplicates()
    edges.eliminate_zeros()
    rows, columns = edges.coords
    neurons = np.arange(n, dtype=np.int64) if ids is None else np.asarray(ids)
    pre, post = (rows, columns) if orientation == "row_is_source" else (columns, rows)
    amounts = edges.data.astype(np.uint8) if edges.data.dtype.kind == "b" else edges.data
    return from_edges(
        neurons[pre],
        neurons[post],
        ids=neurons,
        labels=labels,
        count=amounts if values == "count" else None,
        weight=amounts if values == "weight" else None,
        provenance=provenance,
        nodes_from=source,
        edges_from=source,
        columns={"count": "entries", "weight": "entries"},
    )


def load_matrix(
    path: str | Path,
    *,
    orientation: Orientation,
    values: Values,
    dataset: str = "",
    release: str = "",
    names: Any = None,
    ids: Any = None,
    labels: Mapping[str, Any] | None = None,
) -> Connectome:
    """A matrix file: ``.npy`` (NumPy) or ``.npz`` (as SciPy's ``save_npz`` writes it).

    Parameters
    ----------
    path : path
    orientation, values, names, ids, labels
        As for :func:`from_matrix`.
    dataset, release : str
        To be recorded; the name of the file by default.

    Raises
    ------
    FileFormatError
        If the file does not exist or holds no matrix of numbers.
    ConnectomeError
        As for :func:`from_matrix`.
    """
    file = Path(path)
    return from_matrix(
        read_matrix(file),
        orientation=orientation,
        values=values,
        names=names,
        ids=ids,
        labels=labels,
        source=file.name,
        provenance=Provenance(
            dataset=dataset or file.stem,
            release=release,
            files=(SourceFile.of(file),),
            notes=(f"orientation: {orientation}",),
        ),
    )


def read_matrix(path: Path) -> Any:
    """The array in a ``.npy`` file or the sparse matrix in a ``.npz`` file.

    Raises
    ------
    FileFormatError
        If the file does not exist, is of another kind, or would run code when read.
    """
    from scipy import sparse

    if not path.is_file():
        raise FileFormatError(f"no file {path.name} in {path.parent}")
    try:
        if path.suffix == ".npz":
            return sparse.load_npz(path)
        if path.suffix == ".npy":
            return np.load(path, allow_pickle=False)
    except (ValueError, OSError, KeyError, EOFError) as error:
        raise FileFormatError(f"{path.name} holds no matrix of numbers: {error}") from error
    raise FileFormatError(f"{path.name}: expected a matrix in .npy or .npz, got {path.suffix!r}")
