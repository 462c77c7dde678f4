"""What a tired scientist gets wrong when asking for exponents."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import neurobridge as nb
from neurobridge.analysis import lyapunov
from neurobridge.errors import ModelError, NetworkError, UnknownNameError
from tests.requirements import require

require("numba")

from tests.unit.analysis.lyapunov.systems import henon, lorenz  # noqa: E402


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"k": 4}, "a system of 3 states has 3 exponents, and 4 were asked for"),
        ({"k": 0}, "k: expected a whole number >= 1"),
        ({"k": "most"}, "k: expected a whole number >= 1, 'all' or 'adaptive', got 'most'"),
        ({"time": -1.0}, "time: expected a positive number"),
        ({"time": "2 s"}, "time: expected a positive number of units of time, got '2 s'"),
        ({"error": 0.0}, "error: expected a positive number"),
        ({"transient": -5.0}, "transient: expected a finite number >= 0"),
        ({"dt": 0.0}, "dt: expected a positive number"),
        ({"interval": 0.0}, "interval: expected a positive number"),
        ({"seed": 1.5}, "seed: expected a whole number"),
        ({"threads": 0}, "threads: expected a whole number >= 1"),
        ({"method": "euler"}, "method of a flow 'euler'"),
        ({"renormalise": "svd"}, "renormalisation 'svd'"),
        ({"precision": "float16"}, "precision 'float16'"),
    ],
)
def test_options(options: dict[str, Any], message: str) -> None:
    with pytest.raises((NetworkError, UnknownNameError), match=message):
        lyapunov.spectrum(lorenz(), **{"progress": False, **options})


def test_a_map_has_no_dt_and_no_ab4() -> None:
    with pytest.raises(NetworkError, match="the steps of a map have no length"):
        lyapunov.spectrum(henon(), dt=0.1, progress=False)
    with pytest.raises(UnknownNameError, match="method of a map 'ab4'"):
        lyapunov.spectrum(henon(), method="ab4", progress=False)


def test_a_step_that_is_too_long_says_the_bound() -> None:
    system = lyapunov.of_network(lyapunov.random_network(50, 3.0))
    with pytest.raises(NetworkError, match=r"up to dt = 0\.0\d+.*method='rk4', which takes up to"):
        lyapunov.spectrum(system, dt=0.2, time=10.0, progress=False)
    bound = lyapunov.spectrum(system, 2, time=10.0, progress=False).info["largest_dt"]
    assert 0.08 < bound < 0.2


def test_a_trajectory_that_diverges_says_when_and_where() -> None:
    runaway = lyapunov.equations("dx/dt = x**2 - y; dy/dt = -y", initial={"x": 1.0, "y": 0.5})
    with pytest.raises(
        lyapunov.DivergedError, match=r"after 1\.\d+ units of time: x is not finite"
    ):
        lyapunov.spectrum(runaway, time=10.0, progress=False)
    grows = lyapunov.matrix_network(np.array([[0.0, 3.0], [3.0, 0.0]]), activation="relu")
    with pytest.raises(lyapunov.DivergedError, match=r"grows without bound: neurons\.x\[\d\] is"):
        lyapunov.spectrum(lyapunov.of_network(grows), time=10.0, transient=500.0, progress=False)
    leaves = lyapunov.equations("x' = x**2 - 3", initial={"x": 5.0})
    with pytest.raises(lyapunov.DivergedError, match="diverged after"):
        lyapunov.spectrum(leaves, time=10.0, transient=0.0, progress=False)


def test_a_singular_jacobian() -> None:
    flat = lyapunov.equations("x' = 0.5*x; y' = 1.0", initial={"x": 1.0, "y": 1.0})
    with pytest.raises(NetworkError, match="the smallest exponent is -infinity"):
        lyapunov.spectrum(flat, time=100.0, progress=False)


def test_a_transient_that_has_not_ended() -> None:
    slow = lyapunov.equations(
        "dx/dt = (1.0 - y)*x - x**3; dy/dt = -0.01*y", initial={"x": 1.0, "y": 3.0}
    )
    found = lyapunov.spectrum(slow, time=1500.0, transient=0.0, warm_up=0.0, progress=False)
    assert found.status == "transient"
    assert [f for f in found.findings if f.code == "transient_not_over"]
    assert "TRANSIENT NOT ENDED" in repr(found)


def test_spiking_networks_are_refused_in_plain_words() -> None:
    net = nb.NetworkBuilder()
    net.population("cells", 3, nb.models.lif_exp)
    with pytest.raises(ModelError, match="population 'cells': neurons of model 'lif_exp' spike"):
        lyapunov.of_network(net.build())


def test_delays_and_units() -> None:
    net = nb.NetworkBuilder()
    net.population("a", 2, nb.models.rate, tau=[5.0, 10.0])
    net.connect("ab", "a", "a", [(0, 1)], weight=1.0, delay=1.0)
    with pytest.raises(NetworkError, match="projection 'ab' has a delay"):
        lyapunov.of_network(net.build())
    net = nb.NetworkBuilder()
    net.population("a", 2, nb.models.rate, tau=[5.0, 10.0])
    with pytest.raises(NetworkError, match="one time constant for all"):
        lyapunov.of_network(net.build(), unit="tau")
    assert lyapunov.of_network(net.build()).unit == "ms"
    with pytest.raises(NetworkError, match="expected 'tau' or 'ms', got 's'"):
        lyapunov.of_network(net.build(), unit="s")  # type: ignore[arg-type]
    with pytest.raises(NetworkError, match="meaning: expected 'flow' or 'map'"):
        lyapunov.of_network(net.build(), "ode")  # type: ignore[arg-type]
    with pytest.raises(NetworkError, match="initial: expected 2 finite numbers"):
        lyapunov.of_network(net.build(), initial=np.zeros(3))


@pytest.mark.parametrize(
    ("matrix", "message"),
    [
        (np.zeros((2, 3)), r"square matrix, post x pre, got shape \(2, 3\)"),
        (np.array([[0.0, np.nan], [0.0, 0.0]]), "the weight from neuron 1 to 0 is nan"),
    ],
)
def test_matrices(matrix: Any, message: str) -> None:
    with pytest.raises(NetworkError, match=message):
        lyapunov.matrix_network(matrix)


def test_random_matrices() -> None:
    for options, message in (
        ({"n": 0, "g": 1.0}, "n must be a whole number >= 1"),
        ({"n": 3, "g": np.inf}, "g must be a finite number"),
        ({"n": 3, "g": 1.0, "density": 0.0}, "density must be in"),
    ):
        with pytest.raises(NetworkError, match=message):
            lyapunov.random_matrix(**options)  # type: ignore[arg-type]


def test_spectra() -> None:
    with pytest.raises(NetworkError, match="expected one for each of 2, got 1"):
        lyapunov.spectra([lorenz(), lorenz()], seeds=[1], progress=False)
    with pytest.raises(NetworkError, match=r"unknown options \['length'\]"):
        lyapunov.spectra([lorenz()], length=3.0, progress=False)


def test_two_trajectories() -> None:
    with pytest.raises(NetworkError, match="measure for 8 at least"):
        lyapunov.two_trajectories(lorenz(), np.ones(3), 2.0, dt=0.01)


def test_a_state_that_grows_without_bound_has_no_attractor() -> None:
    network = lyapunov.random_network(50, 3.0, activation="relu", seed=1)
    with pytest.raises(lyapunov.DivergedError, match=r"grows without bound: neurons\.x"):
        lyapunov.spectrum(lyapunov.of_network(network), 2, time=20.0, progress=False)
    unstable = lyapunov.of_network(lyapunov.random_network(20, 1.0), "map")
    with pytest.raises(lyapunov.DivergedError, match="for a map a smaller dt"):
        lyapunov.spectrum(unstable, 2, dt=2.5, time=100.0, progress=False)


def test_short_runs_say_so() -> None:
    found = lyapunov.spectrum(lorenz(), time=5.0, progress=False)
    assert [f.severity for f in found.findings if f.code == "short_run"] == ["approximation"]


def test_what_is_no_network() -> None:
    with pytest.raises(NetworkError, match="expected a Network, got 'celegans'"):
        lyapunov.of_network("celegans")  # type: ignore[arg-type]


def test_slow_growth_is_no_attractor_either() -> None:
    network = lyapunov.random_network(30, 2.0, activation="relu", seed=3)
    with pytest.raises(lyapunov.DivergedError, match="grows without bound"):
        lyapunov.spectrum(lyapunov.of_network(network), 1, time=50.0, progress=False)


def test_a_step_at_which_nothing_is_stable_says_the_bound_too() -> None:
    system = lyapunov.of_network(lyapunov.random_network(50, 3.0))
    with pytest.raises(NetworkError, match="dt = 5 is too large for method 'ab4': up to dt = 0"):
        lyapunov.spectrum(system, dt=5.0, time=10.0, progress=False)


def test_exponents_that_are_all_the_same() -> None:
    quiet = lyapunov.of_network(lyapunov.matrix_network(np.zeros((4, 4))))
    found = lyapunov.spectrum(quiet, 2, time=50.0, progress=False)
    assert found.exponents == pytest.approx([-1, -1], abs=1e-4)


def test_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    from neurobridge import installed

    monkeypatch.setattr(installed, "find_spec", lambda name: None if name == "numba" else object())
    with pytest.raises(
        nb.BackendUnavailableError, match=r"need numba, .*neurobridge-sim\[lyapunov\]"
    ):
        lyapunov.spectrum(lorenz(), time=1.0, progress=False)
