"""Small networks for deployments, and deployments without sPyNNaker's tools."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import neurobridge as nb
from neurobridge import NetworkBuilder, Poisson, SpikeTrains, models


def random_network(
    rng: np.random.Generator, model: nb.NeuronModel = models.lif_exp, scale: float = 1.0
) -> nb.Network:
    """Sources, two populations, several delays, both signs, Poisson drive onto neurons."""
    b = NetworkBuilder()
    b.population("input", 5, models.spike_source)
    for name, size in (("first", 12), ("second", 7)):
        kinds = [f"type {i % 3}" for i in range(size)]
        b.population(name, size, model, labels={"cell_type": kinds})
    exc, inh = ("syn", "syn") if "syn" in model.receptor_names else ("exc", "inh")
    for name, pre, post, receptor, sign in (
        ("in", "input", "first", exc, 1.0),
        ("onwards", "first", "second", exc, 1.0),
        ("back", "second", "first", inh, -1.0),
    ):
        sizes = {"input": 5, "first": 12, "second": 7}
        pairs = np.argwhere(rng.random((sizes[pre], sizes[post])) < 0.6)
        weight = sign * scale * rng.uniform(0.2, 1.5, len(pairs))
        delay = rng.integers(1, 6, len(pairs)).astype(float)
        b.connect(name, pre, post, pairs, weight=weight, delay=delay, receptor=receptor)
    times = np.sort(rng.integers(1, 90, 40)).astype(float)
    b.add(
        SpikeTrains("given", "input", time=times, neuron=rng.integers(0, 5, 40)),
        Poisson("drive", "first", rate=80.0, receptor=exc, weight=1.2 * scale, start=2.0),
    )
    return b.build()


def hub(strong: float = 30_000.0, weak: float = 0.05) -> nb.Network:
    """A neuron with weak inputs, and a strong one that is silent: it makes the weak ones 0."""
    b = NetworkBuilder()
    n = 40
    b.population("input", n, models.spike_source)
    b.population("cell", 1, models.lif_exp, labels={"cell_type": ["hub"]})
    weight = np.full(n, weak)
    weight[-1] = strong
    b.connect("way", "input", "cell", [(i, 0) for i in range(n)], weight=weight, delay=1.0)
    b.add(SpikeTrains("given", "input", time=[5.0, 9.0], neuron=[0, 1]))
    return b.build()


def crowd(weight: float = 1.0, n: int = 3000) -> nb.Network:
    """A neuron with many inputs that never come together: the bound is far above what arrives."""
    b = NetworkBuilder()
    b.population("input", n, models.spike_source)
    b.population("cell", 1, models.lif_exp, labels={"cell_type": ["hub"]})
    values = weight * (1 + np.arange(n) / (7 * n))
    b.connect("way", "input", "cell", [(i, 0) for i in range(n)], weight=values, delay=1.0)
    sending = min(n, 60)
    time = 1.0 + np.arange(float(sending))
    b.add(SpikeTrains("given", "input", time=time, neuron=np.arange(sending)))
    return b.build()


def planned(network: nb.Network, duration: float = 100.0, **settings: Any) -> nb.Deployment:
    """A deployment at dt = 1 ms."""
    return nb.plan_deployment(network, duration, **{"dt": 1.0, "seed": 3, **settings})


@pytest.fixture
def without_tools(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if sPyNNaker were not installed: cores are estimated, and nothing is started."""
    monkeypatch.setattr("neurobridge.deployment.job.find_spec", lambda name: None)
