"""Rate neurons on connectomes: signs, component, normalisation."""

from __future__ import annotations

import numpy as np
import pytest

from neurobridge.analysis import lyapunov
from neurobridge.analysis.lyapunov.workflows import connectome_networks
from neurobridge.connectome import load
from neurobridge.connectome.loaders.matrix import from_matrix
from neurobridge.connectome.provenance import Provenance
from neurobridge.errors import ConnectomeError, FindingsError, UnknownNameError
from neurobridge.structure import spectral_radius
from tests.unit.analysis.lyapunov.workflows.circuits import olfactory

COUNTS = np.array(  # row = source
    [[0, 2, 0, 0], [0, 0, 3, 0], [1, 4, 0, 0], [5, 0, 0, 0]]
)  # the last neuron is reached by nobody
SIGN = [1, -1, 1]


def toy(nt=("acetylcholine", "gaba", "acetylcholine", "gaba"), counts=COUNTS):
    labels = {} if nt is None else {"nt": list(nt)}
    return from_matrix(
        counts, orientation="row_is_source", values="count", labels=labels,
        provenance=Provenance(dataset="toy"),
    )  # fmt: skip


def coupling(ensemble):
    return lyapunov.of_network(ensemble.network(0)).coupling.toarray()


def test_a_coupling_has_the_sign_of_its_source_and_the_count_as_weight():
    ensemble = connectome_networks(toy(), 0.5, normalise="none")
    expected = 0.5 * (COUNTS[:3, :3] * np.array(SIGN)[:, None]).T
    np.testing.assert_allclose(coupling(ensemble), expected)
    assert ensemble.n_neurons == 3
    codes = [finding.code for finding in ensemble.findings]
    assert codes == ["largest_component"]
    assert ensemble.settings["n"] == 3
    np.testing.assert_array_equal(coupling(ensemble), coupling(ensemble.varied()))


def test_normalisations():
    matrix = {
        kind: coupling(connectome_networks(toy(), 2.0, normalise=kind))
        for kind in ("spectral_radius", "fan_in", "sinkhorn")
    }
    assert spectral_radius(matrix["spectral_radius"]) == pytest.approx(2.0)
    np.testing.assert_allclose(np.abs(matrix["fan_in"]).sum(axis=1), 2.0)
    inputs = np.maximum(matrix["sinkhorn"], 0).sum(axis=1)
    np.testing.assert_allclose(inputs[inputs > 0], 1.0)  # half of the strength for each sign
    for made in matrix.values():
        raw = coupling(connectome_networks(toy(), normalise="none"))
        np.testing.assert_array_equal(np.sign(made), np.sign(raw))


def test_more_than_half_of_the_neurons_left_out_is_no_note():
    assert connectome_networks(toy()).findings[0].severity == "note"
    counts = np.zeros((6, 6))
    counts[[0, 1, 1, 2, 3, 4], [1, 0, 2, 3, 4, 5]] = 2
    few = connectome_networks(toy(("gaba", *["acetylcholine"] * 5), counts))
    found = {f.code: f for f in few.findings}["largest_component"]
    assert found.severity == "approximation"
    assert found.why.startswith("4 of 6 neurons are not in the largest")


def test_neurons_with_input_of_one_sign_are_found():
    ensemble = connectome_networks(toy())
    assert [f.code for f in ensemble.findings] == ["largest_component", "one_sided_input"]


def test_gap_junctions_are_left_out_and_the_worm_has_signs_of_the_worm():
    ensemble = connectome_networks(load("celegans"), normalise="fan_in")
    assert ensemble.n_neurons == 246
    found = {f.code: f.magnitude for f in ensemble.findings}
    assert found["gap_junctions_dropped"] == 2196
    assert found["unknown_transmitter"] == 533
    network = ensemble.network(0)
    matrix, sign = coupling(ensemble), network.population("neurons").labels.sign
    assert (np.sign(matrix) * sign[None, :] >= 0).all()
    assert "cell_type" in network.population("neurons").labels.columns


def test_signs_can_be_chosen():
    plain = toy(nt=None)
    with pytest.raises(ConnectomeError, match="there are no transmitters to go by"):
        connectome_networks(plain)
    with pytest.raises(ConnectomeError, match="signs='own': this connectome has no signs"):
        connectome_networks(plain, signs="own")
    assert (coupling(connectome_networks(plain, signs="positive", normalise="none")) >= 0).all()
    glutamate = toy(("acetylcholine", "glutamate", "acetylcholine", "gaba"))
    fly, worm = (
        coupling(connectome_networks(glutamate, signs=s, normalise="none"))
        for s in ("fly", "celegans")
    )
    assert (fly[:, 1] <= 0).all()
    assert (worm[:, 1] >= 0).all()


def test_what_has_no_dynamics_of_its_own_is_refused():
    with pytest.raises(ConnectomeError, match="it is feed-forward"):
        connectome_networks(toy(counts=np.triu(COUNTS)))
    with pytest.raises(UnknownNameError, match="unknown normalisation 'sinkhor'; did you mean"):
        connectome_networks(toy(), normalise="sinkhor")
    with pytest.raises(UnknownNameError, match="unknown signs 'flies'"):
        connectome_networks(toy(), signs="flies")
    with pytest.raises(FindingsError, match="have no transmitter with a known sign"):
        connectome_networks(toy(("acetylcholine", None, "gaba", "gaba")), unknown="error")


def test_the_antennal_lobe_of_the_fly():
    ensemble = connectome_networks(olfactory().select("group in ('ALLN', 'ALPN')"), 3.0)
    assert ensemble.n_neurons == 457
    matrix = coupling(ensemble)
    for side in (np.maximum(matrix, 0).sum(axis=1), np.maximum(-matrix, 0).sum(axis=1)):
        np.testing.assert_allclose(side[side > 0], 1.5, rtol=1e-9)
