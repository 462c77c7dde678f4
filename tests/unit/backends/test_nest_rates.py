"""Rate networks on NEST's rate neurons: every step is that of the reference."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import neurobridge as nb
from neurobridge.backends.nest.rates import ACTIVATIONS
from neurobridge.graph.model import Integrator, Parameter
from neurobridge.models import rate_activity, rate_model
from tests.requirements import require

N, DT, STEPS = 10, 0.5, 150
FORMS = ("current", "activity")


@pytest.fixture(autouse=True)
def _nest_is_here() -> None:
    require("nest")


def dense(
    net: nb.NetworkBuilder, rng: np.random.Generator, name: str, pre: str, post: str, delay: object
) -> None:
    """All to all, with a few parallel edges."""
    pairs = np.stack(np.meshgrid(np.arange(N), np.arange(N)), -1).reshape(-1, 2)
    pairs = np.concatenate([pairs, pairs[:5]])
    weight = rng.normal(size=len(pairs)) / np.sqrt(N)
    if delay == "each":
        delay = rng.integers(1, 9, len(pairs)) * DT
    net.connect(name, pre, post, pairs, weight=weight, delay=delay)


def units(
    net: nb.NetworkBuilder, rng: np.random.Generator, name: str, model: nb.NeuronModel
) -> None:
    state = next(iter(model.states))
    net.population(
        name, N, model, initial={state: rng.normal(size=N)}, tau=rng.uniform(1, 20, N),
        gain=rng.uniform(0.2, 1, N) * rng.choice([-1, 1], N), shift=rng.normal(size=N) / 4,
        bias=rng.normal(size=N) / 4,
    )  # fmt: skip
    net.add(nb.StateProbe(name, name, state))


def pair(
    rng: np.random.Generator,
    activation: str,
    form: str,
    integrators: tuple[Integrator, Integrator],
    delay: object,
) -> nb.Network:
    """Two populations in all four directions, with currents that change in every step."""
    net = nb.NetworkBuilder()
    for name, integrator in zip("ab", integrators, strict=True):
        units(net, rng, name, rate_model(activation, form, integrator))  # type: ignore[arg-type]
    for pre, post in ("aa", "ab", "ba", "bb"):
        dense(net, rng, f"{pre}{post}", pre, post, delay)
    net.add(nb.WhiteNoise("noise", "a", std=0.3, interval=DT))
    step = nb.Current("step", "a", np.array([0.5, -0.25]), np.array([3.0, 20.0]), neurons=[1, 4])
    net.add(step, nb.Current("late", "b", np.array([0.5]), np.array([10.0])))
    return net.build()


def same(network: nb.Network, runs: list[dict[str, object]] | None = None, **more: object) -> None:
    """Every run, and the weights, are those of the reference."""
    runs = runs or [{"steps": STEPS, "seed": 1}, {"steps": 2, "seed": 1}, {"steps": 70, "seed": 2}]
    with (
        nb.compile(network, "reference", dt=DT) as reference,
        nb.compile(network, "nest", dt=DT, **more) as nest,
    ):
        for how in runs:
            options = {name: value for name, value in how.items() if name != "steps"}
            expected, got = (c.run(how["steps"] * DT, **options) for c in (reference, nest))
            for name, signal in expected.signals.items():
                np.testing.assert_allclose(
                    got[name].values, signal.values, rtol=1e-12, atol=1e-12, err_msg=name
                )
            for name, spikes in expected.spikes.items():
                np.testing.assert_array_equal(got.spikes[name].step, spikes.step)
                np.testing.assert_array_equal(got.spikes[name].neuron, spikes.neuron)
        for name in network.projections:
            np.testing.assert_array_equal(nest.weights(name), network.weights(name))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_without_delay(activation: str, form: str, rng: np.random.Generator) -> None:
    same(pair(rng, activation, form, ("euler", "exponential_euler"), 0.0))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_with_a_delay_for_each_edge(activation: str, form: str, rng: np.random.Generator) -> None:
    """A sigmoid of a rate of 0 is not 0: nothing may be heard of the time before the run."""
    same(pair(rng, activation, form, ("rk4", "euler"), "each"))


def test_two_threads(rng: np.random.Generator) -> None:
    runs: list[dict[str, object]] = [{"steps": 20, "seed": 1}, {"steps": 20, "seed": 2}]
    same(pair(rng, "tanh", "current", ("euler", "euler"), 0.0), runs, threads=2)
    same(pair(rng, "sigmoid", "activity", ("euler", "rk4"), "each"), runs, threads=2)


def test_exact_integration_and_tau_of_one_step(rng: np.random.Generator) -> None:
    net = nb.NetworkBuilder()
    units(net, rng, "exact", rate_model("linear", integrator="exact"))
    net.population("sums", N, rate_model("linear"), tau=DT)
    net.add(nb.StateProbe("sums", "sums", "x"))
    dense(net, rng, "one", "exact", "sums", 0.0)
    dense(net, rng, "two", "sums", "exact", 3 * DT)
    same(net.build())


def test_rates_hear_of_populations_in_the_other_form(rng: np.random.Generator) -> None:
    """What an activity form sends has no activation, nor has a linear current form."""
    net = nb.NetworkBuilder()
    units(net, rng, "relu", rate_activity)
    units(net, rng, "linear", rate_model("linear"))
    units(net, rng, "tanh", rate_model("tanh", "activity"))
    units(net, rng, "deaf", rate_model("sigmoid"))
    for pre, post in (("relu", "linear"), ("linear", "tanh"), ("linear", "relu"), ("tanh", "tanh")):
        dense(net, rng, f"{pre}_{post}", pre, post, 0.0)
    same(net.build())


def test_a_network_of_rates_and_another_of_spikes(rng: np.random.Generator) -> None:
    """The spikes are those of the network alone, whose shortest delay is longer."""
    net = nb.NetworkBuilder()
    units(net, rng, "rates", rate_model("tanh"))
    dense(net, rng, "coupled", "rates", "rates", 0.0)
    net.population("cells", N, nb.models.lif_exp)
    net.add(nb.Poisson("drive", "cells", 900.0, weight=0.3, receptor="exc"))
    dense(net, rng, "wired", "cells", "cells", 4 * DT)
    network = net.build()
    assert len(nb.run(network, STEPS * DT, "reference", dt=DT).spikes["cells"].step) > 50
    same(network)


def test_other_parameters_for_a_run(rng: np.random.Generator) -> None:
    """Gain and shift stand between NEST's rate and ours, tau in what one step is."""
    network = pair(rng, "tanh_positive", "current", ("euler", "euler"), 0.0)
    new: list[dict[str, dict[str, object]]] = [
        {},
        {"a": {"bias": 0.5, "tau": 3.0}},
        {"a": {"gain": rng.uniform(0.5, 1, N)}, "b": {"shift": rng.normal(size=N)}},
        {"b": {"gain": 0.5, "bias": rng.normal(size=N)}},
    ]
    same(network, [{"steps": 20, "seed": 1, "parameters": values or None} for values in new])


