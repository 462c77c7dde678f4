"""Weights as 16-bit integers, and what rounding does to them."""

from __future__ import annotations

__all__ = ["LARGEST_WORD", "RoundingError", "rounding_error", "to_words"]

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

LARGEST_WORD = 65535


def to_words(value: NDArray[np.float64], resolution: float | NDArray[np.float64]) -> Any:
    """The nearest multiples of the resolution, half to even, as the host rounds them.

    Parameters
    ----------
    value : float64 array, shape (E,)
        Magnitudes.
    resolution : float or float64 array, shape (E,)

    Returns
    -------
    int64 array, shape (E,)
        A value above :data:`LARGEST_WORD` does not fit into a synapse.
    """
    return np.rint(value / resolution).astype(np.int64)


@dataclass(frozen=True)
class RoundingError:
    """What rounding does to a set of weights.

    Parameters
    ----------
    n : int
        Weights that are not 0.
    became_zero : int
        How many of them are 0 afterwards.
    total : float
        Sum of the absolute errors over the sum of the weights.
    drift : float
        The same with signs: how much stronger all of them are together.
    largest : float
        Largest relative error of a single weight, that becomes 0 or not.
    """

    n: int
    became_zero: int
    total: float
    drift: float
    largest: float

    @property
    def zero_share(self) -> float:
        """Share of the weights that become zero."""
        return self.became_zero / self.n if self.n else 0.0

    def to_dict(self) -> dict[str, Any]:
        """A plain dictionary, for JSON."""
        return {**asdict(self), "zero_share": self.zero_share}


def rounding_error(value: NDArray[np.float64], rounded: NDArray[np.float64]) -> RoundingError:
    """Compare magnitudes before and after, float64 (E,) each."""
    used = value > 0
    value, rounded = value[used], rounded[used]
    if not value.size:
        return RoundingError(0, 0, 0.0, 0.0, 0.0)
    error = rounded - value
    total = value.sum()
    return RoundingError(
        n=int(value.size),
        became_zero=int((rounded == 0).sum()),
        total=float(np.abs(error).sum() / total),
        drift=float(error.sum() / total),
        largest=float((np.abs(error) / value).max()),
    )
