"""Neurons by the values of a label, in every population."""

from __future__ import annotations

__all__ = ["DEFAULT_LABEL", "Groups", "group_neurons"]

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurobridge.errors import UnknownNameError
from neurobridge.graph.network import Network

DEFAULT_LABEL = "cell_type"
UNLABELLED = "(none)"


@dataclass(frozen=True)
class Groups:
    """Groups of neurons over all populations with dynamics.

    Parameters
    ----------
    label : str
        The label; empty if neurons are grouped by population.
    names : tuple of str
    codes : dict of str to int64 array, shape (size,)
        By population: the place in ``names`` of the group of each neuron.
    """

    label: str
    names: tuple[str, ...]
    codes: dict[str, NDArray[np.int64]]

    @property
    def sizes(self) -> NDArray[np.int64]:
        """Neurons of each group."""
        empty = np.zeros(0, dtype=np.int64)
        return np.bincount(np.concatenate([empty, *self.codes.values()]), minlength=len(self.names))


def group_neurons(network: Network, by: str | None) -> Groups:
    """Groups by a label; by ``cell_type`` or else by population if none is named.

    Raises
    ------
    UnknownNameError
        If no population has the label that is named.
    """
    populations = [p for p in network.populations.values() if not p.model.is_source]
    known = {c for p in populations for c in p.labels.columns}
    if by is not None and by not in known:
        raise UnknownNameError("label", by, sorted(known))
    label = by or (DEFAULT_LABEL if DEFAULT_LABEL in known else "")
    names: dict[str, int] = {}
    codes = {}
    for p in populations:
        if label in p.labels.columns:
            column = p.labels[label]
            values = [category or UNLABELLED for category in column.categories]
            places = np.array([names.setdefault(v, len(names)) for v in values], dtype=np.int64)
            codes[p.name] = places[column.codes]
        else:
            name = UNLABELLED if label else p.name
            codes[p.name] = np.full(p.size, names.setdefault(name, len(names)), dtype=np.int64)
    return Groups(label, tuple(names), codes)
