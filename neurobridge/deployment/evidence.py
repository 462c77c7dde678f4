"""Four levels of evidence for a deployment, which must not be taken for one another."""

from __future__ import annotations

__all__ = ["LEVELS", "Evidence"]

from dataclasses import asdict, dataclass
from typing import Any

LEVELS = {
    "virtual board": "sPyNNaker's own tools place the network, give out its keys and make its "
    "routing tables for a board that is not there; nothing is computed",
    "twin": "every step of every neuron in the integer arithmetic of the chip, in NumPy; packets "
    "are never late or lost",
    "chip model": "the program files that sPyNNaker ships, run instruction by instruction on a "
    "model of the chip with the data that its tools wrote; no physical timing",
    "hardware": "a SpiNNaker board; late packets, lost packets and overrun timers can be seen only "
    "there",
}
"""Level -> what it means, from the weakest to the strongest."""


@dataclass(frozen=True)
class Evidence:
    """One level, whether it was reached for this network and run, and what came out."""

    level: str
    done: bool
    result: str

    @property
    def meaning(self) -> str:
        """What the level stands for."""
        return LEVELS[self.level]

    def to_dict(self) -> dict[str, Any]:
        """A plain dictionary, for JSON."""
        return {**asdict(self), "meaning": self.meaning}
