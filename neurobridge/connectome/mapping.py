"""The column mapping of the ``table`` loader: what a user writes instead of code.

.. code-block:: yaml

    dataset: my-fly                # what to call it
    release: "1.0"
    licence: CC BY 4.0
    references:
      - {key: doe2025, text: "Doe (2025). A fly. Journal 1, 1-2.", doi: 10.1000/xyz}
    thresholds: {min_synapses: 5}  # what the data went through before
    nodes:                         # may be left out: the neurons are then those with an edge
      file: nodes.parquet
      id: root_id                  # whole numbers, or names
      labels:                      # ours: theirs; or a list of columns; or 'all'
        cell_type: cell_type
        nt: nt_type
        p_ach: ach_avg
    edges:
      file: edges.csv.gz
      pre: pre
      post: post
      refers_to: idx               # node column that pre and post hold; the id by default
      count: syn_count             # or weight: for strengths
      labels: {neuropil: neuropil} # keeps rows of one pair apart
    unknown: error                 # or drop: leave out edges to neurons that are not listed
"""

from __future__ import annotations

__all__ = ["EdgeTable", "NodeTable", "ReferenceEntry", "TableMapping", "read_mapping"]

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from neurobridge.errors import ConnectomeError, FileFormatError, suggest


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class ReferenceEntry(_Strict):
    """A paper to cite."""

    key: str
    text: str
    doi: str = ""


class NodeTable(_Strict):
    """The node list: file, id column, and which columns to keep under which name."""

    file: str
    id: str
    labels: dict[str, str] | list[str] | Literal["all"] = "all"
    delimiter: str | None = None
    sheet: str | None = None


class EdgeTable(_Strict):
    """The edge list: file, columns of both ends, of the count or weight, and of labels."""

    file: str
    pre: str
    post: str
    count: str | None = None
    weight: str | None = None
    refers_to: str | None = None
    labels: dict[str, str] | list[str] = Field(default_factory=dict)
    delimiter: str | None = None
    sheet: str | None = None


class TableMapping(_Strict):
    """A whole mapping; see the top of this file for one with comments."""

    dataset: str
    edges: EdgeTable
    nodes: NodeTable | None = None
    release: str = ""
    licence: str = ""
    references: list[ReferenceEntry] = Field(default_factory=list)
    thresholds: dict[str, float] = Field(default_factory=dict)
    notes: list[str] = Field(default_factory=list)
    unknown: Literal["error", "drop"] = "error"


def read_mapping(mapping: Mapping[str, Any] | str | Path) -> TableMapping:
    """A mapping from a dictionary or a YAML file.

    Parameters
    ----------
    mapping : mapping or path

    Returns
    -------
    TableMapping

    Raises
    ------
    FileFormatError
        If the file does not exist or is not YAML.
    ConnectomeError
        If a key is unknown or missing or a value is of the wrong kind. All such errors are listed,
        with their line in the file and the nearest known key.
    """
    if isinstance(mapping, Mapping):
        return _validate(dict(mapping), "the mapping", None)
    path = Path(mapping)
    try:
        text = path.read_text(encoding="utf-8")
        tree = yaml.compose(text, Loader=yaml.SafeLoader)
        data = yaml.safe_load(text)
    except (OSError, yaml.YAMLError, UnicodeDecodeError) as error:
        raise FileFormatError(f"{path.name} cannot be read as YAML: {error}") from error
    if not isinstance(data, dict):
        raise ConnectomeError(f"{path.name}: expected 'dataset:', 'edges:' ..., got {data!r}")
    return _validate(data, path.name, tree)


def _validate(data: dict[str, Any], source: str, tree: yaml.Node | None) -> TableMapping:
    try:
        return TableMapping.model_validate(data)
    except ValidationError as error:
        lines = [
            f"  {source}{_line(tree, e['loc'])}: {_message(e)}"
            for e in error.errors(include_url=False)
        ]
        raise ConnectomeError(
            "the column mapping is not valid:\n" + "\n".join(dict.fromkeys(lines))
        ) from None


def _message(error: Any) -> str:
    """One error of pydantic in words of ours."""
    *parents, key = (str(part) for part in error["loc"])
    where = ".".join(p for p in parents if p in {"nodes", "edges", "references"})
    inside = f" in '{where}'" if where else ""
    if error["type"] == "extra_forbidden":
        return f"unknown key {key!r}{inside}{suggest(key, _known_keys(parents))}"
    if error["type"] == "missing":
        return f"missing key {key!r}{inside}"
    return f"{'.'.join([*parents, key])}: {error['msg']}, got {error['input']!r}"


def _known_keys(parents: Iterable[str]) -> list[str]:
    models: dict[str, type[BaseModel]] = {
        "nodes": NodeTable,
        "edges": EdgeTable,
        "references": ReferenceEntry,
    }
    model = next((models[p] for p in parents if p in models), TableMapping)
    return list(model.model_fields)


def _line(node: yaml.Node | None, location: tuple[Any, ...]) -> str:
    """Line of the key at a location, or of the nearest thing around it."""
    if node is None:
        return ""
    line = node.start_mark.line
    for part in location:
        if isinstance(node, yaml.MappingNode):
            found = next(((k, v) for k, v in node.value if k.value == str(part)), None)
            if found is None:
                break
            line, node = found[0].start_mark.line, found[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int):
            node = node.value[part]
            line = node.start_mark.line
        else:
            break
    return f", line {line + 1}"
