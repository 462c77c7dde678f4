"""FlyStability's numbers, faults included, against what its code gave on this and another machine.

Where the network is at rest, they agree to all digits that were written down. Where it is chaotic,
float32 makes the trajectory depend on the processor: the reference values of 200 tau are from an
AMD EPYC, and on an Intel Xeon the original's own operations, in its own order, give others too (to
the last bit those of this module). There the tolerance is what different instruction sets of one
processor differ by, up to 0.06. After 20 tau the difference is still below 1e-5.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from neurobridge.analysis.lyapunov.dimension import kaplan_yorke
from neurobridge.analysis.lyapunov.flystability import (
    LABEL,
    FlyStabilitySpectrum,
    flystability_network,
    flystability_spectrum,
)
from neurobridge.errors import BackendUnavailableError, NetworkError, UnknownNameError
from tests.requirements import require

require("torch")

import torch  # noqa: E402

Function = Callable[[np.ndarray], np.ndarray]

# By the original, its network of g = 3 and seed 0, tanh, 200 tau: exponents 1 to 10, and some more.
FIRST_TEN = {
    100: [.12267, .07447, .04203, -.00610, -.06104, -.09341, -.15178, -.17855, -.24625, -.25907],
    200: [.19859, .11761, .05171, .03225, .01129, -.01818, -.02407, -.05754, -.11333, -.11021],
}  # fmt: skip
OTHERS = {
    100: {11: -.30713, 26: -.74828, 51: -1.03768, 76: -1.31329, 91: -1.79829, 100: -2.39573},
    200: {21: -.37196, 51: -.80151, 101: -1.02929, 151: -1.25506, 181: -1.71865, 200: -2.44292},
}  # fmt: skip
MEAN = {100: -1.02969, 200: -1.03289}

# By the original's operations after 20 tau, N = 100, g = 3, seed 0.
AFTER_20 = {
    1: .2309940, 2: .3332633, 3: .2071640, 5: .0211444, 10: -.1432732, 50: -1.0034728,
    100: -2.5203095,
}  # fmt: skip

# By the original: mean of the leading exponent over networks 0 to 2 of 200 neurons.
LEADING = {
    "tanh": {0.5: -0.5245, 0.8: -0.2304, 1.0: -0.042},
    "tanh_positive": {0.5: -0.548, 1.2: -0.071, 1.5: 0.076, 2.5: 0.377, 6: 0.638},
}  # fmt: skip
TWO = [[0, -0.9], [0.5, 0]]


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.mark.parametrize(("n", "total"), [(100, 2335.33935), (200, 6696.51687)])
def test_the_network_is_theirs(n: int, total: float) -> None:
    weights, initial = flystability_network(n, 3.0, 0)
    assert np.abs(weights).sum() == pytest.approx(total, abs=5e-6)
    assert not np.diag(weights).any()
    np.random.seed(0)  # noqa: NPY002
    drawn = np.random.normal(0, 3 / np.sqrt(n), (n, n))  # noqa: NPY002
    np.fill_diagonal(drawn, 0)
    assert np.array_equal(weights, drawn)
    assert np.array_equal(initial, np.random.normal(0, 1, n))  # noqa: NPY002


def test_twenty_tau() -> None:
    weights, initial = flystability_network(100, 3.0, 0)
    found = flystability_spectrum(weights, initial=initial, time=20).exponents
    chosen = [found[index - 1] for index in AFTER_20]
    np.testing.assert_allclose(chosen, list(AFTER_20.values()), atol=2e-5)
    assert found.mean() == pytest.approx(-1.0296589, abs=1e-6)


def by_hand(
    weights: np.ndarray, state: np.ndarray, phi: Function, slope: Function, time: float, k: int
) -> np.ndarray:
    """The algorithm with a whole Jacobian, in float64, from the same first frame."""
    torch.manual_seed(41)
    frame = np.linalg.qr(torch.randn(len(weights), k).numpy().astype(float))[0]
    settle = round(time / 10)
    last = round(time * 10) + 2 * settle - 1
    sums, elapsed = np.zeros(k), 1.0
    for step in range(1, last + 1):
        state = 0.9 * state + 0.1 * weights @ phi(state)
        if step > settle:
            jacobian = 0.9 * np.eye(len(weights)) + 0.1 * weights @ np.diag(slope(state))
            frame = jacobian @ frame
            if step % 2 == 0 or step == last:
                frame, triangle = np.linalg.qr(frame)
                sums += np.log(np.abs(np.diag(triangle))) if step > 2 * settle else 0
                elapsed = 0.1 * step
    return sums / elapsed


@pytest.mark.parametrize("activation", ["tanh", "tanh_positive", "tanh_stretched"])
def test_gains_and_shifts_go_where_they_go_there(activation: Any, rng: np.random.Generator) -> None:
    """With tanh into the Jacobian alone; otherwise gains into both, shifts into the state."""
    weights, initial = flystability_network(40, 2.0, 3)
    gain, shift = rng.uniform(0.7, 1.4, 40), rng.normal(0, 0.3, 40)
    phi: Function = {
        "tanh": np.tanh,
        "tanh_positive": lambda x: 0.5 * (1 + np.tanh(gain * (x - shift))),
        "tanh_stretched": lambda x: np.tanh(gain * (x - shift)),
    }[activation]
    expected = by_hand(weights, initial, phi, lambda x: gain / np.cosh(x) ** 2, 10, 12)
    found = flystability_spectrum(
        weights, initial=initial, activation=activation, gains=gain, shifts=shift, time=10, k=12
    )
    np.testing.assert_allclose(found.exponents, expected, atol=5e-5)


@pytest.mark.parametrize("activation", LEADING)
def test_networks_at_rest_to_all_digits(activation: Any) -> None:
    """With tanh_positive the networks are at rest up to g = 6; the exponents say chaos at 1.5."""
    for g, expected in LEADING[activation].items():
        leading = []
        for seed in range(3):
            weights, initial = flystability_network(200, g, seed)
            found = flystability_spectrum(weights, initial=initial, activation=activation, k=1)
            leading.append(found.exponents[0])
        assert np.mean(leading) == pytest.approx(expected, abs=7e-4), g


@pytest.mark.parametrize("n", [100, 200])
def test_chaotic_networks_as_far_as_processors_agree(n: int) -> None:
    weights, initial = flystability_network(n, 3.0, 0)
    found = flystability_spectrum(weights, initial=initial).exponents
    np.testing.assert_allclose(found[:10], FIRST_TEN[n], atol=0.08)
    for index, expected in OTHERS[n].items():
        tolerance = 0.03 if index > n // 2 else 0.12
        assert found[index - 1] == pytest.approx(expected, rel=tolerance)
    assert found.mean() == pytest.approx(MEAN[n], abs=1e-3)


@pytest.mark.parametrize("initial", [(0.0, 0.0), (-0.5, -0.1)])
def test_two_neurons(initial: tuple[float, float]) -> None:
    """Its own test: -1.0259, the logarithm of |0.9 + 0.0671i| over 0.1, divided by 1.02."""
    found = flystability_spectrum(TWO, initial=initial, time=1001, interval=10)
    np.testing.assert_allclose(found.exponents, [-1.0056, -1.0059], atol=1e-3)
    exact = np.log(abs(0.9 + 0.1j * np.sqrt(0.45))) / 0.1
    assert found.exponents.mean() == pytest.approx(exact / 1.02, abs=5e-4)
    assert found.dimensionality == 0
    assert found.entropy == 0


@pytest.mark.parametrize(("n", "dimension", "entropy"), [(100, 6, 0.2392), (200, 10, 0.4115)])
def test_whole_dimension_and_entropy(n: int, dimension: int, entropy: float) -> None:
    first = FlyStabilitySpectrum(np.array([*FIRST_TEN[n], -0.5]), 0.1, 200.0, "tanh", 0.2)
    assert first.dimensionality == dimension
    assert first.entropy == pytest.approx(entropy, abs=1e-4)
    if n == 100:
        assert kaplan_yorke(first.exponents, n) == pytest.approx(6.518, abs=1e-3)
    all_up = FlyStabilitySpectrum(np.array([0.3, 0.1]), 0.1, 200.0, "tanh", 0.2)
    assert all_up.dimensionality == 2


def test_the_interval_that_adapts() -> None:
    """By the original's operations; an interval of 0.2 gives exponents that are larger by 1e-3."""
    weights, initial = flystability_network(50, 0.8, 1)
    found = flystability_spectrum(weights, initial=initial, time=100, interval=None)
    expected = [-0.26312, -0.38792, -0.44081, -0.60707, -1.07998, -1.87099]
    np.testing.assert_allclose(found.exponents[[0, 1, 2, 9, 29, 49]], expected, atol=1e-5)
    assert found.interval is None
    weights, initial = flystability_network(50, 3.0, 1)
    one, same = (
        flystability_spectrum(weights, initial=initial, time=20, k=1, interval=interval)
        for interval in (None, 0.2)
    )
    assert np.array_equal(one.exponents, same.exponents)


