"""A random connectome with the degrees of a given one.

Two edges a -> x and b -> y become a -> y and b -> x: every neuron keeps its number of targets and
of sources. All edges are put into a random order, and neighbours in it exchange, all pairs at once,
unless that makes a self-loop, or one of the edges of a pair, before or after the exchange, is also
one of another pair. Which pairs may exchange is then the same before and after it, so that every
step is as likely as its reverse, and all graphs of these degrees become equally likely. Groups of
three, whose targets go round, take turns with the pairs, for pairs alone cannot turn a cycle of
three neurons round.

References
----------
Berger & Müller-Hannemann (2010). Uniform sampling of digraphs with a fixed degree sequence. WG
2010, LNCS 6410:220. https://doi.org/10.1007/978-3-642-16926-7_21
Milo, Kashtan, Itzkovitz, Newman & Alon (2003). On the uniform generation of random graphs with
prescribed degree sequences. https://arxiv.org/abs/cond-mat/0312028
"""

from __future__ import annotations

__all__ = ["rewired"]

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil

import numpy as np
from numpy.typing import NDArray

from neurobridge.connectome.blocks import Codes, edge_blocks, shuffled_within
from neurobridge.connectome.history import derived
from neurobridge.connectome.labels import read_only, take_label
from neurobridge.connectome.table import Connectome
from neurobridge.errors import ConnectomeError
from neurobridge.graph.edges import canonical_order
from neurobridge.rng import generator

EXCHANGES = ((2, 0), (2, 1), (3, 0))
"""Size of the groups, and the edge that the first begins with, of all exchanges in one order."""
TAKING_PART = 0.875
"""Share of the groups that may exchange: that one does so alone must be possible, too."""
TRIED = TAKING_PART * sum((size - 1) / size for size, _ in EXCHANGES)
"""Exchanges of two edges that are tried in one order, for each edge."""
CHUNK = 1 << 18
"""Numbers that are compared at a time."""

Nodes = NDArray[np.int32]


def rewired(
    connectome: Connectome,
    seed: int,
    *,
    swaps_per_edge: float = 10.0,
    within: str | None = None,
    progress: Callable[[int], None] | None = None,
) -> Connectome:
    """A null model: who is connected to whom is random, all in- and out-degrees are kept.

    There are no new self-loops and no parallel edges; existing self-loops stay. What an edge
    carries (count, weight, sign, labels) stays with its source, so that the number of synapses
    that a neuron makes is kept, and the number that it receives is not.

    Parameters
    ----------
    connectome : Connectome
        One row for each pair of neurons, and no gap junctions.
    seed : int
    swaps_per_edge : float
        Exchanges that are tried, for each edge; 10 are enough for the memory of the original to be
        gone in sparse graphs. How many were made is in the history.
    within : str, optional
        A label such as ``"cell_type"``: only edges of the same pair of types exchange. Every
        neuron then keeps its number of targets and of sources of each type. Neurons without this
        label are a type of their own.
    progress : callable, optional
        Called with what is done so far, in per cent.

    Returns
    -------
    Connectome

    Raises
    ------
    ConnectomeError
        If there are gap junctions or parallel rows, ``swaps_per_edge`` is not a number above 0, or
        the label is not text.
    UnknownNameError
        If the label does not exist.
    """
    if not (np.isfinite(swaps_per_edge) and swaps_per_edge > 0):
        raise ConnectomeError(f"swaps_per_edge: expected a number above 0, got {swaps_per_edge!r}")
    _refuse_what_cannot_be_rewired(connectome)
    movable = np.flatnonzero(connectome.pre != connectome.post)
    source, target = connectome.pre[movable], connectome.post[movable]
    blocks = edge_blocks(connectome, within)
    if blocks is not None:
        blocks = blocks[movable]
    orders = ceil(swaps_per_edge / TRIED)
    made = 0
    for number in range(orders):
        rng = generator(seed, "null model", "rewired", number)
        made += rewire_once(connectome.n_neurons, source, target, blocks, rng)
        if progress is not None:
            progress(round((number + 1) / orders * 100))
    post = connectome.post.copy()
    post[movable] = target
    arguments = {
        "seed": int(seed), "swaps_per_edge": float(swaps_per_edge), "within": within, "swaps": made
    }  # fmt: skip
    return derived(_with_targets(connectome, post), connectome, "rewired", arguments)


def _refuse_what_cannot_be_rewired(connectome: Connectome) -> None:
    gaps = int(connectome.is_gap.sum())
    if gaps:
        raise ConnectomeError(
            f"{gaps:,} of {connectome.n_edges:,} edges are gap junctions, which have no direction; "
            "leave them out before rewiring, e.g. load('celegans', gap_junctions=False)"
        )
    same = (connectome.pre[1:] == connectome.pre[:-1]) & (
        connectome.post[1:] == connectome.post[:-1]
    )
    if same.any():
        raise ConnectomeError(
            f"{int(same.sum()):,} rows have both ends in common with another row (they differ in "
            f"{', '.join(connectome.edge_labels)}); rewiring needs one row for each pair, so load "
            "the connectome without these edge labels"
        )


