"""BlockDensity: how dense the blocks came out, against what was asked for."""

from __future__ import annotations

__all__ = ["BlockDensity"]

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurobridge.content import ByContent
from neurobridge.frozen import frozen_array

Real = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class BlockDensity(ByContent):
    """Edges by block; all arrays are (n_groups, n_groups), post x pre.

    Parameters
    ----------
    groups : tuple of str
    requested : float64 array
        Probability of an edge.
    edges, possible : int64 array
        Number of edges, and of pairs of neurons that could be one.
    """

    groups: tuple[str, ...]
    requested: Real
    edges: NDArray[np.int64]
    possible: NDArray[np.int64]

    def __post_init__(self) -> None:
        for name, dtype in (("requested", float), ("edges", np.int64), ("possible", np.int64)):
            object.__setattr__(self, name, frozen_array(getattr(self, name), dtype))

    @property
    def measured(self) -> Real:
        """Edges per possible edge; NaN where none is possible."""
        fraction = np.full(self.edges.shape, np.nan)
        np.divide(self.edges, self.possible, out=fraction, where=self.possible > 0)
        return fraction

    @property
    def z(self) -> Real:
        """Deviation from the request in binomial standard deviations; 0 where it is exact."""
        p = self.requested
        sd = np.sqrt(self.possible * p * (1 - p))
        off = self.edges - self.possible * p
        z = np.where(np.abs(off) < 0.5, 0.0, np.inf)
        np.divide(off, sd, out=z, where=sd > 0)
        return z

    def __str__(self) -> str:
        """A table: one row a postsynaptic group, ``measured (requested)``."""
        measured = self.measured
        cells = [
            [f"{m:.3f} ({p:.3f})" for m, p in zip(row, asked, strict=True)]
            for row, asked in zip(measured, self.requested, strict=True)
        ]
        wide = max(13, *(len(g) for g in self.groups)) + 2
        first = max(len("post \\ pre"), *(len(g) for g in self.groups))
        lines = ["post \\ pre".ljust(first) + "".join(g.rjust(wide) for g in self.groups)]
        lines += [
            g.ljust(first) + "".join(c.rjust(wide) for c in row)
            for g, row in zip(self.groups, cells, strict=True)
        ]
        return "\n".join(lines)
