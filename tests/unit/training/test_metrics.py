"""Metrics by hand, by chance, and of a teacher and a student."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

import neurobridge as nb
from tests.requirements import require
from tests.unit.training import networks

require("torch")

import torch  # noqa: E402

from neurobridge.training import Train, TrainableNetwork, losses, metrics  # noqa: E402
from neurobridge.training.metrics.coincidence import coincidences  # noqa: E402
from tests.unit.training.seen import seen, trains  # noqa: E402

N = networks.N
PATHS = [
    Train("projections.recurrent.weight"),
    Train("populations.cells.tau_m"),
    Train("readouts.choice.weight"),
]


@pytest.fixture(scope="module")
def model() -> TrainableNetwork:
    return TrainableNetwork(networks.spiking(), 0.5, PATHS, precision="float64")


def test_accuracy(model: TrainableNetwork) -> None:
    scores = torch.tensor([[0.1, 0.7, 0.2], [3.0, 1.0, 2.0], [0.0, 0.0, -1.0], [0.0, 1.0, 2.0]])
    label = torch.tensor([1, 2, 0, 2])
    here = seen(model, readouts={"choice": scores}, label=label)
    assert float(metrics.Accuracy("choice")(here)) == 0.75
    steps = torch.stack([scores, -scores])
    here = seen(model, readouts={"choice": steps}, label=label)
    assert float(metrics.Accuracy("choice", pool="none")(here)) == 0.375
    assert float(metrics.Accuracy("choice", pool="last", time=[1.0, 0.0])(here)) == 0.75


def test_output_error_against_the_mean_of_the_target(model: TrainableNetwork) -> None:
    target = torch.tensor([[[1.0, 5.0]], [[3.0, 9.0]], [[math.nan, 0.0]]])
    error = metrics.OutputError("choice", "y", time=[1.0, 1.0, 0.0])
    mean = torch.tensor([2.0, 7.0]).expand(3, 1, 2)
    assert float(error(seen(model, readouts={"choice": mean}, y=target))) == pytest.approx(1.0)
    half = (mean + target) / 2
    assert float(error(seen(model, readouts={"choice": half}, y=target))) == pytest.approx(0.5)


def test_activity(model: TrainableNetwork) -> None:
    spikes = trains({(0, 0): [3, 9], (0, 1): [0, 1, 2, 199], (1, 1): [5]}, (200, N, 2))
    here = seen(model, spikes={"cells": spikes})
    assert float(metrics.MeanRate("cells")(here)) == pytest.approx(10 * 7 / (2 * N))
    assert float(metrics.MeanRate("cells", neurons=[0])(here)) == pytest.approx(30.0)
    assert float(metrics.ActiveFraction("cells")(here)) == pytest.approx(3 / (2 * N))
    assert float(metrics.ActiveFraction("cells", 3)(here)) == pytest.approx(1 / (2 * N))
    others = metrics.ActiveFraction("cells", neurons=[0], others=True)
    assert float(others(here)) == pytest.approx(1 / (2 * (N - 1)))


def test_variation_of_intervals(model: TrainableNetwork) -> None:
    one = {(0, 0): [0, 10, 20], (0, 1): [5, 6, 9], (1, 0): [3, 50], (1, 1): [7]}
    here = seen(model, spikes={"cells": trains(one, (60, N, 2))})
    expected = (0.0 + 1 / 2) / 2  # intervals 10, 10 and 1, 3
    assert float(metrics.IntervalVariation("cells")(here)) == pytest.approx(expected)
    assert math.isnan(metrics.IntervalVariation("cells", neurons=[1])(here))


def test_intervals_of_a_poisson_process_vary_by_one(
    model: TrainableNetwork, rng: np.random.Generator
) -> None:
    p = 0.01
    spikes = torch.as_tensor((rng.random((40_000, N, 1)) < p).astype(float))
    found = metrics.IntervalVariation("cells")(seen(model, spikes={"cells": spikes}))
    assert float(found) == pytest.approx(math.sqrt(1 - p), abs=0.02)  # of geometric intervals


def test_correlation_is_that_of_numpy(model: TrainableNetwork, rng: np.random.Generator) -> None:
    a, b = rng.normal(size=(2, 30, N, 3))
    b += 0.5 * a
    a[:, 2], b[:, 4] = -65.1, 3.0  # these do not vary
    here = seen(model, states={("cells", "v"): torch.as_tensor(a)}, cells__v=torch.as_tensor(b))
    expected = [
        np.nan if i in (2, 4) else np.corrcoef(a[:, i].ravel(), b[:, i].ravel())[0, 1]
        for i in range(N)
    ]
    metric = metrics.StateCorrelation("cells", "v")
    np.testing.assert_allclose(metric.per_neuron(here), expected, rtol=1e-12)
    assert float(metric(here)) == pytest.approx(np.nanmean(expected))
    assert math.isnan(metrics.StateCorrelation("cells", "v", neurons=[2, 4])(here))
    assert float(metrics.StateCorrelation("cells", "v", neurons=[1, 2])(here)) == pytest.approx(
        expected[1]
    )


def test_coincidences_are_the_largest_matching(rng: np.random.Generator) -> None:
    a, b = rng.random((2, 14, 40, 2)) < 0.25
    for tolerance in (0, 1, 3):
        found = coincidences(a, b, tolerance)
        for i, k in itertools.product(range(40), range(2)):
            left, right = np.flatnonzero(a[:, i, k]), np.flatnonzero(b[:, i, k])
            near = np.abs(left[:, None] - right[None, :]) <= tolerance
            assert found[i, k] == _largest_matching(near)


def _largest_matching(near: np.ndarray) -> int:
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import maximum_bipartite_matching

    if not near.size:
        return 0
    return int((maximum_bipartite_matching(csr_array(near)) >= 0).sum())


def test_coincidence_factor_by_hand(model: TrainableNetwork) -> None:
    own = trains({(0, 0): [10, 50, 90], (1, 0): [10], (2, 0): [4]}, (200, N, 2))
    teacher = trains({(0, 0): [11, 54], (1, 0): [15], (3, 0): [4]}, (200, N, 2))
    here = seen(model, spikes={"cells": own}, cells__spikes=teacher)
    metric = metrics.SpikeCoincidence("cells", "2 ms")  # four steps of 0.5 ms
    q = 3 / 400 * 9
    expected = (2 - 2 * q) / (0.5 * 5) / (1 - q)
    q1 = 1 / 400 * 9
    found = metric.per_neuron(here)
    assert float(found[0]) == pytest.approx(expected)
    assert float(found[1]) == pytest.approx((0 - q1) / 1 / (1 - q1))
    assert found[2:4].tolist() == [0.0, 0.0]
    assert bool(torch.isnan(found[4:]).all())
    assert float(metric(here)) == pytest.approx(float(found[:4].mean()))
    same = seen(model, spikes={"cells": own}, cells__spikes=own)
    assert float(metric(same)) == pytest.approx(1.0)


def test_coincidence_of_independent_trains_is_chance(
    model: TrainableNetwork, rng: np.random.Generator
) -> None:
    own, teacher = (rng.random((2, 20_000, N, 2)) < 0.004).astype(float)
    here = seen(
        model, spikes={"cells": torch.as_tensor(own)}, cells__spikes=torch.as_tensor(teacher)
    )
    metric = metrics.SpikeCoincidence("cells", 2.0)
    factors = metric.per_neuron(here).numpy()
    error = factors.std() / math.sqrt(N)
    assert error < 0.01
    assert abs(factors.mean()) < 4 * error
    busy = seen(model, spikes={"cells": torch.ones(9, N, 1)}, cells__spikes=torch.ones(9, N, 1))
    assert math.isnan(metric(busy))  # windows fill the time


def test_parameters_against_a_teacher(model: TrainableNetwork) -> None:
    network = model.network
    cells = network.population("cells")
    tau = np.asarray(cells.parameters["tau_m"])
    shifted = tau.copy()
    shifted[:4] += 3.0
    w = network.weights("recurrent")
    post = network.projections["recurrent"].edges.post
    stronger = np.where(post < 4, 2.0, 1.0) * w
    recurrent = network.projections["recurrent"]
    teacher = nb.Network(
        {**network.populations, "cells": cells.with_parameters({"tau_m": shifted})},
        {
            **network.projections,
            "recurrent": nb.Projection(
                "recurrent", "cells", "cells", recurrent.edges, stronger, recurrent.delay
            ),
        },
        readouts=network.readouts,
    )
    here, first = seen(model), list(range(4))
    error = metrics.ParameterError
    found = error("populations.cells.tau_m", teacher)(here)
    assert float(found) == pytest.approx(6.0 / np.linalg.norm(shifted))
    some = metrics.recorded_and_unrecorded(
        "tau", error("populations.cells.tau_m", teacher, neurons=first)
    )
    assert float(some["tau_recorded"](here)) == pytest.approx(6.0 / np.linalg.norm(shifted[:4]))
    assert float(some["tau_unrecorded"](here)) == pytest.approx(0.0, abs=1e-12)
    onto = error("projections.recurrent", teacher, neurons=first)
    assert float(onto(here)) == pytest.approx(0.5)
    elsewhere = error("projections.recurrent", teacher, neurons=first, others=True)
    assert float(elsewhere(here)) == pytest.approx(0.0, abs=1e-12)
    assert float(error("readouts.choice.weight", teacher)(here)) == pytest.approx(0.0, abs=1e-12)


def test_a_metric_has_no_gradient(model: TrainableNetwork) -> None:
    scores = torch.zeros(2, 3, requires_grad=True)
    here = seen(model, readouts={"choice": scores}, label=torch.tensor([0, 1]))
    assert not metrics.Accuracy("choice")(here).requires_grad
    assert not metrics.ParameterError("projections.recurrent", model.network)(here).requires_grad


def test_a_loss_is_split_too() -> None:
    loss = losses.VanRossum("cells", neurons=[1])
    assert metrics.recorded_and_unrecorded("d", loss)["d_unrecorded"].others
    with pytest.raises(nb.NetworkError, match="only what is measured on chosen neurons"):
        metrics.recorded_and_unrecorded("d", losses.VanRossum("cells"))
    with pytest.raises(nb.NetworkError, match="only what is measured on chosen neurons"):
        metrics.recorded_and_unrecorded("a", metrics.Accuracy("choice"))


def test_teachers_that_do_not_fit(model: TrainableNetwork) -> None:
    error, here, network = metrics.ParameterError, seen(model), model.network
    fewer = network.projections["recurrent"].take(network.weights("recurrent") > 0.5)
    other = network.with_projection(fewer)
    smaller = TrainableNetwork(networks.rate(), 1.0, [Train("readouts.choice.weight")]).network
    for metric, message in (
        (error("projections.recurrent", other), "other edges"),
        (error("projections.recurrent.weight", network), "compare the weights, 'projections.rec"),
        (error("projections.recurrent", smaller), "8 to 8 neurons"),
        (error("readouts.choice.weight", smaller), r"\(3, 24\), the teacher of shape \(2, 8\)"),
        (error("readouts.choice.weight", network, neurons=[1]), "are of no one neuron"),
        (error("populations.cells.tau_m", smaller), "populations.cells.tau_m"),
    ):
        with pytest.raises(nb.NeurobridgeError, match=message):
            metric(here)
    spikes = torch.zeros(4, N, 1)
    here = seen(model, spikes={"cells": spikes}, cells__spikes=spikes)
    with pytest.raises(nb.NetworkError, match="not a multiple of the time step"):
        metrics.SpikeCoincidence("cells", 0.7)(here)
    with pytest.raises(nb.NetworkError, match="precision must be >= 0 ms"):
        metrics.SpikeCoincidence("cells", -1.0)
    with pytest.raises(nb.NetworkError, match="at_least must be 1 or more"):
        metrics.ActiveFraction("cells", 0)
