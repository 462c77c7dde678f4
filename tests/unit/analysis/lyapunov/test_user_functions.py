"""Functions of a user's, by torch or with a derivative of their own, and what may be wrong."""

from __future__ import annotations

import numpy as np
import pytest

from neurobridge.analysis import lyapunov
from neurobridge.errors import ModelError, NetworkError, UnknownNameError
from tests.requirements import require

require("numba")

from tests.unit.analysis.lyapunov.systems import lorenz, lorenz_96  # noqa: E402

require("torch")

import torch  # noqa: E402


def _torch_lorenz(x):  # type: ignore[no-untyped-def]
    return torch.stack([10 * (x[1] - x[0]), x[0] * (28 - x[2]) - x[1], x[0] * x[1] - 8 / 3 * x[2]])


@pytest.mark.parametrize("method", ["rk4", "ab4"])
def test_a_torch_function_is_what_equations_are(method: str) -> None:
    start = np.array([1.0, 1.0, 20.0])
    own = lyapunov.function(_torch_lorenz, start)
    options = {"time": 3.0, "transient": 0.0, "warm_up": 0.0, "progress": False, "checks": False}
    one = lyapunov.spectrum(own, method=method, **options)  # type: ignore[arg-type]
    other = lyapunov.spectrum(lorenz(), method=method, **options)  # type: ignore[arg-type]
    assert np.abs(one.exponents - other.exponents).max() < 1e-9


def test_a_derivative_by_hand_is_that_of_torch() -> None:
    by_hand = lorenz_96(8)
    by_torch = lyapunov.function(
        lambda x: (torch.roll(x, -1) - torch.roll(x, 2)) * torch.roll(x, 1) - x + 8.0,
        by_hand.start(0),
        dt=0.05,
    )
    options = {"time": 10.0, "transient": 1.0, "warm_up": 1.0, "progress": False, "checks": False}
    one, other = (lyapunov.spectrum(s, **options) for s in (by_hand, by_torch))  # type: ignore[arg-type]
    assert np.abs(one.exponents - other.exponents).max() < 1e-9


def test_a_map() -> None:
    own = lyapunov.function(
        lambda x: torch.stack([1 - 1.4 * x[0] ** 2 + x[1], 0.3 * x[0]]), [0.1, 0.1], meaning="map"
    )
    found = lyapunov.spectrum(own, time=500, progress=False, checks=False)
    assert found.sum == pytest.approx(np.log(0.3), abs=1e-12)


def test_a_kink_that_torch_does_not_see() -> None:
    with pytest.raises(ModelError, match="the derivative is not that of the function"):
        lyapunov.function(lambda x: x.detach() ** 2, [1.0, 2.0])


def test_a_wrong_derivative() -> None:
    with pytest.raises(ModelError, match="the derivative is not that of the function"):
        lyapunov.function(lambda x: x**2, [1.0, 2.0], jvp=lambda x, v: x[:, None] * v)


@pytest.mark.parametrize(
    ("value", "start", "message"),
    [
        (lambda x: x[:1], [1.0, 2.0], r"expected an array of shape \(2,\), got \(1,\)"),
        (lambda x: np.sin(x.numpy()), [1.0, 2.0], "takes and returns torch tensors"),
        (lambda x: x, [1.0, np.nan], "expected finite numbers"),
        (lambda x: x, [], "expected finite numbers"),
    ],
)
def test_bad_functions(value, start, message) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises((ModelError, NetworkError), match=message):
        lyapunov.function(value, start)


def test_bad_shape_of_a_derivative() -> None:
    with pytest.raises(ModelError, match=r"jvp: expected an array of shape \(2, 2\)"):
        lyapunov.function(lambda x: x, [1.0, 2.0], jvp=lambda x, v: v.T[:1])


def test_bad_options() -> None:
    with pytest.raises(UnknownNameError, match="meaning 'flows'"):
        lyapunov.function(lambda x: x, [1.0], meaning="flows")  # type: ignore[arg-type]
    with pytest.raises(NetworkError, match="names: expected 2, got 1"):
        lyapunov.function(lambda x: x, [1.0, 2.0], names=["x"])
    system = lyapunov.function(lambda x: -x, [1.0, 2.0])
    with pytest.raises(NetworkError, match="worked out in float64"):
        lyapunov.spectrum(system, precision="mixed", time=1.0, progress=False)


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ("dx/dt = -x; y' = y", ModelError, "are mixed"),
        ("", ModelError, "there is none"),
        ("x = 3", ModelError, "cannot read 'x = 3'"),
        ("dx/dt = -x; dx/dt = x", ModelError, "defined twice"),
        ("dx/dt = -a*x", UnknownNameError, "name in the equation of 'x' 'a'"),
        ("dx/dt = x^2", ModelError, "are allowed"),
    ],
)
def test_bad_equations(text: str, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        lyapunov.equations(text)


def test_bad_values_of_equations() -> None:
    with pytest.raises(NetworkError, match="parameter 'a' must be finite"):
        lyapunov.equations("dx/dt = -a*x", {"a": float("nan")})
    with pytest.raises(NetworkError, match="parameter 'a' must be a number"):
        lyapunov.equations("dx/dt = -a*x", {"a": "3 ms"})  # type: ignore[dict-item]
    with pytest.raises(UnknownNameError, match="initial value 'y'"):
        lyapunov.equations("dx/dt = -x", initial={"y": 1.0})
    with pytest.raises(ModelError, match="both states and parameters"):
        lyapunov.equations("dx/dt = -x", {"x": 1.0})
