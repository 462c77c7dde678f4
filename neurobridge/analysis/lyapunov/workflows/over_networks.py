"""Statistics over networks: medians with exact intervals, and the bootstrap."""

from __future__ import annotations

__all__ = ["MedianInterval", "bootstrap", "covered", "median_interval"]

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import binom

from neurobridge.rng import generator

Real = NDArray[np.float64]

LEVEL = 0.95
RESAMPLES = 2000


class MedianInterval(NamedTuple):
    """The median of a sample, and an interval that covers the median of the population.

    ``coverage`` is the probability that it does: fewer than six values have no interval of 95 %,
    and that of all of them is given instead.
    """

    median: float
    low: float
    high: float
    coverage: float


def median_interval(values: Real) -> MedianInterval:
    """Median with an interval between two order statistics, exact for any distribution.

    Parameters
    ----------
    values : float64 array (n,)
        Independent; infinite ones count as very large. NaN for an empty sample.

    References
    ----------
    W. J. Conover, Practical Nonparametric Statistics, 3rd ed., section 3.2 (1999).
    """
    ordered = np.sort(np.asarray(values, dtype=np.float64))
    n = ordered.size
    if n == 0:
        return MedianInterval(np.nan, np.nan, np.nan, 0.0)
    covered = [1 - 2 * float(binom.cdf(r, n, 0.5)) for r in range((n + 1) // 2)]
    enough = [r for r, coverage in enumerate(covered) if coverage >= LEVEL]
    left_out = enough[-1] if enough else 0
    return MedianInterval(
        _median(ordered), float(ordered[left_out]), float(ordered[n - 1 - left_out]),
        max(covered[left_out], 0.0),
    )  # fmt: skip


def covered(medians: pd.DataFrame) -> str:
    """How sure the intervals of a table of medians are, in words.

    Parameters
    ----------
    medians : pandas.DataFrame
        With columns ``n`` and ``coverage``, as of :func:`median_interval`.
    """
    coverage = medians[medians["n"] > 0]["coverage"]
    least, most = coverage.min(), coverage.max()
    shares = f"{100 * least:.3g}" + ("" if least == most else f" to {100 * most:.3g}")
    return f"{shares} % interval of the median" if most else "one network: no interval"


def bootstrap(
    values: Real, statistic: Callable[[Real], float], seed: int, purpose: str
) -> tuple[float, float]:
    """The percentile interval of a statistic, with 95 %, from samples drawn with replacement.

    Parameters
    ----------
    values : float64 array (n, ...)
        One row for each network.
    statistic : function of such an array
        May be infinite.
    seed : int
    purpose : str
        Of the random stream.

    Returns
    -------
    low, high : float
        NaN for fewer than three networks.
    """
    n = len(values)
    if n < 3:
        return np.nan, np.nan
    rng = generator(seed, "lyapunov.bootstrap", purpose)
    found = np.sort([statistic(values[rng.integers(0, n, n)]) for _ in range(RESAMPLES)])
    tail = (1 - LEVEL) / 2
    return float(found[int(tail * RESAMPLES)]), float(found[int((1 - tail) * RESAMPLES) - 1])


def _median(ordered: Real) -> float:
    """Also of infinite values, of which the mean of two is not a number."""
    middle = ordered[(ordered.size - 1) // 2], ordered[ordered.size // 2]
    return float(middle[0] if middle[0] == middle[1] else (middle[0] + middle[1]) / 2)
