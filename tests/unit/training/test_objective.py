"""Losses are put together in one way, and each is logged by its name."""

from __future__ import annotations

import math
import subprocess
import sys
from dataclasses import dataclass

import pytest

import neurobridge as nb
from tests.requirements import require
from tests.unit.training import networks

require("torch")

import torch  # noqa: E402

from neurobridge.training import Loss, Objective, Seen, Train, TrainableNetwork, losses  # noqa: E402
from tests.unit.training.seen import seen  # noqa: E402


@dataclass(frozen=True)
class Constant(Loss):
    value: torch.Tensor

    def __call__(self, _: Seen) -> torch.Tensor:
        return self.value


@pytest.fixture(scope="module")
def model() -> TrainableNetwork:
    return TrainableNetwork(
        networks.spiking(), 1.0, [Train("projections.recurrent.weight")], precision="float64"
    )


def test_the_total_is_the_weighted_sum(model: TrainableNetwork) -> None:
    terms = {"a": Constant(torch.tensor(2.0)), "b": Constant(torch.tensor(5.0))}
    total, values = Objective(terms, {"b": -0.1})(seen(model))
    assert float(total) == pytest.approx(1.5)
    assert {n: float(v) for n, v in values.items()} == {"a": 2.0, "b": 5.0}


def test_a_run_of_the_network_through_an_objective(model: TrainableNetwork) -> None:
    result = model(model.inputs([[]] * 3, 60.0, seed=1))
    here = Seen(model, result, {"label": torch.arange(3)})
    objective = Objective(
        {
            "task": losses.CrossEntropy("choice"),
            "rate": losses.FiringRate("cells", 10.0),
            "prior": losses.Prior("projections.recurrent.weight"),
        },
        {"rate": 0.01},
    )
    total, values = objective(here)
    assert float(values["prior"].detach()) < 1e-20
    expected = values["task"] + 0.01 * values["rate"]
    torch.testing.assert_close(total, expected)
    total.backward()
    gradient = model.parts[0].step.grad
    assert gradient is not None
    assert float(gradient.abs().sum()) > 0


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_a_term_that_is_not_finite_is_named(model: TrainableNetwork, bad: float) -> None:
    terms = {"good": Constant(torch.tensor(2.0)), "bad": Constant(torch.tensor(bad))}
    with pytest.raises(nb.TrainingError, match=rf"'bad' is {bad}.*'good': 2.0"):
        Objective(terms)(seen(model))


def test_a_term_is_one_number(model: TrainableNetwork) -> None:
    with pytest.raises(nb.TrainingError, match=r"'a' gave a tensor of shape \(2,\)"):
        Objective({"a": Constant(torch.ones(2))})(seen(model))


def test_objectives_that_make_no_sense() -> None:
    one = {"rate": Constant(torch.ones(()))}
    with pytest.raises(nb.NetworkError, match="one term at least"):
        Objective({})
    with pytest.raises(nb.UnknownNameError, match="did you mean 'rate'"):
        Objective(one, {"rates": 1.0})
    with pytest.raises(nb.NetworkError, match="'rate' must be a finite number: nan"):
        Objective(one, {"rate": math.nan})


def test_losses_load_on_first_use() -> None:
    code = (
        "import sys, neurobridge.training as t; assert 'torch' not in sys.modules; "
        "assert t.losses.CrossEntropy and t.metrics.Accuracy; assert 'torch' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    from neurobridge import training

    with pytest.raises(AttributeError, match="did you mean 'losses'"):
        training.loses  # noqa: B018