def _with_targets(connectome: Connectome, post: Nodes) -> Connectome:
    """The connectome with other targets, in canonical order."""
    order = canonical_order(connectome.pre, post, connectome.n_neurons)
    place = np.arange(post.size) if order is None else order
    columns = {
        name: None if array is None else read_only(array[place])
        for name in ("pre", "count", "weight", "edge_sign")
        for array in (getattr(connectome, name),)
    }
    labels = {name: take_label(label, place) for name, label in connectome.edge_labels.items()}
    return connectome.replace(post=read_only(post[place]), edge_labels=labels, **columns)


def rewire_once(
    n: int, source: Nodes, target: Nodes, blocks: Codes | None, rng: np.random.Generator
) -> int:
    """Exchanges of all edges in one random order; ``target`` is changed in place.

    Parameters
    ----------
    n : int
        Neurons.
    source, target : int32 array, shape (E,)
        Without self-loops and parallel edges.
    blocks : int64 array, shape (E,), or None
        Edges exchange with those of their own block only.
    rng : Generator

    Returns
    -------
    int
        Exchanges of two edges that were made.
    """
    order = shuffled_within(blocks, target.size, rng)
    dealt = Dealt(n, source[order], target[order], None if blocks is None else blocks[order])
    made = sum(dealt.exchange(size, first, rng) for size, first in EXCHANGES)
    target[order] = dealt.target
    return made


@dataclass
class Dealt:
    """Edges in random order that exchange targets with their neighbours in it.

    Only ``target`` changes. There are no self-loops and no parallel edges, before and after.

    Parameters
    ----------
    n : int
        Neurons.
    source, target : int32 array, shape (E,)
    blocks : int64 array, shape (E,), or None
        Edges exchange with those of their own block only.
    """

    n: int
    source: Nodes
    target: Nodes
    blocks: Codes | None = None

    def exchange(self, size: int, first: int, rng: np.random.Generator) -> int:
        """Let the targets go round in groups of ``size`` neighbours, from edge ``first`` on.

        Returns
        -------
        int
            Exchanges of two edges that were made; a group of three counts as two.
        """
        n_groups = max(self.target.size - first, 0) // size
        end = first + n_groups * size
        members = [slice(first + k, end, size) for k in range(size)]
        old = [self.target[m] for m in members]
        new = [old[k - 1] for k in range(size)]
        if size > 2:
            back = rng.random(n_groups, np.float32) < 0.5
            new = [np.where(back, old[(k + 1) % size], new[k]) for k in range(size)]
        active = rng.random(n_groups, np.float32) < TAKING_PART
        for member, target in zip(members, new, strict=True):
            active &= self.source[member] != target
            if self.blocks is not None:
                active &= self.blocks[members[0]] == self.blocks[member]
        new = [np.where(active, after, before) for after, before in zip(new, old, strict=True)]
        active &= ~self._in_conflict(members, new, n_groups)
        for member, after, before in zip(members, new, old, strict=True):
            self.target[member] = np.where(active, after, before)
        return int(np.count_nonzero(active)) * (size - 1)

    def _in_conflict(
        self, members: list[slice], new: list[Nodes], n_groups: int
    ) -> NDArray[np.bool_]:
        """Groups with an edge, old or new, that another has too, or with two equal new ones."""
        size, n_edges = len(members), self.target.size
        group = np.arange(n_groups) << 1
        tag = np.full(n_edges + size * n_groups, n_groups << 1)  # leftovers are one more group
        key = np.empty(tag.size, dtype=np.int64)
        np.multiply(self.source, np.int64(self.n), out=key[:n_edges])
        for k, member in enumerate(members):
            part = slice(n_edges + k * n_groups, n_edges + (k + 1) * n_groups)
            tag[member] = group
            tag[part] = group | 1
            np.add(key[member], new[k], out=key[part])
        key[:n_edges] += self.target
        first, second = _equal_neighbours(key, tag)
        bad = (first >> 1 != second >> 1) | (first & second & 1 == 1)
        conflict = np.zeros(n_groups + 1, dtype=bool)
        conflict[first[bad] >> 1] = True
        conflict[second[bad] >> 1] = True
        return conflict[:n_groups]


def _equal_neighbours(key: Codes, tag: Codes) -> tuple[Codes, Codes]:
    """Tags of all neighbours with equal keys, once sorted by key and tag; ``key`` is overwritten.

    One sort of plain integers that hold both is several times faster than an indirect one.
    """
    bits = int(tag.max(initial=1)).bit_length()
    if int(key.max(initial=0)).bit_length() + bits > 63:
        order = np.lexsort((tag, key))
        key, tag = key[order], tag[order]
        again = np.flatnonzero(key[1:] == key[:-1])
        return tag[again], tag[again + 1]
    key <<= bits
    key |= tag
    key.sort()
    before, after = key[:-1], key[1:]
    again = np.concatenate(
        [
            at + np.flatnonzero(before[at : at + CHUNK] ^ after[at : at + CHUNK] < 1 << bits)
            for at in range(0, max(key.size, 1), CHUNK)
        ]
    )
    low = (1 << bits) - 1
    return key[again] & low, key[again + 1] & low
