"""Readouts in torch, as :class:`neurobridge.Readout` defines them."""

from __future__ import annotations

__all__ = ["read"]

import math

import numpy as np
import torch

from neurobridge.backends.torch.carry import Outputs
from neurobridge.errors import NetworkError
from neurobridge.graph.readout import Readout

Tensor = torch.Tensor


def read(readout: Readout, outputs: Outputs, weight: Tensor, bias: Tensor, dt: float) -> Tensor:
    """The outputs of a batch.

    Parameters
    ----------
    readout : Readout
    outputs : Outputs
    weight, bias : tensor (n_out, n) and (n_out,)
    dt : float
        In ms, the time between two samples.

    Returns
    -------
    tensor (B, n_out), or (T, B, n_out) if the readout does not pool over time
    """
    samples = _samples(readout, outputs)
    weight, bias = weight.to(samples.dtype), bias.to(samples.dtype)
    if not np.array_equal(readout.neurons, np.arange(samples.shape[1])):
        index = torch.as_tensor(readout.neurons.astype("int64"), device=samples.device)
        samples = samples[:, index]
    if readout.pool == "count" and readout.tau_syn is None and readout.tau_m is None:
        return samples.sum(0).T @ weight.T + bias
    trace = samples.transpose(1, 2) @ weight.T
    if readout.tau_syn is not None:
        trace = _leaky(trace, math.exp(-dt / readout.tau_syn), 1.0)
    if readout.tau_m is not None:
        decay = math.exp(-dt / readout.tau_m)
        trace = _leaky(trace, decay, 1.0 - decay)
    return _pooled(trace, readout.pool) + bias


def _samples(readout: Readout, outputs: Outputs) -> Tensor:
    name = readout.population
    if readout.source == "spikes":
        found = outputs.spikes.get(name)
    elif readout.source == "output":
        found = outputs.rates.get(name)
    else:
        found = outputs.states.get((name, readout.source))
    if found is None:
        raise NetworkError(
            f"readout {readout.name!r} reads {readout.source!r} of {name!r}, which was not recorded"
        )
    return found


def _leaky(trace: Tensor, decay: float, gain: float) -> Tensor:
    """``y_k = decay y_(k-1) + gain x_k`` along the first axis, as one matrix product."""
    steps = torch.arange(trace.shape[0], device=trace.device, dtype=trace.dtype)
    lag = steps[:, None] - steps[None, :]
    kernel = torch.where(lag >= 0, gain * decay ** lag.clamp(min=0), 0.0)
    return (kernel @ trace.flatten(1)).view_as(trace)


def _pooled(trace: Tensor, pool: str) -> Tensor:
    if pool == "count":
        return trace.sum(0)
    if pool == "mean":
        return trace.mean(0)
    if pool == "max":
        return trace.amax(0)
    if pool == "last":
        return trace[-1]
    return trace
