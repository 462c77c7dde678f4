"""Dynamic mean-field theory: published limits, brute-force averages, networks of finite size."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from scipy.interpolate import CubicSpline
from scipy.special import erf

from neurobridge.analysis.mean_field import MeanField, dynamic_mean_field
from neurobridge.analysis.orbit import Orbit, lowest_energy
from neurobridge.errors import ModelError, NetworkError, UnknownNameError

Function = Callable[[np.ndarray], np.ndarray]

# Variance and largest exponent of tanh, from another solver: averages by quadrature on nodes that
# are dense near full correlation, the equation of motion by Runge-Kutta, the ground state on a
# uniform grid. It has four to five digits.
TANH = {
    1.2: (0.24263, 0.01192),
    1.5: (0.74769, 0.04675),
    2.0: (1.92481, 0.11246),
    2.5: (3.49534, 0.17614),
    3.0: (5.44633, 0.23546),
    4.0: (10.46747, 0.34147),
    5.0: (16.96405, 0.43370),
    7.0: (34.35022, 0.58872),
    10.0: (71.36809, 0.77344),
    20.0: (289.3346, 1.19053),
}
CHAOTIC = {
    "tanh": (3.0, np.tanh),
    "erf": (2.0, lambda x: erf(x / np.sqrt(2))),
    "tanh_positive": (10.0, lambda x: 0.5 * (1 + np.tanh(x))),
    "1/(1 + exp(-2*u)) - 0.3": (4.0, lambda x: 0.5 * (1 + np.tanh(x)) - 0.3),
}


@pytest.mark.parametrize("g", TANH)
def test_tanh(g: float) -> None:
    found = dynamic_mean_field(g)
    variance, exponent = TANH[g]
    assert found.state == "chaotic"
    assert found.variance == pytest.approx(variance, rel=2e-5)
    assert found.lambda_max == pytest.approx(exponent, abs=5e-5)
    assert found.static_variance == 0
    assert found.radius > 1


@pytest.mark.parametrize("epsilon", [1e-2, 1e-3, 1e-4])
def test_onset_of_chaos(epsilon: float) -> None:
    """The exponent begins as epsilon^2/2 (Sompolinsky, Crisanti & Sommers 1988)."""
    found = dynamic_mean_field(1 + epsilon)
    assert found.lambda_max == pytest.approx(epsilon**2 / 2, rel=5 * epsilon)
    assert found.variance == pytest.approx(epsilon, rel=5 * epsilon)


@pytest.mark.parametrize("activation", CHAOTIC)
def test_time_translation_is_a_state_of_energy_zero(activation: str) -> None:
    found = dynamic_mean_field(CHAOTIC[activation][0], activation)
    orbit = Orbit(found.times, found.autocorrelation / found.variance, found.potential)
    assert lowest_energy(orbit, odd=True) == pytest.approx(0, abs=1e-8)
    assert lowest_energy(orbit) == found.ground_energy < 0


def pair_average(function: Function, variance: float, covariance: float) -> float:
    """``<f(x) f(y)>`` over what two inputs share and what each has of its own."""
    z = np.linspace(-9, 9, 1201)
    weight = np.exp(-z * z / 2) * (z[1] - z[0]) / np.sqrt(2 * np.pi)
    own, shared = np.sqrt(variance - covariance) * z, np.sqrt(covariance) * z
    inner = np.array([weight @ function(own + s) for s in shared])
    return float(weight @ inner**2)


@pytest.mark.parametrize("activation", CHAOTIC)
def test_the_autocorrelation_obeys_its_equation(activation: str) -> None:
    g, phi = CHAOTIC[activation]
    found = dynamic_mean_field(g, activation)
    motion = CubicSpline(found.times, found.autocorrelation)
    for t in (0.0, 0.7, 2.0, 5.0, 12.0):
        here = float(found.autocorrelation_at(t))
        force = here - g * g * pair_average(phi, found.variance, here)
        assert float(motion(t, 2)) == pytest.approx(force, abs=2e-4 * found.variance)
    end = found.static_variance
    assert end == pytest.approx(g * g * pair_average(phi, found.variance, end), abs=1e-9)


@pytest.mark.parametrize("activation", CHAOTIC)
def test_energy_is_conserved_and_the_potential_is_that_of_the_slopes(activation: str) -> None:
    g, phi = CHAOTIC[activation]
    found = dynamic_mean_field(g, activation)
    here, at = found.variance, 300
    nodes, weights = np.polynomial.legendre.leggauss(20)
    there = float(found.autocorrelation[at])
    between = there + (here - there) * (nodes + 1) / 2
    force = [d - g * g * pair_average(phi, here, d) for d in between]
    gained = float(weights @ force) * (here - there) / 2
    speed = float(CubicSpline(found.times, found.autocorrelation)(found.times[at], 1))
    assert speed**2 / 2 == pytest.approx(-gained, rel=1e-6)

    def slope(x: np.ndarray) -> np.ndarray:
        return (phi(x + 1e-5) - phi(x - 1e-5)) / 2e-5

    expected = 1 - g * g * pair_average(slope, here, there)
    assert found.potential[at] == pytest.approx(expected, abs=1e-7)
    assert found.mean_slope_squared == pytest.approx(pair_average(slope, here, here), rel=1e-7)


@pytest.mark.parametrize(
    ("activation", "slope"),
    [("tanh", 1.0), ("erf", np.sqrt(2 / np.pi)), ("linear", 1.0), ("tanh(u)**3", 0.0)],
)
def test_below_the_onset_all_is_quiet(activation: str, slope: float) -> None:
    found = dynamic_mean_field(0.9, activation)
    assert (found.state, found.variance, found.times.size) == ("quiet", 0.0, 1)
    assert found.lambda_max == pytest.approx(-1 + 0.9 * slope, abs=1e-12)
    assert found.radius == pytest.approx(0.9 * slope, abs=1e-12)
    assert dynamic_mean_field(1.0).lambda_max == pytest.approx(0, abs=1e-12)


def test_gain_scales_g_and_the_input() -> None:
    one, other = dynamic_mean_field(3.0), dynamic_mean_field(1.5, gain=2.0)
    assert other.lambda_max == pytest.approx(one.lambda_max, abs=1e-10)
    assert other.variance == pytest.approx(one.variance / 4, rel=1e-10)
    wide = dynamic_mean_field(20.0, "sigmoid")
    narrow = dynamic_mean_field(10.0, "tanh_positive")
    assert wide.lambda_max == pytest.approx(narrow.lambda_max, abs=1e-9)
    assert wide.static_variance == pytest.approx(4 * narrow.static_variance, rel=1e-9)


def test_a_shift_freezes_a_part_of_the_input() -> None:
    shifted = dynamic_mean_field(3.0, shift=0.5)
    assert shifted.state == "chaotic"
    assert 0 < shifted.static_variance < shifted.variance
    assert shifted.lambda_max < dynamic_mean_field(3.0).lambda_max
    same = dynamic_mean_field(3.0, "tanh(u - 0.5)")
    assert same.lambda_max == pytest.approx(shifted.lambda_max, abs=1e-12)
    assert dynamic_mean_field(3.0, shift=-0.5).variance == pytest.approx(shifted.variance)


def test_a_static_state_is_the_fixed_point_of_a_large_network(rng: np.random.Generator) -> None:
    n, g = 800, 2.0
    found = dynamic_mean_field(g, "tanh_positive")
    weights = rng.normal(0, g / np.sqrt(n), (n, n))
    x = np.zeros(n)
    for _ in range(400):
        x += 0.3 * (-x + weights @ (0.5 * (1 + np.tanh(x))))
    assert found.state == "static"
    assert found.variance == pytest.approx(float(np.mean(x**2)), rel=0.1)
    jacobian = weights * (0.5 / np.cosh(x) ** 2) - np.eye(n)
    assert found.lambda_max == pytest.approx(np.linalg.eigvals(jacobian).real.max(), abs=0.04)
    assert found.radius == pytest.approx(1 + found.lambda_max)


def test_a_large_network_has_the_autocorrelation(rng: np.random.Generator) -> None:
    n, g, dt = 600, 3.0, 0.05
    found = dynamic_mean_field(g)
    weights = rng.normal(0, g / np.sqrt(n), (n, n))
    x, seen = rng.normal(size=n), []
    for step in range(6000):
        x = x + dt * (-x + weights @ np.tanh(x))
        if step >= 1000:
            seen.append(x)
    activity = np.array(seen)
    for lag in (0.0, 1.0, 3.0):
        shift = int(lag / dt)
        measured = float(np.mean(activity[: len(activity) - shift] * activity[shift:]))
        assert float(found.autocorrelation_at(lag)) == pytest.approx(measured, rel=0.12)


def test_autocorrelation_at_any_lag() -> None:
    found = dynamic_mean_field(10.0, "tanh_positive")
    ends = found.autocorrelation_at([0.0, 1e9, -1e9, -3.0, 3.0])
    assert ends[0] == pytest.approx(found.variance, rel=1e-12)
    assert ends[1] == ends[2] == found.static_variance
    assert ends[3] == ends[4] < ends[0]
    assert (
        dynamic_mean_field(2.0, "sigmoid").autocorrelation_at([0.0, 5.0]).tolist()
        == [pytest.approx(1.1969, abs=1e-4)] * 2
    )


@pytest.mark.parametrize("given", [(0.5, "tanh"), (3.0, "tanh"), (2.0, "sigmoid")])
def test_pictures(given: tuple[float, str], tmp_path: Path) -> None:
    found = dynamic_mean_field(*given)
    figure = found.draw(tmp_path / "theory.png")
    assert (tmp_path / "theory.png").stat().st_size > 5000
    left, right = figure.axes
    shown = left.lines[0].get_ydata()
    assert shown[0] == pytest.approx(found.variance)
    assert shown[-1] == pytest.approx(found.static_variance, abs=2e-3 * found.variance)
    assert found.state in right.get_title()
    assert found.state in repr(found)


def test_results_are_equal_by_content_and_cannot_be_changed() -> None:
    found = dynamic_mean_field(2.0)
    assert isinstance(found, MeanField)
    assert found == dynamic_mean_field(2.0) != dynamic_mean_field(2.1)
    with pytest.raises(ValueError):
        found.autocorrelation[0] = 1.0


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"g": 0.0}, NetworkError, "g: expected a finite number above 0, got 0.0"),
        ({"g": 2.0, "gain": -1.0}, NetworkError, "gain: expected a finite number above 0"),
        ({"g": 2.0, "shift": np.nan}, NetworkError, "shift: expected a finite number, got nan"),
        ({"g": 2.0, "activation": "tan_h"}, UnknownNameError, "did you mean 'tanh'"),
        ({"g": 2.0, "activation": "power_law"}, ModelError, "an expression of u alone, got one of"),
        ({"g": 1.2, "activation": "relu"}, ModelError, "its slope jumps at x = 0 from 0 to 1"),
        ({"g": 1.2, "activation": "relu", "shift": -1.0}, ModelError, "slope jumps, as that of"),
        ({"g": 2.0, "activation": "log(u)"}, ModelError, "'log(u)': it or its slope is not"),
        ({"g": 60.0}, ModelError, "g*gain is so large that the activation is a step"),
        ({"g": 2.0, "activation": "softplus"}, NetworkError, "the activity has no bound"),
        ({"g": 2.0, "activation": "brunel_sqrt"}, NetworkError, "2 states are stable, with"),
    ],
)  # fmt: skip
def test_what_cannot_be_solved(
    arguments: dict[str, object], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=re.escape(message)):
        dynamic_mean_field(**arguments)  # type: ignore[arg-type]