def test_an_exported_project_repeats_the_run(tmp_path: Path, rng: np.random.Generator) -> None:
    network = pair(rng, "sigmoid", "current", ("euler", "euler"), "each")
    with nb.compile(network, "nest", dt=DT) as compiled:
        expected = compiled.run(STEPS * DT)
        compiled.export(tmp_path, STEPS * DT)
    subprocess.run([sys.executable, "run.py"], cwd=tmp_path, check=True, capture_output=True)
    signals = np.load(tmp_path / "signals.npz")
    for name in "ab":
        np.testing.assert_array_equal(signals[name], expected[name].values)


own = rate_model("tanh(k*u)", name="own", k=Parameter(2.0, "1"))


@pytest.mark.parametrize(
    ("model", "delay", "parameters", "why"),
    [
        (rate_model("erf"), DT, {}, "not 'erf'"),
        (rate_model("softplus"), DT, {}, "NEST has the activations ['tanh', "),
        (own, DT, {}, "model 'own' is none of the rate models"),
        (rate_model("tanh", integrator="ab4"), DT, {}, "ab4 goes on from the slopes"),
        (rate_model("tanh", integrator="rk4"), 0.0, {}, "with rk4 and without delay"),
        (rate_model("tanh"), DT, {"tau": 0.25}, "tau of 0.25 ms a step of euler of 0.5 ms overs"),
        (rate_model("tanh"), DT, {"gain": 0.0}, "a gain of 0 in the current form"),
    ],
)
def test_what_nest_lacks_is_found(
    model: nb.NeuronModel, delay: float, parameters: dict[str, float], why: str
) -> None:
    net = nb.NetworkBuilder()
    net.population("units", 2, model, **parameters)
    net.connect("loop", "units", "units", [(0, 1)], weight=1.0, delay=delay)
    with pytest.raises(nb.FindingsError) as caught:
        nb.run(net.build(), 1.0, "nest", dt=DT)
    (finding,) = [f for f in caught.value.findings if f.code == "no_rate_neuron"]
    assert finding.where == "population 'units'"
    assert why in finding.why
    assert finding.remedy == "run it on reference or native or brian2 or torch"


