"""Which neurons a part of an experiment means."""

from __future__ import annotations

__all__ = ["EVERYONE", "ids_of", "index_of"]

import numpy as np
from numpy.typing import NDArray

from neurobridge.connectome.table import Connectome
from neurobridge.errors import ConnectomeError, UnknownNameError

EVERYONE = "all"
"""What an experiment writes for all neurons."""


def ids_of(connectome: Connectome, neurons: str | list[int] | list[str]) -> NDArray[np.int64]:
    """Ids of the neurons that ``all``, an expression, or a list of ids or names means.

    Parameters
    ----------
    connectome : Connectome
    neurons : str, list of int or list of str

    Returns
    -------
    int64 array, shape (k,)

    Raises
    ------
    ConnectomeError
        If the expression cannot be read, nobody is selected, or a name is not unique.
    UnknownNameError
        If a label, a value, an id or a name does not exist.
    """
    if isinstance(neurons, str):
        chosen = connectome if neurons == EVERYONE else connectome.select(neurons)
        if not chosen.n_neurons:
            raise ConnectomeError(f"no neuron fulfils {neurons!r}")
        return np.asarray(chosen.ids)
    if isinstance(neurons[0], str):
        return _by_name(connectome, [str(n) for n in neurons])
    return np.asarray(connectome.ids[connectome.index_of(np.asarray(neurons))])


def index_of(
    connectome: Connectome, neurons: str | list[int] | list[str]
) -> NDArray[np.int32] | None:
    """Ascending indices of the neurons, int32 (k,); None for all of them."""
    if neurons == EVERYONE:
        return None
    return np.unique(connectome.index_of(ids_of(connectome, neurons))).astype(np.int32)


def _by_name(connectome: Connectome, names: list[str]) -> NDArray[np.int64]:
    known = np.asarray(connectome.names, dtype=str)
    order = np.argsort(known, kind="stable")
    first = np.searchsorted(known, names, sorter=order)
    last = np.searchsorted(known, names, side="right", sorter=order)
    for name, number in zip(names, (last - first).tolist(), strict=True):
        if number == 0:
            raise UnknownNameError("neuron", name, known.tolist())
        if number > 1:
            raise ConnectomeError(f"{number} neurons have the name {name!r}; give ids")
    return np.asarray(connectome.ids[order[first]])
