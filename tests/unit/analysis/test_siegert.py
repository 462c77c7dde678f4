"""Rates of integrate-and-fire neurons under white noise: quadrature and published values."""

from __future__ import annotations

import math

import numpy as np
import pytest

from neurobridge import NetworkBuilder, NetworkError, PoissonCounts, models, run
from neurobridge.analysis import brunel_rate, siegert_rate


@pytest.mark.parametrize(
    ("mu", "sigma", "rate"),
    [
        (15.0, 4.0, 5.892520886123681),
        (25.0, 2.0, 42.84961379921015),
        (10.0, 3.0, 0.0013343306905618294),
        (200.0, 0.5, 324.53408162237815),
        (21.0, 1e-3, 20.016853991976237),
        (-50.0, 30.0, 0.35189913304258735),
        (12.0, 0.4, 1.079164690849399e-171),
    ],
)
def test_the_integral(mu: float, sigma: float, rate: float) -> None:
    """The values are the double integral as it is written, with 30 digits (mpmath)."""
    assert siegert_rate(mu, sigma) == pytest.approx(rate, rel=1e-12)


def test_little_noise_is_none() -> None:
    exact = 1e3 / (2 + 20 * math.log((25 - 10) / (25 - 20)))
    assert siegert_rate(25.0, 0.0) == pytest.approx(exact, rel=1e-14)
    assert siegert_rate(25.0, 1e-4) == pytest.approx(exact, rel=1e-8)
    assert siegert_rate(20.0, 0.0) == siegert_rate(15.0, 0.0) == siegert_rate(19.0, 1e-3) == 0.0


def test_a_strong_input_is_limited_by_the_refractory_period() -> None:
    assert siegert_rate(1e7, 1.0) == pytest.approx(500.0, rel=1e-3)


@pytest.mark.parametrize(
    ("g", "eta", "from_reset_10", "from_reset_0"),
    [
        pytest.param(3.0, 2.0, 327.0, 195.0, id="A"),
        pytest.param(6.0, 4.0, 55.84, 49.15, id="B"),
        pytest.param(5.0, 2.0, 37.95, 32.03, id="C"),
        pytest.param(4.5, 0.9, 6.52, 5.83, id="D"),
    ],
)
def test_the_regimes_of_brunel(
    g: float, eta: float, from_reset_10: float, from_reset_0: float
) -> None:
    within = 0.5 if g < 4 else 0.005
    assert brunel_rate(g, eta) == pytest.approx(from_reset_10, abs=within)
    assert brunel_rate(g, eta, v_reset=0.0) == pytest.approx(from_reset_0, abs=within)


def test_the_lowest_stable_rate_is_taken() -> None:
    """With weak inhibition there is a fast state too, which is not reached from silence."""
    assert brunel_rate(3.0, 0.5) < 1.0
    assert brunel_rate(3.0, 0.0) == 0.0


def test_neurons_without_a_network_fire_at_this_rate() -> None:
    """200 neurons for 1 s with jumps of 0.1 mV; the grid and the jumps make 2 %, chance 1 %."""
    rate = 12_000.0
    net = NetworkBuilder()
    net.population(
        "cells", 200, models.lif_delta,
        v_rest=0.0, v_reset=10.0, v_thresh=20.0, tau_m=20.0, t_ref=2.0,
    )  # fmt: skip
    net.add(PoissonCounts("drive", "cells", rate, weight=0.1))
    spikes = run(net.build(), 1100.0, backend="reference", dt=0.1, seed=1).spikes["cells"]
    measured = np.count_nonzero(spikes.time > 100) / 200
    expected = siegert_rate(0.1 * rate * 0.02, math.sqrt(0.01 * rate * 0.02))
    assert measured == pytest.approx(expected, rel=0.04)
    assert expected > 30


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: siegert_rate(math.nan, 1.0), "mu: expected a finite number"),
        (lambda: siegert_rate(1.0, -1.0), "sigma: expected a number >= 0"),
        (lambda: siegert_rate(1.0, 1.0, tau_m=0.0), "tau_m: expected ms above 0"),
        (lambda: siegert_rate(1.0, 1.0, v_reset=20.0), "must be below the threshold"),
        (lambda: brunel_rate(-1.0, 2.0), "g: expected a finite number >= 0"),
        (lambda: brunel_rate(5.0, 2.0, c_e=0), "c_e: expected a finite number above 0"),
        (lambda: brunel_rate(5.0, 2.0, j=math.nan), "j: expected a finite number above 0"),
        (lambda: brunel_rate(3.0, 2.0, t_ref=0.0), "no stable rate up to 1e\\+06 Hz"),
    ],
)
def test_what_is_refused(call, message: str) -> None:
    with pytest.raises(NetworkError, match=message):
        call()
