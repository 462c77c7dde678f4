"""Small networks for the tests of NIR, and what they do here."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

import neurobridge as nb
from neurobridge import NetworkBuilder, NeuronModel, SpikeProbe, SpikeTrains, StateProbe, models

DT = 0.1
STEPS = 300
N_IN, N = 4, 5

DELTA = models.lif_delta.with_integrator("euler")
EXPONENTIAL = models.lif_exp.with_integrator("euler")

Real = NDArray[np.float64]


class Toy:
    """A chain of populations behind four sources, driven by random spikes.

    ``x`` (T, 4) are the spikes of the sources, as a framework is fed; ``weights`` (5, 4) or (5, 5)
    lead into each layer, and ``loops`` (5, 5) back into it.
    """

    def __init__(
        self, rng: np.random.Generator, model: NeuronModel, *, layers: int = 1,
        loops: bool = False, delay: float = DT,
        **parameters: Any,
    ) -> None:  # fmt: skip
        unit = 1.0 if "tau_syn_exc" not in model.parameters else 0.15  # mV, nA
        self.x = (rng.random((STEPS, N_IN)) < 0.06).astype(np.float32)
        self.builder = NetworkBuilder()
        self.builder.population("input", N_IN, models.spike_source)
        step, neuron = np.nonzero(self.x)
        self.builder.add(SpikeTrains("spikes", "input", step * DT, neuron))
        self.weights, self.loops = [], []
        self.layers = [f"cell{i}" for i in range(layers)]
        for pre, name in zip(["input", *self.layers], self.layers, strict=False):
            self.builder.population(name, N, model, **{"t_ref": 0.0, **parameters})
            self.weights.append(rng.uniform(3, 9, (N, N_IN if pre == "input" else N)) * unit)
            self.connect(f"into_{name}", pre, name, self.weights[-1], delay)
            if loops:
                self.loops.append(rng.uniform(-6, 6, (N, N)) * unit)
                self.connect(f"loop_{name}", name, name, self.loops[-1], delay)
            self.builder.add(SpikeProbe(name, name), StateProbe(f"v_{name}", name, "v"))

    def connect(self, name: str, pre: str, post: str, weights: Real, delay: float = DT) -> None:
        """Add a projection from a matrix (n_post, n_pre)."""
        pairs = [(j, i) for i, j in np.ndindex(weights.shape)]
        self.builder.connect(name, pre, post, pairs, weight=weights.ravel(), delay=delay)

    @property
    def network(self) -> nb.Network:
        return self.builder.build()

    def spikes_here(self) -> dict[str, Real]:
        """Spikes of each layer on the reference backend, (T, n): row k is step k."""
        recording = nb.run(self.network, STEPS * DT, "reference", dt=DT)
        return {name: raster(recording.spikes[name]) for name in self.layers}

    def v_here(self) -> dict[str, Real]:
        """Potentials of each layer from rest, (T, n): row k after step k."""
        recording = nb.run(self.network, STEPS * DT, "reference", dt=DT)
        rest = {n: self.network.population(n).parameters["v_rest"] for n in self.layers}
        return {n: recording.signals[f"v_{n}"].values - rest[n] for n in self.layers}


def raster(spikes: nb.Spikes) -> Real:
    """0 and 1, (T, n); step k has the stamp k + 1."""
    dense = np.zeros((spikes.n_steps + 1, spikes.size))
    dense[spikes.step, spikes.neuron] = 1
    return dense[1:]
