"""The network of Brunel (2000): who is connected, and how fast it fires."""

from __future__ import annotations

import numpy as np
import pytest

from neurobridge import NetworkError, UnknownNameError, run
from neurobridge.analysis import brunel_rate
from neurobridge.models.networks import brunel, expected_rates, measure_rates


def test_inputs_are_fixed_in_number_and_different() -> None:
    network = brunel(order=50)
    assert network.population("neurons").size == 250
    for name, sources, degree, weight in (
        ("excitation", range(200), 20, 0.1),
        ("inhibition", range(200, 250), 5, -0.5),
    ):
        edges = network.projections[name].edges
        assert (np.diff(edges.indptr) == degree).all()
        assert set(edges.pre.tolist()) == set(sources)
        for neuron in range(250):
            inputs = edges.pre[edges.indptr[neuron] : edges.indptr[neuron + 1]]
            assert (np.diff(inputs) > 0).all()
        np.testing.assert_allclose(network.weights(name), weight, rtol=1e-15)
        assert network.projections[name].delay == 1.5


def test_sources_are_chosen_evenly() -> None:
    """Out-degrees of 1,000 neurons: 125 each in the mean, binomial."""
    edges = brunel(order=250).projections["excitation"].edges
    out = np.bincount(edges.pre, minlength=1000)
    assert out.mean() == 125
    assert out.var() == pytest.approx(125 * 0.9, rel=0.2)


def test_the_external_rate_reaches_the_threshold_eta_times() -> None:
    """1,000 inputs of 10 Hz at 0.1 mV hold 20 mV."""
    for order, regime, rate in ((50, "C", 20_000), (100, "B", 40_000), (50, "D", 9_000)):
        stimulus = brunel(regime, order=order).stimuli["external"]
        assert stimulus.rate == pytest.approx(rate, rel=1e-12)
        assert stimulus.weight == 0.1


def test_the_expected_rate_is_the_theory_of_this_size() -> None:
    (tiny,) = expected_rates(brunel("C", order=50, g=5.0))
    assert tiny.rate == pytest.approx(brunel_rate(5.0, 2.0, c_e=20))
    assert tiny.rate > 90


def test_the_paper_is_cited() -> None:
    assert "brunel2000" in [r.key for r in brunel(order=10).references]


def test_the_seed_decides_everything() -> None:
    assert brunel(order=20, seed=3).id == brunel(order=20, seed=3).id
    assert brunel(order=20, seed=3).id != brunel(order=20, seed=4).id
    one, other = brunel("B", order=20), brunel("D", order=20)
    assert one.projections["excitation"].edges == other.projections["excitation"].edges


@pytest.mark.parametrize("v_reset", [10.0, 0.0])
def test_a_tenth_of_the_network_fires_as_the_theory_says(v_reset: float) -> None:
    network = brunel("C", order=250, v_reset=v_reset)
    recording = run(network, 400.0, backend="reference", dt=0.1, seed=1)
    (measured,) = measure_rates(network, recording, discard=100.0)
    assert measured.neurons == 1250
    assert measured.agrees, measured


@pytest.mark.slow
@pytest.mark.parametrize("regime", ["B", "C", "D"])
def test_the_whole_network_fires_as_the_theory_says(regime: str) -> None:
    network = brunel(regime)
    recording = run(network, 700.0, backend="native", dt=0.1, seed=1)
    (measured,) = measure_rates(network, recording)
    assert measured.agrees, measured


def test_what_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="regime of Brunel's network"):
        brunel("E")
    with pytest.raises(NetworkError, match="order: expected a whole number >= 10"):
        brunel(order=4)
    with pytest.raises(NetworkError, match="g: expected a finite number >= 0"):
        brunel(g=-5.0, order=10)
