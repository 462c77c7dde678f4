"""Masks and weights in time, and means over what they keep."""

from __future__ import annotations

__all__ = [
    "POOLS",
    "Pool",
    "TimeWeight",
    "check_every_trial",
    "check_fixed_weights",
    "pooled",
    "time_weights",
    "weighted_mean",
]

from typing import Literal

import numpy as np
import torch
from numpy.typing import ArrayLike

from neurobridge.errors import NetworkError
from neurobridge.training.objective import Seen

TimeWeight = ArrayLike | str | None
"""Weights of time steps: an array (T,), or the name of a target of the batch, (T,) or (T, B)."""

Pool = Literal["max", "mean", "last", "none"]
POOLS = ("max", "mean", "last", "none")


def check_fixed_weights(weights: ArrayLike | str | None, where: str) -> None:
    """Raise unless fixed weights are a flat array, finite, not negative and not all 0."""
    if weights is None or isinstance(weights, str):
        return
    array = np.asarray(weights, dtype=np.float64)
    if array.ndim != 1 or not array.size:
        raise NetworkError(f"{where}: expected a flat array, got one of shape {array.shape}")
    if not np.isfinite(array).all() or (array < 0).any():
        raise NetworkError(f"{where}: weights must be finite and >= 0, got {array.min():g}")
    if not array.any():
        raise NetworkError(f"{where}: all weights are 0, so nothing is left to take a mean of")


def time_weights(time: TimeWeight, seen: Seen, like: torch.Tensor, where: str) -> torch.Tensor:
    """The weights of every step and trial, shape (T, B).

    Parameters
    ----------
    time : array, str or None
        None weighs all alike.
    seen : Seen
    like : tensor (T, B, ...)
        What is weighed.
    where : str
        For messages.

    Raises
    ------
    NetworkError, UnknownNameError
        If there is no such target, it is of another length, negative, not finite, or all 0.
    """
    shape = like.shape[:2]
    if time is None:
        return like.new_ones(shape)
    given = seen.target(time) if isinstance(time, str) else torch.as_tensor(np.asarray(time))
    weights = given.to(like.device, like.dtype)
    if weights.shape not in ((shape[0],), shape):
        raise NetworkError(
            f"{where}: expected weights of {shape[0]} time steps, shape ({shape[0]},) or "
            f"{tuple(shape)}, got {tuple(weights.shape)}"
        )
    if not bool(torch.isfinite(weights).all() & (weights >= 0).all()):
        raise NetworkError(f"{where}: weights of time steps must be finite and >= 0")
    if not bool(weights.any()):
        raise NetworkError(f"{where}: the weights of all time steps are 0; nothing is left")
    return (weights[:, None] if weights.ndim == 1 else weights).expand(shape)


def weighted_mean(values: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    """``sum(w * x) / sum(w)``, over whatever else the values have with the same weight.

    Parameters
    ----------
    values : tensor (..., k) or (...)
        Finite, also where the weight is 0.
    weights : tensor (...)
    """
    if values.ndim > weights.ndim:
        values = values.flatten(weights.ndim).mean(-1)
    return (weights * values).sum() / weights.sum()


def check_every_trial(weights: torch.Tensor, where: str) -> None:
    """Raise if every time step of a trial has weight 0; ``weights`` are (T, B)."""
    nothing = ~(weights > 0).any(0)
    if bool(nothing.any()):
        trial = int(torch.nonzero(nothing)[0])
        raise NetworkError(f"{where}: no time step of trial {trial} of the batch is kept")


def pooled(trace: torch.Tensor, pool: str, weights: torch.Tensor, where: str) -> torch.Tensor:
    """One value a trial of a trace, (B, k).

    Parameters
    ----------
    trace : tensor (T, B, k)
    pool : {"max", "mean", "last"}
        Over the steps that are kept, those with a weight above 0; the mean is weighted.
    weights : tensor (T, B)
    where : str

    Raises
    ------
    NetworkError
        If nothing is kept of a trial.
    """
    check_every_trial(weights, where)
    kept = weights > 0
    if pool == "max":
        return trace.masked_fill(~kept[..., None], -torch.inf).amax(0)
    if pool == "mean":
        return (weights[..., None] * trace).sum(0) / weights.sum(0)[:, None]
    last = kept.shape[0] - 1 - kept.flip(0).int().argmax(0)
    return trace[last, torch.arange(trace.shape[1], device=trace.device)]
