"""Where the numbers of each population lie in the flat arrays of compiled code."""

from __future__ import annotations

__all__ = ["Lengths", "fields_of", "lay_out"]

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurobridge.analysis.lyapunov.linear_code import LinearCode


@dataclass
class Lengths:
    """Lengths of the flat arrays, and so the next free place in each while they are laid out."""

    states: int = 0
    couplings: int = 0
    signals: int = 0
    currents: int = 0
    constants: int = 0
    signal_by: int = 0
    slope_by: int = 0

    def take(self, array: str, n: int) -> int:
        """Reserve ``n`` places, and say where they begin."""
        first: int = getattr(self, array)
        setattr(self, array, first + n)
        return first


def fields_of(code: LinearCode) -> dict[str, str]:
    """Names of the offsets of a population, in their order, and the array that each points into."""
    return {
        **{f"x_{s}": "states" for s in code.states},
        **{f"c_{c}": "couplings" for c in code.couplings},
        **({"o": "signals"} if code.sends else {}),
        **({"inject": "currents"} if code.takes_current else {}),
        **{f"k_{c}": "constants" for c in code.constants},
        **{f"d_{s}": "signal_by" for s in code.signal_by},
        **{f"j_{s}_by_{v}": "slope_by" for s, v in code.slope_by},
    }


def lay_out(codes: Sequence[LinearCode], sizes: Sequence[int]) -> tuple[NDArray[np.int64], Lengths]:
    """The offsets of all populations one after the other, each begun by its size."""
    lengths, at = Lengths(), []
    for code, n in zip(codes, sizes, strict=True):
        at += [n, *(lengths.take(array, n) for array in fields_of(code).values())]
    return np.array(at, dtype=np.int64), lengths
