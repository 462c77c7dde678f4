"""Cross-entropy, likelihood and squared error, with masks and weights in time."""

from __future__ import annotations

import math

import numpy as np
import pytest

import neurobridge as nb
from tests.requirements import require
from tests.unit.training import networks

require("torch")

import torch  # noqa: E402
from torch.nn.functional import cross_entropy, softmax  # noqa: E402

from neurobridge.training import Train, TrainableNetwork, losses  # noqa: E402
from tests.unit.training.seen import check_gradient, seen  # noqa: E402

T, B, K = 5, 4, 3
LABEL = torch.tensor([0, 2, 1, 2])


@pytest.fixture(scope="module")
def model() -> TrainableNetwork:
    return TrainableNetwork(
        networks.spiking(), 1.0, [Train("readouts.choice.bias")], precision="float64"
    )


@pytest.fixture
def trace(rng: np.random.Generator) -> torch.Tensor:
    return torch.as_tensor(rng.normal(size=(T, B, K)))


def of(model: TrainableNetwork, output: torch.Tensor, **targets):
    return seen(model, readouts={"choice": output}, **targets)


def test_cross_entropy_by_hand(model: TrainableNetwork) -> None:
    scores = torch.log(torch.tensor([[0.5, 0.25, 0.25], [0.1, 0.2, 0.7]], dtype=torch.float64))
    here = of(model, scores, label=torch.tensor([0, 1]))
    expected = -(math.log(0.5) + math.log(0.2)) / 2
    assert float(losses.CrossEntropy("choice")(here)) == pytest.approx(expected, rel=1e-12)
    weighted = losses.CrossEntropy("choice", class_weight=[3.0, 1.0, 7.0])(here)
    expected = -(3 * math.log(0.5) + math.log(0.2)) / 4
    assert float(weighted) == pytest.approx(expected, rel=1e-12)
    smooth = losses.CrossEntropy("choice", label_smoothing=0.3)(here)
    first = -(0.8 * math.log(0.5) + 0.2 * math.log(0.25))
    second = -(0.8 * math.log(0.2) + 0.1 * math.log(0.1) + 0.1 * math.log(0.7))
    assert float(smooth) == pytest.approx((first + second) / 2, rel=1e-12)


def test_pools_over_the_steps_that_are_kept(model: TrainableNetwork, trace: torch.Tensor) -> None:
    mask = torch.tensor([[0, 1, 1, 1], [1, 1, 0, 1], [1, 0, 1, 1], [0, 1, 0, 1], [1, 1, 0, 0.0]])
    here = of(model, trace, label=LABEL, mask=mask)
    kept = [[t for t in range(T) if mask[t, b]] for b in range(B)]
    pools = {"max": lambda x: x.amax(0), "mean": lambda x: x.mean(0), "last": lambda x: x[-1]}
    for pool, function in pools.items():
        scores = torch.stack([function(trace[kept[b], b]) for b in range(B)])
        loss = losses.CrossEntropy("choice", pool=pool, time="mask")
        torch.testing.assert_close(loss(here), cross_entropy(scores, LABEL))
    everything = losses.CrossEntropy("choice", pool="max")(here)
    torch.testing.assert_close(everything, cross_entropy(trace.amax(0), LABEL))


def test_every_step_is_a_decision(model: TrainableNetwork, trace: torch.Tensor) -> None:
    weights = [0.0, 1.0, 2.0, 0.0, 1.0]
    classes = [1.0, 2.0, 3.0]
    loss = losses.CrossEntropy("choice", pool="none", time=weights, class_weight=classes)
    labels = torch.tensor([[9, -1, 7, 5], [1, 1, 0, 2], [2, 0, 0, 1], [3, 3, 3, 3], [0, 0, 1, 1]])
    total = norm = 0.0
    for t in (1, 2, 4):
        for b in range(B):
            w = weights[t] * classes[labels[t, b]]
            total -= w * math.log(softmax(trace[t, b], 0)[labels[t, b]])
            norm += w
    found = loss(of(model, trace, label=labels))  # what is left out may hold no class at all
    assert float(found) == pytest.approx(total / norm, rel=1e-12)
    same = losses.CrossEntropy("choice", pool="none")(of(model, trace, label=LABEL))
    expected = cross_entropy(trace.flatten(0, 1), LABEL.repeat(T))
    torch.testing.assert_close(same, expected)


