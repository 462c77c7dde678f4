"""Populations in parts."""

from __future__ import annotations

import numpy as np
import pytest

from neurobridge.lowering.chip.parts import by_scale, by_size, name_parts


def test_neurons_of_one_scale_stay_together() -> None:
    summed = np.array([[1.5, 100.0, 1.2, 6e4], [0.1, 0.0, 1.9, 0.0]])  # shifts 0, 6, 0, 15
    groups = by_scale(summed, 1, at_most=3)
    assert [g.tolist() for g in groups] == [[0, 2], [1], [3]]


def test_cuts_are_where_they_win_most_bits() -> None:
    summed = np.zeros((2, 12))
    summed[0] = [1.5] * 10 + [100.0, 200.0]  # shifts 0 (ten times), 6, 7
    groups = by_scale(summed, 1, at_most=2)
    assert [g.size for g in groups] == [10, 2]


@pytest.mark.parametrize("at_most", [1, 5])
def test_equal_scales_are_one_part(at_most: int) -> None:
    (group,) = by_scale(np.ones((2, 7)), 1, at_most)
    assert group.tolist() == list(range(7))


def test_every_neuron_is_in_one_part(rng: np.random.Generator) -> None:
    summed = 10 ** rng.uniform(-3, 4, (2, 200))
    groups = by_scale(summed, 1, at_most=4)
    assert len(groups) == 4
    assert sorted(np.concatenate(groups).tolist()) == list(range(200))
    assert all((np.diff(g) > 0).all() for g in groups)


def test_pieces_of_a_size() -> None:
    pieces = by_size(np.array([3, 5, 7, 9, 11], dtype=np.int32), 2)
    assert [p.tolist() for p in pieces] == [[3, 5], [7, 9], [11]]


def test_names_are_free_and_say_whose_they_are() -> None:
    one = [np.arange(3, dtype=np.int32)]
    two = [np.arange(2, dtype=np.int32), np.arange(2, 3, dtype=np.int32)]
    taken = {"a_0"}
    assert [p.name for p in name_parts("a", one, taken)] == ["a"]
    assert [p.name for p in name_parts("a", two, taken)] == ["a_0_", "a_1"]
    assert taken == {"a_0", "a", "a_0_", "a_1"}
