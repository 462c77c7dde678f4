"""A connectome on disk: a folder with a manifest and two Parquet files.

``manifest.json``
    Schema version, provenance, history, findings, the digest of the connectome, and the SHA-256 of
    the other files.
``neurons.parquet``
    ``id``, ``sign`` (if assigned) and ``label:<name>`` columns.
``edges.parquet``
    ``pre`` and ``post`` (indices into the neurons), ``count`` or ``weight``, ``edge_sign`` (if
    assigned) and ``label:<name>`` columns, in canonical order.

Both tables can be read by any Parquet reader.
"""

from __future__ import annotations

__all__ = ["SCHEMA", "load", "save"]

import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from neurobridge.connectome.labels import Label, as_label, read_only
from neurobridge.connectome.provenance import Provenance, SourceFile, Step
from neurobridge.connectome.table import Connectome
from neurobridge.errors import FileFormatError
from neurobridge.lowering.finding import Finding

SCHEMA = "neurobridge-connectome/1"
MANIFEST, NEURONS, EDGES = "manifest.json", "neurons.parquet", "edges.parquet"
_LABEL = "label:"


def save(connectome: Connectome, path: Path, overwrite: bool) -> Path:
    """Implements :meth:`Connectome.save`: writes beside ``path``, then moves into place."""
    if path.exists() and not (path / MANIFEST).is_file():
        raise FileFormatError(
            f"{path} exists and is not a saved connectome. Choose another name, or remove it"
        )
    if path.exists() and not overwrite:
        raise FileFormatError(
            f"{path} holds a saved connectome. Choose another name, remove it, or save with "
            "overwrite=True"
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    part = Path(tempfile.mkdtemp(prefix=f".{path.name}-", dir=path.parent))
    try:
        _write_tables(connectome, part)
        (part / MANIFEST).write_text(_manifest(connectome, part), encoding="utf-8")
        if path.exists():
            shutil.rmtree(path)
        os.replace(part, path)  # noqa: PTH105 - replaces an empty target on every platform
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return path


def load(path: Path) -> Connectome:
    """Implements :meth:`Connectome.load`."""
    manifest = _read_manifest(path)
    for entry in manifest["files"]:
        _verify(path / entry["name"], SourceFile(**entry))
    neurons, edges = (_read(path / name) for name in (NEURONS, EDGES))
    return Connectome(
        ids=neurons["id"],
        pre=edges["pre"],
        post=edges["post"],
        count=edges.get("count"),
        weight=edges.get("weight"),
        sign=neurons.get("sign"),
        edge_sign=edges.get("edge_sign"),
        labels=_labels(neurons),
        edge_labels=_labels(edges),
        provenance=Provenance.from_dict(manifest["provenance"]),
        history=tuple(Step(**step) for step in manifest["history"]),
        findings=tuple(Finding(**finding) for finding in manifest["findings"]),
    )


def _write_tables(connectome: Connectome, folder: Path) -> None:
    c = connectome
    neurons = {"id": c.ids, "sign": c.sign, **_prefixed(c.labels)}
    edges = {
        "pre": c.pre,
        "post": c.post,
        "count": c.count,
        "weight": c.weight,
        "edge_sign": c.edge_sign,
        **_prefixed(c.edge_labels),
    }
    for name, columns in ((NEURONS, neurons), (EDGES, edges)):
        _write(folder / name, {k: v for k, v in columns.items() if v is not None})


def _write(path: Path, columns: Mapping[str, Any]) -> None:
    from pyarrow import parquet

    table = pa.table({name: pa.array(values) for name, values in columns.items()})
    parquet.write_table(table, path, compression="zstd")


def _prefixed(labels: Mapping[str, Label]) -> dict[str, Label]:
    return {f"{_LABEL}{name}": label for name, label in labels.items()}


def _manifest(connectome: Connectome, folder: Path) -> str:
    files = [SourceFile.of(folder / name) for name in (NEURONS, EDGES)]
    content = {
        "schema": SCHEMA,
        "digest": connectome.digest,
        "neurons": connectome.n_neurons,
        "edges": connectome.n_edges,
        "provenance": connectome.provenance.to_dict(),
        "history": [step.to_dict() for step in connectome.history],
        "findings": [finding.to_dict() for finding in connectome.findings],
        "files": [vars(f) for f in files],
    }
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def _read_manifest(path: Path) -> dict[str, Any]:
    file = path / MANIFEST
    if not file.is_file():
        raise FileFormatError(f"{path} is not a saved connectome: it has no {MANIFEST}")
    try:
        manifest: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        schema = manifest["schema"]
    except (ValueError, KeyError, TypeError) as error:
        raise FileFormatError(f"{file} is damaged: {error}. Save the connectome again") from None
    if schema != SCHEMA:
        raise FileFormatError(
            f"{file}: expected schema {SCHEMA!r}, got {schema!r}. Read it with the version of "
            "neurobridge that wrote it, or build the connectome again"
        )
    return manifest


def _verify(path: Path, expected: SourceFile) -> None:
    if not path.is_file():
        raise FileFormatError(f"{path.parent} is incomplete: {path.name} is not there")
    found = SourceFile.of(path)
    if found != expected:
        raise FileFormatError(
            f"{path.name} in {path.parent} was changed or cut off since it was saved: expected "
            f"{expected.bytes:,} bytes with SHA-256 {expected.sha256[:12]}..., got {found.bytes:,} "
            f"bytes with {found.sha256[:12]}.... Build the connectome again"
        )


def _read(path: Path) -> dict[str, Any]:
    from pyarrow import parquet

    table = parquet.read_table(path)
    columns: dict[str, Any] = {}
    for name in table.column_names:
        column = table[name].combine_chunks()
        if not name.startswith(_LABEL):
            columns[name] = read_only(np.array(column.to_numpy(zero_copy_only=False)))
        else:
            columns[name] = as_label(column, name.removeprefix(_LABEL))
    return columns


def _labels(columns: Mapping[str, Any]) -> dict[str, Label]:
    return {k.removeprefix(_LABEL): v for k, v in columns.items() if k.startswith(_LABEL)}
