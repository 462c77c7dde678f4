"""Rate networks in Brian2: every step is that of the reference, on every target."""

from __future__ import annotations

import subprocess
import sys
from itertools import cycle
from pathlib import Path

import numpy as np
import pytest

import neurobridge as nb
from neurobridge.graph.model import Integrator, NeuronModel
from neurobridge.models import rate_model
from neurobridge.models.rate import ACTIVATIONS
from tests.conformance import toys
from tests.requirements import require

N, DT, STEPS = 12, 0.5, 40
INTEGRATORS: tuple[Integrator, ...] = ("euler", "exponential_euler", "rk4", "ab4")


@pytest.fixture(autouse=True)
def _brian2_is_here() -> None:
    require("brian2")


def dense(
    net: nb.NetworkBuilder, rng: np.random.Generator, name: str, pre: str, post: str, delay: object
) -> None:
    """All to all, with a few parallel edges."""
    pairs = np.stack(np.meshgrid(np.arange(N), np.arange(N)), -1).reshape(-1, 2)
    pairs = np.concatenate([pairs, pairs[:5]])
    weight = rng.normal(size=len(pairs)) * 1.5 / np.sqrt(N)
    if delay == "each":
        delay = rng.integers(1, 9, len(pairs)) * DT
    net.connect(name, pre, post, pairs, weight=weight, delay=delay)


def units(
    net: nb.NetworkBuilder,
    rng: np.random.Generator,
    name: str,
    model: NeuronModel,
    gain: float = 1.0,
) -> None:
    state = next(iter(model.states))
    net.population(
        name, N, model, initial={state: rng.normal(size=N)}, tau=rng.uniform(4, 20, N),
        gain=gain * rng.uniform(0.5, 1.5, N), shift=0.1,
    )  # fmt: skip
    net.add(nb.StateProbe(name, name, state))


def same(network: nb.Network, **settings: object) -> None:
    """Two runs and a shorter one, each equal to the reference in every step."""
    with (
        nb.compile(network, "reference", dt=DT) as reference,
        nb.compile(network, "brian2", dt=DT, **settings) as brian2,
    ):
        for steps, seed in ((STEPS, 1), (2, 1), (STEPS, 2)):
            expected, got = (c.run(steps * DT, seed=seed) for c in (reference, brian2))
            for name, signal in expected.signals.items():
                np.testing.assert_allclose(
                    got[name].values, signal.values, rtol=1e-12, atol=1e-12, err_msg=name
                )
        for name in network.projections:
            np.testing.assert_array_equal(brian2.weights(name), network.weights(name))


@pytest.mark.parametrize("delay", [0.0, 3 * DT, "each"], ids=["instantaneous", "delayed", "each"])
@pytest.mark.parametrize("integrator", INTEGRATORS)
def test_integrators_and_delays(
    integrator: Integrator, delay: object, rng: np.random.Generator
) -> None:
    """Two populations in both directions, one in the activity form, with noise into the other."""
    net = nb.NetworkBuilder()
    units(net, rng, "x", rate_model("tanh", integrator=integrator))
    units(net, rng, "r", rate_model("sigmoid", "activity", integrator))
    for name, pre, post in (("xx", "x", "x"), ("xr", "x", "r"), ("rx", "r", "x"), ("rr", "r", "r")):
        dense(net, rng, name, pre, post, delay)
    net.add(nb.DiffusionNoise("noise", "x", 0.3))
    same(net.build(), target="numpy")


def test_every_activation(rng: np.random.Generator) -> None:
    """A ring of populations; integrators and delays take turns."""
    net = nb.NetworkBuilder()
    methods, forms = cycle(INTEGRATORS), cycle(("current", "activity", "current"))
    for name in ACTIVATIONS:
        model = rate_model(name, next(forms), next(methods))  # type: ignore[arg-type]
        units(net, rng, name, model, gain=0.2 if name == "power_law" else 1.0)  # or it runs away
        dense(net, rng, f"{name}_self", name, name, 0.0)
    delays = cycle((DT, 5 * DT, "each"))
    for pre, post in zip(ACTIVATIONS, [*list(ACTIVATIONS)[1:], "tanh"], strict=True):
        dense(net, rng, f"{pre}_{post}", pre, post, next(delays))
    same(net.build(), target="numpy")


PHI = "where(u > 0, log1p(abs(u)), 0.5*erfc(-u) - 0.5) + 0.1*erf(u)*exp(-u*u)*sqrt(abs(u))"
"""Every function that activations need."""


