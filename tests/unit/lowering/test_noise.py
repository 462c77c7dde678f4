"""Noise: what a Wiener process is, whatever dt, and what solvers make of it."""

from __future__ import annotations

import re

import numpy as np
import pytest
from scipy import stats

import neurobridge as nb
from neurobridge import DiffusionNoise, FindingsError, NetworkBuilder, StateProbe, UnitError
from neurobridge.errors import NetworkError
from neurobridge.graph.stimulus import Current, WhiteNoise
from neurobridge.lowering.drive import lower_drive
from neurobridge.models import lif_exp, rate_model
from neurobridge.units import parse_unit

TAU, INTENSITY = 5.0, 0.7


def driven(model: nb.NeuronModel, n: int = 1, **more: object) -> NetworkBuilder:
    net = NetworkBuilder()
    net.population("units", n, model)
    net.add(DiffusionNoise("noise", "units", INTENSITY, **more))
    return net


@pytest.mark.parametrize("dt", [0.1, 0.5])
def test_the_integral_is_a_wiener_process(dt: float) -> None:
    """Variance intensity**2 t at 20 and 40 ms, and increments that are independent."""
    made, _ = lower_drive(driven(rate_model("linear"), 4000).build(), dt, round(40 / dt), 3, 0)
    (current,) = made.currents
    assert current.start.tolist() == list(range(round(40 / dt)))
    path = np.cumsum(current.value, axis=0) * dt / INTENSITY
    half, whole = path[round(20 / dt) - 1], path[-1]
    assert stats.kstest(half / np.sqrt(20), "norm").pvalue > 1e-3
    assert stats.kstest(whole / np.sqrt(40), "norm").pvalue > 1e-3
    assert abs(np.corrcoef(half, whole - half)[0, 1]) < 4 / np.sqrt(4000)


@pytest.mark.parametrize("dt", [0.1, 0.5])
def test_stationary_variance_of_an_ornstein_uhlenbeck_unit(dt: float) -> None:
    """intensity**2/(2 tau) in continuous time; Euler's is larger by 1/(1 - dt/(2 tau))."""
    net = driven(rate_model("linear"), 3000, mean=1.5).build()
    net = net.with_parameters("units", tau=TAU)
    net = net.with_probe(StateProbe("x", "units", "x", interval=5 * TAU))
    x = nb.run(net, 50 * TAU, "reference", dt=dt, seed=5)["x"].values[1:]
    assert x.mean() == pytest.approx(1.5, abs=4 * x.std() / np.sqrt(x.size))
    theory = INTENSITY**2 / (2 * TAU)
    assert x.var() == pytest.approx(theory / (1 - dt / (2 * TAU)), rel=4 * np.sqrt(2 / x.size))
    assert x.var() == pytest.approx(theory, rel=0.08)


def test_mean_and_silence_outside_of_the_window() -> None:
    net = driven(rate_model("linear"), 2, mean=[1.0, 2.0], start=1.0, stop=2.0, neurons=[1, 0])
    made, _ = lower_drive(net.build(), 0.1, 50, 0, 0)
    (current,) = made.currents
    assert current.start.tolist() == list(range(10, 21))
    assert current.value[-1].tolist() == [0.0, 0.0]
    assert current.neuron.tolist() == [1, 0]
    later, _ = lower_drive(net.build(), 0.1, 15, 0, 0)
    np.testing.assert_array_equal(later.currents[0].value, current.value[:5])


@pytest.mark.parametrize(("integrator", "order"), [("rk4", "1"), ("ab4", "1/2")])
def test_the_order_that_solvers_lose_is_a_note(integrator: str, order: str) -> None:
    net = driven(rate_model("linear", integrator=integrator)).build()  # type: ignore[arg-type]
    _, (note,) = lower_drive(net, 0.1, 10, 0, 0)
    assert (note.code, note.severity) == ("noise_order", "note")
    assert f"its strong order is {order}, not 4" in note.why


@pytest.mark.parametrize("integrator", ["euler", "exponential_euler", "exact"])
def test_methods_of_order_one_lose_none(integrator: str) -> None:
    net = driven(rate_model("linear", integrator=integrator)).build()  # type: ignore[arg-type]
    assert lower_drive(net, 0.1, 10, 0, 0)[1] == []


