"""What a trainable network, an objective and sequences are asked for is checked, and named."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import neurobridge as nb
from tests.requirements import require

require("torch")
require("lightning")

from neurobridge.training import (  # noqa: E402
    Objective,
    SequenceData,
    Surrogate,
    Train,
    TrainableNetwork,
    losses,
)
from tests.unit.training import networks  # noqa: E402

THRESHOLD = "populations.cells.v_thresh"


def made(*train: Any, dt: Any = 1.0, **options: Any) -> TrainableNetwork:
    return TrainableNetwork(networks.spiking(), dt, train, **options)


def sequences(features: Any, targets: Any) -> SequenceData:
    return SequenceData("task", features, targets)


ASKED: dict[str, tuple[Callable[[], Any], str]] = {
    "a path alone": (lambda: made(THRESHOLD), r"train: expected Train\(path, ...\), got 'popul"),
    "precision": (lambda: made(precision="float16"), "expected 'float32' or 'float64', got 'flo"),
    "device": (lambda: made(device="gpu"), "expected 'cpu', 'cuda' or 'cuda:1', got 'gpu'"),
    "dt": (lambda: made(dt="1 mV"), "dt: expected a quantity in ms, got '1 mV'"),
    "a state alone": (lambda: made(record=["v"]), r"expected pairs \(population, state\), got 'v'"),
    "a state": (lambda: made(record=[("cells", "u")]), "unknown state of 'cells' 'u'"),
    "a surrogate by name": (
        lambda: made(surrogate="arctan"), r"got 'arctan'; Surrogate\('arctan', scale=...\) makes",
    ),
    "a surrogate of none": (
        lambda: made(surrogate={"cell": Surrogate()}), "spiking population 'cell'; did you mean",
    ),
    "a label": (
        lambda: made(Train(THRESHOLD, by="area")),
        "unknown label of 'cells' \\(path 'populations.cells.v_thresh'\\) 'area'; known: cell_type",
    ),
    "a label of edges": (
        lambda: made(Train("projections.feedforward.scale", by="pre.cell_type")),
        "unknown label of 'input' .path 'projections.feedforward.scale'. 'cell_type'; known: side",
    ),
    "a value of a label": (
        lambda: made(Train(THRESHOLD, where={"cell_type": "Z"})),
        "unknown value of label 'cell_type' of 'cells' .path '.*v_thresh'. 'Z'; known: A, B, C",
    ),
    "no label": (lambda: made(Train(THRESHOLD, where={})), "v_thresh': no condition given"),
    "a loss without a name": (
        lambda: Objective(losses.L1(THRESHOLD)), "have names, {'task': loss}; got L1",
    ),
    "a term that is none": (lambda: Objective({"a": 3}), "term 'a': expected a Loss, got 3"),
    "a factor in words": (
        lambda: Objective({"a": losses.L1(THRESHOLD)}, {"a": "much"}), "finite number: 'much'",
    ),
    "features in words": (
        lambda: sequences(np.full((2, 3, 1), "x"), {}), r"must be numbers of shape .*, got <U1 of",
    ),
    "targets without a name": (
        lambda: sequences(np.zeros((2, 3, 1)), np.zeros((2, 3))), "such as that of the read",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", ASKED)
def test_what_is_asked_for_is_checked(case: str) -> None:
    make, message = ASKED[case]
    with pytest.raises(nb.NeurobridgeError, match=message):
        make()


def test_dt_may_carry_its_unit() -> None:
    assert made(dt="0.5 ms").dt == 0.5
