"""What exponents say about the attractor: its dimension, and the entropy of motion on it."""

from __future__ import annotations

__all__ = ["entropy", "kaplan_yorke"]

import numpy as np
from numpy.typing import NDArray

from neurobridge.errors import NetworkError

Real = NDArray[np.float64]

ROUNDING = 1e-9
"""An exponent this much smaller than the largest magnitude is 0 as far as a computer can tell."""


def kaplan_yorke(exponents: Real, size: int, zero: float | None = None) -> float:
    r"""Dimension of the attractor by the conjecture of Kaplan and Yorke [1]_.

    :math:`D = j + \sum_{i \le j} \lambda_i / |\lambda_{j+1}|` with exponents in descending order
    and the largest j whose sum is not negative. It is 0 if all exponents are negative, ``size`` if
    all ``size`` exponents are known and their sum is not negative (volumes do not shrink), and NaN
    if the sum of those known has not turned negative, for then D depends on those that are not.

    Parameters
    ----------
    exponents : float64 array, shape (k,)
        The k leading ones, in any order.
    size : int
        Number of states, N.
    zero : float, optional
        Exponents within it of 0 count as 0: without this the dimension 1 of a limit cycle would
        turn into 0 by a rounding error in the exponent along the flow. By default 1e-9 of the
        largest magnitude.

    Raises
    ------
    NetworkError
        If there is no exponent or more than ``size``, or one is not finite.

    References
    ----------
    .. [1] J. L. Kaplan and J. A. Yorke, "Chaotic behavior of multidimensional difference
       equations", Lecture Notes in Mathematics 730, 204 (1979).
    """
    values = np.sort(_checked(exponents, size))[::-1]
    magnitudes = np.abs(values)
    values[magnitudes <= (ROUNDING * magnitudes.max() if zero is None else zero)] = 0
    sums = np.cumsum(values)
    held = int(np.count_nonzero(sums >= 0))
    if held == 0:
        return 0.0
    if held == values.size:
        return float(size) if held == size else float("nan")
    return float(held + sums[held - 1] / -values[held])


def entropy(exponents: Real, size: int) -> float:
    """Sum of the positive exponents, an upper bound of the Kolmogorov-Sinai entropy.

    It is that entropy for systems whose measure is smooth along unstable directions [1]_, and
    never below it [2]_. NaN if the smallest of fewer than ``size`` exponents is still positive, for
    then positive ones are missing.

    Parameters
    ----------
    exponents : float64 array, shape (k,)
    size : int
        Number of states, N.

    Raises
    ------
    NetworkError
        If there is no exponent or more than ``size``, or one is not finite.

    References
    ----------
    .. [1] Ya. B. Pesin, "Characteristic Lyapunov exponents and smooth ergodic theory", Russ. Math.
       Surv. 32, 55 (1977).
    .. [2] D. Ruelle, "An inequality for the entropy of differentiable maps", Bol. Soc. Bras. Mat.
       9, 83 (1978).
    """
    values = _checked(exponents, size)
    if values.size < size and values.min() > 0:
        return float("nan")
    return float(values[values > 0].sum())


def _checked(exponents: Real, size: int) -> Real:
    values = np.array(exponents, dtype=np.float64)
    if values.ndim != 1 or not 1 <= values.size <= size:
        raise NetworkError(
            f"exponents: expected 1 to {size} of them, one for each of {size} states at most, got "
            f"shape {values.shape}"
        )
    if not np.isfinite(values).all():
        raise NetworkError(
            f"exponents: expected finite values, got {values[~np.isfinite(values)][0]}: did the "
            "trajectory diverge?"
        )
    return values
