"""Losses on Lyapunov exponents: values, gradients of everything that is trained, and training."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import neurobridge as nb
from neurobridge.analysis import lyapunov
from neurobridge.analysis.lyapunov.directions import initial_frame
from neurobridge.errors import ModelError, NetworkError, TrainingError
from tests.requirements import require
from tests.unit.training import networks

require("torch")
require("numba")

import torch  # noqa: E402

from neurobridge.training import (  # noqa: E402
    Autonomous,
    Objective,
    Train,
    TrainableNetwork,
    Validated,
    losses,
    validated,
)
from neurobridge.training.losses.exponents import OfExponents  # noqa: E402
from tests.unit.training.seen import seen  # noqa: E402

SHORT: dict[str, Any] = {
    "windows": 2, "window": 20.0, "interval": 5.0, "transient": 30.0, "warm_up": 10.0, "dt": 1.0,
    "unit": "ms",
}  # fmt: skip
FIXED = {**SHORT, "windows": 1, "window": 30.0, "transient": 0.0, "warm_up": 0.0}
"""One window that begins where the seed says, so that nothing before it has a gradient."""


def types(density: float = 0.6) -> nb.Network:
    """Rate neurons with cell types and transmitters, that keep Dale's law, in two populations."""
    rng = np.random.default_rng(3)
    n = 30
    sign = np.where(np.arange(n) % 3 == 0, -1, 1).astype(np.int8)
    labels = nb.Labels(
        {
            "cell_type": np.array(["A", "B", "C"])[np.arange(n) % 3],
            "nt": np.array(["gaba", "ach"])[(sign > 0).astype(int)],
        },
        sign,
    )
    net = nb.NetworkBuilder()
    net.population(
        "cells", n, nb.models.rate_model("tanh"), labels=labels, tau=10.0,
        gain=np.array([0.8, 1.1, 1.3])[np.arange(n) % 3], shift=0.1,
    )  # fmt: skip
    net.population("drive", 4, nb.models.rate_model("sigmoid", "activity"), tau=7.0, bias=0.4)
    pairs = np.argwhere(rng.random((n, n)) < density)
    weight = np.abs(rng.normal(size=len(pairs))) * sign[pairs[:, 0]] / np.sqrt(density * n)
    net.connect("synapses", "cells", "cells", pairs, weight=2 * weight, delay=0.0)
    into = np.argwhere(np.ones((4, n)))
    net.connect("input", "drive", "cells", into, weight=0.2 * rng.normal(size=len(into)), delay=0.0)
    return net.build()


PATHS = {
    "weights": (Train("projections.synapses.weight"),),
    "free weights": (Train("projections.input.weight", sign="free"),),
    "weights of some": (Train("projections.synapses.weight", where={"post.cell_type": "B"}),),
    "a number of weights": (Train("projections.synapses.weight", number=20),),
    "scales": (Train("projections.synapses.scale", by=("pre.nt", "post.cell_type")),),
    "low rank": (Train("projections.synapses.low_rank", rank=2, spread=0.3),),
    "tau": (Train("populations.cells.tau"),),
    "one tau": (Train("populations.drive.tau", by="all"),),
    "gain": (Train("populations.cells.gain"),),
    "gain by type": (Train("populations.cells.gain", by="cell_type"),),
    "shift": (Train("populations.cells.shift"),),
    "shift by transmitter": (Train("populations.cells.shift", by="nt"),),
    "a number of shifts": (Train("populations.cells.shift", number=7),),
    "bias": (Train("populations.drive.bias"),),
    "all": (
        Train("projections.synapses.weight"), Train("populations.cells.gain"),
        Train("populations.cells.shift"), Train("populations.cells.tau"),
    ),
}  # fmt: skip


def model_of(network: nb.Network, *train: Train, **options: Any) -> TrainableNetwork:
    return TrainableNetwork(network, 1.0, train, **{"precision": "float64", **options})


# -- gradients ----------------------------------------------------------------------------------


