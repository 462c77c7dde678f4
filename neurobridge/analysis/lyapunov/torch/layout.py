"""Where the numbers of each population lie in tensors of all of them."""

from __future__ import annotations

__all__ = ["Layout", "Part", "Place", "part"]

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch

from neurobridge.analysis.lyapunov.declared import Cells
from neurobridge.analysis.lyapunov.torch.cells import CellFunctions

Part = slice | None
"""Where numbers lie along the last dimension; None: they are all that there is."""


def part(values: torch.Tensor, at: Part) -> torch.Tensor:
    """A part of the last dimension."""
    return values if at is None else values[..., at]


@dataclass(frozen=True)
class Place:
    """Where the numbers of one population lie.

    Parameters
    ----------
    states, couplings : mapping of str to Part
    signal, current : Part
        Not read if it sends nothing, or takes no current.
    """

    states: Mapping[str, Part]
    couplings: Mapping[str, Part]
    signal: Part
    current: Part


class Layout:
    """Populations in order, and the functions of each.

    Parameters
    ----------
    cells : sequence of Cells
    """

    def __init__(self, cells: Sequence[Cells]) -> None:
        self.functions = [CellFunctions(c.code) for c in cells]
        self.sizes = [c.size for c in cells]
        codes = [c.code for c in cells]
        states = self._parts([len(code.states) for code in codes])
        couplings = self._parts([len(code.couplings) for code in codes])
        signals = self._parts([int(code.sends) for code in codes])
        currents = self._parts([int(code.takes_current) for code in codes])
        self.places = [
            Place(
                dict(zip(code.states, states[p], strict=True)),
                dict(zip(code.couplings, couplings[p], strict=True)),
                signals[p][0] if code.sends else None,
                currents[p][0] if code.takes_current else None,
            )
            for p, code in enumerate(codes)
        ]

    def _parts(self, counts: Sequence[int]) -> list[list[Part]]:
        """Parts of each population that has so many numbers a neuron."""
        lengths = [n for n, count in zip(self.sizes, counts, strict=True) for _ in range(count)]
        if len(lengths) == 1:
            return [[None] * count for count in counts]
        ends = np.cumsum([0, *lengths]).tolist()
        slices = iter([slice(a, b) for a, b in pairwise(ends)])
        return [[next(slices) for _ in range(count)] for count in counts]
