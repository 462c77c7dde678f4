"""A rate network in training: neurobridge, nn4n and torch.nn.RNN.

python -m benchmarks.rate_rivals DEVICE REPEATS RESULT.json

256 rectified units, 8 inputs, 2 outputs, 100 steps, 64 runs: forward, and gradients of all weights.
The network of nn4n is the same one, and must give the same outputs and gradients. ``torch.nn.RNN``
is not the same: it has no leak. It is the limit of what one could hope for.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

import neurobridge as nb
from benchmarks.turns import prepare_torch, take_turns
from neurobridge.training import Train, TrainableNetwork

N, N_IN, N_OUT, T, BATCH = 256, 8, 2, 100, 64
TAU, DT = 10.0, 1.0
TOLERANCE = 1e-4

Step = Callable[[], tuple[torch.Tensor, list[torch.Tensor]]]
"""A training step without the optimiser: the outputs (T, B, n_out), and gradients of the weights
of the input, the recurrence and the output."""


def main(device: str, repeats: str, result: str) -> None:
    """Check that the rivals agree, then measure them."""
    where = prepare_torch(device)
    weights, x, y = drawn(device)
    rivals = {
        "neurobridge": neurobridge(weights, x, y, device),
        "nn4n": nn4n(weights, x, y, device),
        "torch.nn.RNN": plain_rnn(weights, x, y, device),
    }
    apart = distance(rivals["neurobridge"](), rivals["nn4n"]())
    if apart > TOLERANCE:
        raise AssertionError(f"outputs or gradients of nn4n differ by {apart:.1e}")
    found = {**where, "apart": apart, "sides": take_turns(rivals, int(repeats), device)}
    Path(result).write_text(json.dumps(found))


def drawn(device: str) -> tuple[list[np.ndarray], torch.Tensor, torch.Tensor]:
    """Weights of the input, the recurrence and the output; input and target."""
    rng = np.random.default_rng(1)
    shapes = {(N, N_IN): 1.0, (N, N): N**-0.5, (N_OUT, N): N**-0.5}
    weights = [(scale * rng.normal(size=s)).astype(np.float32) for s, scale in shapes.items()]
    x, y = torch.randn(T, BATCH, N_IN, device=device), torch.randn(T, BATCH, N_OUT, device=device)
    return weights, x, y


def neurobridge(weights: list[np.ndarray], x: torch.Tensor, y: torch.Tensor, device: str) -> Step:
    """As a user trains it."""
    w_in, w, w_out = (a.astype(np.float64) for a in weights)
    post, pre = np.divmod(np.arange(N * N), N)
    everyone = np.arange(N)
    b = nb.NetworkBuilder()
    b.population("units", N, nb.models.rate_model("relu"), tau=TAU)
    b.connect("recurrent", "units", "units", np.stack([pre, post], 1), weight=w.ravel(), delay=0.0)
    b.add(
        nb.Encoder("task", "units", everyone, w_in, np.zeros(N), kind="current"),
        nb.Readout("out", "units", everyone, w_out, np.zeros(N_OUT), source="output", pool="none"),
    )
    paths = ["encoders.task.weight", "projections.recurrent.weight", "readouts.out.weight"]
    train = [Train(p, sign="free") if "projections" in p else Train(p) for p in paths]
    model = TrainableNetwork(b.build(), DT, train, device=device)
    inputs = model.inputs([[]] * BATCH, T * DT)

    def step() -> tuple[torch.Tensor, list[torch.Tensor]]:
        model.zero_grad()
        out = model(inputs, {"task": x}).readouts["out"]
        ((out - y) ** 2).mean().backward()
        return out.detach(), [p.step.grad for p in model.parts]

    # what is trained is relative to the typical size of a path: from its gradient to the weight's
    size = [float(np.abs(a).mean()) for a in weights]

    def physical() -> tuple[torch.Tensor, list[torch.Tensor]]:
        out, grads = step()
        return out, [g.flatten() / s for g, s in zip(grads, size, strict=True)]

    return physical


def nn4n(weights: list[np.ndarray], x: torch.Tensor, y: torch.Tensor, device: str) -> Step:
    """The CTRNN of nn4n, without constraints."""
    from nn4n.model import CTRNN

    model = CTRNN(
        dims=[N_IN, N, N_OUT], activation="relu", dt=DT, tau=TAU, biases=None, weights="normal"
    )
    model.to(device)
    for layer, w in zip(model.layers, weights, strict=True):
        layer.weight.data = torch.as_tensor(w, device=device)

    def step() -> tuple[torch.Tensor, list[torch.Tensor]]:
        model.zero_grad()
        out, _ = model(x)
        ((out - y) ** 2).mean().backward()
        return out.detach(), [layer.weight.grad.flatten() for layer in model.layers]

    return step


def plain_rnn(weights: list[np.ndarray], x: torch.Tensor, y: torch.Tensor, device: str) -> Step:
    """The recurrent layer of torch and a linear readout."""
    rnn = torch.nn.RNN(N_IN, N, nonlinearity="relu", bias=False, device=device)
    readout = torch.nn.Linear(N, N_OUT, bias=False, device=device)
    rnn.weight_ih_l0.data, rnn.weight_hh_l0.data, readout.weight.data = (
        torch.as_tensor(w, device=device) for w in weights
    )
    parameters = [rnn.weight_ih_l0, rnn.weight_hh_l0, readout.weight]

    def step() -> tuple[torch.Tensor, list[torch.Tensor]]:
        for p in parameters:
            p.grad = None
        out = readout(rnn(x)[0])
        ((out - y) ** 2).mean().backward()
        return out.detach(), [p.grad.flatten() for p in parameters]

    return step


def distance(
    a: tuple[torch.Tensor, list[torch.Tensor]], b: tuple[torch.Tensor, list[torch.Tensor]]
) -> float:
    """Largest difference of outputs and gradients, relative to the largest value of each."""
    pairs = zip([a[0], *a[1]], [b[0], *b[1]], strict=True)
    return max(float((p - q).abs().max() / q.abs().max()) for p, q in pairs)


if __name__ == "__main__":
    main(*sys.argv[1:])
