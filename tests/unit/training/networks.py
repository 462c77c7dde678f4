"""Small networks to train."""

from __future__ import annotations

import numpy as np

import neurobridge as nb
from neurobridge.rng import generator

N, N_IN = 24, 10


def spiking(model: nb.NeuronModel = nb.models.lif_exp, weight: float = 0.6) -> nb.Network:
    """A recurrent network with labels, Dale's law, delays that differ, and a readout."""
    rng = generator(5, "weights", "spiking to train")
    types = np.array(["A", "B", "C"])[rng.integers(0, 3, N)]
    sign = np.where(rng.random(N) < 0.75, 1, -1).astype(np.int8)
    b = nb.NetworkBuilder()
    tau = {"A": 12.0, "B": 20.0, "C": 28.0}
    b.population(
        "cells", N, model, labels=nb.Labels({"cell_type": types}, sign),
        tau_m=np.array([tau[t] for t in types]),
    )  # fmt: skip
    b.population("input", N_IN, nb.models.spike_source, labels={"side": ["left", "right"] * 5})
    pairs = np.stack(np.nonzero(rng.random((N, N)) < 0.3), 1)
    w = weight * np.abs(rng.normal(size=len(pairs))) * sign[pairs[:, 0]]
    delays = rng.integers(1, 4, len(pairs)).astype(float)
    b.connect("recurrent", "cells", "cells", pairs, weight=w, delay=delays)
    into = np.stack(np.nonzero(rng.random((N_IN, N)) < 0.5), 1)
    w = 2 * weight * np.abs(rng.normal(size=len(into)))
    b.connect("feedforward", "input", "cells", into, weight=w, delay=1.0)
    b.add(
        nb.Poisson("drive", "input", rate=100.0),
        nb.Readout(
            "choice", "cells", np.arange(N), rng.normal(size=(3, N)), np.zeros(3),
            tau_syn=4.0, tau_m=15.0, pool="max",
        ),
    )  # fmt: skip
    return b.build()


def rate(activation: str = "tanh", integrator: str = "euler", delay: float = 0.0) -> nb.Network:
    """A recurrent rate network with an input map and a readout of every step."""
    rng = generator(6, "weights", "rates to train")
    b = nb.NetworkBuilder()
    model = nb.models.rate_model(activation, integrator=integrator)
    b.population(
        "units", 8, model, tau=rng.uniform(5, 20, 8), gain=rng.uniform(0.8, 1.3, 8),
        shift=0.1 * rng.normal(size=8), labels={"area": ["x"] * 4 + ["y"] * 4},
        initial={"x": 0.5 * rng.normal(size=8)},
    )  # fmt: skip
    pairs = np.stack(np.nonzero(rng.random((8, 8)) < 0.6), 1)
    b.connect("recurrent", "units", "units", pairs, weight=rng.normal(size=len(pairs)), delay=delay)
    everyone = np.arange(8)
    b.add(
        nb.Encoder("task", "units", everyone, rng.normal(size=(8, 2)), np.zeros(8), kind="current"),
        nb.Readout(
            "choice", "units", everyone, rng.normal(size=(2, 8)), np.zeros(2),
            source="output", pool="none",
        ),
    )  # fmt: skip
    return b.build()
