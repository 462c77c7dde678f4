"""RandomSubsets: sizes and overlap of the subsets, density, and what it refuses."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

from neurobridge.errors import NetworkError
from neurobridge.structure import RandomSubsets


def subsets(**changes: Any) -> RandomSubsets:
    request = {"n": 50, "n_inputs": 20, "n_outputs": 15, "density": 0.3, "seed": 7} | changes
    return RandomSubsets(**request)


@pytest.mark.parametrize("overlap", [0, 7, 15])
def test_subsets_share_as_many_neurons_as_asked_for(overlap: int) -> None:
    structure = subsets(overlap=overlap)
    assert np.intersect1d(structure.input_neurons, structure.output_neurons).size == overlap
    assert np.unique(structure.input_neurons).size == 20
    assert np.unique(structure.output_neurons).size == 15
    assert structure.labels.where(input="yes", output="yes").sum() == overlap


def test_independent_subsets_overlap_by_chance(seed: int) -> None:
    draws = [subsets(seed=seed + i) for i in range(400)]
    both = [np.intersect1d(s.input_neurons, s.output_neurons).size for s in draws]
    variance = 15 * 0.4 * 0.6 * 35 / 49  # hypergeometric
    assert abs(np.mean(both) - 6) < 4 * np.sqrt(variance / 400)
    assert np.var(both) == pytest.approx(variance, rel=0.4)


def test_every_neuron_is_chosen_equally_often(seed: int) -> None:
    chosen = np.zeros(50)
    for i in range(400):
        chosen[subsets(seed=seed + i, overlap=5).output_neurons] += 1
    assert np.abs(chosen / 400 - 0.3).max() < 4.5 * np.sqrt(0.21 / 400)


def test_subsets_do_not_depend_on_the_density() -> None:
    assert np.array_equal(subsets().input_neurons, subsets(density=0.9).input_neurons)


def test_density_and_diagonal(seed: int) -> None:
    structure = subsets(n=500, seed=seed)
    assert abs(structure.densities.z[0, 0]) < 4
    assert not structure.mask.diagonal().any()
    assert subsets(density=1.0, self_connections=True).mask.all()


def test_empty_subsets() -> None:
    assert subsets(n_inputs=0, n_outputs=0, overlap=0).output_neurons.size == 0


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"n_inputs": 51}, "n_inputs = 51 of only 50 neurons"),
        ({"n_outputs": -1}, "n_outputs: expected a whole number >= 0, got -1"),
        ({"overlap": 16}, "overlap = 16 is impossible: 20 input and 15 output neurons of 50 share"),
        ({"n_inputs": 40, "overlap": 4}, "share 5 to 15"),
        ({"overlap": False}, "write 0 for disjoint subsets, None for"),
        ({"density": 1.01}, "density: expected a number in 0..1, got 1.01"),
        ({"density": float("nan")}, "density: expected a number in 0..1, got nan"),
        ({"n": True}, "n: expected a whole number >= 1, got True"),
    ],
)
def test_what_it_refuses(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(NetworkError, match=re.escape(message)):
        subsets(**changes)
