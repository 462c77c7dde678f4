"""What a network is said to have done, by hand, to work out losses and metrics of."""

from __future__ import annotations

from typing import Any

import torch

from neurobridge.backends.torch.carry import Outputs
from neurobridge.training.objective import Seen
from neurobridge.training.trainable import Result, TrainableNetwork


def seen(
    model: TrainableNetwork,
    *,
    spikes: Any = None,
    states: Any = None,
    rates: Any = None,
    readouts: Any = None,
    **targets: Any,
) -> Seen:
    """A batch of ``model``; names with ``__`` in targets stand for names with a dot."""
    outputs = Outputs(spikes or {}, states or {}, rates or {})
    named = {name.replace("__", "."): value for name, value in targets.items()}
    return Seen(model, Result(outputs, readouts or {}), named)


def trains(steps: dict[tuple[int, int], list[int]], shape: tuple[int, int, int]) -> torch.Tensor:
    """Spikes (T, n, B) from the steps of each (neuron, trial)."""
    found = torch.zeros(shape, dtype=torch.float64)
    for (neuron, trial), when in steps.items():
        found[when, neuron, trial] = 1.0
    return found


def check_gradient(loss: Any, build: Any, at: torch.Tensor, h: float = 1e-6) -> None:
    """The gradient of ``loss(build(x))`` at every element against central differences."""
    x = at.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(loss(build(x)), x)
    flat = at.flatten()
    measured = torch.empty_like(flat)
    for i in range(flat.numel()):
        step = torch.zeros_like(flat)
        step[i] = h
        high = loss(build((flat + step).view_as(at)))
        low = loss(build((flat - step).view_as(at)))
        measured[i] = (high - low) / (2 * h)
    torch.testing.assert_close(gradient.flatten(), measured, rtol=1e-6, atol=1e-8)
    assert float(gradient.abs().max()) > 0
