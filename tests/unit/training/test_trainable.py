"""What is trained keeps its constraints, and is written back as it was run."""

from __future__ import annotations

import numpy as np
import pytest

import neurobridge as nb
from tests.requirements import require
from tests.unit.training import networks

require("torch")

import torch  # noqa: E402

from neurobridge.training import Train, TrainableNetwork, grow  # noqa: E402

EVERYTHING = (
    Train("projections.recurrent.weight"),
    Train("projections.feedforward.scale", by=("pre.side", "post.cell_type")),
    Train("populations.cells.tau_m", by="cell_type", bounds=("5 ms", "60 ms")),
    Train("populations.cells.tau_syn_exc", by="all", bounds=("1 ms", "20 ms")),
    Train("populations.cells.v_thresh"),
    Train("readouts.choice.weight"),
    Train("readouts.choice.bias"),
)


def trained(
    network: nb.Network, specs=EVERYTHING, steps: int = 20, lr: float = 0.1, **options
) -> TrainableNetwork:
    model = TrainableNetwork(network, 1.0, specs, **options)
    optimiser = torch.optim.Adam(model.parameters(), lr=lr)
    inputs = model.inputs([[]] * 6, 50.0, seed=1)
    label = torch.arange(6) % 3
    for _ in range(steps):
        loss = torch.nn.functional.cross_entropy(model(inputs).readouts["choice"], label)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return model


@pytest.mark.parametrize("precision", ["float64", "float32"])
def test_what_is_written_runs_the_same_on_torch_and_on_the_reference(precision: str) -> None:
    network = networks.spiking()
    model = trained(network, precision=precision)
    written = model.to_network(verify=True, seed=1, epochs=20)
    step = written.history[-1]
    assert (step.name, step.parent) == ("train", network.id)
    assert step.arguments["paths"] == tuple(s.path for s in EVERYTHING)
    assert step.arguments["epochs"] == 20
    np.testing.assert_array_equal(
        written.weights("recurrent"),
        model.physical("projections.recurrent.weight").detach().numpy().astype(np.float64),
    )
    model.eval()
    result = model(model.inputs([[]] * 3, 50.0, seed=1))
    for trial in range(3):
        recording = nb.run(written, 50.0, "reference", dt=1.0, seed=1, trial=trial)
        found = result.outputs.spikes["cells"][:, :, trial].nonzero().numpy()
        spikes = recording.spikes["cells"]
        if precision == "float64":
            np.testing.assert_array_equal(found[:, 0] + 1, spikes.step)
            np.testing.assert_array_equal(found[:, 1], spikes.neuron)
            outputs = written.readouts["choice"].apply(recording)
            np.testing.assert_allclose(
                result.readouts["choice"][trial].detach().numpy(), outputs, atol=1e-9
            )


def test_untrained_it_is_the_network_that_it_was() -> None:
    network = networks.spiking()
    model = TrainableNetwork(network, 1.0, EVERYTHING, precision="float64")
    written = model.to_network()
    np.testing.assert_allclose(
        written.weights("recurrent"), network.weights("recurrent"), rtol=1e-14
    )
    for name in ("tau_m", "v_thresh"):
        np.testing.assert_allclose(
            written.population("cells").parameters[name],
            network.population("cells").parameters[name],
            rtol=1e-14,
        )


def test_constraints_hold_after_any_number_of_steps() -> None:
    network = networks.spiking()
    written = trained(network, steps=300, lr=0.5).to_network()
    before, after = network.weights("recurrent"), written.weights("recurrent")
    assert (np.sign(after) == np.sign(before)).all()
    assert np.abs(after - before).max() > 0.1
    np.testing.assert_array_equal(
        written.projections["recurrent"].edges.pre, network.projections["recurrent"].edges.pre
    )
    tau = np.asarray(written.population("cells").parameters["tau_m"])
    assert ((tau >= 5) & (tau <= 60)).all()
    types = network.population("cells").labels["cell_type"].values
    for name in "ABC":
        assert np.unique(tau[types == name]).size == 1
    assert np.unique(tau).size == 3


def test_learning_rates_act_under_adam() -> None:
    network = networks.spiking()
    n = network.projections["recurrent"].edges.n_edges
    rate = np.where(np.arange(n) % 2, 1.0, 0.0)
    spec = Train("projections.recurrent.weight", learning_rate=rate)
    change = np.abs(
        trained(network, [spec], steps=5).to_network().weights("recurrent")
        - network.weights("recurrent")
    )
    np.testing.assert_allclose(change[::2], 0.0, atol=1e-6)
    assert (change[1::2] > 1e-6).mean() > 0.8
    tenth = Train("projections.recurrent.weight", learning_rate=0.1)
    small = trained(network, [tenth], steps=1, precision="float64").parts[0]
    full = trained(network, [Train(tenth.path)], steps=1, precision="float64").parts[0]
    moved = (full() - full.value).abs().sum() / (small() - small.value).abs().sum()
    assert float(moved.detach()) == pytest.approx(10, rel=0.05)


def test_where_trains_a_part() -> None:
    network = networks.spiking()
    specs = [
        Train("projections.recurrent.weight", where={"post.cell_type": "A"}),
        Train("populations.cells.v_thresh", where={"cell_type": ["B", "C"]}),
    ]
    written = trained(network, specs).to_network()
    types = network.population("cells").labels["cell_type"].values
    onto_a = types[network.projections["recurrent"].edges.post] == "A"
    moved = written.weights("recurrent") != network.weights("recurrent").astype(np.float32)
    assert not moved[~onto_a].any()
    assert moved[onto_a].any()
    thresholds = np.asarray(written.population("cells").parameters["v_thresh"])
    assert (thresholds[types == "A"] == -50).all()
    assert (thresholds[types != "A"] != -50).any()


