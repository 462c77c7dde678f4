"""Accuracy with its interval, and confusion matrices."""

from __future__ import annotations

import re

import numpy as np
import pytest
from scipy.stats import binomtest

from neurobridge.errors import NetworkError
from neurobridge.tasks import Accuracy, Confusion


@pytest.mark.parametrize(
    ("correct", "total"), [(0, 10), (10, 10), (1, 1), (7, 10), (76, 100), (1, 284), (500, 1000)]
)
def test_the_interval_is_that_of_wilson(correct: int, total: int) -> None:
    interval = binomtest(correct, total).proportion_ci(0.95, method="wilson")
    expected = (interval.low, interval.high)
    np.testing.assert_allclose(Accuracy(correct, total).interval, expected, rtol=1e-12, atol=1e-15)


def test_an_accuracy_reads_well() -> None:
    assert str(Accuracy(76, 100)) == "76.0% (76 of 100; 66.8% .. 83.3%)"
    assert Accuracy(1, 4).value == 0.25


@pytest.mark.parametrize(("correct", "total"), [(0, 0), (3, 2), (-1, 2)])
def test_accuracies_of_nothing(correct: int, total: int) -> None:
    with pytest.raises(NetworkError, match=f"got {correct} of {total}"):
        Accuracy(correct, total)


def test_a_confusion_matrix() -> None:
    confusion = Confusion(["rose", "rust"], [[3, 1], [0, 0]])  # type: ignore[arg-type]
    assert confusion.accuracy == Accuracy(3, 4)
    assert confusion.fractions.tolist() == [[0.75, 0.25], [0.0, 0.0]]
    with pytest.raises(NetworkError, match=re.escape("needs counts >= 0 of shape (2, 2), got")):
        Confusion(("rose", "rust"), np.zeros((2, 3), dtype=np.int64))
    with pytest.raises(NetworkError, match="of 1 classes needs counts >= 0"):
        Confusion(("rose",), np.array([[-1]]))


def test_the_drawing_shows_classes_counts_and_shares() -> None:
    figure = Confusion(("rose", "rust"), np.array([[3, 1], [0, 2]])).draw()
    axes = figure.axes[0]
    assert [t.get_text() for t in axes.get_yticklabels()] == ["rose", "rust"]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("predicted", "true")
    written = {tuple(map(int, t.get_position())): t.get_text() for t in axes.texts}
    assert written == {(0, 0): "3", (1, 0): "1", (1, 1): "2"}  # (column, row)
    np.testing.assert_array_equal(axes.images[0].get_array(), [[0.75, 0.25], [0.0, 1.0]])
    assert axes.get_title().startswith("83.3% (5 of 6;")
    figure.canvas.draw()


def test_a_drawing_of_many_classes_has_no_numbers() -> None:
    many = Confusion(tuple(f"c{i}" for i in range(21)), np.eye(21, dtype=np.int64))
    assert not many.draw().axes[0].texts
    assert Confusion(("a",), np.zeros((1, 1), np.int64)).draw().axes[0].get_title() == "no trials"
