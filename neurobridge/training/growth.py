"""Growth: new synapses where they are allowed, small at first, for training to strengthen."""

from __future__ import annotations

__all__ = ["grow"]

from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurobridge.errors import NetworkError
from neurobridge.frozen import owned
from neurobridge.graph.edges import Edges
from neurobridge.graph.network import Network
from neurobridge.graph.projection import TickDelays
from neurobridge.graph.weight import Explicit


def grow(
    network: Network,
    projection: str,
    allowed: ArrayLike,
    *,
    share: float = 0.01,
    self_connections: bool = False,
) -> Network:
    """Add edges where a mask allows them.

    Parameters
    ----------
    network : Network
    projection : str
        Its delay must be one number, since a new synapse has none of its own.
    allowed : bool array, shape (n_post, n_pre)
        Where synapses may grow; existing ones stay as they are.
    share : float
        Initial size of a new weight as a share of the mean absolute weight; its sign is that of
        the presynaptic neuron (or of the weights that it has).
    self_connections : bool
        Whether a neuron may grow a synapse onto itself; if not, the diagonal of the mask of a
        projection within a population is left out.

    Returns
    -------
    Network
        With explicit weights; counts and further columns of the edges, which new ones lack, are
        left behind.

    Raises
    ------
    NetworkError
        If the mask has another shape or lies on its side, the sign of a neuron is unknown,
        delays differ, or there are no weights to take the size from.
    """
    p = network._projection(projection)
    mask = np.asarray(allowed)
    shape = (p.edges.n_post, p.edges.n_pre)
    if mask.shape != shape or mask.dtype != bool:
        on_its_side = mask.shape != shape and mask.shape == shape[::-1]
        hint = "; it lies on its side, transpose it" if on_its_side else ""
        raise NetworkError(
            f"grow {projection!r}: expected a boolean mask post x pre of shape {shape}, got "
            f"{mask.dtype} of {mask.shape}{hint}"
        )
    if isinstance(p.delay, TickDelays):
        raise NetworkError(
            f"grow {projection!r}: the delays of its edges differ, so a new edge has none; use "
            "one delay for the projection"
        )
    if not share > 0 or not np.isfinite(share):
        raise NetworkError(f"grow {projection!r}: share must be positive, got {share}")
    post, pre, weights = p.edges.post, p.edges.pre, network.weights(projection)
    if not weights.any():
        raise NetworkError(
            f"grow {projection!r}: it has no weight that is not 0, and new ones are a share of the "
            "mean; give it weights first"
        )
    free = mask.copy()
    free[post, pre] = False
    if not self_connections and p.pre == p.post:
        np.fill_diagonal(free, False)
    new_post, new_pre = np.nonzero(free)
    size = share * float(np.abs(weights).mean())
    sign = _signs(network, projection, weights)[new_pre]
    if (sign == 0).any():
        raise NetworkError(
            f"grow {projection!r}: the sign of {np.unique(new_pre[sign == 0]).size} presynaptic "
            "neurons is unknown; label them, or take them out of the mask"
        )
    all_post, all_pre = np.append(post, new_post), np.append(pre, new_pre)
    values = np.append(weights, sign * size)
    order = np.lexsort((all_pre, all_post))
    indptr = np.concatenate([[0], np.cumsum(np.bincount(all_post, minlength=shape[0]))])
    edges = Edges(
        p.edges.n_pre, p.edges.n_post, owned(indptr.astype(np.int64)),
        owned(all_pre[order].astype(np.int32)),
    )  # fmt: skip
    grown = replace(p, edges=edges, weight=Explicit(owned(values[order])))
    return network.with_projection(grown)


def _signs(network: Network, projection: str, weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sign of each presynaptic neuron: its label, else that of its weights, 0 if unknown."""
    p = network.projections[projection]
    label = network.population(p.pre).labels.sign
    if label is not None:
        return np.asarray(label, dtype=np.float64)
    lowest, highest = np.zeros(p.edges.n_pre), np.zeros(p.edges.n_pre)
    np.minimum.at(lowest, p.edges.pre, weights)
    np.maximum.at(highest, p.edges.pre, weights)
    return np.where(lowest == 0, np.sign(highest), np.where(highest == 0, -1.0, 0.0))