def test_likelihood_is_of_the_mean_probability(
    model: TrainableNetwork, trace: torch.Tensor
) -> None:
    weights = torch.tensor([0.0, 1.0, 2.0, 0.5, 0.0], dtype=torch.float64)
    p = (weights[:, None, None] * softmax(trace, -1)).sum(0) / weights.sum()
    expected = -torch.log(p[torch.arange(B), LABEL]).mean()
    loss = losses.NegativeLogLikelihood("choice", time=weights.numpy())
    torch.testing.assert_close(loss(of(model, trace, label=LABEL)), expected)
    pooled = losses.NegativeLogLikelihood("choice", class_weight=[1.0, 2.0, 3.0])
    torch.testing.assert_close(
        pooled(of(model, trace[0], label=LABEL)),
        cross_entropy(trace[0], LABEL, torch.tensor([1.0, 2.0, 3.0]).double()),
    )


def test_squared_error_is_a_mean_over_what_is_kept(model: TrainableNetwork) -> None:
    output = torch.tensor([[[1.0, 2.0]], [[3.0, 5.0]], [[0.0, 0.0]]])  # T = 3, B = 1, two outputs
    wanted = torch.tensor([[[0.0, 0.0]], [[1.0, 1.0]], [[math.nan, 7.0]]])
    loss = losses.MeanSquaredError("choice", time=[1.0, 3.0, 0.0])
    expected = (1 * (1 + 4) / 2 + 3 * (4 + 16) / 2) / 4
    assert float(loss(of(model, output, choice=wanted))) == pytest.approx(expected)
    weighted = losses.MeanSquaredError("choice", "y", time="on", class_weight=[3.0, 1.0])
    here = of(model, output, y=wanted, on=torch.tensor([True, False, False]))
    assert float(weighted(here)) == pytest.approx((1.5 * 1 + 0.5 * 4) / 2)
    pooled = losses.MeanSquaredError("choice")
    assert float(pooled(of(model, output[0], choice=wanted[0]))) == pytest.approx(2.5)


def test_what_is_left_out_has_no_gradient(model: TrainableNetwork) -> None:
    output = torch.ones(2, 1, 2, requires_grad=True)
    wanted = torch.tensor([[[0.0, 0.0]], [[math.nan, math.inf]]])
    loss = losses.MeanSquaredError("choice", time=[1.0, 0.0])
    loss(of(model, output, choice=wanted)).backward()
    assert output.grad is not None
    assert output.grad.tolist() == [[[1.0, 1.0]], [[0.0, 0.0]]]


@pytest.mark.parametrize(
    "loss",
    [
        losses.CrossEntropy("choice", pool="max", class_weight=[1, 2, 3]),
        losses.CrossEntropy("choice", pool="mean", label_smoothing=0.1),
        losses.CrossEntropy("choice", pool="none", time="mask"),
        losses.NegativeLogLikelihood("choice", time="mask"),
        losses.MeanSquaredError("choice", "y", time="mask"),
    ],
)
def test_gradients(loss, model: TrainableNetwork, trace: torch.Tensor) -> None:
    mask = torch.tensor([0.0, 1.0, 0.5, 0.0, 2.0])
    wanted = torch.cos(trace)
    check_gradient(loss, lambda x: of(model, x, label=LABEL, mask=mask, y=wanted), trace)


CE, MSE = losses.CrossEntropy, losses.MeanSquaredError
STEPS = torch.zeros(T, B, K)

