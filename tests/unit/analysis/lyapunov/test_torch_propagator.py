"""The propagator in torch against the compiled one, and many systems at once against each."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import neurobridge as nb
from neurobridge.analysis import lyapunov
from neurobridge.analysis.lyapunov.system import METHODS
from neurobridge.errors import NetworkError
from neurobridge.graph.model import NeuronModel, Parameter
from neurobridge.models import rate_model
from tests.requirements import require

require("torch")
require("numba")

import torch  # noqa: E402

from neurobridge.analysis.lyapunov.torch.propagator import TorchPropagator  # noqa: E402
from tests.unit.analysis.lyapunov import rates  # noqa: E402
from tests.unit.analysis.lyapunov.systems import henon, lorenz  # noqa: E402

KINDS: Any = ("householder", "lu", "cholesky", "householder")


def journey(propagator: Any, x: np.ndarray, V: np.ndarray, steps: int = 6) -> tuple[Any, ...]:
    """Where a state and a frame come, and what each renormalisation gives."""
    propagator.begin(x, V)
    logs = []
    for kind in KINDS:
        propagator.advance(steps)
        logs.append(propagator.renormalise(kind)[0])
    return propagator.state(), propagator.frame(), np.array(logs), np.array(propagator.divergence)


def assert_same(found: tuple[Any, ...], expected: tuple[Any, ...], atol: float = 1e-12) -> None:
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=atol)


def custom_network() -> nb.Network:
    """Two populations, one of two states that adapts, coupled both ways, with a current."""
    adapting = NeuronModel(
        name="adapting", equations=(
            "dx/dt = (-x - a + recurrent + current)/tau : 1\nda/dt = (-a + b*x)/tau_a : 1"
        ),
        parameters={
            "tau": Parameter(10.0, "ms", "time constant", above=0),
            "tau_a": Parameter(50.0, "ms", "of adaptation", above=0),
            "b": Parameter(1.5, "1", "strength of adaptation"),
        },
        receptors=(), threshold="", threshold_policy="level", reset="", refractory=None,
        integrator="euler", reference="a test", output="tanh(x - 0.3*a)",
        couplings=rate_model().couplings, current_unit="1",
    )  # fmt: skip
    rng = np.random.default_rng(4)
    net = nb.NetworkBuilder()
    net.population("a", 5, adapting, tau=rng.uniform(5, 15, 5))
    net.population("b", 4, rate_model("sigmoid", "activity"), tau=8.0, bias=0.3)
    for pre, n in (("a", 5), ("b", 4)):
        for post, m in (("a", 5), ("b", 4)):
            pairs = np.stack(np.meshgrid(np.arange(n), np.arange(m)), axis=-1).reshape(-1, 2)
            net.connect(
                f"{pre}{post}", pre, post, pairs, weight=rng.normal(size=len(pairs)), delay=0.0
            )
    net.add(nb.Current("step", "a", neurons=[0, 2], amplitude=[0.5, 1.0], time=[0.0, 7.0]))
    net.add(nb.WhiteNoise("noise", "b", mean=0.1, std=0.3, interval="1 ms"))
    return net.build()


@pytest.mark.parametrize("density", [1.0, 0.05])
@pytest.mark.parametrize("precision", ["float64", "mixed"])
@pytest.mark.parametrize("method", ["ab4", "rk4", "euler"])
def test_as_compiled(method: Any, precision: Any, density: float, rng: np.random.Generator) -> None:
    net = rates.network("tanh", "current", density, rng, 30)
    system = rates.system(net, "map" if method == "euler" else "flow")
    assert system.is_dense == (density == 1)
    x, V = system.start(0), rates.frame(30, 7, rng)
    made = [
        system.propagator(7, 0.1, method, precision),
        TorchPropagator(system, 7, 0.1, method, precision),
    ]
    expected, found = (journey(p, x, V) for p in made)
    assert_same(found, expected, 1e-12 if precision == "float64" else 1e-5)
    if precision == "mixed":  # the state is in float64 all the same
        np.testing.assert_allclose(found[0], expected[0], rtol=0, atol=1e-13)


def test_the_jacobian_of_populations_and_states(rng: np.random.Generator) -> None:
    """Against differences of the slopes themselves."""
    system = lyapunov.of_network(custom_network(), seed=3)
    x, h, size = system.start(0), 1e-5, 14
    made = TorchPropagator(system, size, 1.0, "euler", "float64")

    def slopes(at: np.ndarray) -> np.ndarray:
        made.begin(at, np.eye(size))
        made.advance(1)
        return made.state() - at

    columns = [(slopes(x + h * e) - slopes(x - h * e)) / (2 * h) for e in np.eye(size)]
    slopes(x)
    np.testing.assert_allclose(made.frame() - np.eye(size), np.stack(columns, 1), atol=1e-9)
    assert made.divergence == pytest.approx(np.trace(columns), abs=1e-9)


@pytest.mark.slow
@pytest.mark.parametrize("method", ["ab4", "rk4"])
def test_populations_states_and_currents(method: Any, rng: np.random.Generator) -> None:
    system = lyapunov.of_network(custom_network(), seed=3)
    assert system.size == 14
    x, V = system.start(0), rates.frame(14, 4, rng)
    made = [system.propagator(4, 0.5, method, "float64")]
    made += [TorchPropagator(system, 4, 0.5, method, "float64")]
    assert_same(journey(made[1], x, V), journey(made[0], x, V))


@pytest.mark.parametrize("system", [lorenz(), henon()], ids=["flow", "map"])
def test_equations(system: lyapunov.DeclaredSystem) -> None:
    for method in METHODS[system.meaning]:
        if method == "euler":
            continue
        made = [system.propagator(2, 0.01, method, "float64")]
        made += [TorchPropagator(system, 2, 0.01, method, "float64")]
        x, V = system.start(0), np.eye(system.size)[:, :2]
        assert_same(journey(made[1], x, V, 2), journey(made[0], x, V, 2), 1e-10)


def test_state_alone(rng: np.random.Generator) -> None:
    system = rates.system(rates.network("tanh", "current", 1.0, rng))
    made = [system.propagator(0, 0.1, "ab4", "float64")]
    made += [TorchPropagator(system, 0, 0.1, "ab4", "float64")]
    for propagator in made:
        propagator.begin(system.start(0), None)
        propagator.advance(20)
    np.testing.assert_allclose(made[1].state(), made[0].state(), rtol=0, atol=1e-13)
    assert made[1].frame().shape == (12, 0)
    assert made[1].renormalise("lu")[0].shape == (0,)


def test_going_back(rng: np.random.Generator) -> None:
    system = rates.system(rates.network("tanh", "current", 1.0, rng))
    propagator = TorchPropagator(system, 3, 0.1, "ab4", "float64")
    propagator.begin(system.start(0), rates.frame(12, 3, rng))
    propagator.advance(7)
    before, step = propagator.snapshot(), propagator.step
    first = [(propagator.advance(5), propagator.renormalise("lu"), propagator.state())[1:]]
    propagator.restore(before)
    assert propagator.step == step
    propagator.advance(5)
    again = propagator.renormalise("lu")
    assert np.array_equal(again[0], first[0][0][0])
    assert np.array_equal(propagator.state(), first[0][1])


# -- factorisations -----------------------------------------------------------------------------


def test_householder_gives_its_factor(rng: np.random.Generator) -> None:
    system = rates.system(rates.network("tanh", "current", 1.0, rng))
    propagator = TorchPropagator(system, 3, 0.1, "rk4", "float64")
    V = rng.normal(size=(12, 3))
    propagator.begin(system.start(0), V)
    logs, factor = propagator.renormalise("householder")
    assert factor is not None
    np.testing.assert_allclose(propagator.frame() @ factor, V, atol=1e-14)
    np.testing.assert_allclose(propagator.frame().T @ propagator.frame(), np.eye(3), atol=1e-14)
    np.testing.assert_allclose(np.exp(logs), np.diag(factor))
    assert np.array_equal(factor, np.triu(factor))


@pytest.mark.parametrize("kind", ["lu", "cholesky"])
def test_a_factorisation_that_fails(kind: Any, rng: np.random.Generator) -> None:
    system = rates.system(rates.network("tanh", "current", 1.0, rng))
    propagator = TorchPropagator([system, system], 2, 0.1, "rk4", "float64")
    V = np.stack([rates.frame(12, 2, rng), np.zeros((12, 2))])
    propagator.begin(np.stack([system.start(0)] * 2), V)
    logs, _ = propagator.renormalise(kind)
    assert np.isfinite(logs[0]).all()
    assert not np.isfinite(logs[1]).any()


# -- many systems at once -----------------------------------------------------------------------


@pytest.mark.parametrize("method", ["ab4", "rk4"])
@pytest.mark.parametrize("density", [1.0, 0.05])
def test_several_systems(method: Any, density: float, rng: np.random.Generator) -> None:
    nets = [rates.network("tanh", "current", density, rng, 30) for _ in range(3)]
    systems = [rates.system(n) for n in nets]
    x, V = (
        np.stack([s.start(i) for i, s in enumerate(systems)]),
        np.stack([rates.frame(30, 4, rng) for _ in systems]),
    )
    found = journey(TorchPropagator(systems, 4, 0.1, method, "float64"), x, V)
    for i, system in enumerate(systems):
        alone = journey(TorchPropagator(system, 4, 0.1, method, "float64"), x[i], V[i])
        assert_same((found[0][i], found[1][i], found[2][:, i], found[3][i]), alone)


def test_systems_that_differ_in_a_parameter(rng: np.random.Generator) -> None:
    matrix = lyapunov.random_matrix(12, 1.5)
    systems = [
        lyapunov.of_network(lyapunov.matrix_network(matrix, gain=gain)) for gain in (0.5, 1.0, 2.0)
    ]
    x, V = np.stack([systems[0].start(0)] * 3), np.stack([rates.frame(12, 4, rng)] * 3)
    joint = TorchPropagator(systems, 4, 0.1, "ab4", "float64")
    assert joint.field.coupling.transposed.shape == (12, 12)  # type: ignore[union-attr]
    found = journey(joint, x, V)
    for i, system in enumerate(systems):
        alone = journey(TorchPropagator(system, 4, 0.1, "ab4", "float64"), x[i], V[i])
        assert_same((found[0][i], found[1][i], found[2][:, i], found[3][i]), alone)


def test_a_system_that_diverges_leaves_the_others_alone(rng: np.random.Generator) -> None:
    matrices = [lyapunov.random_matrix(12, g) for g in (0.5, 50.0)]
    systems = [
        lyapunov.of_network(lyapunov.matrix_network(m, activation="linear")) for m in matrices
    ]
    x, V = np.stack([systems[0].start(0)] * 2), np.stack([rates.frame(12, 2, rng)] * 2)
    joint = TorchPropagator(systems, 2, 0.1, "rk4", "float64")
    joint.begin(x, V)
    joint.advance(400)
    alone = TorchPropagator(systems[0], 2, 0.1, "rk4", "float64")
    alone.begin(x[0], V[0])
    alone.advance(400)
    assert not np.isfinite(joint.state()[1]).any()
    np.testing.assert_allclose(joint.state()[0], alone.state(), rtol=0, atol=1e-13)
    np.testing.assert_allclose(
        joint.renormalise("lu")[0][0], alone.renormalise("lu")[0], rtol=0, atol=1e-12
    )


@pytest.mark.parametrize(
    ("other", "message"),
    [
        (lambda: rates.system(lyapunov.random_network(13, 1.0)), "another populations, models or"),
        (lambda: rates.system(lyapunov.random_network(12, 1.0, activation="relu")), "models or"),
        (lambda: rates.system(lyapunov.random_network(12, 1.0), "map"), "meaning of exponents"),
        (lambda: lyapunov.of_network(lyapunov.random_network(12, 1.0), unit="tau"), "unit of time"),
    ],
)
def test_systems_that_do_not_fit_together(other: Any, message: str) -> None:
    systems = [rates.system(lyapunov.random_network(12, 1.0)), other()]
    with pytest.raises(NetworkError, match=message):
        TorchPropagator(systems, 2, 0.1, "rk4", "float64")


# -- on a graphics card -------------------------------------------------------------------------

if torch.cuda.is_available():

    @pytest.mark.parametrize("density", [1.0, 0.05])
    @pytest.mark.parametrize("precision", ["float64", "mixed"])
    @pytest.mark.parametrize("method", ["ab4", "rk4", "euler"])
    def test_on_cuda(method: Any, precision: Any, density: float, rng: np.random.Generator) -> None:
        """Steps are recorded once and replayed; what is left of an interval is not."""
        nets = [rates.network("tanh", "current", density, rng, 30) for _ in range(2)]
        systems = [rates.system(n, "map" if method == "euler" else "flow") for n in nets]
        x, V = (
            np.stack([s.start(0) for s in systems]),
            np.stack([rates.frame(30, 4, rng) for _ in systems]),
        )
        made = [TorchPropagator(systems, 4, 0.1, method, precision, d) for d in ("cpu", "cuda")]
        expected, found = (journey(p, x, V, 17) for p in made)
        assert_same(found, expected, 1e-11 if precision == "float64" else 1e-4)

    def test_currents_on_cuda(rng: np.random.Generator) -> None:
        system = lyapunov.of_network(custom_network(), seed=3)
        x, V = system.start(0), rates.frame(14, 4, rng)
        made = [TorchPropagator(system, 4, 0.5, "ab4", "float64", d) for d in ("cpu", "cuda")]
        assert_same(journey(made[1], x, V, 17), journey(made[0], x, V, 17))
