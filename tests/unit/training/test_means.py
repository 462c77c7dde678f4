"""Means over trials, worked out by hand."""

from __future__ import annotations

import math

import pytest

from tests.requirements import require

require("torch")

import torch  # noqa: E402

from neurobridge.training.means import Means  # noqa: E402


def value(number: float) -> torch.Tensor:
    return torch.tensor(number)


def test_batches_count_by_their_trials() -> None:
    means = Means()
    means.add({"a": value(1.0), "b": value(2.0)}, 3)
    means.add({"a": value(5.0), "b": value(math.nan)}, 1)
    means.add({"c": value(math.nan)}, 2)
    found = means.take()
    assert (found["a"], found["b"]) == (2.0, 2.0)
    assert math.isnan(found["c"])
    assert means.take() == {}


def test_processes_add_up() -> None:
    """The other process had 2 trials of 4 for ``a``, and none where ``b`` was defined."""
    means = Means()
    means.add({"a": value(1.0), "b": value(3.0)}, 1)
    other = torch.tensor([[8.0, 2.0], [0.0, 0.0]], dtype=torch.float64)
    found = means.take(lambda own: own + other)
    assert found == {"a": pytest.approx(3.0), "b": 3.0}
