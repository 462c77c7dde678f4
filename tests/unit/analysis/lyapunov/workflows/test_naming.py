"""Networks by what a user names."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

import neurobridge as nb
from neurobridge.analysis import lyapunov
from neurobridge.analysis.lyapunov.workflows import Spread
from neurobridge.analysis.lyapunov.workflows.naming import networks_named
from neurobridge.connectome import load
from neurobridge.errors import ExperimentError, FileFormatError, ModelError, UnknownNameError
from tests.unit.experiment.files import write


def coupling(ensemble):
    return lyapunov.of_network(ensemble.network(0)).coupling.toarray()


@pytest.fixture
def roi(tmp_path):
    folder = tmp_path / "EB"
    folder.mkdir()
    np.save(folder / "adjacency_scc.npy", np.array([[0, 3, 0], [0, 0, 4], [2, 0, 1]]))
    np.save(folder / "ei_neuron_types.npy", np.array([1, 1, 0]))
    np.save(folder / "nid_scc.npy", np.array([10, 20, 30]))
    for name in ("neurotransmitter_assignments", "cell_body_fiber_assignments"):
        (folder / f"{name}.pkl").write_bytes(pickle.dumps({10: 1, 20: 1, 30: 0}))
    return folder


def test_random_networks():
    ensemble = networks_named("random", n=20, strength=1.5, density=0.5, activation="erf",
                              gain=Spread(2.0), bias=0.1)  # fmt: skip
    expected = lyapunov.random_matrix(20, 1.5, density=0.5, seed=0)
    np.testing.assert_array_equal(coupling(ensemble), expected)
    cells = ensemble.network(0).population("neurons")
    assert cells.model.name == "rate_erf"
    assert (cells.parameters["gain"], cells.parameters["bias"]) == (2.0, 0.1)
    assert networks_named("random").n_neurons == 100


def test_a_matrix_from_a_file(tmp_path):
    np.save(tmp_path / "w.npy", np.array([[0.0, 0.5], [-2.0, 0.0]]))
    ensemble = networks_named(matrix=tmp_path / "w.npy", strength=2.0, activation="relu")
    np.testing.assert_array_equal(coupling(ensemble), [[0.0, 1.0], [-4.0, 0.0]])
    assert "w.npy" in ensemble.name


def test_connectomes_by_source_by_folder_and_cut(tmp_path):
    by_source = networks_named("celegans", normalise="fan_in")
    folder = load("celegans").save(tmp_path / "worm")
    by_folder = networks_named(str(folder), normalise="fan_in")
    np.testing.assert_array_equal(coupling(by_source), coupling(by_folder))
    motor = networks_named("celegans", normalise="fan_in", select="role == 'motor'")
    assert 2 < motor.n_neurons < by_source.n_neurons
    few = networks_named("celegans", normalise="fan_in", min_synapses=5.0)
    assert 2 < few.n_neurons < by_source.n_neurons
    whole = networks_named("celegans", normalise="fan_in", settings={"gap_junctions": False})
    assert "gap_junctions_dropped" not in {f.code for f in whole.findings}


def test_an_roi_folder_in_the_layout_of_flystability_has_signs_of_the_source(roi):
    expected = np.array([[0, 0, -2], [3, 0, 0], [0, 4, -1]])
    for ensemble in (
        networks_named(str(roi), normalise="none"),
        networks_named("flystability", path=roi, normalise="none"),
    ):
        np.testing.assert_array_equal(coupling(ensemble), expected)


def test_saved_networks_and_experiments_of_rate_neurons_are_taken_as_they_are(tmp_path):
    network = lyapunov.random_network(15, 2.0)
    folder = nb.save(network, tmp_path / "net")
    np.testing.assert_array_equal(
        coupling(networks_named(str(folder))), lyapunov.of_network(network).coupling.toarray()
    )
    file = write(
        tmp_path, model="model: {name: rate_tanh}\n", synapses="synapses: {weight: 1, delay: 0}\n"
    )
    ensemble = networks_named(str(file), strength=2.0)
    assert ensemble.network(0).population("neurons").model.name == "rate_tanh"
    assert coupling(ensemble).tolist() == [[0, 0, 4], [6, 0, 0], [8, -10, 0]]


def test_rate_neurons_on_the_connectome_of_an_experiment(tmp_path):
    file = write(tmp_path)
    with pytest.raises(ModelError, match="spike, and a spike is a jump"):
        lyapunov.of_network(networks_named(str(file)).network(0))
    ensemble = networks_named(str(file), activation="tanh", normalise="none")
    assert coupling(ensemble).tolist() == [[0, 0, 2], [3, 0, 0], [4, -5, 0]]
    assert networks_named("celegans_patterns", activation="tanh", normalise="fan_in").n_neurons > 2


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({}, ExperimentError, "give a network or a matrix"),
        ({"network": "random", "matrix": "x.npy"}, ExperimentError, "give a network or a matrix"),
        ({"network": "randm"}, UnknownNameError, "unknown network 'randm'; did you mean 'random'"),
        ({"network": "random", "normalise": "none"}, ExperimentError,
         "normalise: means nothing for random networks"),
        ({"network": "random", "min_synapses": 3.0}, ExperimentError, "min_synapses: means noth"),
        ({"network": "random", "rows": "pre"}, ExperimentError, "rows: means nothing for random"),
        ({"network": "random", "by": "nt"}, ExperimentError, "have no labels to share by"),
        ({"network": "celegans", "n": 10}, ExperimentError, "n: means nothing for 'celegans'"),
        ({"matrix": "x.npy", "n": 10}, ExperimentError, "n: means nothing for a matrix"),
        ({"matrix": "x.npy"}, FileFormatError, "no file x.npy"),
        ({"network": "celegans_patterns", "normalise": "none"}, ExperimentError,
         "activation puts rate neurons on its connectome"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused(arguments, error, message):
    with pytest.raises(error, match=message):
        networks_named(**arguments)


def test_folders_that_hold_nothing_known(tmp_path):
    with pytest.raises(FileFormatError, match="is not a saved connectome"):
        networks_named(str(tmp_path))
    folder = nb.save(lyapunov.random_network(5, 1.0), tmp_path / "net")
    with pytest.raises(ExperimentError, match="a saved network, which has its own neurons"):
        networks_named(str(folder), activation="tanh")