@pytest.mark.parametrize(("integrator", "order"), [("euler", 1), ("rk4", 1), ("ab4", 0.5)])
def test_strong_order(integrator: str, order: float) -> None:
    """Against one Wiener path in fine steps, whose increments each run is given as currents."""
    fine, span, n = 2**-9, 8.0, 400
    increments = np.random.Generator(np.random.Philox(7)).normal(size=(round(span / fine), n))
    increments *= np.sqrt(fine)

    def end(dt: float, method: str) -> np.ndarray:
        steps = round(span / dt)
        amplitude = increments.reshape(steps, -1, n).sum(axis=1) / dt
        net = NetworkBuilder()
        net.population("units", n, rate_model("tanh", integrator=method), tau=1.0)  # type: ignore[arg-type]
        net.connect("self", "units", "units", [(i, i) for i in range(n)], weight=2.0, delay=0.0)
        net.add(Current("path", "units", amplitude, np.arange(steps) * dt))
        net.add(StateProbe("x", "units", "x", interval=span))
        return nb.run(net.build(), span, "reference", dt=dt)["x"].values[0]

    truth = end(fine, "euler")
    coarse, fine_error = (np.abs(end(dt, integrator) - truth).mean() for dt in (2**-3, 2**-5))
    assert np.log2(coarse / fine_error) / 2 == pytest.approx(order, abs=0.2)


def test_noise_through_a_function_has_no_limit() -> None:
    net = driven(rate_model("relu", "activity")).build()
    with pytest.raises(FindingsError, match=r"noise_not_linear.*results depend on dt"):
        nb.run(net, 1.0, "reference", dt=0.1)
    recording = nb.run(net, 1.0, "reference", dt=0.1, accept=["noise_not_linear"])
    assert "noise_not_linear" in {f.code for f in recording.findings}


def test_a_flood_of_noise_is_refused_before_it_is_drawn() -> None:
    net = driven(lif_exp, 10).build()
    with pytest.raises(NetworkError, match=r"'noise' would draw about 1e\+12 values.* Run shorter"):
        lower_drive(net, 0.1, 10**11, seed=1, trial=0)


UNITS = {
    "current": lambda: Current("s", "units", "100 pA"),
    "noise": lambda: WhiteNoise("s", "units", "0.1 nA", 1.0),
    "mean": lambda: DiffusionNoise("s", "units", 0.1, mean="0.1 nA"),
}


@pytest.mark.parametrize("make", UNITS.values(), ids=UNITS.keys())
def test_currents_of_rates_have_no_unit(make) -> None:
    message = "stimulus 's': it was given in units of nA, and model 'rate_linear' takes currents in"
    net = NetworkBuilder()
    net.population("units", 1, rate_model("linear"))
    net.add(make())
    with pytest.raises(UnitError, match=re.escape(message)):
        net.build()
    spiking = NetworkBuilder()
    spiking.population("units", 1, lif_exp)
    spiking.add(make())
    spiking.build()


@pytest.mark.parametrize("given", ["0.1 nA", "0.1"])
def test_an_intensity_is_a_plain_number(given: str) -> None:
    with pytest.raises(UnitError, match=r"stimulus 'd', intensity: expected a plain number.*sqrt"):
        DiffusionNoise("d", "units", given)  # type: ignore[arg-type]


def test_a_current_unit_must_be_one_that_is_used_inside() -> None:
    from dataclasses import replace

    assert parse_unit("pA").factor == 1e-3
    with pytest.raises(UnitError, match=r"current_unit is 'pA'; expected .*, here 'nA'"):
        replace(lif_exp, name="mine", current_unit="pA")


def test_spikes_onto_a_rate_say_what_to_do_instead() -> None:
    net = NetworkBuilder()
    net.population("units", 1, rate_model("linear"))
    net.add(nb.Poisson("p", "units", 10.0))
    with pytest.raises(NetworkError, match=r"has no receptor and takes no spikes; drive it with a"):
        net.build()
