"""LowRankPart: a product of thin matrices, added to the weights of existing edges."""

from __future__ import annotations

__all__ = ["LowRankPart"]

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn.functional import softplus

from neurobridge.graph.edges import Edges
from neurobridge.rng import generator
from neurobridge.training.specification import Target, Train

Real = NDArray[np.float64]


class LowRankPart(nn.Module):
    r"""``U V^T`` on the edges, shape (E,): what is added to their weights.

    With the sign of each edge given, the factors are positive, and what is added has that sign.

    Parameters
    ----------
    spec : Train
    target : Target
    edges : Edges
    size : float
        Typical size of the weights.
    moves : bool array (E,)
        Elsewhere nothing is added.
    sign : float64 array (E,) or None
        -1, 0 or 1; None if what is added may have any sign.
    dtype : torch.dtype
    """

    u: nn.Parameter
    v: nn.Parameter
    post: torch.Tensor
    pre: torch.Tensor
    value: torch.Tensor
    start_u: torch.Tensor
    start_v: torch.Tensor
    factor: torch.Tensor

    def __init__(
        self,
        spec: Train,
        target: Target,
        edges: Edges,
        size: float,
        moves: NDArray[np.bool_],
        sign: Real | None,
        dtype: torch.dtype,
    ) -> None:
        super().__init__()
        self.spec, self.target, self.size, self.positive = spec, target, size, sign is not None
        self.rate = float(np.asarray(spec.learning_rate))
        rng = generator(0, "weights", f"low rank {spec.path}")
        for name, n in (("u", edges.n_post), ("v", edges.n_pre)):
            factor = rng.normal(size=(n, spec.rank)) * spec.spread
            if self.positive:
                factor = np.log(np.expm1(np.maximum(np.abs(factor), 1e-12)))
            self.register_buffer(f"start_{name}", torch.as_tensor(factor, dtype=dtype))
            setattr(self, name, nn.Parameter(torch.zeros((n, spec.rank), dtype=dtype)))
        weight = moves.astype(np.float64) if sign is None else moves * sign
        self.register_buffer("factor", torch.as_tensor(weight, dtype=dtype))
        self.register_buffer("post", torch.as_tensor(edges.post.astype(np.int64)))
        self.register_buffer("pre", torch.as_tensor(edges.pre.astype(np.int64)))
        self.register_buffer("value", self().detach().clone())

    def factors(self) -> tuple[torch.Tensor, torch.Tensor]:
        """``m`` (n_post, rank) in the unit of the weights, and ``n`` (n_pre, rank)."""
        u, v = self.start_u + self.rate * self.u, self.start_v + self.rate * self.v
        if self.positive:
            u, v = softplus(u), softplus(v)
        return self.size * u, v

    def forward(self) -> torch.Tensor:
        """What is added to every edge."""
        m, n = self.factors()
        return self.factor * (m[self.post] * n[self.pre]).sum(1)
