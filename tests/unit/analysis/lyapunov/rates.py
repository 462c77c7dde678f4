"""Networks of rate neurons with random parameters, and their right side written once more."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

import neurobridge as nb
from neurobridge.analysis import lyapunov
from neurobridge.analysis.lyapunov.system import Meaning

N = 12

PHI: dict[str, Any] = {
    "tanh": torch.tanh,
    "tanh_positive": lambda u: (1 + torch.tanh(u)) / 2,
    "relu": torch.relu,
    "softplus": torch.nn.functional.softplus,
    "sigmoid": torch.sigmoid,
    "erf": lambda u: torch.erf(u / 2**0.5),
    "normal_cdf": lambda u: (1 + torch.erf(u / 2**0.5)) / 2,
    "brunel_sqrt": lambda u: torch.where(
        u < 1, torch.relu(u) ** 2, 2 * (u - 0.75).clamp(min=0.1).sqrt()
    ),
    "power_law": lambda u: torch.relu(u) ** 2.5,
    "linear": lambda u: u,
}


def network(
    activation: str, form: Any, density: float, rng: np.random.Generator, n: int = N
) -> nb.Network:
    """Random gain, shift, bias, tau, and some with an edge to itself."""
    matrix = lyapunov.random_matrix(n, 0.8, density=density, seed=int(rng.integers(1000)))
    np.fill_diagonal(matrix[: n // 4], rng.normal(size=n))
    own = {"exponent": 2.5} if activation == "power_law" else {}
    return lyapunov.matrix_network(
        matrix, activation=activation, form=form, tau=rng.uniform(1, 3, n),
        gain=rng.uniform(0.5, 1.2, n), shift=0.3 * rng.normal(size=n),
        bias=0.3 * rng.normal(size=n), **own,
    )  # fmt: skip


def right_side(net: nb.Network, activation: str, form: str) -> Any:
    """``dx/dt`` as a function of a tensor, with a dense matrix, in ms."""
    cells, edges = net.population("neurons"), net.projections["synapses"].edges
    known = {
        name: torch.tensor(np.broadcast_to(cells.parameters[name], (cells.size,)).copy())
        for name in ("tau", "gain", "shift", "bias")
    }
    matrix = np.zeros((cells.size, cells.size))
    matrix[edges.post, edges.pre] = net.weights("synapses")
    weights = torch.tensor(matrix)

    def phi(x: torch.Tensor) -> torch.Tensor:
        return PHI[activation](known["gain"] * (x - known["shift"]))

    def current_form(x: torch.Tensor) -> torch.Tensor:
        return (-x + weights @ phi(x) + known["bias"]) / known["tau"]

    def activity_form(r: torch.Tensor) -> torch.Tensor:
        return (-r + phi(weights @ r + known["bias"])) / known["tau"]

    return current_form if form == "current" else activity_form


def system(net: nb.Network, meaning: Meaning = "flow") -> lyapunov.DeclaredSystem:
    """In ms, whatever the time constants."""
    return lyapunov.of_network(net, meaning, unit="ms")


def frame(n: int, k: int, rng: np.random.Generator) -> np.ndarray:
    """Random orthonormal vectors (n, k)."""
    return np.linalg.qr(rng.normal(size=(n, k)))[0]