@pytest.mark.parametrize("density", [0.6, 0.04])
@pytest.mark.parametrize("meaning", ["flow", "map"])
@pytest.mark.parametrize("name", list(PATHS))
def test_gradients(name: str, meaning: Any, density: float) -> None:
    """Along a direction, against central differences of order four."""
    model = model_of(types(density), *PATHS[name])
    loss = losses.SpectrumMSE(0.01, k=4, meaning=meaning, **FIXED)
    loss.value(model).backward()
    for parameter in model.parameters():
        direction = torch.cos(torch.arange(parameter.numel(), dtype=torch.float64))
        direction = direction.view_as(parameter) / direction.norm()
        assert parameter.grad is not None
        along = float((parameter.grad * direction).sum())
        assert along != 0
        measured = difference(model, parameter, direction, loss)
        assert along == pytest.approx(measured, rel=1e-6, abs=1e-11)


def difference(
    model: TrainableNetwork, parameter: Any, direction: Any, loss: OfExponents, h: float = 3e-4
) -> float:
    values = []
    with torch.no_grad():
        for k in (2, 1, -1, -2):
            parameter += k * h * direction
            values.append(float(loss.value(model)))
            parameter -= k * h * direction
    return (-values[0] + 8 * values[1] - 8 * values[2] + values[3]) / (12 * h)


def test_an_initial_state_has_no_gradient() -> None:
    """The attractor does not know where it was reached from."""
    network = networks.rate()
    model = model_of(network, Train("populations.units.initial.x"), Train("populations.units.bias"))
    losses.SpectrumMSE(0.0, k=2, **SHORT).value(model).backward()
    assert model.parts[0].step.grad is None
    assert float(model.parts[1].step.grad.abs().sum()) > 0


# -- exponents ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("meaning", "method"), [("flow", "rk4"), ("map", "euler")])
def test_exponents_are_those_of_the_network(meaning: Any, method: Any) -> None:
    """Carried on by hand from the same state and frame, in one go."""
    model = model_of(networks.rate(), Train("populations.units.gain"))
    with torch.no_grad():
        model.parts[0].step += 0.3
    loss = losses.SpectrumMSE(k=3, meaning=meaning, **SHORT)
    system = lyapunov.of_network(model.to_network(), meaning, unit="ms")
    alone = system.propagator(0, 1.0, method, "float64")
    alone.begin(system.start(0), None)
    alone.advance(30)
    carried = system.propagator(3, 1.0, method, "float64")
    carried.begin(alone.state(), initial_frame(8, 3, 0))
    logs = []
    for _ in range(10):
        carried.advance(5)
        logs.append(carried.renormalise("householder")[0])
    expected = np.array(logs)[2:].reshape(2, 4, 3).sum(1) / 20.0
    found = loss.window_exponents(model).detach().numpy()
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)
    mean = loss.exponents(model).detach().numpy()
    np.testing.assert_allclose(mean, np.sort(expected.mean(0))[::-1], rtol=0, atol=1e-12)


def test_a_unit_of_tau() -> None:
    network = lyapunov.random_network(10, 1.5, tau=4.0)
    model = model_of(network, Train("projections.synapses.weight", sign="free"))
    options = {"windows": 1, "window": 5.0, "transient": 5.0, "warm_up": 2.0}
    of_tau = losses.SpectrumMSE(k=2, **options).exponents(model)
    of_ms = losses.SpectrumMSE(
        k=2, unit="ms", interval=4.0, **{n: 4 * v if v != 1 else v for n, v in options.items()}
    ).exponents(model)
    torch.testing.assert_close(of_tau, 4 * of_ms)


def test_where_a_trajectory_begins() -> None:
    model = model_of(networks.rate(), Train("populations.units.gain"))
    options = {**SHORT, "transient": 0.0, "warm_up": 0.0}
    values = [
        float(losses.SpectrumMSE(k=2, **options, **more).value(model).detach())
        for more in ({}, {"seed": 1}, {"initial": 0.1}, {"initial": np.zeros(8)}, {"seed": 0})
    ]
    assert len(set(values)) == 4
    assert values[0] == values[-1]


# -- values -------------------------------------------------------------------------------------

ROWS = [[0.5, 0.1, -0.4, -0.9], [0.3, 0.3, -0.6, -0.7]]
MEAN = np.array([0.4, 0.2, -0.5, -0.8])