def test_other_random_numbers_are_left_alone() -> None:
    torch.manual_seed(7)
    expected = torch.rand(1)
    torch.manual_seed(7)
    flystability_spectrum(TWO, initial=[0.1, 0.2], time=2)
    assert torch.rand(1) == expected


def test_it_says_what_it_is() -> None:
    found = flystability_spectrum(TWO, initial=[0.1, 0.2], time=2, k=1)
    assert found == flystability_spectrum(TWO, initial=[0.1, 0.2], time=2, k=1)
    assert "known to be wrong" in LABEL
    assert LABEL in repr(found)
    document = json.loads(json.dumps(found.to_dict()))
    assert next(iter(document)) == "label"
    assert document["label"] == LABEL
    assert any("1.02" in line for line in document["wrong"])
    assert document["exponents"] == found.exponents.tolist()


GOOD = {"weights": TWO, "initial": [0.0, 0.0]}
REFUSED = {
    "not square": ({"weights": [[0, 1, 2], [1, 0, 2]]}, "post x pre, got shape (2, 3)"),
    "no neuron": ({"weights": np.zeros((0, 0))}, "expected a square matrix"),
    "states": ({"initial": [0.0]}, "initial: expected one for each of 2 neurons, got shape (1,)"),
    "one state": ({"initial": 0.0}, "initial: expected one for each of 2 neurons, got shape ()"),
    "gains": ({"gains": [1, 2, 3]}, "gains: expected one for each of 2 neurons"),
    "shifts": ({"shifts": [[1, 2]]}, "shifts: expected one for each of 2 neurons"),
    "finite": ({"weights": [[0, np.inf], [1, 0]]}, "must be finite in float32"),
    "k": ({"k": 3}, "k: expected at most the 2 neurons that there are, got 3"),
    "no k": ({"k": 0}, "k: expected a whole number >= 1"),
    "dt": ({"dt": 1.5}, "dt: expected at most 1 tau, got 1.5"),
    "no dt": ({"dt": 0.0}, "dt: expected a finite number above 0"),
    "time": ({"time": -1.0}, "time: expected a finite number above 0"),
    "interval": ({"interval": 0.05}, "interval: expected at least a time step of 0.1, got 0.05"),
    "lost": (
        {"gains": 1e30, "time": 5},
        "exponent 0 is not finite: the state or the frame leaves the range of float32",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_it_cannot_do(case: str) -> None:
    arguments, message = REFUSED[case]
    with pytest.raises(NetworkError, match=re.escape(message)):
        flystability_spectrum(**{**GOOD, **arguments})  # type: ignore[arg-type]


def test_other_bad_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'tanh_stretched'"):
        flystability_spectrum(**GOOD, activation="tanh_streched")  # type: ignore[arg-type]
    with pytest.raises(NetworkError, match="n: expected a whole number >= 1"):
        flystability_network(0, 1.0, 0)
    with pytest.raises(NetworkError, match="g: expected a finite number above 0"):
        flystability_network(3, -1.0, 0)
    with pytest.raises(NetworkError, match="seed: the legacy generator takes 0"):
        flystability_network(3, 1.0, 2**32)
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(BackendUnavailableError, match="needs torch, whose generator draws"):
        flystability_spectrum(**GOOD)
