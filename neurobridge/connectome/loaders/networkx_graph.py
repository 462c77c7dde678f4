"""NetworkX graphs and GraphML files."""

from __future__ import annotations

__all__ = ["from_networkx", "load_graphml"]

from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError

import pandas as pd

from neurobridge.connectome.build import from_edges
from neurobridge.connectome.provenance import Provenance, SourceFile
from neurobridge.connectome.table import Connectome
from neurobridge.errors import ConnectomeError, FileFormatError, UnknownNameError


def from_networkx(
    graph: Any,
    *,
    provenance: Provenance,
    count: str | None = None,
    weight: str | None = None,
    undirected: bool = False,
    edge_labels: tuple[str, ...] = (),
    source: str = "the graph",
) -> Connectome:
    """A connectome from a NetworkX graph; edges point from pre to post.

    Parameters
    ----------
    graph : networkx.DiGraph, MultiDiGraph, Graph or MultiGraph
        Nodes are whole numbers or names; their attributes become labels.
    provenance : Provenance
    count, weight : str, optional
        The edge attribute with the number of synapses, or with the strength. Without either every
        edge counts as one synapse.
    undirected : bool
        Take every edge of an undirected graph in both directions. Without it such a graph is
        refused.
    edge_labels : tuple of str
        Edge attributes to keep, which keep parallel edges apart.
    source : str
        For messages.

    Returns
    -------
    Connectome

    Raises
    ------
    ConnectomeError
        If the graph is undirected, or values are not those of a connectome.
    UnknownNameError
        If no edge has an attribute of that name.
    """
    import networkx as nx

    if not graph.is_directed():
        if not undirected:
            raise ConnectomeError(
                f"{source} is undirected, and a connection needs a direction. Pass "
                "undirected=True to take every edge both ways, or load a directed graph"
            )
        graph = graph.to_directed()
    edges = nx.to_pandas_edgelist(graph, source="\0pre", target="\0post")
    attributes = [str(c) for c in edges.columns if not str(c).startswith("\0")]
    for name in (count, weight, *edge_labels):
        if name is not None and name not in attributes and len(edges):
            raise UnknownNameError(f"edge attribute of {source}", name, attributes)
    nodes = pd.DataFrame.from_dict(dict(graph.nodes(data=True)), orient="index")
    ones = [1] * len(edges) if count is None and weight is None else None
    return from_edges(
        list(edges["\0pre"]),
        list(edges["\0post"]),
        ids=list(graph.nodes),
        count=ones if ones is not None else (None if count is None else edges[count]),
        weight=None if weight is None else edges[weight],
        labels={str(name): nodes[name] for name in nodes.columns},
        edge_labels={name: edges[name] for name in edge_labels},
        provenance=provenance,
        nodes_from=f"the nodes of {source}",
        edges_from=f"the edges of {source}",
        columns={"count": count or "count", "weight": weight or "weight"},
    )


def load_graphml(
    path: str | Path,
    *,
    count: str | None = None,
    weight: str | None = None,
    undirected: bool = False,
    edge_labels: tuple[str, ...] = (),
    dataset: str = "",
    release: str = "",
) -> Connectome:
    """A GraphML file.

    Parameters
    ----------
    path : path
    count, weight, undirected, edge_labels
        As for :func:`from_networkx`.
    dataset, release : str
        To be recorded; the name of the file by default.

    Raises
    ------
    FileFormatError
        If the file does not exist or is not GraphML.
    ConnectomeError, UnknownNameError
        As for :func:`from_networkx`.
    """
    import networkx as nx

    file = Path(path)
    try:
        graph = nx.read_graphml(file)
    except (OSError, ParseError, nx.NetworkXError) as error:
        raise FileFormatError(f"{file.name} cannot be read as GraphML: {error}") from error
    return from_networkx(
        graph,
        count=count,
        weight=weight,
        undirected=undirected,
        edge_labels=edge_labels,
        source=file.name,
        provenance=Provenance(
            dataset=dataset or file.stem, release=release, files=(SourceFile.of(file),)
        ),
    )
