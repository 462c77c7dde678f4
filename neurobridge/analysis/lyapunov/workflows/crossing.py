"""Where the largest exponent crosses zero as a parameter grows, with its interval."""

from __future__ import annotations

__all__ = ["Crossing", "crossing", "first_crossing"]

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurobridge.analysis.lyapunov.workflows.over_networks import bootstrap, median_interval

Real = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Crossing:
    """The median over networks of where something happens, with a 95 % bootstrap interval.

    Parameters
    ----------
    value : float
        Infinite if at most half of the networks get there within the range; NaN without networks.
    low, high : float
        NaN for fewer than three networks; infinite if it may lie beyond the range.
    each : float64 array (n,)
        Of every network; infinite for those that do not get there.
    """

    value: float
    low: float
    high: float
    each: Real

    @property
    def reached(self) -> int:
        """How many networks get there."""
        return int(np.isfinite(self.each).sum())

    def to_dict(self) -> dict[str, Any]:
        """For JSON, with None for what is beyond the range."""
        return {
            "value": self.value,
            "low": self.low,
            "high": self.high,
            "networks": self.each.size,
            "reached": self.reached,
            "each": self.each,
        }


def crossing(
    parameter: Real, maximal: Real, above: NDArray[np.bool_], seed: int, purpose: str
) -> Crossing:
    """Where networks go from below to above, their median, and its interval by bootstrap.

    Parameters
    ----------
    parameter : float64 array (m,)
        Ascending.
    maximal : float64 array (n, m)
        Largest exponents of n networks.
    above : bool array (n, m)
        Where they count as above.
    seed : int
    purpose : str
        Of the random stream of the bootstrap.
    """
    each = np.array(
        [first_crossing(parameter, row, up) for row, up in zip(maximal, above, strict=True)]
    )
    low, high = bootstrap(each, lambda sample: median_interval(sample).median, seed, purpose)
    return Crossing(median_interval(each).median, low, high, each)


def first_crossing(parameter: Real, maximal: Real, above: NDArray[np.bool_]) -> float:
    """Where one network comes to stay above, by linear interpolation of its exponents.

    Between the last value that is not above and the next one. Minus infinity if it is above
    throughout, infinity if it is not above at the largest parameter. Halfway to the next one if
    that diverged, for then it has no exponent (NaN).
    """
    below = np.flatnonzero(~above)
    if below.size == 0:
        return -np.inf
    last = int(below[-1])
    if last == parameter.size - 1:
        return np.inf
    left, right = min(float(maximal[last]), 0.0), max(float(maximal[last + 1]), 0.0)
    share = 1.0 if left == right else -left / (right - left)
    if np.isnan(maximal[last + 1]):
        share = 0.5
    return float(parameter[last] + share * (parameter[last + 1] - parameter[last]))
