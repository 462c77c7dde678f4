"""Rewired connectomes: what is kept, and that all graphs of the same degrees are equally likely."""

from __future__ import annotations

from itertools import combinations, permutations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import chisquare

from neurobridge.connectome import Connectome, Provenance, from_edges, load, rewired
from neurobridge.connectome.rewiring import rewire_once
from neurobridge.errors import ConnectomeError, UnknownNameError

TOY = Provenance("toy", release="1")


def random_connectome(rng: np.random.Generator, n: int = 200, n_edges: int = 3000) -> Connectome:
    """Some neurons have many targets, there are a few self-loops, and four types of neurons."""
    key = rng.permutation(n * n)[: 4 * n_edges]
    weight = rng.pareto(1.5, n)
    pre, post = key // n, key % n
    kept = rng.choice(key.size, n_edges, replace=False, p=weight[pre] / weight[pre].sum())
    types = rng.choice([None, "A", "B", "C"], n, p=[0.1, 0.3, 0.3, 0.3])
    return from_edges(
        pre[kept], post[kept], count=rng.integers(1, 50, n_edges), ids=np.arange(n),
        labels={"cell_type": types}, edge_labels={"serial": np.arange(n_edges)}, provenance=TOY,
    )  # fmt: skip


def degrees(connectome: Connectome) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    n = connectome.n_neurons
    return (np.bincount(connectome.pre, minlength=n), np.bincount(connectome.post, minlength=n))


def pairs(connectome: Connectome) -> set[tuple[int, int]]:
    return set(zip(connectome.pre.tolist(), connectome.post.tolist(), strict=True))


def test_degrees_are_kept_and_edges_are_not(rng: np.random.Generator) -> None:
    before = random_connectome(rng)
    after = rewired(before, seed=1)
    for one, other in zip(degrees(before), degrees(after), strict=True):
        assert np.array_equal(one, other)
    assert len(pairs(after)) == after.n_edges == before.n_edges  # no parallel edges
    shared = len(pairs(before) & pairs(after)) / before.n_edges
    assert shared < 0.2  # by chance: the density, which is 0.075, and more among hubs


def test_self_loops_stay_where_they_are(rng: np.random.Generator) -> None:
    before = random_connectome(rng)
    loops = {p for p in pairs(before) if p[0] == p[1]}
    assert loops
    assert {p for p in pairs(rewired(before, seed=1)) if p[0] == p[1]} == loops


def test_what_an_edge_carries_stays_with_its_source(rng: np.random.Generator) -> None:
    before = random_connectome(rng)
    after = rewired(before, seed=1)

    def carried(c: Connectome) -> set[tuple[int, int, int]]:
        assert c.count is not None
        serial = np.asarray(c.edge_labels["serial"])
        return set(zip(c.pre.tolist(), c.count.tolist(), serial.tolist(), strict=True))

    assert carried(before) == carried(after)


def test_the_seed_decides(rng: np.random.Generator) -> None:
    before = random_connectome(rng)
    assert rewired(before, seed=1).digest == rewired(before, seed=1).digest
    assert rewired(before, seed=1).digest != rewired(before, seed=2).digest


def test_the_history_says_what_was_done(rng: np.random.Generator) -> None:
    before = random_connectome(rng)
    (step,) = rewired(before, seed=3, swaps_per_edge=5, within="cell_type").history[-1:]
    assert step.operation == "rewired"
    assert step.parent == before.digest
    assert step.arguments["within"] == "cell_type"
    assert 0 < step.arguments["swaps"] <= 7 * before.n_edges


def test_progress_comes_to_an_end(rng: np.random.Generator) -> None:
    seen: list[int] = []
    rewired(random_connectome(rng), seed=1, progress=seen.append)
    assert seen == sorted(seen)
    assert seen[-1] == 100


def test_within_keeps_the_numbers_of_targets_and_sources_of_each_type(
    rng: np.random.Generator,
) -> None:
    before = random_connectome(rng)
    after = rewired(before, seed=1, within="cell_type")
    group = np.asarray(before.labels["cell_type"].codes) + 1

    def tables(c: Connectome) -> list[NDArray[np.int64]]:
        found = []
        for own, other in ((c.pre, c.post), (c.post, c.pre)):
            table = np.zeros((c.n_neurons, 4), dtype=np.int64)
            np.add.at(table, (own, group[other]), 1)
            found.append(table)
        return found

    for one, other in zip(tables(before), tables(after), strict=True):
        assert np.array_equal(one, other)
    assert pairs(before) != pairs(after)
    free = rewired(before, seed=1)
    assert not np.array_equal(tables(before)[0], tables(free)[0])


