"""Plan: groups of neurons and the probability of an edge from each group to each."""

from __future__ import annotations

__all__ = ["Group", "Plan", "bernoulli_positions"]

import json
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from neurobridge.content import ByContent
from neurobridge.graph.edges import Edges
from neurobridge.rng import generator


@dataclass(frozen=True)
class Group:
    """Neurons that are alike.

    Parameters
    ----------
    name : str
        Unique; the random streams of its edges and weights are named after it.
    area : str
    size : int
    sign : {-1, 0, 1}
        +1 excitatory, -1 inhibitory, 0 either: the weights of one neuron may differ in sign.
    self_connections : bool
        Whether a neuron may connect to itself.
    """

    name: str
    area: str
    size: int
    sign: int = 0
    self_connections: bool = False


@dataclass(frozen=True, eq=False)
class Plan(ByContent):
    """A stochastic block model: every pair of neurons is an edge on its own.

    Parameters
    ----------
    groups : tuple of Group
        In the order of their neurons.
    probability : float64 array, shape (n_groups, n_groups)
        Of an edge, post x pre.
    """

    groups: tuple[Group, ...]
    probability: NDArray[np.float64]

    @property
    def n_neurons(self) -> int:
        """Neurons in all groups."""
        return int(self.starts[-1])

    @cached_property
    def starts(self) -> NDArray[np.int64]:
        """First neuron of each group, and the end of the last, int64 (n_groups + 1,)."""
        return np.concatenate([[0], np.cumsum([g.size for g in self.groups])]).astype(np.int64)

    @cached_property
    def group(self) -> NDArray[np.int64]:
        """Group of every neuron, int64 (N,)."""
        return np.repeat(np.arange(len(self.groups)), [g.size for g in self.groups])

    def edges(self, seed: int) -> Edges:
        """The edges, drawn block by block.

        The stream of a block is named after its two groups, so that adding a group, or changing the
        size of another, leaves it as it is.
        """
        pairs = [
            self._block(i, j, seed)
            for i in range(len(self.groups))
            for j in range(len(self.groups))
        ]
        post, pre = (np.concatenate(side) for side in zip(*pairs, strict=True))
        return Edges.from_pairs(pre, post, self.n_neurons, self.n_neurons)[0]

    def _block(self, i: int, j: int, seed: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Edges onto group ``i`` from group ``j``: (post, pre)."""
        rng = generator(seed, "structure.edges", block_name(self.groups[i], self.groups[j]))
        n_post, n_pre = self.groups[i].size, self.groups[j].size
        position = bernoulli_positions(n_post * n_pre, float(self.probability[i, j]), rng)
        post, pre = np.divmod(position, n_pre)
        if i == j and not self.groups[i].self_connections:
            other = post != pre
            post, pre = post[other], pre[other]
        return post + self.starts[i], pre + self.starts[j]

    def parts(self, edges: Edges) -> list[tuple[str, NDArray[np.int64]]]:
        """Name of each block that has edges, and where they are among ``edges``."""
        n_groups = len(self.groups)
        block = self.group[edges.post] * n_groups + self.group[edges.pre]
        order = np.argsort(block, kind="stable")
        found, starts = np.unique(block[order], return_index=True)
        ends = np.append(starts[1:], order.size)
        return [
            (block_name(self.groups[b // n_groups], self.groups[b % n_groups]), order[i:j])
            for b, i, j in zip(found.tolist(), starts, ends[: found.size], strict=True)
        ]

    def possible(self) -> NDArray[np.int64]:
        """Pairs of neurons that could be an edge, by block, int64 (n_groups, n_groups)."""
        size = np.array([g.size for g in self.groups])
        loops = np.array([0 if g.self_connections else g.size for g in self.groups])
        return np.asarray(np.outer(size, size) - np.diag(loops), dtype=np.int64)


def block_name(post: Group, pre: Group) -> str:
    """What the random stream of a block is named after."""
    return json.dumps([post.name, pre.name])


def bernoulli_positions(n: int, p: float, rng: np.random.Generator) -> NDArray[np.int64]:
    """The successes of ``n`` Bernoulli trials, ascending, in time and memory of their number.

    The gaps between successes are geometric (Batagelj & Brandes 2005, Phys. Rev. E 71:036113).
    """
    if p == 0 or n == 0:
        return np.zeros(0, dtype=np.int64)
    if p == 1:
        return np.arange(n, dtype=np.int64)
    found, last = [], -1
    while last < n:
        expected = (n - last) * p
        gaps = rng.geometric(p, int(expected + 4 * np.sqrt(expected) + 16))
        positions = last + np.cumsum(np.minimum(gaps, n + 1))
        found.append(positions[positions < n])
        last = int(positions[-1])
    return np.concatenate(found)
