"""SynapseCounts: weights as the connectome has them."""

from __future__ import annotations

__all__ = ["SynapseCounts"]

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from neurobridge.errors import NetworkError
from neurobridge.structure import checks
from neurobridge.structure.initialisers import Source
from neurobridge.structure.target import Target

Real = NDArray[np.float64]
Measure = Literal["none", "total", "fan_in"]


@dataclass(frozen=True, eq=False)
class SynapseCounts(Source):
    """Weights in proportion to the synapse counts of a connectome; nothing is random.

    Parameters
    ----------
    scale : float
    normalise : {"none", "total", "fan_in"}
        ``none``: ``scale`` is the weight of one synapse. ``total``: the magnitudes of all weights
        sum to ``scale``. ``fan_in``: those onto each neuron do. Operations do more, such as
        ``SynapseCounts().with_spectral_radius(...)`` and ``SynapseCounts().sinkhorn()``.
    """

    scale: float = 1.0
    normalise: Measure = "none"

    def __post_init__(self) -> None:
        checks.positive(self.scale, "scale")
        if self.normalise not in get_args(Measure):
            raise NetworkError(
                f"normalise: expected one of {get_args(Measure)}, got {self.normalise!r}"
            )

    def _values(self, target: Target, name: str) -> Real:
        signed = target.sign * _counts(target)
        sums: Real = np.ones(1)
        if self.normalise == "total":
            sums = np.abs(signed).sum(keepdims=True)
        elif self.normalise == "fan_in":
            edges = target.edges
            onto = np.bincount(edges.post, np.abs(signed), minlength=edges.n_post)
            sums = onto[edges.post].astype(np.float64)
        return self.scale * np.divide(signed, sums, out=np.zeros_like(signed), where=sums > 0)


def _counts(target: Target) -> Real:
    """Synapses of every edge, float64 (E,)."""
    count = target.edges.count
    if count is None:
        raise NetworkError("weights by synapse counts: these edges have none")
    unknown = target.sign == 0
    if unknown.any():
        raise NetworkError(
            f"weights by synapse counts: the sign of {int(unknown.sum())} of {unknown.size} edges "
            "is unknown; give sign=..., one for every presynaptic neuron, e.g. "
            "network.population('neurons').labels.sign"
        )
    return count.astype(np.float64)
