"""Mean, bounds, spread, variation and cost of activity; penalties on weights."""

from __future__ import annotations

import math

import numpy as np
import pytest

import neurobridge as nb
from tests.requirements import require
from tests.unit.training import networks

require("torch")

import torch  # noqa: E402

from neurobridge.training import Train, TrainableNetwork, losses  # noqa: E402
from tests.unit.training.seen import check_gradient, seen, trains  # noqa: E402

N = networks.N
PATHS = [
    Train("projections.recurrent.weight"),
    Train("projections.recurrent.scale", by="pre.cell_type"),
    Train("populations.cells.tau_m"),
    Train("readouts.choice.bias"),
]


@pytest.fixture(scope="module")
def model() -> TrainableNetwork:
    return TrainableNetwork(networks.spiking(), 0.5, PATHS, precision="float64")


@pytest.fixture(scope="module")
def rate() -> TrainableNetwork:
    train = [Train("projections.recurrent.weight", sign="free")]
    return TrainableNetwork(networks.rate(), 1.0, train, precision="float64")


def spikes(model: TrainableNetwork):
    """100 ms, two trials: neuron 0 has 2 and 4 spikes, neuron 1 has none and 2; 30 and 10 Hz."""
    found = trains({(0, 0): [3, 9], (0, 1): [0, 1, 2, 199], (1, 1): [5, 7]}, (200, N, 2))
    return seen(model, spikes={"cells": found})


TWO = {"neurons": [0, 1]}
BY_HAND = {
    "rate per neuron": (losses.FiringRate("cells", 12.0, **TWO), (18**2 + 2**2) / 2),
    "rate of population": (losses.FiringRate("cells", 12.0, "population", **TWO), 8.0**2),
    "rate of all": (losses.FiringRate("cells", 0.0), (900 + 100) / N),
    "within bounds": (losses.RateBounds("cells", 10.0, 30.0, **TWO), 0.0),
    "below": (losses.RateBounds("cells", low=13.0, **TWO), 3**2 / 2),
    "above": (losses.RateBounds("cells", high=26.0, **TWO), 4**2 / 2),
    "both": (losses.RateBounds("cells", 13.0, 26.0, **TWO), (3**2 + 4**2) / 2),
    "counts below": (losses.SpikeCountBounds("cells", low=3.0, **TWO), (1 + 9 + 0 + 1) / 4),
    "counts above": (losses.SpikeCountBounds("cells", high=1.5, **TWO), (0 + 1.5**2) / 2),
    "spread": (losses.RateSpread("cells", **TWO), 10.0**2),
    "spread towards": (losses.RateSpread("cells", 4.0, **TWO), 6.0**2),
    "variation": (losses.RateVariation("cells", 0.2, **TWO), (0.5 - 0.2) ** 2),
    "cost": (losses.MetabolicCost("cells", **TWO), 20.0),
    "squared": (losses.MetabolicCost("cells", 2, **TWO), (20**2 + 40**2 + 0 + 20**2) / 4),
}  # fmt: skip


@pytest.mark.parametrize("case", BY_HAND)
def test_values_by_hand(case: str, model: TrainableNetwork) -> None:
    loss, expected = BY_HAND[case]
    assert float(loss(spikes(model))) == pytest.approx(expected, rel=1e-12)


def test_cost_of_synapses(model: TrainableNetwork) -> None:
    pre = model.network.projections["recurrent"].edges.pre
    expected = (30 * (pre == 0).sum() + 10 * (pre == 1).sum()) / 2
    loss = losses.MetabolicCost("cells", per_synapse=True, **TWO)
    assert float(loss(spikes(model))) == pytest.approx(expected)
    b = nb.NetworkBuilder()
    b.population("cells", 2, nb.models.lif_exp, labels=nb.Labels({}, np.array([1, 1], np.int8)))
    b.connect(
        "loop", "cells", "cells", [(0, 1), (0, 0), (1, 0)], weight=nb.Factorised("0.1 nA"),
        count=[5, 2, 4], delay=1.0,
    )  # fmt: skip
    counted = TrainableNetwork(b.build(), 1.0, [Train("projections.loop.scale")])
    here = seen(counted, spikes={"cells": trains({(0, 0): [1], (1, 0): [2, 3]}, (100, 2, 1))})
    loss = losses.MetabolicCost("cells", per_synapse=True)
    assert float(loss(here)) == pytest.approx((10 * 7 + 20 * 4) / 2)


def test_rate_populations_by_their_output(rate: TrainableNetwork) -> None:
    output = torch.zeros(2, 8, 1, dtype=torch.float64)
    output[:, 0, 0] = torch.tensor([1.0, -3.0])
    here = seen(rate, rates={"units": output})
    area_y = {"where": {"area": "y"}}
    assert float(losses.FiringRate("units", 0.0)(here)) == pytest.approx(1 / 8)
    assert float(losses.FiringRate("units", 0.0, **area_y)(here)) == 0.0
    assert float(losses.MetabolicCost("units")(here)) == pytest.approx(2 / 8)
    assert float(losses.MetabolicCost("units", 2)(here)) == pytest.approx(5 / 8)
    assert float(losses.RateSpread("units")(here)) == pytest.approx(1 / 8 - 1 / 64)
    with pytest.raises(nb.UnknownNameError, match="spiking population 'units'"):
        losses.SpikeCountBounds("units", 1.0)(here)


