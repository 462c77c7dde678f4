"""Balance of excitation and inhibition, neuron by neuron."""

from __future__ import annotations

__all__ = ["balanced", "input_sums"]

import numpy as np
from numpy.typing import NDArray

from neurobridge.errors import NetworkError
from neurobridge.graph.edges import Edges
from neurobridge.structure import checks

Real = NDArray[np.float64]


def input_sums(edges: Edges, values: Real) -> tuple[Real, Real]:
    """Summed positive and summed negative weights onto every neuron, two float64 (n_post,)."""
    return (_by_neuron(edges, np.maximum(values, 0.0)), _by_neuron(edges, np.minimum(values, 0.0)))


def balanced(
    edges: Edges, values: Real, ratio: float, one_sided: str
) -> tuple[Real, NDArray[np.int32]]:
    """Balanced weights, float64 (E,), and the neurons that were left out, int32."""
    ratio = checks.positive(ratio, "ratio")
    if one_sided not in ("error", "keep"):
        raise NetworkError(f"one_sided: expected 'error' or 'keep', got {one_sided!r}")
    positive, negative = input_sums(edges, values)
    left_out = (positive == 0) != (negative == 0)
    if left_out.any() and one_sided == "error":
        first = int(left_out.argmax())
        kind = "excitatory" if positive[first] else "inhibitory"
        raise NetworkError(
            f"balance: {int(left_out.sum())} of {edges.n_post} neurons have input of one sign "
            f"only; the first is neuron {first}, whose input is all {kind}. Connect more densely, "
            "or leave these neurons as they are with one_sided='keep'"
        )
    both = (positive > 0) & (negative < 0)
    factor = np.ones(edges.n_post)
    np.divide(positive, -ratio * negative, out=factor, where=both)
    made = np.where(values < 0, values * factor[edges.post], values)
    return made, np.flatnonzero(left_out).astype(np.int32)


def _by_neuron(edges: Edges, values: Real) -> Real:
    sums = np.zeros(edges.n_post)
    reached = np.diff(edges.indptr) > 0
    sums[reached] = np.add.reduceat(values, edges.indptr[:-1][reached])
    return sums
