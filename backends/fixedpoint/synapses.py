"""All synapses of a network by the neuron that they come from, in the order of their arrival."""

from __future__ import annotations

__all__ = ["Synapses"]

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from neurobridge.backends.fixedpoint.fixed import Int
from neurobridge.lowering.chip.network import RECEPTORS, ChipProjection

Index = NDArray[np.int32]


class Synapses:
    """Rows of synapses: by source neuron, then projection, then as the projection lists them.

    Parameters
    ----------
    projections : sequence of ChipProjection
    numbers : mapping of str to int64 array (size,)
        Numbers of the neurons of every population and source, in order of arrival.
    targets : mapping of str to int
        Place of the first neuron of every population.
    n_targets : int
        Neurons of all populations; a synapse onto the second receptor has its place above that.
    """

    def __init__(
        self,
        projections: Sequence[ChipProjection],
        numbers: Mapping[str, Int],
        targets: Mapping[str, int],
        n_targets: int,
    ) -> None:
        empty = np.zeros(0, dtype=np.int32)
        n_sources = sum(part.size for part in numbers.values())
        source = np.concatenate([empty, *(numbers[p.pre][p.source] for p in projections)])
        pair = np.concatenate(
            [
                empty,
                *(
                    p.target + (RECEPTORS.index(p.receptor) * n_targets + targets[p.post])
                    for p in projections
                ),
            ]
        )
        order = np.argsort(source, kind="stable")
        self.pair: Index = pair[order].astype(np.int32)
        self.word: Int = np.concatenate([empty, *(p.word for p in projections)])[order].astype(
            np.int64
        )
        self.delay: Index = np.concatenate([empty, *(p.delays for p in projections)])[order]
        self.first = np.zeros(n_sources + 1, dtype=np.int64)
        np.cumsum(np.bincount(source, minlength=n_sources), out=self.first[1:])

    def leaving(self, neurons: Int) -> Int:
        """Positions of all synapses of these neurons, in their order; twice if one stands twice."""
        first, last = self.first[neurons], self.first[neurons + 1]
        length = last - first
        total = int(length.sum())
        skip = np.repeat(first - (np.cumsum(length) - length), length)
        return np.asarray(np.arange(total) + skip, dtype=np.int64)
