"""MultiArea: densities, orientation, roles, labels, and what it refuses."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

from neurobridge.errors import NetworkError, UnknownNameError
from neurobridge.structure import MultiArea, equal_areas

SIZES = {"V1": 200, "V2": 100, "PFC": 150}


def areas(**changes: Any) -> MultiArea:
    request = {"sizes": SIZES, "connectivity": (0.2, 0.05, 0.5), "seed": 3} | changes
    return MultiArea(**request)


def test_densities_lie_within_binomial_bounds(seed: int) -> None:
    probability = np.array([[0.5, 0.02, 0.0], [0.3, 0.1, 1.0], [0.001, 0.7, 0.25]])
    found = areas(connectivity=probability, seed=seed).densities
    assert np.array_equal(found.requested, probability)
    assert np.abs(found.z).max() < 4
    assert np.abs(found.z).max() > 0.1
    assert found.measured[0, 2] == 0
    assert found.measured[1, 2] == 1


def test_densities_are_those_of_the_mask() -> None:
    structure = areas()
    found = structure.densities
    for i, post in enumerate(SIZES):
        for j, pre in enumerate(SIZES):
            block = structure.mask[np.ix_(structure.area(post), structure.area(pre))]
            possible = block.size - (block.shape[0] if i == j else 0)
            assert found.edges[i, j] == block.sum()
            assert found.possible[i, j] == possible
            assert found.measured[i, j] == block.sum() / possible


def test_the_table_of_densities() -> None:
    found = MultiArea({"A": 1, "B": 3}, [[0.5, 0], [1, 0]], seed=1).densities
    assert str(found).splitlines() == [
        "post \\ pre              A              B",
        "A             nan (0.500)  0.000 (0.000)",
        "B           1.000 (1.000)  0.000 (0.000)",
    ]


def test_forward_is_from_earlier_to_later_areas_and_rows_are_post() -> None:
    mask = MultiArea([2, 1, 1], (1, 0, 0), seed=1).mask
    assert mask.astype(int).tolist() == [[0, 0, 0, 0], [0, 0, 0, 0], [1, 1, 0, 0], [1, 1, 1, 0]]
    backward = MultiArea([2, 1, 1], (0, 1, 0), seed=1).mask
    assert np.array_equal(backward, mask.T)


def test_the_matrix_is_post_by_pre() -> None:
    structure = MultiArea({"A": 2, "B": 3}, [[0, 0], [1, 0]], seed=1)
    assert set(structure.edges.pre) == {0, 1}
    assert set(structure.edges.post) == {2, 3, 4}


def test_self_connections_come_only_if_asked_for() -> None:
    assert np.array_equal(MultiArea([4], (0, 0, 1), seed=1).mask, ~np.eye(4, dtype=bool))
    assert MultiArea([4], (0, 0, 1), seed=1, self_connections=True).mask.all()


def test_areas_roles_and_labels() -> None:
    structure = areas(inputs=["PFC", "V1"], outputs="V2")
    assert structure.area("V2").tolist() == list(range(200, 300))
    assert structure.input_neurons.tolist() == [*range(200), *range(300, 450)]
    assert structure.output_neurons.tolist() == list(range(200, 300))
    labels = structure.labels
    assert labels["area"].categories == tuple(SIZES)
    assert np.array_equal(labels.where(output="yes"), labels.where(area="V2"))
    assert np.array_equal(labels.where(input="no"), labels.where(area="V2"))
    assert labels.sign is None
    assert "cell_class" not in labels.columns


def test_all_areas_are_inputs_and_outputs_unless_said() -> None:
    assert areas().input_neurons.size == areas().output_neurons.size == 450
    assert areas(inputs=[]).input_neurons.size == 0


def test_equal_areas_share_the_neurons() -> None:
    assert dict(equal_areas(3, 12)) == {"area_1": 4, "area_2": 4, "area_3": 4}
    assert list(MultiArea([1, 2], (0, 0, 0), seed=1).areas) == ["area_1", "area_2"]


def test_equal_requests_are_equal_and_have_equal_edges() -> None:
    one, same, other = areas(), areas(sizes=dict(SIZES)), areas(seed=4)
    assert one == same
    assert hash(one) == hash(same)
    assert one.edges == same.edges
    assert one != other
    assert one.edges != other.edges


def test_nothing_of_it_can_be_changed() -> None:
    structure = areas()
    for array in (structure.edges.pre, structure.sign, structure.connectivity):
        assert isinstance(array, np.ndarray)
        assert not array.flags.writeable
    with pytest.raises(AttributeError):
        structure.seed = 1  # type: ignore[misc]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"connectivity": (0.2, 1.5, 0.5)}, "connectivity backward: a probability is in 0..1"),
        ({"connectivity": (0.2, 0.1, float("nan"))}, "connectivity within: .*got nan"),
        ({"connectivity": -np.eye(3)}, "connectivity from 'V1' to 'V1': .* got -1.0"),
        ({"connectivity": (0.2, 0.1)}, "expected (forward, backward, within), or a matrix"),
        ({"connectivity": np.ones((2, 3))}, "matrix post x pre of shape (3, 3) for 3 areas"),
        ({"connectivity": "dense"}, "for 3 areas ['V1', 'V2', 'PFC'], got 'dense'"),
        ({"sizes": 450}, "sizes: expected the number of neurons of each area"),
        ({"sizes": {}}, "at least one area"),
        ({"sizes": {"V1": 2.0}}, "size of area 'V1': expected a whole number >= 1, got 2.0"),
        ({"sizes": [5, 0]}, "size of area 'area_2': expected a whole number >= 1, got 0"),
        ({"sizes": {1: 5}}, "names of areas must be text, got 1"),
        ({"inputs": ["V1", "V1"]}, "inputs: an area is named more than once"),
        ({"seed": 1.5}, "seed: expected an integer, got 1.5"),
    ],
)
def test_what_it_refuses(changes: dict[str, Any], message: str) -> None:
    pattern = message if ".*" in message else re.escape(message)
    with pytest.raises(NetworkError, match=pattern):
        areas(**changes)


@pytest.mark.parametrize("role", ["inputs", "outputs"])
def test_an_unknown_area_is_refused_with_the_nearest(role: str) -> None:
    with pytest.raises(UnknownNameError, match=f"area in {role} 'PCF'; did you mean 'PFC'"):
        areas(**{role: ["PCF"]})


def test_an_unknown_area_is_not_looked_up() -> None:
    with pytest.raises(UnknownNameError, match="unknown area 'V3'"):
        areas().area("V3")


@pytest.mark.parametrize(
    ("n_areas", "n_neurons", "message"),
    [
        (3, 10, "10 neurons do not divide into 3 equal areas; 9 or 12 do, or give the size"),
        (0, 10, "n_areas: expected a whole number >= 1, got 0"),
        (2, 9.0, "n_neurons: expected a whole number >= 1, got 9.0"),
    ],
)
def test_neurons_that_do_not_divide(n_areas: Any, n_neurons: Any, message: str) -> None:
    with pytest.raises(NetworkError, match=re.escape(message)):
        equal_areas(n_areas, n_neurons)
