"""Event delivery against a plain loop over edges."""

from __future__ import annotations

import numpy as np
import pytest

from neurobridge.backends.reference.delivery import Mailbox, OutgoingEdges
from neurobridge.graph.edges import Edges
from neurobridge.lowering.program import Pathway


def pathway(rng: np.random.Generator, delay: str) -> Pathway:
    """12 -> 9 neurons, 60 edges with repeats; the last presynaptic neurons have none."""
    pre, post = rng.integers(0, 10, 60), rng.integers(0, 9, 60)
    edges, _ = Edges.from_pairs(pre, post, 12, 9)
    steps = 3 if delay == "same" else rng.integers(1, 6, 60).astype(np.int32)
    return Pathway(
        "p", "a", "b", "syn", edges.indptr, edges.pre, rng.integers(1, 99, 60) / 8.0, steps
    )


@pytest.mark.parametrize("delay", ["same", "different"])
def test_what_arrives_when(rng: np.random.Generator, delay: str) -> None:
    path = pathway(rng, delay)
    edges, box = OutgoingEdges(path), Mailbox()
    expected = np.zeros((20, 9))
    for stamp in range(8):
        spiking = np.flatnonzero(rng.random(12) < 0.4).astype(np.int32)
        box.send(edges, spiking, stamp)
        for e in range(path.n_edges):
            if path.source[e] in spiking:
                steps = 3 if delay == "same" else int(path.delay[e])
                expected[stamp + steps - 1, path.target[e]] += path.weight[e]
    for step in range(20):
        got = box.take(step, 9)
        np.testing.assert_array_equal(np.zeros(9) if got is None else got, expected[step])
    assert not box.due


def test_neurons_without_edges_send_nothing(rng: np.random.Generator) -> None:
    edges, box = OutgoingEdges(pathway(rng, "same")), Mailbox()
    box.send(edges, np.array([10, 11], dtype=np.int32), 0)
    assert not box.due


def test_no_edges_at_all() -> None:
    empty, _ = Edges.from_pairs([], [], 3, 2)
    path = Pathway("p", "a", "b", "syn", empty.indptr, empty.pre, np.zeros(0), 1)
    assert OutgoingEdges(path).of(np.array([0, 2], dtype=np.int32)).size == 0


def test_events_put_in_advance_add_to_those_sent(rng: np.random.Generator) -> None:
    path = pathway(rng, "same")
    edges, box = OutgoingEdges(path), Mailbox()
    box.put(4, np.array([2, 2, 5], dtype=np.int32), np.array([1.0, 2.0, 4.0]))
    box.send(edges, np.arange(12, dtype=np.int32), 2)
    sent = np.bincount(path.target, weights=path.weight, minlength=9)
    got = box.take(4, 9)
    assert got is not None
    np.testing.assert_array_equal(got - sent, [0, 0, 3, 0, 0, 4, 0, 0, 0])
