"""Covariant vectors: those of a linear system, of Lorenz, and their statistics."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from neurobridge.analysis import lyapunov
from neurobridge.errors import NetworkError, UnknownNameError
from tests.requirements import require

require("numba")

from tests.unit.analysis.lyapunov.systems import lorenz  # noqa: E402


def test_in_a_linear_system_they_are_the_eigenvectors() -> None:
    matrix = np.array([[-0.2, 0.9, 0.0], [0.0, -0.8, 0.7], [0.0, 0.0, -1.7]])  # not normal
    system = lyapunov.function(
        lambda x: matrix @ x, np.ones(3), jvp=lambda _, v: matrix @ v, dt=0.02
    )
    found = lyapunov.covariant_vectors(system, 3, time=20.0, progress=False)
    values, vectors = np.linalg.eig(matrix)
    order = np.argsort(-values.real)
    for i, j in enumerate(order):
        overlap = np.abs(found.vectors[:, :, i] @ vectors[:, j].real)
        assert np.abs(overlap - 1).max() < 1e-8
    assert np.abs(found.exponents - np.sort(values.real)[::-1]).max() < 1e-6


def test_the_second_of_lorenz_lies_along_the_flow() -> None:
    found = lyapunov.covariant_vectors(lorenz(), 3, time=100.0, progress=False)
    x, y, z = found.states.T
    flow = np.stack([10 * (y - x), x * (28 - z) - y, x * y - 8 / 3 * z], axis=1)
    flow /= np.linalg.norm(flow, axis=1)[:, None]
    assert np.abs(np.einsum("tn,tn->t", flow, found.vectors[:, :, 1])).min() > 1 - 1e-8
    assert found.exponents.sum() == pytest.approx(-41 / 3, abs=0.3)
    forwards = found.backward_exponents.mean(axis=0)
    assert np.abs(found.exponents - forwards).max() < 0.1
    angle = found.angles(0, 2)
    assert ((angle >= 0) & (angle <= np.pi / 2)).all()
    assert found.times.shape == (found.states.shape[0],)


def test_they_are_covariant() -> None:
    """The Jacobian of the flow over an interval takes each onto itself."""
    system = lyapunov.of_network(lyapunov.random_network(40, 3.0, seed=2))
    found = lyapunov.covariant_vectors(
        system, 6, time=10.0, dt=0.02, method="rk4", interval=0.2, warm_up=60.0, progress=False
    )
    propagator = system.propagator(6, 0.02, "rk4", "float64")
    for t in (0, 20, 40):
        propagator.begin(found.states[t], found.vectors[t])
        propagator.advance(10)
        moved = propagator.frame()
        length = np.linalg.norm(moved, axis=0)
        overlap = np.einsum("nk,nk->k", moved / length, found.vectors[t + 1])
        assert np.abs(np.abs(overlap) - 1).max() < 1e-7
        assert np.abs(np.log(length) / 0.2 - found.local_exponents[t]).max() < 1e-7


def test_shares_of_groups() -> None:
    network = lyapunov.random_network(30, 3.0)
    found = lyapunov.covariant_vectors(
        lyapunov.of_network(network), 4, time=10.0, progress=False, warm_up=20.0
    )
    groups = np.repeat(["a", "b"], [10, 20])
    table = found.by_group(groups)
    assert table.groupby("vector")["share"].sum().to_numpy() == pytest.approx(np.ones(4))
    squares = (found.vectors[:, :10, 0] ** 2).sum(axis=1).mean()
    first = table[(table["vector"] == 0) & (table["group"] == "a")].iloc[0]
    assert first["share"] == pytest.approx(squares)
    assert first["enrichment"] == pytest.approx(squares * 3)
    assert (found.by_group("population")["share"] - 1).abs().max() < 1e-12
    assert (found.participation > 1).all()
    assert (found.participation <= 30).all()
    assert found.draw().axes
    with pytest.raises(UnknownNameError, match="label of the states 'cell_type'"):
        found.by_group("cell_type")
    with pytest.raises(NetworkError, match="a value for each of 30 states"):
        found.by_group(np.zeros(3))
    with pytest.raises(NetworkError, match="vectors 0 to 3, got 9"):
        found.angles(0, 9)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"k": "adaptive"}, "expected a whole number or 'all'"),
        ({"k": 3, "time": 0.01}, "ask for more time"),
        ({"k": 3, "time": 1e9}, "the cap is 4 GB"),
    ],
)
def test_bad_input(options: dict[str, Any], message: str) -> None:
    with pytest.raises(NetworkError, match=message):
        lyapunov.covariant_vectors(
            lorenz(), options.pop("k"), **{"time": 1.0, "progress": False, **options}
        )