REFUSED = {
    "readout": (CE("chioce"), STEPS, {}, "did you mean 'choice'"),
    "target": (CE("choice", "lable"), STEPS[0], {"label": LABEL}, "did you mean 'label'"),
    "needs a pool": (CE("choice"), STEPS, {"label": LABEL}, "pool='max', 'mean', 'last'"),
    "pools itself": (
        CE("choice", pool="max"), STEPS[0], {"label": LABEL}, "pools over time itself",
    ),
    "mask of no steps": (
        CE("choice", time=[1.0]), STEPS[0], {"label": LABEL}, "pools over time itself",
    ),
    "labels of another batch": (
        CE("choice"), STEPS[0], {"label": LABEL[:3]}, r"shape \(4,\).*\(4, 3\), got \(3,\)",
    ),
    "labels of other steps": (
        CE("choice", pool="none"), STEPS, {"label": torch.zeros(4, 4, dtype=torch.long)},
        r"shape \(4,\) or \(5, 4\).*got \(4, 4\)",
    ),
    "labels as floats": (CE("choice"), STEPS[0], {"label": LABEL.float()}, "as integers"),
    "class outside": (
        CE("choice"), STEPS[0], {"label": LABEL + 1}, "has class 3, but the readout has 3 outputs",
    ),
    "negative class": (CE("choice"), STEPS[0], {"label": LABEL - 1}, "has class -1"),
    "class weights": (
        CE("choice", class_weight=[1.0, 2.0]), STEPS[0], {"label": LABEL},
        "each of 3 outputs, got 2",
    ),
    "nothing weighs": (
        CE("choice", class_weight=[0.0, 1.0, 0.0]), STEPS[0], {"label": LABEL * 0},
        "class weights of all classes in this batch are 0",
    ),
    "mask of wrong length": (
        MSE("choice", time=[1.0, 1.0]), STEPS, {"choice": STEPS}, r"\(5,\) or \(5, 4\), got \(2,\)",
    ),
    "mask of zeros": (
        MSE("choice", time="on"), STEPS, {"choice": STEPS, "on": torch.zeros(T)},
        "all time steps are 0",
    ),
    "negative mask": (
        MSE("choice", time="on"), STEPS, {"choice": STEPS, "on": -torch.ones(T)}, "finite and >= 0",
    ),
    "a trial without a step": (
        CE("choice", pool="last", time="on"), STEPS,
        {"label": LABEL, "on": torch.tensor([1.0, 1.0, 0.0, 1.0]).expand(T, B)},
        "no time step of trial 2",
    ),
    "target of another shape": (
        MSE("choice"), STEPS, {"choice": STEPS[1:]}, r"\(5, 4, 3\), got \(4, 4, 3\)",
    ),
    "time without time": (
        MSE("choice", time=[1.0] * T), STEPS[0], {"choice": STEPS[0]}, "nothing to act on",
    ),
    "output weights": (
        MSE("choice", class_weight=[1.0]), STEPS, {"choice": STEPS}, "each of 3 outputs, got 1",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_does_not_fit_is_refused(case: str, model: TrainableNetwork) -> None:
    loss, output, targets, message = REFUSED[case]
    with pytest.raises(nb.NeurobridgeError, match=message):
        loss(of(model, output, **targets))


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (lambda: CE("choice", pool="sum"), "pool must be one of"),
        (lambda: CE("choice", time=[0.0, 0.0]), "all weights are 0"),
        (lambda: CE("choice", time=[1.0, -1.0]), "finite and >= 0"),
        (lambda: CE("choice", class_weight=[[1.0]]), "expected a flat array"),
        (lambda: CE("choice", label_smoothing=1.0), "label_smoothing is a share"),
        (lambda: losses.NegativeLogLikelihood("choice", pool="max"), "leave out pool='max'"),
        (lambda: MSE("choice", class_weight=[math.nan]), "finite and >= 0"),
    ],
)
def test_losses_that_make_no_sense(made, message: str) -> None:
    with pytest.raises(nb.NetworkError, match=message):
        made()
