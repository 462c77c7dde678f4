"""Runs of one network by compiled code and by torch operations."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import torch

from neurobridge.backends.torch.carry import Outputs
from neurobridge.backends.torch.inputs import Injection, Inputs
from neurobridge.backends.torch.network import Options, TorchNetwork
from neurobridge.backends.torch.surrogate import Surrogate
from neurobridge.graph.network import Network
from neurobridge.lowering.drive import lower_drive
from neurobridge.lowering.lower import lower
from neurobridge.lowering.program import Program

Tensor = torch.Tensor
Adjust = Callable[[Inputs, Mapping[str, Tensor]], Inputs]


def drives(network: Network, program: Program, n_steps: int, batch: int) -> Inputs:
    """The network's own stimuli in a batch of trials."""
    made = [lower_drive(network, program.dt, n_steps, 3, trial)[0] for trial in range(batch)]
    return Inputs.from_drives(made, program, torch.float64, torch.device("cpu"))


def everything(outputs: Outputs) -> dict[Any, Tensor]:
    """All outputs by name."""
    return {**outputs.spikes, **outputs.states, **outputs.rates}


def leaves_of(core: TorchNetwork, inputs: Inputs) -> tuple[dict[Any, Tensor], Inputs]:
    """Everything that can have a gradient, as leaves: weights, constants, states and currents."""
    leaves: dict[Any, Tensor] = {("weight", i): w for i, w in enumerate(core.weights)}
    for p in core.constants:
        leaves |= {("constant", p, n): v for n, v in core.constants[p].items()}
        leaves |= {("initial", p, n): v for n, v in core.initial[p].items()}
    for p, several in inputs.currents.items():
        leaves |= {("current", p, i): c.value for i, c in enumerate(several)}
    leaves = {k: v.detach().clone().requires_grad_() for k, v in leaves.items()}
    currents = {
        p: [Injection(leaves["current", p, i], c.neurons) for i, c in enumerate(several)]
        for p, several in inputs.currents.items()
    }
    return leaves, replace(inputs, currents=currents)


def gradients(
    program: Program, inputs: Inputs, options: Options
) -> tuple[dict[Any, Tensor], dict[Any, Tensor]]:
    """Outputs, and gradients of a sum of all outputs with fixed weights."""
    core = TorchNetwork(program, options)
    leaves, inputs = leaves_of(core, inputs)
    by: dict[str, dict[str, dict[str, Tensor]]] = {"constant": {}, "initial": {}}
    for key, value in leaves.items():
        if key[0] in by:
            by[key[0]].setdefault(key[1], {})[key[2]] = value
    weights = [v for k, v in leaves.items() if k[0] == "weight"]
    found = everything(core(inputs, by["constant"], weights, by["initial"]))
    loss = sum((_pick(v) * v).sum() for v in found.values() if v.requires_grad)
    assert isinstance(loss, Tensor)
    loss.backward()  # type: ignore[no-untyped-call]
    outputs = {k: v.detach() for k, v in found.items()}
    return outputs, {k: v.grad for k, v in leaves.items() if v.grad is not None}


def _pick(like: Tensor) -> Tensor:
    return torch.cos(torch.arange(like.numel(), dtype=like.dtype)).view(like.shape)


def assert_same(
    network: Network,
    dt: float,
    n_steps: int,
    *,
    batch: int = 3,
    change: Callable[[Inputs], Inputs] = lambda inputs: inputs,
    surrogate: Surrogate | None = None,
    nonzero: bool = True,
    amplified: float = 1.0,
    **options: Any,
) -> None:
    """Same spikes, same states and signals to 1e-12, same gradients to 1e-9, relative.

    ``amplified`` is how much a model makes of the last bit of ``exp``, in which processors differ.
    """
    program = lower(network, dt)
    inputs = change(drives(network, program, n_steps, batch))
    spiking = [p.name for p in program.populations if p.code.threshold]
    made = Options(
        surrogates=dict.fromkeys(spiking, surrogate or Surrogate(scale=3.0)),
        record=tuple((p.name, s) for p in program.populations for s in p.code.states),
        **options,
    )
    got, own = gradients(program, inputs, made)
    expected, other = gradients(program, inputs, replace(made, compiled=False))
    assert got.keys() == expected.keys()
    for key, value in got.items():
        assert key not in spiking or torch.equal(value, expected[key]), key
        scale = float(expected[key].abs().max()) + 1.0
        torch.testing.assert_close(value, expected[key], rtol=0, atol=1e-12 * amplified * scale)
    if nonzero:
        assert all(got[p].sum() > 10 for p in spiking)
    for key in other:
        size = float(other[key].abs().max())
        mine = own.get(key, torch.zeros_like(other[key]))
        torch.testing.assert_close(
            mine, other[key], rtol=0, atol=1e-9 * amplified * size + 1e-300,
            msg=lambda m, k=key: f"{k}: {m}",
        )  # fmt: skip
    for key in own.keys() - other.keys():
        assert not own[key].any(), key