def all_graphs(n: int, edges: list[tuple[int, int]]) -> list[frozenset[tuple[int, int]]]:
    """All graphs without self-loops with the degrees of one, by trying every graph."""
    possible = list(permutations(range(n), 2))

    def degrees_of(graph: tuple[tuple[int, int], ...]) -> list[int]:
        pre, post = zip(*graph, strict=True)
        return [*np.bincount(pre, minlength=n), *np.bincount(post, minlength=n)]

    wanted = degrees_of(tuple(edges))
    return [frozenset(g) for g in combinations(possible, len(edges)) if degrees_of(g) == wanted]


@pytest.mark.parametrize(
    ("n", "edges", "number"),
    [
        (3, [(0, 1), (1, 2), (2, 0)], 2),  # pairs alone would never turn the cycle round
        (4, [(0, 1), (1, 2), (2, 3), (3, 0)], 9),  # the derangements of four
        (5, [(0, 1), (0, 2), (1, 0), (2, 3), (3, 0), (4, 1)], 17),
    ],
)
def test_all_graphs_of_the_degrees_are_equally_likely(
    n: int, edges: list[tuple[int, int]], number: int, rng: np.random.Generator
) -> None:
    graphs = all_graphs(n, edges)
    assert len(graphs) == number
    source, target = (np.array(side, dtype=np.int32) for side in zip(*edges, strict=True))
    seen = dict.fromkeys(graphs, 0)
    for _ in range(30 * number):
        for _ in range(6):
            rewire_once(n, source, target, None, rng)
        seen[frozenset(zip(source.tolist(), target.tolist(), strict=True))] += 1
    assert chisquare(list(seen.values())).pvalue > 1e-3


def test_large_numbers_of_neurons_and_edges_need_two_keys(rng: np.random.Generator) -> None:
    """Where pair and group do not fit into 63 bits, the result is that of small numbers."""
    before = random_connectome(rng)
    source, target = before.pre.copy(), before.post.copy()
    movable = source != target
    source, target = source[movable], target[movable]
    found = []
    for n in (200, 2**31 - 1):
        own = target.copy()
        rewire_once(n, source, own, None, np.random.default_rng(1))
        found.append(own)
    assert np.array_equal(*found)
    assert not np.array_equal(found[0], target)


@pytest.mark.parametrize("edges", [[], [(1, 2)], [(1, 1)], [(1, 2), (2, 1)]])
def test_what_has_one_graph_only_stays_as_it_is(edges: list[tuple[int, int]]) -> None:
    pre, post = np.array(edges, dtype=np.int64).reshape(-1, 2).T
    before = from_edges(pre, post, count=np.ones(len(edges), int), ids=[1, 2], provenance=TOY)
    assert rewired(before, seed=1).digest == before.digest


def test_gap_junctions_are_refused() -> None:
    with pytest.raises(ConnectomeError, match="gap junctions, which have no direction"):
        rewired(load("celegans"), seed=1)


def test_parallel_rows_are_refused() -> None:
    parallel = from_edges(
        [1, 1, 2], [2, 2, 1], count=[1, 2, 3], edge_labels={"neuropil": ["a", "b", "a"]},
        provenance=TOY,
    )  # fmt: skip
    with pytest.raises(ConnectomeError, match=r"1 rows .* \(they differ in neuropil\)"):
        rewired(parallel, seed=1)


def test_numbers_and_labels_that_make_no_sense_are_refused(rng: np.random.Generator) -> None:
    before = random_connectome(rng)
    with pytest.raises(ConnectomeError, match="swaps_per_edge: expected a number above 0, got 0"):
        rewired(before, seed=1, swaps_per_edge=0)
    with pytest.raises(UnknownNameError, match="did you mean 'cell_type'"):
        rewired(before, seed=1, within="cell_typ")


def test_the_worm_is_rewired() -> None:
    worm = load("celegans", gap_junctions=False)
    after = rewired(worm, seed=1)
    assert worm.count is not None
    assert after.count is not None
    assert np.array_equal(np.sort(worm.count), np.sort(after.count))
    assert after.digest[:12] == "10eee075572f"  # the same on every machine