def test_activations_that_meet_are_found() -> None:
    """NEST's receivers apply the activation: one for all, and none to the parts of a sum."""
    net = nb.NetworkBuilder()
    net.population("tanh", 1, rate_model("tanh"))
    net.population("relu", 1, rate_model("relu"))
    net.population("activity", 1, rate_activity)
    for name, pre, post in (("one", "tanh", "relu"), ("two", "relu", "relu"),
                            ("three", "tanh", "activity")):  # fmt: skip
        net.connect(name, pre, post, [(0, 0)], weight=1.0, delay=0.0)
    with pytest.raises(nb.FindingsError) as caught:
        nb.run(net.build(), 1.0, "nest", dt=DT)
    found = {f.where: f.why for f in caught.value.findings if f.code == "no_rate_neuron"}
    assert set(found) == {"population 'relu'", "population 'activity'"}
    assert "those of ['tanh', 'relu'] differ" in found["population 'relu'"]
    assert "in activity form hears of ['tanh']" in found["population 'activity'"]


def test_parameters_that_nest_cannot_follow_are_refused(rng: np.random.Generator) -> None:
    network = pair(rng, "tanh", "current", ("euler", "euler"), 0.0)
    with (
        nb.compile(network, "nest", dt=DT) as compiled,
        pytest.raises(nb.BackendError, match=r"population 'a'.*a gain of 0.*another backend"),
    ):
        compiled.run(1.0, parameters={"a": {"gain": 0.0}})


def test_nest_loses_what_a_divided_slice_sends() -> None:
    """Why slices have one step: of a rate of 1 sent after 4 steps, half is lost in steps of 2."""
    import nest

    nest.ResetKernel()
    nest.set(resolution=1.0, use_wfr=False)
    one = nest.Create("lin_rate_ipn", params={"sigma": 0.0, "mu": 1.0, "rate": 1.0})
    reader, meter = nest.Create("lin_rate_ipn"), nest.Create("multimeter")
    reader.set(sigma=0.0, tau=1e-3)
    meter.set(record_from=["rate"], interval=1.0)
    nest.Connect(one, reader, syn_spec={"synapse_model": "rate_connection_delayed", "delay": 4.0})
    nest.Connect(meter, reader, syn_spec={"delay": 4.0})
    for steps in (4, 4, 2, 2, 2, 2, 4):
        nest.Simulate(float(steps))
    heard = np.array(meter.events["rate"])
    np.testing.assert_allclose(heard[4:16], [1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 1, 1], atol=1e-12)