def rates_and_spikes(rng: np.random.Generator) -> nb.Network:
    """Stages, a start, delays and noise."""
    net = nb.NetworkBuilder()
    units(net, rng, "x", rate_model(PHI, "current", "ab4", name="mine"))
    units(net, rng, "r", rate_model("tanh", "activity"))
    dense(net, rng, "now", "x", "x", 0.0)
    dense(net, rng, "later", "x", "r", "each")
    dense(net, rng, "back", "r", "x", 2 * DT)
    net.add(nb.DiffusionNoise("noise", "x", 0.3))
    net.population("input", 2, nb.models.spike_source)
    net.add(nb.Poisson("drive", "input", 200.0))
    net.population("cells", 2, toys.listener, v_thresh=2.0)
    net.connect("in", "input", "cells", [(0, 0), (1, 1)], weight=0.5, delay=DT, receptor="syn")
    net.connect("hear", "r", "cells", [(0, 0), (3, 1)], weight=0.7, delay=2 * DT)
    net.add(nb.StateProbe("cells_v", "cells", "v"))
    return net.build()


def test_numpy(rng: np.random.Generator) -> None:
    same(rates_and_spikes(rng), target="numpy")


@pytest.mark.slow
def test_cython(rng: np.random.Generator) -> None:
    """As little as there can be, for each operation is compiled on its own."""
    net = nb.NetworkBuilder()
    units(net, rng, "x", rate_model(PHI, name="mine"))
    dense(net, rng, "now", "x", "x", 0.0)
    dense(net, rng, "later", "x", "x", "each")
    same(net.build(), target="cython")


@pytest.mark.slow
def test_cpp_standalone(rng: np.random.Generator) -> None:
    same(rates_and_spikes(rng), target="cpp_standalone", threads=2)


@pytest.mark.parametrize(
    "target", ["numpy", pytest.param("cpp_standalone", marks=pytest.mark.slow)]
)
def test_an_exported_project_repeats_the_run(
    target: str, tmp_path: Path, rng: np.random.Generator
) -> None:
    net = nb.NetworkBuilder()
    units(net, rng, "x", rate_model("erf", integrator="ab4"))
    dense(net, rng, "now", "x", "x", 0.0)
    dense(net, rng, "later", "x", "x", "each")
    with nb.compile(net.build(), "brian2", dt=DT, target=target) as compiled:
        expected = compiled.run(STEPS * DT)["x"].values
        compiled.export(tmp_path, STEPS * DT)
    subprocess.run([sys.executable, "run.py"], cwd=tmp_path, check=True, capture_output=True)
    np.testing.assert_array_equal(np.load(tmp_path / "results" / "x_samples.npy"), expected)


def test_names_that_the_script_makes_do_not_clash(rng: np.random.Generator) -> None:
    """A projection, a state and a coupling that wish for the same names."""
    from neurobridge.graph.model import Coupling, Parameter

    model = NeuronModel(
        name="awkward",
        equations="dsent/dt = (-sent + i)/t_i : 1\ndi_past/dt = (sent - i_past)/t_i : 1",
        parameters={"t_i": Parameter(4.0, "ms", above=0)},
        receptors=(),
        threshold="",
        threshold_policy="level",
        reset="",
        refractory=None,
        integrator="rk4",
        output="sent - 0.5*i_past",
        couplings=(Coupling("i"),),
    )
    net = nb.NetworkBuilder()
    net.population("later", N, model, initial={"sent": rng.normal(size=N)})
    net.add(nb.StateProbe("history", "later", "sent"))
    dense(net, rng, "past", "later", "later", 0.0)
    dense(net, rng, "first", "later", "later", DT)
    same(net.build(), target="numpy")


def test_delays_of_which_some_round_to_nothing_are_refused(rng: np.random.Generator) -> None:
    net = nb.NetworkBuilder()
    units(net, rng, "x", rate_model())
    net.connect("mixed", "x", "x", [(0, 0), (1, 1)], weight=1.0, delay=[0.1, 0.5])
    network = net.build()
    accept = ["delay_rounding"]
    nb.run(network, 5.0, "reference", dt=DT, accept=accept)
    with pytest.raises(nb.FindingsError, match=r"delays_mixed at projection 'mixed'.*reference or"):
        nb.run(network, 5.0, "brian2", dt=DT, accept=accept)
