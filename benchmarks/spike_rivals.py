"""A sparse spiking network: neurobridge, a dense loop in torch, and snnTorch's recurrent layer.

python -m benchmarks.spike_rivals DEVICE REPEATS N_STEPS RESULT.json

2,000 leaky neurons, 5 % of all edges, 32 runs. All compute the same equations: the membrane decays,
input and the spikes of the step before are added, a neuron above threshold spikes and loses one
threshold a step later; the surrogate is a fast sigmoid, and no gradient crosses the reset. The
rivals have a matrix; snnTorch's trains all of its entries, for it has no other way.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

import neurobridge as nb
from benchmarks.turns import prepare_torch, take_turns
from neurobridge.backends.torch.inputs import Injection
from neurobridge.backends.torch.surrogate import Surrogate
from neurobridge.graph.model import NeuronModel, Parameter, Receptor
from neurobridge.training import Train, TrainableNetwork

N, SHARE, BATCH = 2000, 0.05, 32
BETA, SLOPE, WEIGHT = 0.90625, 25.0, 0.08
INPUT_SHARE, INPUT = 0.05, 0.75
TOLERANCE = 1e-6

Step = Callable[[bool], tuple[torch.Tensor, torch.Tensor | None]]
"""A pass forward, and backward if so asked: spikes (T, N, B) of the first run, gradients of the
weights that exist."""

leaky = NeuronModel(
    name="leaky",
    equations="dv/dt = (r_in*current - v)/tau_m : mV",
    parameters={
        "tau_m": Parameter(-1.0 / np.log(BETA), "ms", "membrane time constant", above=0),
        "r_in": Parameter(1.0 / (1.0 - BETA), "MOhm", "a current adds itself in one step"),
        "v_thresh": Parameter(1.0, "mV", "spike threshold"),
        "v_drop": Parameter(1.0 / BETA, "mV", "what is one threshold a step later"),
    },
    receptors=(Receptor("syn", "v += w", sign="any", magnitude=False, when_clamped="keep"),),
    threshold="v > v_thresh",
    threshold_policy="level",
    reset="v -= v_drop",
    refractory=None,
    integrator="exact",
    doc="The leaky neuron of snnTorch, reset by subtraction.",
)


def main(device: str, repeats: str, n_steps: str, result: str) -> None:
    """Check that the rivals agree, then measure them, in training and without gradients."""
    where = prepare_torch(device)
    _agree(device)
    w, x = drawn(int(n_steps))
    rivals = {
        "neurobridge": neurobridge(w, x, device, torch.float32),
        "dense loop": dense(w, x, device, torch.float32),
        "snnTorch": snntorch(w, x, device, torch.float32),
    }
    spikes, _ = rivals["neurobridge"](False)
    found: dict[str, Any] = {**where, "steps": int(n_steps), "rate": float(spikes.mean())}
    for name, train in (("training", True), ("inference", False)):
        calls = {k: (lambda s=step, t=train: s(t)) for k, step in rivals.items()}
        found[name] = take_turns(calls, int(repeats), device, warm_up=1)
    Path(result).write_text(json.dumps(found))


def drawn(n_steps: int) -> tuple[np.ndarray, np.ndarray]:
    """Weights (post, pre), 0 where there is no edge, and input (T, N, B)."""
    rng = np.random.default_rng(1)
    exists = (rng.random((N, N)) < SHARE) & ~np.eye(N, dtype=bool)
    w = np.where(exists, WEIGHT * rng.normal(size=(N, N)), 0.0).astype(np.float32)
    x = INPUT * (rng.random((n_steps, N, BATCH)) < INPUT_SHARE)
    return w, x.astype(np.float32)


def neurobridge(w: np.ndarray, x: np.ndarray, device: str, dtype: torch.dtype) -> Step:
    """As a user trains it."""
    b = nb.NetworkBuilder()
    b.population("cells", N, leaky)
    post, pre = np.nonzero(w)
    weight = w[post, pre].astype(np.float64)
    b.connect("edges", "cells", "cells", np.stack([pre, post], 1), weight=weight, delay=1.0)
    model = TrainableNetwork(
        b.build(), 1.0, [Train("projections.edges.weight", sign="free")], device=device,
        precision="float32" if dtype == torch.float32 else "float64",
        surrogate=Surrogate("fast_sigmoid", scale=1 / SLOPE, height=1.0),
    )  # fmt: skip
    current = Injection(torch.as_tensor(x, device=device, dtype=dtype))
    inputs = model.inputs([[]] * BATCH, float(len(x))).with_current("cells", current)
    size = float(np.abs(weight).mean())  # what is trained is relative to it

    def step(train: bool) -> tuple[torch.Tensor, torch.Tensor | None]:
        model.zero_grad()
        with torch.set_grad_enabled(train):
            spikes = model(inputs).outputs.spikes["cells"]
        if not train:
            return spikes[:, :, 0], None
        loss(spikes).backward()
        return spikes.detach()[:, :, 0], model.parts[0].step.grad / size

    return step


class Spike(torch.autograd.Function):
    """1 above 0, with the derivative of a fast sigmoid."""

    @staticmethod
    def forward(ctx: Any, distance: torch.Tensor) -> torch.Tensor:
        ctx.save_for_backward(distance)
        return (distance > 0).to(distance.dtype)

    @staticmethod
    def backward(ctx: Any, *grads: torch.Tensor) -> torch.Tensor:
        (distance,) = ctx.saved_tensors
        return grads[0] / (1.0 + SLOPE * distance.abs()) ** 2


def dense(w: np.ndarray, x: np.ndarray, device: str, dtype: torch.dtype) -> Step:
    """What one writes by hand: a matrix, a loop and autograd."""
    matrix = torch.as_tensor(w, device=device, dtype=dtype).requires_grad_()
    exists = matrix != 0
    steps = torch.as_tensor(x, device=device, dtype=dtype).transpose(1, 2).contiguous()

    def step(train: bool) -> tuple[torch.Tensor, torch.Tensor | None]:
        matrix.grad = None
        with torch.set_grad_enabled(train):
            v = steps.new_zeros(BATCH, N)
            s, found = torch.zeros_like(v), []
            for now in steps.unbind(0):
                v = BETA * v + now + s @ matrix.T - s.detach()
                s = Spike.apply(v - 1.0)
                found.append(s)
            spikes = torch.stack(found)
        return _ends(spikes, matrix, exists, train)

    return step


def snntorch(w: np.ndarray, x: np.ndarray, device: str, dtype: torch.dtype) -> Step:
    """The recurrent layer of snnTorch, all to all, as it comes."""
    import snntorch as snn
    from snntorch import surrogate

    # that of snnTorch gives float32 only
    spike_grad = surrogate.fast_sigmoid(SLOPE) if dtype == torch.float32 else Spike.apply
    layer = snn.RLeaky(beta=BETA, all_to_all=True, linear_features=N, spike_grad=spike_grad)
    layer.to(device, dtype)
    layer.recurrent.weight.data = torch.as_tensor(w, device=device, dtype=dtype)
    layer.recurrent.bias.data.zero_()
    layer.recurrent.bias.requires_grad_(False)
    matrix = layer.recurrent.weight
    exists = matrix.detach() != 0
    steps = torch.as_tensor(x, device=device, dtype=dtype).transpose(1, 2).contiguous()

    def step(train: bool) -> tuple[torch.Tensor, torch.Tensor | None]:
        layer.zero_grad()
        with torch.set_grad_enabled(train):
            v = steps.new_zeros(BATCH, N)
            s, found = torch.zeros_like(v), []
            for now in steps.unbind(0):
                s, v = layer(now, s, v)
                found.append(s)
            spikes = torch.stack(found)
        return _ends(spikes, matrix, exists, train)

    return step


def _ends(
    spikes: torch.Tensor, matrix: torch.Tensor, exists: torch.Tensor, train: bool
) -> tuple[torch.Tensor, torch.Tensor | None]:
    if not train:
        return spikes[:, 0], None
    loss(spikes.transpose(1, 2)).backward()
    assert matrix.grad is not None
    return spikes.detach()[:, 0], matrix.grad[exists]


def loss(spikes: torch.Tensor) -> torch.Tensor:
    """Distance of the rates of spikes (T, N, B) from a target that differs among neurons."""
    target = torch.linspace(0, 0.2, N, device=spikes.device, dtype=spikes.dtype)[:, None]
    return ((spikes.mean(0) - target) ** 2).sum() / BATCH


def _agree(device: str) -> None:
    """The same spikes and gradients in double precision, over a few steps."""
    w, x = drawn(25)
    first, *others = (
        make(w, x, device, torch.float64)(True) for make in (neurobridge, dense, snntorch)
    )
    for other in others:
        if not torch.equal(first[0], other[0]) or not first[0].any():
            raise AssertionError(f"{int((first[0] != other[0]).sum())} spikes differ")
        apart = float((first[1] - other[1]).abs().max() / other[1].abs().max())
        if apart > TOLERANCE:
            raise AssertionError(f"gradients differ by {apart:.1e}")


if __name__ == "__main__":
    main(*sys.argv[1:])
