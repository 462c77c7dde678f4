"""Controls for students: what agreement is there without what was learned, or in other places."""

from __future__ import annotations

__all__ = ["permuted_units", "shuffled_order"]

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from neurobridge.graph.network import Network
from neurobridge.rng import permutation
from neurobridge.training.specification import resolve
from neurobridge.training.values import value_at, with_value


def shuffled_order(
    network: Network, populations: Iterable[str], seed: int
) -> dict[str, NDArray[np.int64]]:
    """A random order of the units of each population, one for all their signals."""
    return {
        name: permutation(seed, "controls", f"teacher {name}", 0, network.population(name).size)
        for name in populations
    }


def permuted_units(network: Network, paths: Iterable[str], seed: int) -> Network:
    """The network with the values of some paths handed to other units.

    All parameters and initial states of a population move together. Weights move to other edges of
    the same sign.

    Parameters
    ----------
    network : Network
    paths : iterable of str
        Trained paths; readouts and encoders stay as they are.
    seed : int
    """
    targets = [resolve(path, network) for path in paths]
    edges = {t.part for t in targets if t.kind in ("weight", "scale", "low_rank")}
    for name in sorted(edges):
        path = f"projections.{name}.weight"
        network = with_value(network, path, _within_signs(value_at(network, path), name, seed))
    for target in targets:
        if target.kind in ("parameter", "initial"):
            state = "initial." if target.kind == "initial" else ""
            path = f"populations.{target.part}.{state}{target.field}"
            value = value_at(network, path)
            order = permutation(seed, "controls", f"units {target.part}", 0, value.size)
            network = with_value(network, path, value[order])
    return network


def _within_signs(weights: NDArray[np.float64], name: str, seed: int) -> NDArray[np.float64]:
    moved = weights.copy()
    for sign in (-1, 1):
        there = np.flatnonzero(np.sign(weights) == sign)
        order = permutation(seed, "controls", f"weights {name} {sign}", 0, there.size)
        moved[there] = weights[there[order]]
    return moved
