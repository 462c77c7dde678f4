"""Edges of one block: those from one type of neuron to another."""

from __future__ import annotations

__all__ = ["edge_blocks", "neuron_groups", "shuffled_within"]

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from neurobridge.connectome.table import Connectome
from neurobridge.errors import ConnectomeError

Codes = NDArray[np.int64]


def neuron_groups(connectome: Connectome, label: str | None) -> Codes:
    """Number of the group of every neuron, int64 (N,); those without a label are a group too.

    Raises
    ------
    ConnectomeError
        If the label is not text.
    UnknownNameError
        If there is no such label.
    """
    if label is None:
        return np.zeros(connectome.n_neurons, dtype=np.int64)
    values = connectome.label(label)
    if not isinstance(values, pd.Categorical):
        raise ConnectomeError(
            f"within={label!r}: expected a label that is text, such as 'cell_type', it holds "
            f"{values.dtype}"
        )
    return np.asarray(values.codes, dtype=np.int64) + 1


def edge_blocks(connectome: Connectome, label: str | None) -> Codes | None:
    """Number of the pair (group of the source, group of the target) of every edge, int64 (E,)."""
    if label is None:
        return None
    group = neuron_groups(connectome, label)
    result: Codes = group[connectome.pre]
    result *= int(group.max(initial=0)) + 1
    result += group[connectome.post]
    return result


def shuffled_within(blocks: Codes | None, size: int, rng: np.random.Generator) -> Codes:
    """The numbers 0 .. size - 1 in random order, but block after block.

    A number is packed below what it is sorted by, for a sort of plain integers is several times
    faster than ``argsort`` or ``Generator.permutation``.
    """
    bits = max(size - 1, 1).bit_length()
    low = (1 << bits) - 1
    key = rng.integers(0, 1 << (63 - bits), size)
    key <<= bits
    key |= np.arange(size)
    key.sort()
    key &= low
    if blocks is None:
        return key
    if int(blocks.max(initial=0)).bit_length() + bits > 63:
        return np.asarray(key[np.argsort(blocks[key], kind="stable")])
    packed = blocks[key] << bits
    packed |= np.arange(size)
    packed.sort()
    packed &= low
    return np.asarray(key[packed])
