"""The example of NN4N: a rate network says the next value of a sine.

Ten units with relu, tau 100 ms and a step of 10 ms, all weights and biases trained on one sequence,
``sin`` at 1000 points from 0 to 10, with Adam at 1e-3 for 500 epochs.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

import neurobridge as nb
from neurobridge.structure import Normal, Uniform
from neurobridge.training import Objective, SequenceData, Train, TrainableNetwork, fit, losses
from neurobridge.training.values import value_at

N = 10
PATHS = (
    "encoders.sine.weight", "projections.recurrent.weight", "populations.units.bias",
    "readouts.next.weight", "readouts.next.bias",
)  # fmt: skip


def network(seed: int) -> nb.Network:
    """Weights as NN4N draws them: uniform in and out, normal within, no biases."""
    everyone = np.arange(N)
    b = nb.NetworkBuilder()
    b.population("units", N, nb.models.rate_model("relu"), tau=100.0)
    mask = ~np.eye(N, dtype=bool)
    weights = Normal().weights(mask, seed=seed)
    post, pre = np.nonzero(mask)
    b.connect(
        "recurrent", "units", "units", np.stack([pre, post], 1), weight=weights.values, delay=0.0
    )
    into, out = (
        Uniform().weights(np.ones(shape, dtype=bool), seed=seed + k).values.reshape(shape)
        for k, shape in ((100, (N, 1)), (200, (1, N)))
    )
    b.add(
        nb.Encoder("sine", "units", everyone, into, np.zeros(N), kind="current"),
        nb.Readout("next", "units", everyone, out, np.zeros(1), source="output", pool="none"),
    )
    return b.build()


def absolute(start: nb.Network, path: str) -> Train:
    """Steps of the values themselves, as NN4N takes them; ours are relative to their mean size."""
    size = float(np.abs(value_at(start, path)).mean()) or 1.0
    sign = "free" if path.startswith("projections") else None
    return Train(path, sign=sign, learning_rate=1 / size)


def learned(seed: int, folder: Path, epochs: int = 500):
    """Train one network on the sine."""
    sine = np.sin(np.linspace(0, 10, 1000))
    data = SequenceData("sine", sine[None, :-1, None], {"next": sine[None, 1:, None]})
    start = network(seed)
    model = TrainableNetwork(start, 10.0, [absolute(start, path) for path in PATHS])
    objective = Objective({"error": losses.MeanSquaredError("next")})
    return fit(
        model, data, objective, folder, epochs=epochs, batch=1, learning_rate=1e-3,
        save_every=100, progress=False,
    )  # fmt: skip
