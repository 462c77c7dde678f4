"""Continuous coupling: what the output of other neurons adds up to, with and without delay."""

from __future__ import annotations

__all__ = ["Continuous"]

from collections import deque

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from neurobridge.lowering.program import Pathway


class Continuous:
    """A continuous pathway: a sparse matrix for each delay, and the signals under way."""

    def __init__(self, pathway: Pathway) -> None:
        self.pathway = pathway
        low, high = pathway.delay_range
        self.is_instantaneous = low == 0
        delay = np.broadcast_to(pathway.delay, (pathway.n_edges,))
        self.matrices = {d: _matrix(pathway, delay == d) for d in np.unique(delay).tolist()}
        self.depth = high + 1
        self.reset()

    def reset(self) -> None:
        """Nothing is under way."""
        self.past: deque[NDArray[np.float64]] = deque(maxlen=self.depth)

    def send(self, signal: NDArray[np.float64], stage: int) -> None:
        """The signal at the beginning of a stage; that of the first is kept for later steps."""
        if stage == 0:
            self.past.append(signal)
        self.now = signal

    def arrives(self) -> NDArray[np.float64]:
        """Summed ``weight * signal`` of each target, shape (n_post,)."""
        total = np.zeros(self.pathway.indptr.size - 1)
        for delay, matrix in self.matrices.items():
            if delay == 0:
                total += matrix @ self.now[: matrix.shape[1]]
            elif delay < len(self.past):
                total += matrix @ self.past[-1 - delay][: matrix.shape[1]]
        return total


def _matrix(pathway: Pathway, chosen: NDArray[np.bool_]) -> csr_array:
    n_post = pathway.indptr.size - 1
    n_pre = int(pathway.source.max()) + 1 if pathway.n_edges else 0
    before = np.concatenate([[0], np.cumsum(chosen)])
    return csr_array(
        (pathway.weight[chosen], pathway.source[chosen], before[pathway.indptr]),
        shape=(n_post, n_pre),
    )
