"""Notes: what NIR has no place for, as one JSON text in the metadata of a node or graph.

``nir.write`` keeps texts, numbers and numeric arrays as they are. It loses the order of nodes,
makes lists of texts bytes, and fails on None and on arrays of texts.
"""

from __future__ import annotations

__all__ = ["UNITS", "labels_from", "labels_note", "note_of", "noted"]

import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from neurobridge.errors import FileFormatError
from neurobridge.frozen import FrozenDict
from neurobridge.graph.labels import Column, Labels

_KEY = "neurobridge"

UNITS = {
    "torch": "tau in s; v in mV from rest; I in mV (LIF, LI) or mV per step of dt (CubaLIF); "
    "weights for spikes that are 1 for one step of dt",
    "physical": "tau in s; v in mV from rest; I in nA; r in MOhm; "
    "weights for spikes that are 1 for one step of dt",
}
"""For human readers of the graph's metadata, by scaling."""


def noted(**entries: Any) -> dict[str, str]:
    """Metadata with a note; arrays become lists, None entries are left out."""
    plain = {k: _plain(v) for k, v in entries.items() if v is not None}
    return {_KEY: json.dumps(plain, ensure_ascii=True)}


def _plain(value: Any) -> Any:
    if isinstance(value, (np.ndarray, np.generic)):
        return value.tolist()
    if isinstance(value, Mapping):
        return {k: _plain(v) for k, v in value.items()}
    return [_plain(v) for v in value] if isinstance(value, (list, tuple)) else value


def note_of(node: Any, where: str) -> dict[str, Any]:
    """The note of a node or graph; empty if there is none.

    Raises
    ------
    FileFormatError
        If it is no JSON object.
    """
    text = (node.metadata if isinstance(node.metadata, Mapping) else {}).get(_KEY, "{}")
    try:
        note = json.loads(text)
    except (TypeError, ValueError) as err:
        raise FileFormatError(f"{where}: metadata {_KEY!r} is not JSON: {err}") from err
    if not isinstance(note, dict):
        raise FileFormatError(f"{where}: metadata {_KEY!r} must be a JSON object, got {text!r:.60}")
    return note


def labels_note(labels: Labels) -> dict[str, Any] | None:
    """Columns and signs; None if there are none. Probabilities of transmitters are not kept."""
    if not labels.columns and labels.sign is None:
        return None
    columns = {
        name: {"categories": list(c.categories), "codes": c.codes.tolist()}
        for name, c in labels.columns.items()
    }
    sign = None if labels.sign is None else labels.sign.tolist()
    return {"columns": columns, "sign": sign}


def labels_from(note: Mapping[str, Any] | None) -> Labels:
    """The labels of a :func:`labels_note`."""
    if note is None:
        return Labels()
    columns = {
        name: Column(np.asarray(column["codes"], dtype=np.uint32), tuple(column["categories"]))
        for name, column in note["columns"].items()
    }
    sign = note.get("sign")
    return Labels(FrozenDict(columns), None if sign is None else np.asarray(sign, dtype=np.int8))
