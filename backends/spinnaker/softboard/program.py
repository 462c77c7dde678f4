"""Which program a core runs, and for which neurons."""

from __future__ import annotations

__all__ = ["Program"]

from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Program:
    """A binary and its share of the network.

    Parameters
    ----------
    binary : str
        Name of the file.
    population : str
        Label of the population (or delay extension) that it is a part of.
    first, last : int
        Its neurons there.
    zeros : callable
        Names of parameters of the population that the chip holds as 0.
    """

    binary: str
    population: str
    first: int
    last: int
    zeros: Callable[[], tuple[str, ...]] = field(default=tuple, compare=False)

    def __str__(self) -> str:
        return f"{self.population!r} neurons {self.first} to {self.last} ({self.binary})"
