"""Splitting a projection by a label, such as the transmitter, so that parts have own receptors."""

from __future__ import annotations

__all__ = ["split_projection"]

import re
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from neurobridge.errors import NetworkError, UnknownNameError
from neurobridge.graph.labels import MISSING
from neurobridge.graph.network import Network


def split_projection(
    network: Network, name: str, label: str, receptors: Mapping[str, str | None] | None = None
) -> Network:
    """One projection for each value of a label of the presynaptic neurons.

    Parts get the names ``NAME_VALUE``. Together with a model that has a receptor for each
    transmitter (:func:`neurobridge.models.lif_receptors`) every transmitter has synaptic currents
    of its own, whose time constants can differ and be trained.

    Parameters
    ----------
    network : Network
    name : str
        Of the projection.
    label : str
        Of its presynaptic population.
    receptors : mapping of value to receptor, optional
        Receptor that each part reaches; default: that of the projection. All values that occur
        must be named.

    Returns
    -------
    Network

    Raises
    ------
    NetworkError, UnknownNameError
        If there is no such projection or label, a presynaptic neuron has no value, a value has no
        receptor, or a part has the name of another projection.

    Examples
    --------
    >>> by = {"acetylcholine": "ach", "gaba": "gaba"}
    >>> network = split_projection(network, "synapses", "nt", by)  # doctest: +SKIP
    """
    projection = network.projections.get(name)
    if projection is None:
        raise UnknownNameError("projection", name, network.projections)
    where = f"split of projection {name!r} by {label!r}"
    labels = network.population(projection.pre).labels
    if label not in labels.columns:
        raise UnknownNameError(f"label of {projection.pre!r}", label, labels.columns)
    values = np.asarray(labels[label].values)[projection.edges.pre]
    missing = np.unique(projection.edges.pre[values == MISSING]).size
    if missing:
        raise NetworkError(
            f"{where}: {missing} presynaptic neurons have no value; label them, or leave their "
            "edges out before"
        )
    found = [str(value) for value in np.unique(values.astype(str))]
    receptors = dict.fromkeys(found, projection.receptor) if receptors is None else receptors
    unnamed = [value for value in found if value not in receptors]
    if unnamed:
        raise NetworkError(
            f"{where}: no receptor is given for {unnamed}; expected one for each of {found}"
        )
    parts = {}
    for value in found:
        part = re.sub(r"\W", "_", f"{name}_{value}")
        if part in parts or (part in network.projections and part != name):
            raise NetworkError(f"{where}: there would be two projections of the name {part!r}")
        taken = projection.take(values == value)
        parts[part] = replace(taken, name=part, receptor=receptors[value])
    arguments = {"projection": name, "label": label, "parts": list(parts)}
    kept = network.projections.without(name).with_(**parts)
    return network._derive("split_projection", arguments, projections=kept)
