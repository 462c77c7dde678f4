"""The edges by the neuron that they leave, and by lane: what a spike touches lies together."""

from __future__ import annotations

__all__ = ["Graph", "build_graph", "weights_of"]

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurobridge.backends.native.arrays import starts
from neurobridge.backends.native.kernels import COUNT, FILL, READ, walk
from neurobridge.backends.native.layout import Layout
from neurobridge.lowering.program import Pathway, Program

NOTHING = np.empty(0)


class Graph(NamedTuple):
    """Edges of spiking pathways.

    Those that leave neuron ``i`` through lane ``q`` to neurons of thread ``t`` are
    ``start[t, i * n_lanes + q]`` up to the next entry of ``start``. ``start`` is int64
    (threads, n_senders * n_lanes + 1), ``target`` uint32 (E,), ``weight`` float64 (E,);
    ``lane_delay`` and ``lane_port`` int64 (n_lanes,), ``first_lane`` int64 (n_delays + 1,) marks
    the lanes of each delay.
    """

    start: NDArray[np.int64]
    target: NDArray[np.uint32]
    weight: NDArray[np.float64]
    lane_delay: NDArray[np.int64]
    lane_port: NDArray[np.int64]
    first_lane: NDArray[np.int64]


def build_graph(program: Program, layout: Layout) -> Graph:
    """Count, then fill: two passes over the edges in their order, whatever the threads."""
    counts = np.zeros((layout.threads, layout.n_senders * len(layout.lanes)), np.int64)
    pathways = [p for p in program.pathways if not p.continuous and p.n_edges]
    n_edges = sum(p.n_edges for p in pathways)
    target, weight = np.empty(n_edges, np.uint32), np.empty(n_edges)
    for path in pathways:
        walk(*_edges(path, layout), COUNT, counts, target, weight, path.weight, NOTHING)
    start = np.zeros((layout.threads, counts.shape[1] + 1), np.int64)
    np.cumsum(counts, axis=1, out=start[:, 1:])
    start += starts(counts.sum(axis=1))[:-1, None]
    upcoming = start[:, :-1].copy()
    for path in pathways:
        walk(*_edges(path, layout), FILL, upcoming, target, weight, path.weight, NOTHING)
    delay = np.array([d for d, _ in layout.lanes], dtype=np.int64)
    first = np.flatnonzero(np.diff(delay, prepend=-1))
    return Graph(
        start, target, weight, delay,
        np.array([p for _, p in layout.lanes], dtype=np.int64),
        np.append(first, delay.size).astype(np.int64),
    )  # fmt: skip


def weights_of(program: Program, layout: Layout, graph: Graph) -> dict[int, NDArray[np.float64]]:
    """The weights in the order of the pathways, by the position of the pathway."""
    upcoming, found = graph.start[:, :-1].copy(), {}
    for i, path in enumerate(program.pathways):
        if path.continuous or not path.n_edges:
            found[i] = path.weight.copy()
            continue
        found[i] = np.empty(path.n_edges)
        walk(
            *_edges(path, layout), READ, upcoming, graph.target, graph.weight, path.weight, found[i]
        )
    return found


def _edges(path: Pathway, layout: Layout) -> tuple[Any, ...]:
    """The arguments with which compiled code walks over the edges of a pathway."""
    port = layout.port(path.post, path.receptor)
    lane_of = np.zeros(path.delay_range[1] + 1, dtype=np.int32)
    for q, (delay, own) in enumerate(layout.lanes):
        if own == port and delay < lane_of.size:
            lane_of[delay] = q
    delays = np.atleast_1d(np.asarray(path.delay, dtype=np.int32))
    return (
        path.indptr, path.source, delays, lane_of, len(layout.lanes),
        layout.places[path.pre].first, layout.places[path.post].first, layout.shares,
    )  # fmt: skip
