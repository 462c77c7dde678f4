"""Compiled segments against the same steps as torch operations with autograd."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import neurobridge as nb
from neurobridge.lowering.drive import lower_drive
from neurobridge.lowering.lower import lower
from tests.conformance import toys
from tests.requirements import require
from tests.unit.backends.torch.test_same_as_reference import MODELS, network_of
from tests.unit.training import networks

require("torch")

import torch  # noqa: E402

from neurobridge.backends.torch.fused import parts  # noqa: E402
from neurobridge.backends.torch.inputs import Injection, Inputs  # noqa: E402
from neurobridge.backends.torch.network import Options, TorchNetwork  # noqa: E402
from neurobridge.backends.torch.surrogate import Surrogate  # noqa: E402
from tests.unit.backends.torch.fused.pairs import assert_same  # noqa: E402

QUICK = ("lif_exp", "lif_delta")


@pytest.fixture(params=[True, False], ids=["dense", "sparse"])
def products(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Whether all that has one delay is a matrix, or nothing."""
    share = 0.0 if request.param else 2.0
    monkeypatch.setattr(parts, "DENSE_SIGNALS", share)
    monkeypatch.setattr(parts, "DENSE_SPIKES", share)
    return bool(request.param)


@pytest.mark.parametrize(
    "name", [n if n in QUICK else pytest.param(n, marks=pytest.mark.slow) for n in MODELS]
)
def test_every_spiking_model_with_gradients_to_every_constant(name: str) -> None:
    amplified = 1e4 if name == "hodgkin_huxley" else 1.0
    n_steps = 700 if name == "shiu_lif" else 300
    assert_same(network_of(name), 0.1, n_steps, batch=2, amplified=amplified)


@pytest.mark.parametrize(
    "surrogate",
    [
        Surrogate("arctan", scale=2.0, reset_gradient=True),
        Surrogate("triangular", scale=5.0, height=0.3),
        Surrogate("gaussian", scale=2.0, detach_recurrent=True),
        Surrogate("1/(1 + abs(x))**3", scale=2.0),
    ],
)
def test_surrogates_and_what_they_flow_through(surrogate: Surrogate) -> None:
    assert_same(networks.spiking(), 1.0, 40, surrogate=surrogate)


@pytest.mark.usefixtures("products")
@pytest.mark.parametrize("steps", [{}, {"checkpoint_every": 7}, {"truncate_every": 5}])
@pytest.mark.parametrize("delay", [None, 9.0])
def test_segments_shorter_and_longer_than_the_delays(
    delay: float | None, steps: dict[str, int]
) -> None:
    network = networks.spiking()
    if delay is not None:
        recurrent = network.projections["recurrent"]
        network = network.with_projection(replace(recurrent, delay=delay))
    assert_same(network, 1.0, 31, **steps)


@pytest.mark.parametrize("delay", [0.0, 3.0])
@pytest.mark.parametrize("integrator", ["euler", "exponential_euler", "rk4", "ab4"])
@pytest.mark.usefixtures("products")
def test_rate_networks_with_currents(integrator: str, delay: float) -> None:
    network = networks.rate("tanh", integrator, delay)
    assert_same(network, 1.0, 17, change=with_current)
    if integrator == "ab4":
        assert_same(network, 1.0, 17, change=with_current, checkpoint_every=2)


def with_current(inputs: Inputs) -> Inputs:
    """One that changes, into some neurons, and one that does not."""
    values = torch.cos(torch.arange(17.0 * 3 * 3, dtype=torch.float64)).view(17, 3, 3)
    steady = torch.linspace(-1, 1, 24, dtype=torch.float64).view(1, 8, 3)
    inputs = inputs.with_current("units", Injection(values, torch.tensor([5, 0, 2])))
    return inputs.with_current("units", Injection(steady))


@pytest.mark.usefixtures("products")
def test_delays_that_differ_and_none_onto_one_coupling(rng: np.random.Generator) -> None:
    b = nb.NetworkBuilder()
    b.population("units", 8, nb.models.rate_model("softplus", "activity", "rk4"))
    pairs = np.stack(np.nonzero(rng.random((8, 8)) < 0.6), 1)
    weight = 0.4 * rng.normal(size=len(pairs))
    delay = rng.integers(1, 5, len(pairs)).astype(float)
    b.connect("late", "units", "units", pairs, weight=weight, delay=delay)
    b.connect("same", "units", "units", pairs, weight=weight, delay=2.0)
    b.connect("now", "units", "units", pairs[::2], weight=weight[::2], delay=0.0)
    network = b.build()
    assert_same(network, 1.0, 13, change=with_current)
    assert_same(network, 1.0, 13, change=with_current, checkpoint_every=3)


def test_populations_whose_delays_differ(rng: np.random.Generator) -> None:
    b = nb.NetworkBuilder()
    for name in ("units", "others"):
        b.population(name, 8, nb.models.rate_model("tanh"))
    pairs = np.stack(np.nonzero(np.ones((8, 8))), 1)
    edges = [("units", "others", 7.0), ("others", "units", 2.0), ("others", "others", 1.0)]
    for i, (pre, post, delay) in enumerate(edges):
        b.connect(f"e{i}", pre, post, pairs, weight=rng.normal(size=64), delay=delay)
    network = b.build()
    assert_same(network, 1.0, 13, change=with_current, checkpoint_every=5)


