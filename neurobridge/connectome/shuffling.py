"""Null models that keep who is connected to whom, and shuffle how strongly or with which sign."""

from __future__ import annotations

__all__ = ["shuffled_counts", "shuffled_signs"]

import numpy as np

from neurobridge.connectome.blocks import edge_blocks, neuron_groups, shuffled_within
from neurobridge.connectome.history import derived
from neurobridge.connectome.labels import read_only
from neurobridge.connectome.table import Connectome
from neurobridge.errors import ConnectomeError
from neurobridge.rng import generator


def shuffled_counts(
    connectome: Connectome, seed: int, *, within: str | None = "cell_type"
) -> Connectome:
    """A null model: synapse counts change places among the edges of the same pair of types.

    Parameters
    ----------
    connectome : Connectome
    seed : int
    within : str or None
        A label of neurons; None shuffles among all edges. Neurons without the label are a type of
        their own. Edges of different kinds (``chemical``, ``gap``) do not mix.

    Returns
    -------
    Connectome
        With the same edges; every pair of types has the counts (and weights, where there are any)
        that it had.

    Raises
    ------
    ConnectomeError
        If the label is not text.
    UnknownNameError
        If the label does not exist.
    """
    blocks = edge_blocks(connectome, within)
    if connectome.is_gap.any():
        kind = connectome.is_gap.astype(np.int64)
        blocks = kind if blocks is None else 2 * blocks + kind
    rng = generator(seed, "null model", "counts")
    size = connectome.n_edges
    there = np.arange(size) if blocks is None else np.argsort(blocks, kind="stable")
    taken = shuffled_within(blocks, size, rng)
    changes = {}
    for name in ("count", "weight"):
        values = getattr(connectome, name)
        if values is not None:
            new = np.empty_like(values)
            new[there] = values[taken]
            changes[name] = read_only(new)
    arguments = {"seed": int(seed), "within": within}
    return derived(connectome.replace(**changes), connectome, "shuffled_counts", arguments)


def shuffled_signs(connectome: Connectome, seed: int, *, within: str | None = None) -> Connectome:
    """A null model: the signs of neurons change places; Dale's law holds as before.

    The number of excitatory and of inhibitory neurons stays, that of their synapses does not.
    Neurons whose sign is 0 keep it.

    Parameters
    ----------
    connectome : Connectome
        With a sign for each neuron.
    seed : int
    within : str, optional
        A label such as ``"super_class"``: signs change places inside each class only.

    Returns
    -------
    Connectome

    Raises
    ------
    ConnectomeError
        If neurons have no signs, or the label is not text.
    UnknownNameError
        If the label does not exist.
    """
    if connectome.sign is None:
        per_edge = connectome.edge_sign is not None
        raise ConnectomeError(
            "signs are shuffled among neurons, and here "
            + ("every edge has its own" if per_edge else "none were assigned")
            + "; assign them by neuron first, e.g. connectome.with_signs(Argmax('fly'))"
        )
    signed = np.flatnonzero(connectome.sign)
    groups = neuron_groups(connectome, within)[signed]
    taken = shuffled_within(groups, signed.size, generator(seed, "null model", "signs"))
    sign = connectome.sign.copy()
    sign[signed[np.argsort(groups, kind="stable")]] = connectome.sign[signed[taken]]
    arguments = {"seed": int(seed), "within": within}
    return derived(
        connectome.replace(sign=read_only(sign)), connectome, "shuffled_signs", arguments
    )
