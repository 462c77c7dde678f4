"""Training on the spectrum of small networks, and what is refused."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

import neurobridge as nb
from neurobridge.analysis import lyapunov
from neurobridge.analysis.lyapunov.workflows import (
    connectome_networks,
    matrix_networks,
    random_networks,
    same_network,
    train,
)
from neurobridge.analysis.lyapunov.workflows.spectral_losses import LOSSES
from neurobridge.errors import NetworkError, UnknownNameError
from tests.requirements import require
from tests.unit.analysis.lyapunov.workflows.circuits import labelled, olfactory

SHORT = {
    "windows": 2, "window": 10.0, "transient": 20.0, "warm_up": 10.0, "check_time": 60.0,
    "progress": False,
}  # fmt: skip


@pytest.fixture(autouse=True)
def _torch():
    require("torch")
    require("lightning")


def test_gains_bring_the_largest_exponent_to_a_target(tmp_path):
    """At rest it is the spectral abscissa of J diag(gain) less one, which says what was learned."""
    study = train(
        random_networks(12, 0.5), parameters=["gains"], k=1, target=[-0.3], epochs=60,
        learning_rate=0.05, **{**SHORT, "transient": 60.0, "check_time": 200.0},
    )  # fmt: skip
    done = study.networks[0]
    gain = done.network.population("neurons").parameters["gain"]
    matrix = lyapunov.of_network(done.network).coupling.toarray()
    at_rest = np.linalg.eigvals(matrix * gain[None, :]).real.max() - 1
    assert at_rest == pytest.approx(-0.3, abs=0.02)
    assert done.after.validated[0] == pytest.approx(at_rest, abs=0.01)
    assert done.before.validated[0] < -0.45
    row = study.table.iloc[0]
    assert row["checked_after"] < 0.03 < row["checked_before"]
    assert row["loss_after"] < 1e-3 < row["loss_before"]
    assert (row["parameters"], row["epochs"], row["training"]) == (12, 60, "done")
    assert done.confirmed
    folder = study.save(tmp_path / "out")
    assert nb.load(folder / "networks" / "seed-0").id == done.network.id
    document = json.loads((folder / "result.json").read_text())
    assert document["settings"]["target"] == [-0.3]
    values = pd.read_parquet(folder / "values.parquet")
    np.testing.assert_allclose(values["after"], gain)
    assert (values["before"] == 1).all()
    assert len(pd.read_parquet(folder / "history.parquet")) == 60
    stages = pd.read_parquet(folder / "exponents.parquet")["stage"]
    assert set(stages) == {"before", "after", "there"}
    assert (folder / "figures" / "training.png").is_file()


def test_a_given_number_of_each_is_trained_and_the_rest_stays():
    study = train(
        random_networks(10, 1.0), parameters=["weights", "gains", "shifts"],
        numbers={"weights": 7, "gains": 3}, k=2, epochs=2, **SHORT,
    )  # fmt: skip
    changed = study.values[study.values["before"] != study.values["after"]]
    counts = changed["path"].value_counts().to_dict()
    assert counts["projections.synapses.weight"] == 7
    assert counts["populations.neurons.gain"] == 3
    assert counts["populations.neurons.shift"] == 10
    assert study.table["parameters"].tolist() == [20]
    signs = study.values[study.values["path"] == "projections.synapses.weight"]
    assert (np.sign(signs["before"]) == np.sign(signs["after"])).all()


def test_neurons_of_a_label_share_what_is_trained(rng):
    matrix = rng.standard_normal((6, 6)) / 3
    network = labelled(["a", "b", "a", "c", "b", "a"], matrix)
    study = train(
        same_network(network), parameters=["gains", "tau"], by="kind", k=1, target=[-0.5],
        epochs=3, **SHORT,
    )  # fmt: skip
    assert study.table["parameters"].tolist() == [6]
    gain = study.networks[0].network.population("neurons").parameters["gain"]
    assert gain[0] == gain[2] == gain[5] != gain[1] == gain[4]
    assert study.networks[0].after.spectrum.unit == "ms", "tau is not a unit while it is trained"
    with pytest.raises(UnknownNameError, match="unknown label of population 'neurons' 'kin'"):
        train(same_network(network), by="kin", **SHORT)
    with pytest.raises(NetworkError, match="label 'kind': 1 of 2 neurons have none"):
        train(same_network(labelled(["a", ""])), by="kind", **SHORT)


@pytest.mark.parametrize("loss", LOSSES)
def test_every_loss_trains(loss):
    targets = {"mse": [0.0], "l2": [0.1, 0.0, -0.1], "curve": [0.1, -0.2], "kaplan_yorke": [2.0],
               "entropy": [0.1]}  # fmt: skip
    network = random_networks(16, 4.0)
    k = 16 if loss in ("kaplan_yorke", "entropy") else 3
    study = train(network, loss=loss, target=targets.get(loss, []), k=k, epochs=2, seed=1, **SHORT)
    assert np.isfinite(study.history["loss"]).all()
    has_target = loss not in ("expansion", "contraction")
    assert (study.networks[0].reached is None) is not has_target
    assert np.isfinite(study.table["checked_after"].iloc[0]) == has_target
    assert study.draw().axes


def test_expansion_grows_and_contraction_shrinks():
    grown, shrunk = (
        train(random_networks(12, 1.0), loss=loss, target=[], parameters=["weights"], k=4,
              epochs=15, learning_rate=0.05, **SHORT).networks[0]
        for loss in ("expansion", "contraction")
    )  # fmt: skip
    assert grown.after.validated.sum() > grown.before.validated.sum() + 0.1
    assert shrunk.after.validated.sum() < shrunk.before.validated.sum() - 0.1


def test_several_networks_each_with_its_own_seed():
    study = train(random_networks(8, 1.0), samples=2, seed=4, k=1, epochs=2, **SHORT)
    assert study.table["seed"].tolist() == [4, 5]
    alone = train(random_networks(8, 1.0), seed=5, k=1, epochs=2, **SHORT)
    np.testing.assert_array_equal(
        study.history[study.history["sample"] == 1]["loss"], alone.history["loss"]
    )


def test_ctrl_c_before_an_epoch_of_the_second_network_keeps_the_first(monkeypatch):
    from neurobridge import training
    from neurobridge.training.fitting import fit

    begun = []

    def stopping(*arguments, **options):
        begun.append(options)
        if len(begun) == 2:
            raise KeyboardInterrupt
        return fit(*arguments, **options)

    monkeypatch.setattr(training, "fit", stopping, raising=False)
    study = train(random_networks(8, 1.0), samples=3, k=1, epochs=2, **SHORT)
    assert study.table["training"].tolist() == ["done"]
    assert study.interrupted
    assert study.warning == "interrupted: 1 of 3 networks"
    assert study.warning in study.draw().get_suptitle()
    begun[:] = begun[:1]
    with pytest.raises(KeyboardInterrupt):
        train(random_networks(8, 1.0), samples=3, k=1, epochs=2, **SHORT)


@pytest.mark.slow
def test_gains_and_shifts_of_a_fly_circuit_reach_a_target():
    """The antennal lobe: training nears the target, and the independent run confirms it."""
    fly = connectome_networks(
        olfactory().select("group in ('ALLN', 'ALPN')"), 4.0, activation="tanh_positive"
    )
    study = train(
        fly, k=1, target=[-0.1], epochs=25, learning_rate=0.02, windows=2, check_time=300.0,
        validate_every=2, progress=False,
    )  # fmt: skip
    row = study.table.iloc[0]
    assert row["checked_before"] > 0.15
    assert row["checked_after"] < 0.05
    assert row["confirmed"]


def test_another_attractor_is_told_from_a_training_that_is_wrong():
    """Two neurons that inhibit each other have two stable states with exponents of their own."""
    pair = matrix_networks(
        np.array([[0.0, -3.0], [-3.0, 0.0]]), bias=np.array([0.5, -0.5]), name="pair"
    )
    options = {"parameters": ["gains"], "k": 1, "target": [-0.5], "epochs": 1, **SHORT}
    from_one = [train(pair, seed=seed, **options) for seed in range(6)]
    found = {(t.table["confirmed"][0], t.table["confirmed_there"][0]) for t in from_one}
    assert found == {(True, True), (False, True)}
    with pytest.raises(NetworkError, match="starts: expected a whole number >= 1, got 0"):
        train(pair, starts=0, **options)
    both = train(pair, starts=6, **options)
    losses = [train(pair, seed=1000 * i, **options).history["loss"][0] for i in range(6)]
    assert both.history["loss"][0] == pytest.approx(np.mean(losses))


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"loss": "mae"}, UnknownNameError, "unknown loss on the spectrum 'mae'"),
        ({"parameters": ["gain"]}, UnknownNameError, "unknown parameter to train 'gain'; did you"),
        ({"parameters": []}, NetworkError, "expected each once"),
        ({"parameters": ["gains", "gains"]}, NetworkError, "expected each once"),
        ({"numbers": {"weights": 3}}, NetworkError, "a number of weights is given, but gains, shi"),
        ({"numbers": {"gains": 9}}, NetworkError, "number"),
        ({"target": []}, NetworkError, "loss 'mse' .* expected 1 or 3, got 0 targets"),
        ({"target": [1.0, 0.0]}, NetworkError, "expected 1 or 3, got 2 targets"),
        (
            {"loss": "curve", "target": [1]},
            NetworkError,
            "loss 'curve' .* expected 2 or 3, got 1 targets",
        ),
        (
            {"loss": "flossing", "target": [1]},
            NetworkError,
            "loss 'flossing' .* expected no target, got 1",
        ),
        ({"loss": "entropy", "target": []}, NetworkError, "expected 1, got 0 targets"),
        ({"k": 9}, NetworkError, "8"),
        ({"by": "nt"}, UnknownNameError, "unknown label of population 'neurons' 'nt'"),
        ({"epochs": 0}, NetworkError, "epochs: expected a whole number >= 1"),
    ],
)
def test_what_cannot_be_trained_is_refused(options, error, message):
    with pytest.raises(error, match=message):
        train(random_networks(8, 1.0), **{"k": 3, "epochs": 1, **options}, **SHORT)


def test_spiking_networks_are_refused():
    spiking = nb.load_experiment("celegans").network()
    with pytest.raises(NetworkError, match="has no gain"):
        train(same_network(spiking), k=1, **SHORT)
