"""Masks against those of nn4n 1.1.1, where its masks are right."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

import numpy as np
import pytest

from neurobridge.structure import MultiArea, MultiAreaEI, RandomSubsets
from tests.requirements import require

PAIRS = ("EE", "EI", "IE", "II")


@pytest.fixture
def mask(seed: int) -> Iterator[Any]:
    """Their module of masks, which draws from the global generator."""
    require("nn4n")
    import nn4n.mask

    state = np.random.get_state()  # noqa: NPY002
    np.random.seed(seed)  # noqa: NPY002
    yield nn4n.mask
    np.random.set_state(state)  # noqa: NPY002


@pytest.mark.parametrize("allowed", list(product([True, False], repeat=4)))
def test_full_blocks_are_the_same_entry_by_entry(mask: Any, allowed: tuple[bool, ...]) -> None:
    chain = np.eye(3) + np.eye(3, k=-1) + np.eye(3, k=2)
    theirs = mask.MultiAreaEI(
        dims=[1, 60, 1], n_areas=[30, 20, 10], area_connectivities=chain, exc_pct=0.8,
        inter_area_connections=list(allowed), readout_areas=[1], inh_readout=False,
    )  # fmt: skip
    ours = MultiAreaEI(
        [30, 20, 10], chain, self_connections=True, outputs=["area_2"],
        inter_area=[p for p, a in zip(PAIRS, allowed, strict=True) if a],
        excitatory_outputs_only=True, seed=1,
    )  # fmt: skip
    assert np.array_equal(ours.mask * ours.sign, theirs.hidden_mask)
    assert np.array_equal(ours.output_neurons, theirs.get_readout_idx())
    assert list(ours.areas) == theirs.get_areas()


@pytest.mark.parametrize("connectivity", [(0.3, 0.05, 0.6), (0.1, 0.0, 1.0)])
def test_densities_of_blocks_are_drawn_from_one_distribution(
    mask: Any, connectivity: tuple[float, ...], seed: int
) -> None:
    sizes = [120, 80, 100]
    theirs = mask.MultiArea(dims=[1, 300, 1], n_areas=sizes, area_connectivities=list(connectivity))
    ours = MultiArea(sizes, connectivity, self_connections=True, seed=seed)
    p = ours.densities.requested
    for i, post in enumerate(ours.areas.values()):
        for j, pre in enumerate(ours.areas.values()):
            counts = [m[np.ix_(post, pre)].sum() for m in (ours.mask, theirs.hidden_mask)]
            spread = np.sqrt(2 * post.size * pre.size * p[i, j] * (1 - p[i, j]))
            assert abs(counts[0] - counts[1]) <= 4 * spread


def test_disjoint_subsets_have_the_same_sizes(mask: Any, seed: int) -> None:
    theirs = mask.RandomInput(
        dims=[1, 200, 1], input_spar=0.2, readout_spar=0.3, hidden_spar=0.15, overlap=False
    )
    ours = RandomSubsets(200, 40, 60, overlap=0, density=0.15, self_connections=True, seed=seed)
    assert ours.input_neurons.size == theirs.get_input_idx().size
    assert ours.output_neurons.size == theirs.get_readout_idx().size
    spread = np.sqrt(2 * 200**2 * 0.15 * 0.85)
    assert abs(ours.mask.sum() - theirs.hidden_mask.sum()) < 4 * spread
