"""A multi-area network keeps its structure through thousands of optimiser steps."""

from __future__ import annotations

import numpy as np
import pytest

import neurobridge as nb
from neurobridge.rng import generator
from neurobridge.structure import MultiAreaEI, Normal, equal_areas
from tests.requirements import require

require("torch")

import torch  # noqa: E402

from neurobridge.training import Train, TrainableNetwork  # noqa: E402


def multi_area() -> nb.Network:
    areas = MultiAreaEI(
        equal_areas(4, 200), (0.2, 0.1, 0.6), inputs=["area_1"], outputs=["area_4"], seed=3
    )
    weights = Normal(0.8).weights(areas, seed=3).balanced()
    network = areas.network(
        nb.models.rate_model("relu"), weights, delay=0.0, name="units", projection="recurrent",
        tau=50.0,
    )  # fmt: skip
    total = np.zeros(200)
    size = np.zeros(200)
    edges = network.projections["recurrent"].edges
    np.add.at(total, edges.post, network.weights("recurrent"))
    np.add.at(size, edges.post, np.abs(network.weights("recurrent")))
    assert np.abs(total / size).max() < 1e-6  # excitation and inhibition cancel
    rng = generator(3, "weights", "maps")
    into, out = areas.input_neurons, areas.output_neurons
    return network.with_encoder(
        nb.Encoder(
            "task", "units", into, rng.normal(size=(into.size, 3)), np.zeros(into.size), "current"
        )
    ).with_readout(
        nb.Readout(
            "choice", "units", out, 0.1 * rng.normal(size=(2, out.size)), np.zeros(2),
            source="output", pool="last",
        )
    )  # fmt: skip


@pytest.mark.slow
def test_two_thousand_steps_of_adam_violate_nothing() -> None:
    network = multi_area()
    model = TrainableNetwork(
        network, 10.0,
        [Train(p) for p in ("projections.recurrent.weight", "readouts.choice.weight",
                            "encoders.task.weight", "populations.units.bias")],
    )  # fmt: skip
    optimiser = torch.optim.Adam(model.parameters(), lr=0.02)
    features = torch.as_tensor(generator(4, "features", "x").normal(size=(16, 3))).float()
    label = (features.sum(1) > 0).long()
    inputs = model.inputs([[]] * 16, 60.0)
    first = None
    for _ in range(2000):
        output = model(inputs, {"task": features}).readouts["choice"]
        loss = torch.nn.functional.cross_entropy(output, label)
        first = float(loss.detach()) if first is None else first
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    assert float(loss.detach()) < 0.1 * first
    written = model.to_network()
    before, after = network.projections["recurrent"].edges, written.projections["recurrent"].edges
    np.testing.assert_array_equal(after.pre, before.pre)
    np.testing.assert_array_equal(after.post, before.post)
    assert not (after.pre == after.post).any()
    sign = network.population("units").labels.sign
    weights = written.weights("recurrent")
    assert (weights * sign[after.pre] >= 0).all()
    assert np.abs(weights - network.weights("recurrent")).max() > 0.1