def test_growth_keeps_to_the_mask_and_to_dale() -> None:
    network = networks.spiking()
    n = networks.N
    allowed = np.zeros((n, n), dtype=bool)
    allowed[:5] = True
    np.fill_diagonal(allowed, False)
    one_delay = nb.Network.with_projection(
        network,
        nb.Projection(
            "recurrent", "cells", "cells", network.projections["recurrent"].edges,
            network.projections["recurrent"].weight, 2.0,
        ),
    )  # fmt: skip
    grown = grow(one_delay, "recurrent", allowed)
    written = trained(grown, [Train("projections.recurrent.weight")]).to_network()
    edges = written.projections["recurrent"].edges
    before = network.projections["recurrent"].edges
    old = set(zip(before.post.tolist(), before.pre.tolist(), strict=True))
    new = set(zip(edges.post.tolist(), edges.pre.tolist(), strict=True)) - old
    assert new
    assert all(allowed[pair] for pair in new)
    sign = network.population("cells").labels.sign
    assert (np.sign(written.weights("recurrent")) == sign[edges.pre]).all()


REFUSED = {
    "no such part": (Train("projection.recurrent.weight"), "did you mean 'projections'"),
    "no such name": (Train("projections.recurent.weight"), "did you mean 'recurrent'"),
    "no such field": (Train("populations.cells.taum"), "did you mean 'tau_m'"),
    "too short": (Train("recurrent"), "expected three parts"),
    "refractory": (Train("populations.cells.t_ref"), "whole number of steps"),
    "no label": (Train("populations.cells.tau_m", by="type"), "cell_type"),
    "group differs": (Train("populations.cells.tau_m", by="all"), "share one value"),
    "edges by neuron label": (
        Train("projections.recurrent.scale", by="cell_type"), "'pre.LABEL' or 'post.LABEL'",
    ),
    "both signs": (
        Train("projections.recurrent.weight", sign="free"), "need a receptor that takes both",
    ),
    "outside bounds": (
        Train("populations.cells.tau_m", bounds=("15 ms", None)), "are outside of the bounds",
    ),
    "unit": (Train("populations.cells.tau_m", bounds=("5 mV", None)), "ms"),
    "mask on its side": (
        Train("projections.feedforward.weight", learning_rate=np.ones((networks.N_IN, networks.N))),
        "lies on its side",
    ),
    "selects nothing": (
        Train("populations.cells.v_thresh", where={"cell_type": "D"}), "D",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_does_not_fit_is_refused(case: str) -> None:
    spec, message = REFUSED[case]
    with pytest.raises(nb.NeurobridgeError, match=message):
        TrainableNetwork(networks.spiking(), 1.0, [spec])


def test_weights_against_the_labels_are_refused() -> None:
    network = networks.spiking()
    labels = network.population("cells").labels
    wrong = nb.Labels(labels.columns, -np.asarray(labels.sign))
    cells = network.population("cells")
    flipped = nb.Population("cells", cells.size, cells.model, cells.parameters, labels=wrong)
    other = nb.Network(
        {"cells": flipped, "input": network.population("input")}, network.projections
    )
    with pytest.raises(nb.NetworkError, match="another sign than their presynaptic neuron"):
        TrainableNetwork(other, 1.0, [Train("projections.recurrent.weight")])


def test_a_gpu_that_is_not_there() -> None:
    if torch.cuda.is_available():
        pytest.skip("there is a GPU")
    with pytest.raises(nb.NetworkError, match="finds no CUDA device"):
        TrainableNetwork(networks.spiking(), 1.0, EVERYTHING, device="cuda")
    with pytest.raises(nb.FindingsError, match="device_unavailable"):
        nb.run(networks.spiking(), 10.0, "torch", dt=1.0, device="cuda")


def test_another_time_step_is_a_finding() -> None:
    written = TrainableNetwork(networks.spiking(), 1.0, EVERYTHING).to_network()
    with pytest.raises(nb.FindingsError, match="trained_at_other_dt"):
        nb.run(written, 10.0, "reference", dt=0.5)
    nb.run(written, 10.0, "reference", dt=0.5, accept=["trained_at_other_dt"])


def test_training_at_a_tenth_of_a_millisecond() -> None:
    network = networks.spiking()
    model = TrainableNetwork(network, 0.1, EVERYTHING, precision="float64")
    inputs = model.inputs([[]] * 2, 20.0, seed=1)
    optimiser = torch.optim.Adam(model.parameters(), lr=0.05)
    for _ in range(2):
        loss = model(inputs).readouts["choice"].square().sum()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    assert model.to_network(verify=True).metadata["trained_dt"] == 0.1


def test_two_scales_stay_factorised() -> None:
    b = nb.NetworkBuilder()
    b.population(
        "cells", 4, nb.models.shiu_lif,
        labels=nb.Labels({"nt": ["a", "a", "g", "g"]}, np.array([1, 1, -1, -1], np.int8)),
    )  # fmt: skip
    pairs = [(0, 1), (1, 2), (2, 3), (3, 0)]
    b.connect(
        "recurrent", "cells", "cells", pairs, weight=nb.Factorised("0.275 mV"), delay=1.0,
        count=[1, 2, 3, 4], receptor="syn",
    )  # fmt: skip
    model = TrainableNetwork(b.build(), 0.1, [Train("projections.recurrent.scale", by="pre.nt")])
    with torch.no_grad():
        model.parts[0].step += torch.tensor([0.5, -0.5])
    written = model.to_network()
    weight = written.projections["recurrent"].weight
    assert isinstance(weight, nb.Factorised)
    assert weight.scale.shape == (2,)
    expected = model._projection("recurrent").detach().numpy()
    np.testing.assert_allclose(written.weights("recurrent"), expected, rtol=1e-6)
