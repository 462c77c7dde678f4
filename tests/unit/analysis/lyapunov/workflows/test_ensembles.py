"""Networks of one kind: random, of a matrix, of a network; gains and shifts that differ."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

import neurobridge as nb
from neurobridge.analysis import lyapunov
from neurobridge.analysis.lyapunov.workflows import (
    Spread,
    matrix_networks,
    random_networks,
    read_coupling,
    same_network,
)
from neurobridge.errors import FileFormatError, ModelError, NetworkError, UnknownNameError
from tests.unit.analysis.lyapunov.workflows.circuits import labelled


def coupling(network):
    return lyapunov.of_network(network).coupling.toarray()


def test_random_networks_are_those_of_the_package_and_differ_by_seed():
    ensemble = random_networks(30, 2.5, density=0.5)
    expected = lyapunov.random_matrix(30, 2.5, density=0.5, seed=4)
    np.testing.assert_array_equal(coupling(ensemble.network(4)), expected)
    assert not np.array_equal(coupling(ensemble.network(5)), expected)
    stronger = ensemble.varied(strength=5.0)
    np.testing.assert_allclose(coupling(stronger.network(4)), 2 * expected)
    assert ensemble.of_size(12).network(0).n_neurons == 12
    assert ensemble.n_neurons == 30


def test_a_matrix_is_post_by_pre_and_scaled():
    matrix = np.array([[0.0, 0.5], [-2.0, 0.0]])  # neuron 1 excites 0, neuron 0 inhibits 1
    ensemble = matrix_networks(matrix, activation="sigmoid")
    np.testing.assert_array_equal(coupling(ensemble.network(3)), matrix)
    np.testing.assert_array_equal(coupling(ensemble.varied(strength=3.0).network(0)), 3 * matrix)
    turned = matrix_networks(matrix, rows="pre")
    np.testing.assert_array_equal(coupling(turned.network(0)), matrix.T)


def test_a_network_is_taken_as_it_is():
    network = lyapunov.random_network(20, 1.5, gain=2.0)
    ensemble = same_network(network, "mine")
    assert ensemble.network(7) is network
    np.testing.assert_allclose(
        coupling(ensemble.varied(strength=0.5).network(0)), 0.5 * coupling(network)
    )


def test_gains_and_shifts_are_drawn_for_each_seed_and_apart():
    ensemble = random_networks(4000, 0.1, density=0.001).varied(
        gain=Spread(2.0, 0.5), shift=Spread(-1.0, 0.25)
    )
    one, other = (ensemble.network(s).population("neurons").parameters for s in (0, 1))
    assert one["gain"].mean() == pytest.approx(2.0, abs=0.04)
    assert one["gain"].std() == pytest.approx(0.5, abs=0.03)
    assert one["shift"].mean() == pytest.approx(-1.0, abs=0.02)
    assert abs(np.corrcoef(one["gain"], one["shift"])[0, 1]) < 0.05
    assert not np.array_equal(one["gain"], other["gain"])
    again = ensemble.network(0).population("neurons").parameters["gain"]
    np.testing.assert_array_equal(one["gain"], again)


def test_neurons_of_a_label_share_a_gain():
    names = ["b", "a", "b", "c", "a"]
    ensemble = same_network(labelled(names)).varied(gain=Spread(1.0, 0.3), by="kind")
    gain = ensemble.network(0).population("neurons").parameters["gain"]
    assert gain[0] == gain[2]
    assert gain[1] == gain[4]
    assert len(set(gain.tolist())) == 3
    swapped = same_network(labelled(names[::-1])).varied(gain=Spread(1.0, 0.3), by="kind")
    turned = swapped.network(0).population("neurons").parameters["gain"]
    np.testing.assert_array_equal(turned, gain[::-1])  # by name, whatever the order


def test_labels_that_do_not_fit_are_refused():
    shared = {"gain": Spread(1.0, 0.3), "by": "kind"}
    with pytest.raises(UnknownNameError, match="unknown label of population 'neurons' 'kin'; did"):
        same_network(labelled(["a", "b"])).varied(**{**shared, "by": "kin"}).network(0)
    with pytest.raises(NetworkError, match=r"label 'kind': 1 of 3 neurons have none.* neuron 1"):
        same_network(labelled(["a", "", "b"])).varied(**shared).network(0)
    with pytest.raises(UnknownNameError, match="have no labels at all"):
        same_network(lyapunov.random_network(5, 1.0)).varied(**shared).network(0)
    with pytest.raises(NetworkError, match="neither gains nor shifts differ"):
        same_network(labelled(["a", "b"])).varied(by="kind").network(0)


def test_neurons_without_a_gain_are_refused():
    model = nb.NeuronModel(
        name="plain", equations="dx/dt = (-x + recurrent)/tau : 1",
        parameters={"tau": nb.Parameter(1.0, "ms")}, receptors=(), threshold="",
        threshold_policy="level", reset="", refractory=None, integrator="euler", output="tanh(x)",
        couplings=(nb.Coupling("recurrent"),),
    )  # fmt: skip
    net = nb.NetworkBuilder()
    net.population("neurons", 2, model)
    net.connect("e", "neurons", "neurons", [(0, 1), (1, 0)], weight=1.0, delay=0.0)
    ensemble = same_network(net.build()).varied(gain=Spread(2.0))
    with pytest.raises(NetworkError, match="model 'plain' have no gain"):
        ensemble.network(0)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: random_networks(1), "n must be a whole number >= 2, got 1"),
        (lambda: random_networks(2.5), "n must be a whole number >= 2, got 2.5"),
        (lambda: random_networks(10, np.nan), "g must be a finite number"),
        (lambda: random_networks(10, -1.0), r"strength .* expected a number >= 0, got -1.0"),
        (lambda: random_networks(10, density=0.0), r"density must be in \(0, 1\]"),
        (lambda: random_networks(10, form="rates"), "form must be 'current' or 'activity'"),
        (lambda: Spread(np.inf), "mean of a spread: expected a finite number"),
        (lambda: Spread(1.0, -0.1), "standard deviation: expected a number >= 0, got -0.1"),
        (lambda: matrix_networks(np.ones((2, 3))), r"a square matrix, .*, got shape \(2, 3\)"),
        (
            lambda: matrix_networks(np.array([[0, 1.0], [np.nan, 0]])),
            "the weight from neuron 0 to 1 is nan",
        ),
        (lambda: matrix_networks(np.zeros((2, 2))), "all couplings are 0"),
        (lambda: matrix_networks(np.ones((2, 2)), rows="left"), "expected 'post' or 'pre'"),
    ],
)  # fmt: skip
def test_what_makes_no_networks_is_refused(make, message):
    with pytest.raises((NetworkError, ModelError), match=message):
        make()


def test_unknown_activations_are_refused():
    with pytest.raises(UnknownNameError, match="unknown activation 'tan'; did you mean 'tanh'"):
        random_networks(10, activation="tan")


def test_a_matrix_that_lies_on_its_side_is_refused():
    by_neuron = np.array([[0, 2.0, 1.0], [-1.0, 0, -3.0], [1.0, 1.0, 0]])  # rows have one sign
    with pytest.raises(NetworkError, match=r"every row has one sign.*rows='pre'.*rows='post'"):
        matrix_networks(by_neuron)
    np.testing.assert_array_equal(
        coupling(matrix_networks(by_neuron, rows="post").network(0)), by_neuron
    )
    matrix_networks(by_neuron.T)


def test_matrices_are_read_from_files(tmp_path):
    matrix = np.array([[0.0, 0.5], [-2.0, 0.0]])
    np.save(tmp_path / "a.npy", matrix)
    sparse.save_npz(tmp_path / "a.npz", sparse.csr_array(matrix))
    (tmp_path / "a.csv").write_text("0,0.5\n-2,0\n")
    for name in ("a.npy", "a.npz", "a.csv"):
        np.testing.assert_array_equal(read_coupling(tmp_path / name), matrix)
    (tmp_path / "b.csv").write_text("a,b\n1,2\n")
    with pytest.raises(FileFormatError, match=r"b\.csv: expected numbers with commas and no head"):
        read_coupling(tmp_path / "b.csv")
    np.save(tmp_path / "c.npy", np.array([["x"]]))
    with pytest.raises(FileFormatError, match="expected real numbers, got <U1"):
        read_coupling(tmp_path / "c.npy")
    for name in ("no.npy", "no.csv"):
        with pytest.raises(FileFormatError, match="no file no"):
            read_coupling(tmp_path / name)
    (tmp_path / "d.txt").write_text("1")
    with pytest.raises(FileFormatError, match=r"expected a matrix in \.npy, \.npz, \.csv"):
        read_coupling(tmp_path / "d.txt")