BY_HAND = {
    "mse": (losses.SpectrumMSE(k=4), np.mean(MEAN**2)),
    "mse of a number": (losses.SpectrumMSE(0.1, k=4), np.mean((MEAN - 0.1) ** 2)),
    "mse of a curve": (losses.SpectrumMSE([0.4, 0.1, 0.0, -1.0], k=4), (0.01 + 0.25 + 0.04) / 4),
    "l2": (losses.SpectrumL2([0.4, 0.2, -0.2, -0.4], k=4), 0.5),
    "line": (losses.SpectrumLine(0.7, -0.8, k=4), (0.09 + 0.0 + 0.04 + 0.0) / 4),
    "dimension": (losses.KaplanYorkeTarget(2.0, k=4), (3 + 0.1 / 0.8 - 2.0) ** 2),
    "entropy": (losses.EntropyTarget(1.0, k=4), (0.6 - 1.0) ** 2),
    "expansion": (losses.ExpansionRate(k=4), -0.7),
    "maximal expansion": (losses.ExpansionRate(k=4, maximise=True), 0.7),
    "flossing": (losses.Flossing(k=4), np.mean(np.square(ROWS))),
}


class Rows:
    """Puts exponents of windows in the place of those of a network."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, rows: Any) -> None:
        self.rows = torch.tensor(rows, dtype=torch.float64, requires_grad=True)
        monkeypatch.setattr(OfExponents, "window_exponents", lambda _, model: self.rows)

    def gradient(self, value: torch.Tensor) -> torch.Tensor:
        return torch.autograd.grad(value, self.rows)[0]


@pytest.fixture
def model() -> TrainableNetwork:
    return model_of(networks.rate(), Train("populations.units.gain"), precision="float32")


@pytest.mark.parametrize("name", list(BY_HAND))
def test_values_by_hand(
    name: str, model: TrainableNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    loss, expected = BY_HAND[name]
    rows = Rows(monkeypatch, ROWS)
    value = loss(seen(model))
    assert value.dtype == torch.float32
    assert float(value.detach()) == pytest.approx(expected, rel=1e-6)
    assert float(rows.gradient(loss.value(model)).abs().sum()) > 0


def test_at_the_target_gradients_are_zero(
    model: TrainableNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = Rows(monkeypatch, [[0.3, -0.5], [0.3, -0.5]])
    for loss in (losses.SpectrumL2([0.3, -0.5], k=2), losses.SpectrumMSE([0.3, -0.5], k=2)):
        assert torch.equal(rows.gradient(loss.value(model)), torch.zeros(2, 2, dtype=torch.float64))


def test_exponents_are_sorted_before_they_are_compared(
    model: TrainableNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = Rows(monkeypatch, [[-0.1, 0.2, -0.3]])
    loss = losses.SpectrumMSE([0.2, -0.1, -1.0], k=3)
    value = loss.value(model)
    assert float(value.detach()) == pytest.approx(0.49 / 3)
    gradient = rows.gradient(value)[0].tolist()
    assert gradient[:2] == [0, 0]
    assert gradient[2] > 0


def test_the_gradient_of_the_dimension(
    model: TrainableNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = Rows(monkeypatch, [[0.4, 0.2, -0.5, -0.8]])
    loss = losses.KaplanYorkeTarget(0.0, k=4)
    dimension = loss.dimension(model)
    expected = [1 / 0.8, 1 / 0.8, 1 / 0.8, 0.1 / 0.64]
    np.testing.assert_allclose(rows.gradient(dimension)[0], expected)


def test_dimension_and_entropy_of_a_fixed_point(
    model: TrainableNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = Rows(monkeypatch, [[-0.1, -0.2]])
    dimension = losses.KaplanYorkeTarget(2.0, k=2)
    entropy = losses.EntropyTarget(1.0, k=2)
    assert float(dimension.dimension(model).detach()) == 0
    assert float(entropy.entropy(model).detach()) == 0
    for loss in (dimension, entropy):
        assert float(rows.gradient(loss.value(model)).abs().sum()) == 0


def test_volumes_that_do_not_shrink(
    model: TrainableNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = Rows(monkeypatch, [[0.3, 0.2, 0.1, 0.1, 0.1, 0.1, 0.1, -0.1]])
    dimension = losses.KaplanYorkeTarget(3.0, k=8).dimension(model)
    assert float(dimension.detach()) == 8
    assert float(rows.gradient(dimension).abs().sum()) == 0
    Rows(monkeypatch, [[0.1] * 8])
    assert float(losses.EntropyTarget(0.0, k=8).entropy(model).detach()) == pytest.approx(0.8)


# -- mistakes -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: losses.SpectrumMSE(k=0), "k must be a whole number >= 1, got 0"),
        (lambda: losses.SpectrumMSE(k=2.5), "k must be a whole number >= 1, got 2.5"),
        (lambda: losses.Flossing(k=2, windows=0), "windows must be a whole number >= 1"),
        (lambda: losses.Flossing(k=2, seed=-1), "seed must be a whole number >= 0"),
        (lambda: losses.Flossing(k=2, window=0.0), "window must be a time > 0, got 0.0"),
        (lambda: losses.Flossing(k=2, interval=np.nan), "interval must be a time > 0, got nan"),
        (lambda: losses.Flossing(k=2, transient=-1.0), "transient must be a time >= 0"),
        (lambda: losses.Flossing(k=2, warm_up="5 ms"), "warm_up must be a time >= 0, got '5 ms'"),
        (lambda: losses.Flossing(k=2, dt=0), "dt must be a time > 0"),
        (lambda: losses.Flossing(k=2, window=1.0, interval=2.0), "window = 1 is shorter than"),
        (lambda: losses.Flossing(k=2, meaning="ode"), "meaning must be one of"),
        (lambda: losses.SpectrumMSE([0.1, 0.0], k=3), "one number, or one for each of k = 3"),
        (lambda: losses.SpectrumMSE([0.0, 0.1], k=2), "the target rises; sort it"),
        (lambda: losses.SpectrumL2(np.nan, k=2), "target must be finite numbers"),
        (lambda: losses.SpectrumL2("zero", k=2), "target must be finite numbers, got 'zero'"),
        (lambda: losses.SpectrumLine(-1.0, 1.0, k=3), "first must be finite and not below last"),
        (lambda: losses.KaplanYorkeTarget(-1.0, k=3), "target must be finite and >= 0"),
        (lambda: losses.EntropyTarget(np.inf, k=3), "target must be finite and >= 0"),
        (
            lambda: losses.KaplanYorkeTarget(3.1, k=3),
            "target = 3.1 cannot be reached, for of k = 3",
        ),
    ],
)
def test_settings(make: Any, message: str) -> None:
    with pytest.raises(NetworkError, match=message):
        make()


def test_more_exponents_than_states(model: TrainableNetwork) -> None:
    with pytest.raises(NetworkError, match="k = 9, but a network of 8 states has 8 exponents"):
        losses.SpectrumMSE(k=9, **SHORT).value(model)


@pytest.mark.parametrize(
    ("rows", "loss", "message"),
    [
        ([[0.3, 0.1]], losses.KaplanYorkeTarget(2.0, k=2), "their sum, 0.4, is not yet negative"),
        ([[0.3, 0.1]], losses.EntropyTarget(3.0, k=2), "the smallest of them, 0.1, is still posit"),
    ],
)
def test_too_few_exponents(
    rows: Any, loss: Any, message: str, model: TrainableNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    Rows(monkeypatch, rows)
    with pytest.raises(TrainingError, match=f"k = 2 exponents are too few.*{message}"):
        loss.value(model)


def test_spiking_networks() -> None:
    model = TrainableNetwork(networks.spiking(), 0.5, [Train("projections.recurrent.weight")])
    with pytest.raises(ModelError, match="spike, and a spike is a jump, which has no derivative"):
        losses.SpectrumMSE(k=2).value(model)


def test_delays() -> None:
    model = model_of(networks.rate(delay=2.0), Train("populations.units.gain"))
    with pytest.raises(NetworkError, match="'recurrent' has a delay"):
        losses.SpectrumMSE(k=2).value(model)


def test_a_unit_that_changes_while_it_is_trained() -> None:
    model = model_of(lyapunov.random_network(6, 1.0), Train("populations.neurons.tau"))
    with pytest.raises(NetworkError, match=r"unit='tau' changes its meaning while 'pop.*\.tau' is"):
        losses.SpectrumMSE(k=2, unit="tau").value(model)
    assert torch.isfinite(losses.SpectrumMSE(k=2, windows=1, window=3.0).value(model))


def test_a_trajectory_that_diverges() -> None:
    net = lyapunov.random_network(12, 30.0, activation="linear")
    model = model_of(net, Train("populations.neurons.gain"))
    message = r"SpectrumMSE: the trajectory diverged after .* tau: neurons\.x\[\d+\] is not finite"
    with pytest.raises(TrainingError, match=message):
        losses.SpectrumMSE(k=2, transient=400.0).value(model)


def test_a_step_that_is_too_large() -> None:
    model = model_of(lyapunov.random_network(12, 0.5), Train("populations.neurons.gain"))
    with pytest.raises(TrainingError, match=r"SpectrumMSE: dt = 4 tau is too large.*take a"):
        losses.SpectrumMSE(k=2, dt=4.0, interval=4.0).value(model)


# -- training -----------------------------------------------------------------------------------


def fit(model: TrainableNetwork, objective: Objective, folder: Path, **options: Any) -> Any:
    require("lightning")
    from neurobridge.training import fit

    given = {"data": Autonomous(), "epochs": 4, "learning_rate": 0.05, "progress": False}
    return fit(model, objective=objective, folder=folder, **(given | options))


def gains() -> TrainableNetwork:
    """Eight neurons at a fixed point, whose exponents follow their gains smoothly."""
    network = lyapunov.random_network(8, 1.0, activation="tanh_positive", tau=10.0)
    paths = Train("populations.neurons.gain"), Train("populations.neurons.tau")
    return model_of(network, *paths, precision="float32")


def test_with_a_bare_loop() -> None:
    model, loss = gains(), losses.SpectrumMSE(-0.05, k=2, **SHORT)
    optimiser = torch.optim.Adam(model.parameters(), lr=0.05)
    values = []
    for _ in range(8):
        optimiser.zero_grad()
        value = loss.value(model)
        value.backward()
        optimiser.step()
        values.append(float(value.detach()))
    assert values[-1] < 0.5 * values[0]


def test_training_on_the_spectrum_alone(tmp_path: Path) -> None:
    loss = losses.SpectrumMSE(-0.05, k=2, **SHORT)
    done = fit(gains(), Objective({"spectrum": loss}), tmp_path, data=Autonomous(validation=True))
    assert done.history["train/spectrum"].is_monotonic_decreasing
    assert done.best_epoch == 3
    assert done.notes["data"] == "Autonomous"
    trained = done.network(verify=True)
    gain = trained.population("neurons").parameters["gain"]
    np.testing.assert_array_equal(gain, done.model.physical("populations.neurons.gain").detach())
    with torch.no_grad():
        last = float(loss.value(done.model))
    assert last == pytest.approx(done.history["validation/spectrum"].iloc[-1], rel=1e-6)


def test_a_run_that_goes_on_gives_the_same_numbers(tmp_path: Path) -> None:
    objective = Objective({"spectrum": losses.SpectrumL2(0.0, k=3, **SHORT)})
    whole = fit(gains(), objective, tmp_path / "whole")
    fit(gains(), objective, tmp_path / "parts", epochs=2)
    rest = fit(gains(), objective, tmp_path / "parts", resume=True)
    columns = ["train/loss", "train/spectrum"]
    pd.testing.assert_frame_equal(whole.history[columns], rest.history[columns], check_exact=True)
    for a, b in zip(whole.model.parameters(), rest.model.parameters(), strict=True):
        assert torch.equal(a, b)


def test_a_task_and_the_spectrum_together(tmp_path: Path) -> None:
    from tests.unit.training.runs import rates

    problem = rates()
    terms = {
        "error": losses.MeanSquaredError("choice"),
        "flossing": losses.Flossing(k=2, **SHORT),
    }
    done = fit(
        problem.model("float32"), Objective(terms, {"flossing": 10.0}), tmp_path,
        data=problem.data, batch=16,
    )  # fmt: skip
    total = done.history["train/error"] + 10 * done.history["train/flossing"]
    np.testing.assert_allclose(done.history["train/loss"], total, rtol=1e-5)
    assert done.history["train/loss"].iloc[-1] < done.history["train/loss"].iloc[0]


def test_what_does_not_fit_is_found_before_a_run(tmp_path: Path) -> None:
    objective = Objective({"spectrum": losses.SpectrumMSE(k=9, **SHORT)})
    with pytest.raises(NetworkError, match="term 'spectrum': SpectrumMSE: k = 9, but a network of"):
        fit(gains(), objective, tmp_path)
    assert not any(tmp_path.iterdir())


def test_data_without_a_task() -> None:
    data = Autonomous()
    assert (data.rows("train").tolist(), data.rows("validation").tolist()) == ([0], [])
    assert Autonomous(validation=True).rows("validation").tolist() == [0]
    with pytest.raises(nb.errors.UnknownNameError, match="split 'trian'"):
        data.rows("trian")
    with pytest.raises(NetworkError, match="duration must be a time in ms, got 0"):
        Autonomous(duration=0)


# -- validation ---------------------------------------------------------------------------------

LONG: dict[str, Any] = {"time": 60.0, "transient": 20.0, "warm_up": 10.0, "progress": False}


def test_validation() -> None:
    network = lyapunov.random_network(12, 0.5)
    model = model_of(network, Train("projections.synapses.weight", sign="free"))
    with torch.no_grad():
        model.parts[0].step *= 0
    loss = losses.SpectrumMSE(-0.5, k=3, windows=3, window=20.0, transient=40.0)
    found = validated(model, loss, **LONG)
    expected = lyapunov.spectrum(lyapunov.of_network(network), 3, seed=1, **LONG)
    assert np.array_equal(found.validated, expected.exponents)
    assert found.spectrum.seed == 1
    np.testing.assert_allclose(found.trained, loss.exponents(model).detach(), rtol=1e-12)
    np.testing.assert_allclose(found.distance, found.validated + 0.5)
    np.testing.assert_allclose(found.trained, found.validated, atol=1e-2)
    text = str(found)
    assert "validated: flow, T = 60" in text
    assert "lambda_3       -0.5" in text


def test_a_difference_in_standard_errors() -> None:
    spectrum = lyapunov.spectrum(
        lyapunov.of_network(lyapunov.random_network(10, 2.0)), 3, time=100.0, progress=False
    )
    off = spectrum.exponents + [0.0, 3.0, -5.0] * spectrum.errors
    none = np.full(3, np.nan)
    found = Validated(off, none, none, spectrum)
    np.testing.assert_allclose(found.deviation, [0, 3, -5])
    assert found.agrees.tolist() == [True, False, False]
    assert "2 of 3 trained exponents are outside" in str(found)
    assert "lambda_3, -5.0 standard errors off" in repr(found)
    steps = replace(found, step_errors=spectrum.errors * np.sqrt(8))
    np.testing.assert_allclose(steps.deviation, [0, 1, -5 / 3])
    both = replace(found, trained_errors=spectrum.errors * np.sqrt(3))
    np.testing.assert_allclose(both.deviation, [0, 1.5, -2.5])
    assert "agree within" in repr(replace(found, trained=spectrum.exponents))


@pytest.mark.parametrize("windows", [1, 3])
def test_errors_of_both_time_steps_count(windows: int) -> None:
    """Without couplings both say -1, each but for the error of its own time step."""
    model = model_of(lyapunov.random_network(4, 0.0), Train("populations.neurons.bias"))
    found = validated(model, losses.SpectrumMSE(k=1, windows=windows), **LONG)
    assert np.abs(found.trained - found.validated).min() > 1e-6
    np.testing.assert_allclose(found.step_errors, np.abs(found.trained + 1), rtol=1e-3)
    assert found.agrees.all()


def test_targets_of_dimension_and_entropy() -> None:
    model = model_of(lyapunov.random_network(10, 2.0), Train("populations.neurons.gain"))
    for loss, row in (
        (losses.KaplanYorkeTarget(3.0, k=6, windows=2), "dimension"),
        (losses.EntropyTarget(3.0, k=6, windows=2), "entropy"),
        (losses.Flossing(k=2, windows=1), "lambda_1"),
    ):
        found = validated(model, loss, **LONG)
        table = found.table().set_index("quantity")
        assert table.loc[row, "target"] == (0.0 if row == "lambda_1" else 3.0)
        assert np.isfinite(table.loc["lambda_1", "validated"])
    assert np.isnan(found.trained_errors).all()  # of one window


@pytest.mark.slow
def test_weights_trained_to_ten_exponents_of_zero(tmp_path: Path) -> None:
    """What FlyStability set out to do, confirmed by a run that knows nothing of training."""
    network = lyapunov.random_network(100, 1.0, activation="tanh_positive", seed=0)
    model = TrainableNetwork(network, 0.1, [Train("projections.synapses.weight", sign="free")])
    loss = losses.SpectrumMSE(0.0, k=10, dt=0.2)
    done = fit(model, Objective({"spectrum": loss}), tmp_path, epochs=50, learning_rate=0.1)
    assert done.history["train/spectrum"].iloc[0] > 0.4
    found = validated(model, loss, time=500.0, progress=False)
    assert np.mean(found.validated**2) < 0.01
    assert abs(found.validated[0]) < 0.03
    assert np.abs(found.trained - found.validated).max() < 0.05
