"""What the readouts of a network make of a run of the reference and of the twin."""

from __future__ import annotations

__all__ = ["Decision", "decide"]

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurobridge.graph.network import Network
from neurobridge.graph.readout import Readout
from neurobridge.recording import Recording


@dataclass(frozen=True)
class Decision:
    """Outputs of one readout.

    Parameters
    ----------
    readout : str
    reference, twin : float64 array, shape (n_out,)
        Outputs; with ``pool="none"`` their mean over time.
    decided : tuple of str, or None
        The class of the largest output in the reference and in the twin; None if there is only
        one output.
    """

    readout: str
    reference: NDArray[np.float64]
    twin: NDArray[np.float64]
    decided: tuple[str, str] | None

    @property
    def same(self) -> bool | None:
        """Whether both decide for the same class; None if there is nothing to decide."""
        return None if self.decided is None else self.decided[0] == self.decided[1]

    @property
    def difference(self) -> float:
        """Largest difference of an output, relative to the largest of the reference."""
        size = float(np.abs(self.reference).max(initial=0.0)) or 1.0
        return float(np.abs(self.twin - self.reference).max(initial=0.0)) / size

    def to_dict(self) -> dict[str, Any]:
        """A plain dictionary, for JSON."""
        return {
            "readout": self.readout,
            "reference": self.reference.tolist(),
            "twin": self.twin.tolist(),
            "decided": None if self.decided is None else list(self.decided),
            "same": self.same,
            "difference": self.difference,
        }


def decide(network: Network, reference: Recording, twin: Recording) -> tuple[Decision, ...]:
    """Every readout of a network, applied to both runs.

    Raises
    ------
    NetworkError
        If what a readout reads was not recorded.
    """
    return tuple(_decision(network, r, reference, twin) for r in network.readouts.values())


def _decision(
    network: Network, readout: Readout, reference: Recording, twin: Recording
) -> Decision:
    population = network.population(readout.population)
    outputs = []
    for recording in (reference, twin):
        values = readout.apply(recording, population)
        outputs.append(values.mean(axis=0) if values.ndim > 1 else values)
    decided = None
    if readout.bias.size > 1:
        names = readout.classes or tuple(str(i) for i in range(readout.bias.size))
        decided = (names[int(outputs[0].argmax())], names[int(outputs[1].argmax())])
    return Decision(readout.name, outputs[0], outputs[1], decided)
