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

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from neurobridge.errors import ConnectomeError
from neurobridge.yaml_lines import Strict, YamlFile, read_yaml, validate


class ReferenceEntry(Strict):
    """A paper to cite."""

    key: str
    text: str
    doi: str = ""


class NodeTable(Strict):
    """The node list: file, id column, and which columns to keep under which name."""

    file: str
    id: str
    labels: dict[str, str] | list[str] | Literal["all"] = "all"
    delimiter: str | None = None
    sheet: str | None = None


class EdgeTable(Strict):
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


class TableMapping(Strict):
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
        file = YamlFile("the mapping", dict(mapping), None)
    else:
        file = read_yaml(Path(mapping), "'dataset:', 'edges:' ...", ConnectomeError)
    return validate(TableMapping, file, "the column mapping", ConnectomeError)