@pytest.mark.usefixtures("products")
def test_rates_and_spikes_in_one_network_of_sources_and_events(rng: np.random.Generator) -> None:
    b = nb.NetworkBuilder()
    b.population("input", 5, nb.models.spike_source)
    b.population("rates", 6, toys.kicked_rate)
    b.population("cells", 7, toys.listener, v_thresh=2.0)
    connect = [("kick", "input", "rates", 1.0), ("charge", "rates", "cells", 0.0)]
    for name, pre, post, delay in [*connect, ("back", "cells", "rates", 2.0)]:
        n = {"input": 5, "rates": 6, "cells": 7}
        pairs = np.stack(np.nonzero(rng.random((n[pre], n[post])) < 0.7), 1)
        receptor = None if name == "charge" else "kick"
        weight = 0.5 + rng.random(len(pairs))
        b.connect(name, pre, post, pairs, weight=weight, delay=delay, receptor=receptor)
    b.add(
        nb.Poisson("drive", "input", rate=200.0),
        nb.Poisson("more", "rates", rate=50.0, receptor="kick", weight=0.3),
    )
    assert_same(b.build(), 1.0, 30)


@pytest.mark.parametrize("model", [toys.stepper, toys.crosser, toys.dropper])
def test_thresholds_that_are_crossed_and_refractory_periods_that_differ(
    model: nb.NeuronModel, rng: np.random.Generator
) -> None:
    b = nb.NetworkBuilder()
    more = {} if model is toys.crosser else {"t_ref": rng.integers(0, 3, 12).astype(float)}
    b.population("cells", 12, model, **more)
    pairs = np.stack(np.nonzero(rng.random((12, 12)) < 0.5), 1)
    weight = 0.3 * rng.normal(size=len(pairs))
    delay = rng.integers(1, 4, len(pairs)).astype(float)
    b.connect("edges", "cells", "cells", pairs, weight=weight, delay=delay)
    b.add(nb.Poisson("drive", "cells", rate=300.0, weight=0.4))
    b.add(nb.WhiteNoise("noise", "cells", mean=0.05, std=0.2, interval=1.0))
    assert_same(b.build(), 1.0, 40)


@pytest.mark.parametrize("activation", ["relu", "erf", "brunel_sqrt", "power_law"])
def test_activations(activation: str) -> None:
    assert_same(networks.rate(activation), 1.0, 17, change=with_current)


def outputs_of(network: nb.Network, dtype: torch.dtype, n_steps: int, gradient: bool) -> list:
    program = lower(network, 0.1)
    core = TorchNetwork(program, Options(dtype, surrogates={"cells": Surrogate()}))
    drives = [lower_drive(network, 0.1, n_steps, 2, trial)[0] for trial in range(3)]
    inputs = Inputs.from_drives(drives, program, dtype, torch.device("cpu"))
    weights = [w.clone().requires_grad_(gradient) for w in core.weights]
    spikes = core(inputs, weights=weights).spikes["cells"]
    if not gradient:
        return [spikes]
    spikes.square().sum().backward()
    return [spikes.detach(), *(w.grad for w in weights)]


def test_results_depend_neither_on_threads_nor_on_whether_there_is_a_way_back() -> None:
    network, before = network_of("lif_exp"), torch.get_num_threads()
    try:
        found = []
        for threads in (1, 2):
            torch.set_num_threads(threads)
            found.append(outputs_of(network, torch.float32, 400, gradient=True))
    finally:
        torch.set_num_threads(before)
    assert found[0][0].sum() > 30
    assert all(torch.equal(a, b) for a, b in zip(*found, strict=True))
    assert torch.equal(found[0][0], outputs_of(network, torch.float32, 400, gradient=False)[0])


def test_a_gradient_that_is_the_same_in_all_steps() -> None:
    program = lower(networks.rate(), 1.0)
    found = []
    for compiled in (True, False):
        core = TorchNetwork(program, Options(compiled=compiled, record=(("units", "x"),)))
        (weight,) = (w.clone().requires_grad_() for w in core.weights)
        out = core(Inputs(9, 2), weights=[weight])
        (out.rates["units"].mean(0).square().sum() + out.states["units", "x"].sum()).backward()
        found.append(weight.grad)
    torch.testing.assert_close(found[0], found[1], rtol=1e-12, atol=0)


def test_gradients_of_gradients_are_refused() -> None:
    program = lower(networks.rate(), 1.0)
    core = TorchNetwork(program, Options())
    (weight,) = (w.clone().requires_grad_() for w in core.weights)
    rates = core(Inputs(5, 2), weights=[weight]).rates["units"]
    (first,) = torch.autograd.grad(rates.square().sum(), weight, create_graph=True)
    with pytest.raises(RuntimeError, match="once_differentiable"):
        first.sum().backward()
