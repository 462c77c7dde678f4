"""Systems of networks: units, time constants, several populations, states and currents."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import neurobridge as nb
from neurobridge.analysis import lyapunov
from neurobridge.models import rate_model
from tests.requirements import require

require("numba")

QUIET: dict[str, Any] = {"progress": False, "checks": False}


def two_populations(state: NDArray[np.float64]) -> nb.Network:
    """Current and activity form, of different sizes, coupled in all four ways, with labels."""
    rng = np.random.default_rng(0)
    net = nb.NetworkBuilder()
    net.population(
        "a", 4, rate_model("tanh"), tau=rng.uniform(5, 20, 4), gain=1.3, shift=0.1,
        labels={"cell_type": np.array(["x", "x", "y", "y"])}, initial={"x": state[:4]},
    )  # fmt: skip
    net.population(
        "b", 3, rate_model("sigmoid", "activity"), tau=8.0, bias=0.3, initial={"r": state[4:]}
    )
    for pre, n in (("a", 4), ("b", 3)):
        for post, m in (("a", 4), ("b", 3)):
            pairs = np.stack(np.meshgrid(np.arange(n), np.arange(m)), axis=-1).reshape(-1, 2)
            weight = 2.0 * rng.standard_normal(len(pairs))
            net.connect(f"{pre}{post}", pre, post, pairs, weight=weight, delay=0.0)
    net.add(nb.StateProbe("pa", "a", "x"), nb.StateProbe("pb", "b", "r"))
    return net.build()


def test_the_jacobian_of_several_populations(rng: np.random.Generator) -> None:
    """Against differences of the reference backend's own Euler step."""
    state = rng.standard_normal(7)
    system = lyapunov.of_network(two_populations(state))
    assert (system.unit, system.size) == ("ms", 7)
    assert system.names[:2] == ("a.x[0]", "a.x[1]")
    assert list(system.groups()["cell_type"]) == ["x", "x", "y", "y", "", "", ""]

    def step(at: NDArray[np.float64]) -> NDArray[np.float64]:
        made = nb.run(two_populations(at), 0.1, "reference", dt=0.1)
        return np.concatenate([made.signals["pa"].values[0], made.signals["pb"].values[0]])

    own = system.propagator(0, 0.1, "euler", "float64")
    own.begin(state, None)
    own.advance(1)
    assert np.abs(own.state() - step(state)).max() < 1e-14
    numeric = np.stack(
        [(step(state + 1e-5 * e) - step(state - 1e-5 * e)) / 2e-5 for e in np.eye(7)], axis=1
    )
    assert np.abs((numeric - np.eye(7)) / 0.1 - lyapunov.jacobian(system, state)).max() < 1e-7


def test_the_unit_of_time_scales_exponents() -> None:
    matrix = lyapunov.random_matrix(40, 2.5, seed=1)
    per_tau = lyapunov.spectrum(
        lyapunov.of_network(lyapunov.matrix_network(matrix, tau=10.0)), time=50.0, dt=0.05, **QUIET
    )
    per_ms = lyapunov.spectrum(
        lyapunov.of_network(lyapunov.matrix_network(matrix, tau=10.0), unit="ms"),
        time=500.0, dt=0.5, transient=1000.0, warm_up=500.0, **QUIET,
    )  # fmt: skip
    assert (per_tau.unit, per_ms.unit) == ("tau", "ms")
    assert np.abs(per_tau.exponents - 10 * per_ms.exponents).max() < 1e-8


def test_exponents_with_unequal_time_constants_add_up_to_the_divergence() -> None:
    tau = np.linspace(5.0, 20.0, 30)
    network = lyapunov.matrix_network(lyapunov.random_matrix(30, 2.0, seed=4), tau=tau)
    found = lyapunov.spectrum(lyapunov.of_network(network), time=2000.0, **QUIET)
    assert found.sum == pytest.approx(-(1 / tau).sum(), rel=1e-4)


def test_an_input_changes_the_exponents() -> None:
    """A strong current silences chaos, be it constant or noise, which is the same in each run."""
    network = lyapunov.random_network(60, 3.0, seed=3)
    driven = network.with_stimulus(nb.Current("dc", "neurons", 6.0))
    free = lyapunov.spectrum(lyapunov.of_network(network), 1, time=100.0, **QUIET)
    held = lyapunov.spectrum(lyapunov.of_network(driven), 1, time=100.0, **QUIET)
    assert free.maximal > 0
    assert held.maximal < free.maximal - 0.1
    assert lyapunov.of_network(driven).autonomous
    noisy = network.with_stimulus(nb.WhiteNoise("noise", "neurons", 6.0, 5.0))
    system = lyapunov.of_network(noisy)
    assert not system.autonomous
    one = lyapunov.spectrum(system, 2, time=60.0, transient=20.0, warm_up=10.0, **QUIET)
    two = lyapunov.spectrum(system, 2, time=60.0, transient=20.0, warm_up=10.0, **QUIET)
    assert np.array_equal(one.exponents, two.exponents)
    assert one.maximal < free.maximal


def test_autapses_are_part_of_the_divergence() -> None:
    matrix = lyapunov.random_matrix(25, 1.5, seed=5) + 0.4 * np.eye(25)
    found = lyapunov.spectrum(
        lyapunov.of_network(lyapunov.matrix_network(matrix)), time=300.0, progress=False
    )
    rule = next(f for f in found.findings if f.code == "sum_rule")
    assert rule.severity == "note"
    assert found.info["divergence"] > -25
    assert found.sum == pytest.approx(found.info["divergence"], abs=5e-3)


def test_errors_include_that_of_the_time_step() -> None:
    """At a fixed point nothing is random: the error is what the integrator adds."""
    network = lyapunov.matrix_network(np.zeros((3, 3)) + 0.0)
    found = lyapunov.spectrum(lyapunov.of_network(network), time=50.0, progress=False)
    off = np.abs(found.exponents + 1)
    assert (off > 1e-6).all()
    assert off == pytest.approx(found.errors, rel=1e-3)
    low, high = found.interval
    assert ((low < -1) & (high > -1)).all()


def test_the_dimension_of_a_limit_cycle_is_one() -> None:
    cycle = lyapunov.equations(
        "dx/dt = y; dy/dt = 2*(1 - x**2)*y - x", initial={"x": 1.0, "y": 0.0}, dt=0.02
    )
    found = lyapunov.spectrum(cycle, time=300.0, progress=False)
    assert found.kaplan_yorke == pytest.approx(1.0, abs=0.01)
    assert found.kaplan_yorke_error < 0.05
    assert not [f for f in found.findings if f.severity != "note"]


def test_a_network_that_winds_into_a_fixed_point_lacks_no_zero_exponent() -> None:
    network = lyapunov.matrix_network(np.array([[0.0, -0.95], [0.95, 0.0]]))
    found = lyapunov.spectrum(lyapunov.of_network(network), time=100.0, transient=5.0,
                              progress=False)  # fmt: skip
    assert "zero_exponent" not in {f.code for f in found.findings}
    assert repr(lyapunov.of_network(network)) == "<flow of 2 states, 2 couplings, time in tau>"
