"""The networks of Vogels and Abbott: connections, units and rates."""

from __future__ import annotations

import numpy as np
import pytest

from neurobridge import NetworkError, UnknownNameError, run
from neurobridge.models.networks import expected_rates, measure_rates, vogels_abbott


def test_connections_are_as_many_as_a_probability_makes() -> None:
    """Binomial in-degrees: 64 and 16 in the mean, however many neurons there are."""
    for n in (1000, 4000):
        network = vogels_abbott(n=n)
        for name, mean, part in (("excitation", 64.0, 0.8), ("inhibition", 16.0, 0.2)):
            degree = np.diff(network.projections[name].edges.indptr)
            assert degree.mean() == pytest.approx(mean, abs=4 * np.sqrt(mean / n))
            assert degree.var() == pytest.approx(mean * (1 - mean / (part * n)), rel=0.15)
            sources = network.projections[name].edges.pre
            assert (sources < 0.8 * n).all() == (name == "excitation")


def test_currents_hold_the_potentials_of_the_paper() -> None:
    """1.62 mV and -9 mV across the leak of 10 nS."""
    network = vogels_abbott("cuba", n=500)
    np.testing.assert_allclose(network.weights("excitation"), 0.0162, rtol=1e-12)
    np.testing.assert_allclose(network.weights("inhibition"), -0.09, rtol=1e-12)
    assert network.population("neurons").parameters["v_rest"] == -49.0
    assert not network.stimuli


def test_conductances_and_the_kick() -> None:
    network = vogels_abbott("coba", n=500)
    np.testing.assert_allclose(network.weights("excitation"), 0.006, rtol=1e-12)
    np.testing.assert_allclose(network.weights("inhibition"), -0.067, rtol=1e-12)
    kick = network.stimuli["kick"]
    assert (kick.rate, kick.stop, kick.neurons.size) == (300.0, 50.0, 50)


def test_potentials_start_between_reset_and_threshold() -> None:
    v = vogels_abbott().population("neurons").initial["v"]
    assert -60 < v.min() < -59.9
    assert -50.1 < v.max() < -50
    assert v.mean() == pytest.approx(-55, abs=4 * 10 / np.sqrt(12 * 4000))


def test_the_rate_with_currents() -> None:
    network = vogels_abbott("cuba")
    recording = run(network, 600.0, backend="reference", dt=0.1)
    (measured,) = measure_rates(network, recording)
    assert measured.expected.rate == 5.5
    assert abs(measured.rate - 5.5) <= 0.5
    assert measured.cv > 0.3


@pytest.mark.slow
def test_the_rate_with_conductances_long_after_the_kick() -> None:
    network = vogels_abbott("coba")
    recording = run(network, 1200.0, backend="reference", dt=0.1)
    (measured,) = measure_rates(network, recording, discard=700.0)
    assert measured.agrees, measured
    assert measured.cv > 1


def test_papers_and_seeds() -> None:
    one = vogels_abbott(n=500)
    assert {"brette2007", "vogels2005"} <= {r.key for r in one.references}
    assert one.id == vogels_abbott(n=500).id != vogels_abbott(n=500, seed=2).id
    assert [e.group for e in expected_rates(one)] == ["all"]


def test_what_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="synapses of the Vogels-Abbott network"):
        vogels_abbott("gaba")
    with pytest.raises(NetworkError, match="a multiple of 5"):
        vogels_abbott(n=501)
    with pytest.raises(NetworkError, match="n: expected a whole number >= 500"):
        vogels_abbott(n=100)
