"""Where the edges of a network lie in its coupling matrix."""

from __future__ import annotations

__all__ = ["EdgesOfCoupling", "coupling_matrix", "edges_of_couplings"]

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array

from neurobridge.graph.network import Network

Index = NDArray[np.int64]


@dataclass(frozen=True)
class EdgesOfCoupling:
    """Edges of a projection that reach one coupling.

    Parameters
    ----------
    projection : str
    chosen : int64 array (E,)
        Which of its edges.
    row, column : int64 array (E,)
        Of the coupling matrix.
    """

    projection: str
    chosen: Index
    row: Index
    column: Index


def edges_of_couplings(network: Network) -> tuple[list[EdgesOfCoupling], tuple[int, int]]:
    """All edges, and the shape of the coupling matrix.

    It has a row for each coupling of each neuron, and a column for each neuron that sends.
    """
    rows, columns, n_rows, n_columns = {}, {}, 0, 0
    for p in network.populations.values():
        for c in p.model.coupling_names:
            rows[p.name, c], n_rows = n_rows, n_rows + p.size
        if p.model.output:
            columns[p.name], n_columns = n_columns, n_columns + p.size
    found = []
    for projection in network.projections.values():
        weights, edges = network.weights(projection.name), projection.edges
        for entry in network.population(projection.post).model.reached(projection.receptor):
            takes = {"positive": weights > 0, "negative": weights < 0}.get(
                entry.sign, np.ones(weights.size, dtype=bool)
            )
            chosen = np.flatnonzero(takes)
            row = edges.post[chosen].astype(np.int64) + rows[projection.post, entry.name]
            column = edges.pre[chosen].astype(np.int64) + columns[projection.pre]
            found.append(EdgesOfCoupling(projection.name, chosen, row, column))
    return found, (n_rows, n_columns)


def coupling_matrix(network: Network) -> csr_array[Any]:
    """All weights; what is 0 is no entry."""
    found, shape = edges_of_couplings(network)
    none = np.zeros(0, dtype=np.int64)
    weights = [network.weights(e.projection)[e.chosen] for e in found]
    places = [np.concatenate([none, *(getattr(e, n) for e in found)]) for n in ("row", "column")]
    made = coo_array((np.concatenate([np.zeros(0), *weights]), tuple(places)), shape=shape).tocsr()
    made.eliminate_zeros()
    return made
