"""Any structure and any recipe: mask, diagonal, Dale's law, balance and radius are exact."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from neurobridge.errors import NetworkError
from neurobridge.structure import MultiAreaEI, Normal, RandomSubsets, Uniform
from neurobridge.structure.structure import Structure

probabilities = st.sampled_from([0.0, 1e-3, 0.1, 0.5, 0.99, 1.0])


@st.composite
def areas(draw: Any) -> MultiAreaEI:
    sizes = draw(st.lists(st.integers(1, 6).map(lambda n: 5 * n), min_size=1, max_size=4))
    n = len(sizes)
    row = st.lists(probabilities, min_size=n, max_size=n)
    return MultiAreaEI(
        sizes,
        draw(st.lists(row, min_size=n, max_size=n)),
        fraction_excitatory=draw(st.sampled_from([0.0, 0.2, 0.8, 1.0])),
        inter_area=draw(st.dictionaries(st.sampled_from(["EE", "EI", "IE", "II"]), probabilities)),
        self_connections=draw(st.booleans()),
        seed=draw(st.integers(-(2**70), 2**70)),
    )


@st.composite
def subsets(draw: Any) -> RandomSubsets:
    n = draw(st.integers(1, 40))
    n_in, n_out = draw(st.integers(0, n)), draw(st.integers(0, n))
    least, most = max(0, n_in + n_out - n), min(n_in, n_out)
    overlap = draw(st.none() | st.integers(least, most))
    return RandomSubsets(
        n, n_in, n_out, overlap, density=draw(probabilities), seed=draw(st.integers())
    )


@given(areas() | subsets())
def test_structures(structure: Structure) -> None:
    mask, n = structure.mask, structure.n_neurons
    assert mask.shape == (n, n)
    assert mask.sum() == structure.edges.n_edges == structure.densities.edges.sum()
    requested = structure.plan.probability[np.ix_(structure.plan.group, structure.plan.group)]
    assert not mask[requested == 0].any()
    loops = np.eye(n, dtype=bool) & (not structure.self_connections)
    assert mask[(requested == 1) & ~loops].all()
    assert not mask[loops].any()
    assert np.array_equal(np.sort(np.concatenate([*structure.areas.values()])), np.arange(n))
    for neurons in (structure.input_neurons, structure.output_neurons):
        assert (np.diff(neurons) > 0).all()


@settings(max_examples=60)
@given(areas(), st.sampled_from([Uniform(2.0), Normal(0.3)]), st.floats(0.1, 10), st.floats(0.1, 3))
def test_recipes(structure: MultiAreaEI, source: Any, ratio: float, radius: float) -> None:
    made = source.weights(structure).balanced(ratio, one_sided="keep")
    try:
        made = made.with_spectral_radius(radius)
    except NetworkError:
        assert (
            np.abs(np.linalg.eigvals(made.matrix)).max() < 1e-2 * np.abs(made.matrix).max() + 1e-9
        )
    else:
        eigenvalues = np.linalg.eigvals(made.matrix)
        assert math.isclose(np.abs(eigenvalues).max(), radius, rel_tol=1e-7)
    assert np.array_equal(made.matrix != 0, structure.mask)
    assert (made.matrix * structure.sign >= 0).all()
    for i, row in enumerate(made.matrix):
        positive, negative = math.fsum(row[row > 0]), math.fsum(row[row < 0])
        one_sided = (positive == 0) != (negative == 0)
        assert one_sided == (i in made.unbalanced)
        assert one_sided or math.isclose(positive, -ratio * negative, rel_tol=1e-12)
