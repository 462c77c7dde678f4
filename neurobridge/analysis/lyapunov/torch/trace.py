"""The trace of the Jacobian: how fast volumes grow."""

from __future__ import annotations

__all__ = ["own_weights", "trace"]

from collections.abc import Sequence

import numpy as np
import torch

from neurobridge.analysis.lyapunov.declared import DeclaredSystem
from neurobridge.analysis.lyapunov.torch.field import Field, Slopes, spread
from neurobridge.analysis.lyapunov.torch.layout import part


def own_weights(systems: Sequence[DeclaredSystem], device: torch.device) -> torch.Tensor | None:
    """Weight of each neuron onto itself by coupling, (n,) or (S, n); None if all are 0."""
    rows = np.stack([s.own_weights for s in systems])
    if not rows.any():
        return None
    return torch.as_tensor(rows[0] if len(rows) == 1 else rows, device=device)


def trace(field: Field, slopes: Slopes, own: torch.Tensor | None, x: torch.Tensor) -> torch.Tensor:
    """The trace at a state (..., N), of shape (...)."""
    total = x.new_zeros(x.shape[:-1])
    for place, of_signal, of_slope in zip(
        field.places, slopes.of_signal, slopes.of_slope, strict=True
    ):
        for (state, by), partial in of_slope.items():
            like = part(x, place.states[state])
            if state == by:
                total = total + spread(partial, like).sum(-1)
            elif own is not None and by in place.couplings and state in of_signal:
                weight = part(own, place.couplings[by])
                through = partial * weight * of_signal[state]
                total = total + spread(through, like).sum(-1)
    return total