SMOOTH = [
    losses.FiringRate("cells", 5.0, **TWO),
    losses.FiringRate("cells", 5.0, "population"),
    losses.RateBounds("cells", 1.0, 2.0, **TWO),
    losses.SpikeCountBounds("cells", 0.5, 0.55),
    losses.RateSpread("cells", 3.0),
    losses.RateVariation("cells", 0.3, **TWO),
    losses.MetabolicCost("cells", 2, per_synapse=True),
]


@pytest.mark.parametrize("loss", SMOOTH, ids=lambda x: type(x).__name__)
def test_gradients(loss, model: TrainableNetwork, rng: np.random.Generator) -> None:
    near = torch.as_tensor(rng.uniform(0.1, 0.3, size=(3, N, 2)))
    check_gradient(loss, lambda x: seen(model, spikes={"cells": x}), near, h=1e-5)


def test_equal_rates_have_a_gradient_of_zero(model: TrainableNetwork) -> None:
    same = torch.ones(4, N, 1, dtype=torch.float64, requires_grad=True)
    losses.RateSpread("cells", 2.0)(seen(model, spikes={"cells": same})).backward()
    assert same.grad is not None
    assert not same.grad.any()


def test_silence_has_no_variation(model: TrainableNetwork) -> None:
    here = seen(model, spikes={"cells": torch.zeros(4, N, 1)})
    with pytest.raises(nb.TrainingError, match="the mean rate is 0"):
        losses.RateVariation("cells")(here)


def test_penalties_on_weights_by_hand(model: TrainableNetwork) -> None:
    here = seen(model)
    w = model.network.weights("recurrent")
    for path in ("projections.recurrent", "projections.recurrent.weight"):
        frobenius, l1 = losses.Frobenius(path)(here), losses.L1(path)(here)
        assert float(frobenius.detach()) == pytest.approx((w**2).mean(), rel=1e-12)
        assert float(l1.detach()) == pytest.approx(np.abs(w).mean(), rel=1e-12)
    tau = np.asarray(model.network.population("cells").parameters["tau_m"])
    assert float(losses.L1("populations.cells.tau_m")(here).detach()) == pytest.approx(tau.mean())


def test_a_projection_is_penalised_with_its_scales() -> None:
    model = TrainableNetwork(networks.spiking(), 0.5, PATHS, precision="float64")
    weight, scale = model.parts[:2]
    with torch.no_grad():
        weight.step += 0.3
        scale.step -= 0.2
    expected = (model.physical(PATHS[0].path) * model.physical(PATHS[1].path)).square().mean()
    torch.testing.assert_close(losses.Frobenius("projections.recurrent")(seen(model)), expected)


def test_the_prior_is_the_distance_from_the_beginning() -> None:
    model = TrainableNetwork(networks.spiking(), 0.5, PATHS, precision="float64")
    prior, absolute = losses.Prior(PATHS[0].path), losses.Prior(PATHS[0].path, relative=False)
    assert float(prior(seen(model)).detach()) < 1e-20
    part = model.parts[0]
    with torch.no_grad():
        part.step += 0.4
    moved = model.physical(PATHS[0].path).detach().numpy()
    first = model.network.weights("recurrent")
    expected = ((moved - first) ** 2).mean()
    assert float(absolute(seen(model)).detach()) == pytest.approx(expected, rel=1e-10)
    relative = expected / np.abs(first).mean() ** 2
    assert float(prior(seen(model)).detach()) == pytest.approx(relative, rel=1e-10)
    prior(seen(model)).backward()
    assert part.step.grad is not None
    assert bool((part.step.grad > 0).all())  # back to where it was


REFUSED = {
    "rate": (losses.FiringRate("cell", 1.0), "did you mean 'cells'"),
    "path": (losses.L1("projections.recurrent.weigth"), "did you mean 'projections.recurrent.w"),
    "projection": (losses.L1("projections.recurent"), "did you mean 'recurrent'"),
    "not trained": (losses.Frobenius("projections.feedforward"), "nothing of this projection"),
    "prior": (losses.Prior("populations.cells.v_rest"), "unknown trained path"),
    "all zero": (losses.Prior("readouts.choice.bias"), "use relative=False"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_does_not_fit_is_refused(case: str, model: TrainableNetwork) -> None:
    loss, message = REFUSED[case]
    with pytest.raises(nb.NeurobridgeError, match=message):
        loss(spikes(model))


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (lambda: losses.RateBounds("cells"), "give low=, high= or both"),
        (lambda: losses.RateBounds("cells", -1.0), "low must be finite and >= 0, got -1"),
        (lambda: losses.SpikeCountBounds("cells", 3.0, 2.0), "low=3 is above high=2"),
        (lambda: losses.SpikeCountBounds("cells", high=math.nan), "high must be finite"),
        (lambda: losses.FiringRate("cells", math.inf), "target must be finite"),
        (lambda: losses.FiringRate("cells", 1.0, "neurons"), "per must be one of"),
        (lambda: losses.RateSpread("cells", -2.0), "target must be finite and >= 0"),
        (lambda: losses.RateVariation("cells", -2.0), "target must be finite and >= 0"),
        (lambda: losses.MetabolicCost("cells", 3), "power must be 1 or 2"),
    ],
)
def test_losses_that_make_no_sense(made, message: str) -> None:
    with pytest.raises(nb.NetworkError, match=message):
        made()
