"""Balance of excitation and inhibition, neuron by neuron."""

from __future__ import annotations

__all__ = ["balanced", "fan_in_set", "input_sums", "one_sided_neurons", "output_sums", "sums"]

import numpy as np
from numpy.typing import NDArray

from neurobridge.errors import NetworkError
from neurobridge.graph.edges import Edges
from neurobridge.structure import checks

Real = NDArray[np.float64]


def input_sums(edges: Edges, values: Real) -> tuple[Real, Real]:
    """Summed positive and summed negative weights onto every neuron, two float64 (n_post,)."""
    return (_by_neuron(edges, np.maximum(values, 0.0)), _by_neuron(edges, np.minimum(values, 0.0)))


def output_sums(edges: Edges, values: Real) -> tuple[Real, Real]:
    """Summed positive and summed negative weights from every neuron, two float64 (n_pre,)."""
    return (
        sums(edges.pre, np.maximum(values, 0.0), edges.n_pre),
        sums(edges.pre, np.minimum(values, 0.0), edges.n_pre),
    )


def sums(index: NDArray[np.int32], values: Real, n: int) -> Real:
    """Sum of the values of each of ``n`` neurons, float64 (n,)."""
    return np.asarray(np.bincount(index, values, n), dtype=np.float64)


def one_sided_neurons(edges: Edges, values: Real, one_sided: str) -> NDArray[np.int32]:
    """Neurons whose input has one sign only, if they may have it.

    Raises
    ------
    NetworkError
        If there are some and ``one_sided`` is ``"error"``.
    """
    if one_sided not in ("error", "keep"):
        raise NetworkError(f"one_sided: expected 'error' or 'keep', got {one_sided!r}")
    positive, negative = input_sums(edges, values)
    found = (positive == 0) != (negative == 0)
    if found.any() and one_sided == "error":
        first = int(found.argmax())
        kind = "excitatory" if positive[first] else "inhibitory"
        raise NetworkError(
            f"balance: {int(found.sum())} of {edges.n_post} neurons have input of one sign "
            f"only; the first is neuron {first}, whose input is all {kind}. Connect more densely, "
            "or leave these neurons as they are with one_sided='keep'"
        )
    return np.flatnonzero(found).astype(np.int32)


def fan_in_set(edges: Edges, values: Real, total: float) -> Real:
    """Weights whose magnitudes sum to ``total`` onto every neuron that has input, float64 (E,)."""
    reached = _by_neuron(edges, np.abs(values))
    factor: Real = np.divide(total, reached, out=np.zeros_like(reached), where=reached > 0)
    return values * factor[edges.post]


def balanced(
    edges: Edges, values: Real, ratio: float, one_sided: str
) -> tuple[Real, NDArray[np.int32]]:
    """Balanced weights, float64 (E,), and the neurons that were left out, int32."""
    ratio = checks.positive(ratio, "ratio")
    left_out = one_sided_neurons(edges, values, one_sided)
    positive, negative = input_sums(edges, values)
    both = (positive > 0) & (negative < 0)
    factor = np.ones(edges.n_post)
    np.divide(positive, -ratio * negative, out=factor, where=both)
    made = np.where(values < 0, values * factor[edges.post], values)
    return made, left_out


def _by_neuron(edges: Edges, values: Real) -> Real:
    found = np.zeros(edges.n_post)
    reached = np.diff(edges.indptr) > 0
    found[reached] = np.add.reduceat(values, edges.indptr[:-1][reached])
    return found
