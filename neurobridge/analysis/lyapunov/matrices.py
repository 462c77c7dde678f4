"""Networks of rate neurons from a coupling matrix, and random ones."""

from __future__ import annotations

__all__ = ["matrix_network", "random_matrix", "random_network"]

from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from neurobridge.analysis.lyapunov.system import Real
from neurobridge.errors import NetworkError
from neurobridge.graph.builder import NetworkBuilder
from neurobridge.graph.network import Network
from neurobridge.models import rate_model
from neurobridge.rng import generator


def random_matrix(n: int, g: float, *, density: float = 1.0, seed: int = 0) -> Real:
    """Independent normal weights of variance ``g**2/(density n)``, without self-connections.

    Parameters
    ----------
    n : int
        Neurons.
    g : float
        Coupling strength: the spectral radius for large ``n`` (Girko's circular law).
    density : float
        Probability of an edge.
    seed : int

    Returns
    -------
    float64 array (n, n), post x pre
        Matrices of one seed and density differ by the factor ``g`` alone.

    References
    ----------
    Sompolinsky, Crisanti & Sommers (1988). Chaos in random neural networks. PRL 61:259.
    """
    if isinstance(n, bool) or not isinstance(n, (int, np.integer)) or n < 1:
        raise NetworkError(f"random network: n must be a whole number >= 1, got {n!r}")
    if not np.isfinite(g):
        raise NetworkError(f"random network: g must be a finite number, got {g!r}")
    if not 0 < density <= 1:
        raise NetworkError(f"random network: density must be in (0, 1], got {density!r}")
    rng = generator(seed, "lyapunov.random_matrix", f"{n}")
    matrix: Real = rng.standard_normal((n, n)) * (g / np.sqrt(density * n))
    if density < 1:
        matrix[rng.random((n, n)) >= density] = 0.0
    np.fill_diagonal(matrix, 0.0)
    return matrix


def random_network(
    n: int,
    g: float,
    *,
    activation: str = "tanh",
    form: Literal["current", "activity"] = "current",
    density: float = 1.0,
    seed: int = 0,
    **parameters: Any,
) -> Network:
    """A random network of rate neurons; see :func:`random_matrix` and :func:`matrix_network`."""
    matrix = random_matrix(n, g, density=density, seed=seed)
    return matrix_network(matrix, activation=activation, form=form, **parameters)


def matrix_network(
    matrix: ArrayLike,
    *,
    activation: str = "tanh",
    form: Literal["current", "activity"] = "current",
    **parameters: Any,
) -> Network:
    """The network of rate neurons with this coupling.

    Parameters
    ----------
    matrix : float array (n, n), post x pre
        What is 0 is no edge.
    activation, form : str
        See :func:`neurobridge.models.rate_model`.
    **parameters : float or array (n,)
        Of the neurons: gain, shift, bias, and tau (default: 1 ms).

    Returns
    -------
    Network
        With one population ``neurons`` and one projection ``synapses``.

    Raises
    ------
    NetworkError
        If the matrix is not square or not finite.
    """
    weights = np.asarray(matrix, dtype=np.float64)
    if weights.ndim != 2 or weights.shape[0] != weights.shape[1]:
        raise NetworkError(
            f"coupling matrix: expected a square matrix, post x pre, got shape {weights.shape}"
        )
    if not np.isfinite(weights).all():
        post, pre = np.argwhere(~np.isfinite(weights))[0]
        raise NetworkError(
            f"coupling matrix: the weight from neuron {pre} to {post} is {weights[post, pre]}"
        )
    net = NetworkBuilder()
    model = rate_model(activation, form)
    net.population("neurons", weights.shape[0], model, **{"tau": 1.0, **parameters})
    post, pre = np.nonzero(weights)
    pairs = np.stack([pre, post], axis=1)
    net.connect("synapses", "neurons", "neurons", pairs, weight=weights[post, pre], delay=0.0)
    return net.build()
