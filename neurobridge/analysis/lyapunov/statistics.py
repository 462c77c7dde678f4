"""Statistics of exponents: error bars of them and of what follows, and whether a transient ended.

All start from block means, float64 of shape (B, k): a row is the mean of the local exponents over
one block of time, all of equal duration, and a column is one exponent.
"""

from __future__ import annotations

__all__ = [
    "LEVEL",
    "Blocking",
    "Transient",
    "block_errors",
    "blocking",
    "has_transient",
    "intervals",
    "jackknife",
]

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from neurobridge.errors import NetworkError

Real = NDArray[np.float64]
Whole = NDArray[np.int64]

LEVEL = 0.95
"""Coverage of an interval."""
FEWEST = 8
"""Batches that must remain for an error to be taken from them."""
NEGLIGIBLE = 1e-3
"""Relative difference between beginning and end that is no transient, however regular the rest."""
FALSE_ALARM = 1e-3
"""Probability that a stationary and uncorrelated series is taken for a transient."""


class Blocking(NamedTuple):
    """Standard errors of the mean of each column, and where they are from.

    Parameters
    ----------
    errors : float64 array, shape (k,)
    freedom : int64 array, shape (k,)
        Degrees of freedom of Student's t: one less than the batches behind the error.
    length : int64 array, shape (k,)
        Blocks in a batch; 1 where the blocks are used as they are.
    """

    errors: Real
    freedom: Whole
    length: Whole


def blocking(blocks: Real) -> Blocking:
    r"""Standard errors of the mean that stay honest if neighbouring blocks are correlated.

    The blocks are looked at as they are, as means of pairs, of fours and so on while at least 8
    batches remain [1]_. For each column, the batches that are too short are those whose
    autocorrelation at lag one differs from that of independent values (:math:`-1/n \pm
    1/\sqrt{n}`). Of the lengths from the first that is not too short on, the one with the widest
    95 % interval counts, so that chance does not make an error too small. Correlations of either
    sign are met: positive ones make the errors of short batches too small, negative ones (the zero
    exponent of a flow) too large. The interval covers the truth in at least 85 % of cases if the
    blocks span seven or more integrated autocorrelation times.

    Where B is not a multiple of the length, the oldest blocks are in no batch; the variance is
    that of a mean over all B blocks.

    Parameters
    ----------
    blocks : float64 array, shape (B, k)
        At least 2 blocks.

    Returns
    -------
    Blocking

    Raises
    ------
    NetworkError
        If there are fewer than 2 blocks, or a value is not finite.

    References
    ----------
    .. [1] H. Flyvbjerg and H. G. Petersen, "Error estimates on averages of correlated data",
       J. Chem. Phys. 91, 461 (1989).
    """
    blocks = _checked_blocks(blocks)
    lengths = _lengths(len(blocks))
    batches = len(blocks) // lengths
    looks = [_look(blocks, int(length)) for length in lengths]
    errors = np.stack([error for error, _ in looks])
    independent = np.stack([short for _, short in looks])
    independent[-1] = True
    long_enough = np.arange(len(lengths))[:, None] >= independent.argmax(axis=0)
    widths = np.where(long_enough, errors * _student(batches - 1)[:, None], -1)
    chosen = widths.argmax(axis=0)
    return Blocking(
        errors[chosen, np.arange(errors.shape[1])], batches[chosen] - 1, lengths[chosen]
    )


def _lengths(count: int) -> Whole:
    """1, 2, 4 ... blocks a batch, while enough batches remain."""
    doublings = max((count // FEWEST).bit_length() - 1, 0)
    return 2 ** np.arange(doublings + 1)


def _look(blocks: Real, length: int) -> tuple[Real, NDArray[np.bool_]]:
    """Error of the mean by batches of a length, and whether these look independent."""
    n = len(blocks) // length
    means = blocks[len(blocks) - n * length :].reshape(n, length, -1).mean(axis=1)
    off = means - means.mean(axis=0)
    squares = np.sum(off**2, axis=0)
    correlation = np.zeros_like(squares)
    products = np.sum(off[1:] * off[:-1], axis=0)
    np.divide(products, squares, out=correlation, where=squares > 0)
    error = np.sqrt(squares / (n - 1) * length / len(blocks))
    return error, np.abs(correlation + 1 / n) * np.sqrt(n) < 1


def _student(freedom: NDArray[np.integer] | int, level: float = LEVEL) -> Real:
    """Half the width of an interval, in standard errors."""
    return np.asarray(stdtrit(freedom, (1 + level) / 2), dtype=np.float64)


def block_errors(blocks: Real) -> Real:
    """The errors of :func:`blocking` alone, float64 (k,)."""
    return blocking(blocks).errors


def intervals(
    exponents: Real, errors: Real, freedom: NDArray[np.integer] | int, level: float = LEVEL
) -> tuple[Real, Real]:
    """Ends of the intervals that cover the true values with a probability, by Student's t.

    Parameters
    ----------
    exponents, errors : float64 array, shape (k,)
    freedom : int array, shape (k,), or int
        Degrees of freedom, see :class:`Blocking`.
    level : float
        The probability, 0.95 by default.

    Returns
    -------
    low, high : float64 array, shape (k,)
    """
    half = _student(freedom, level) * errors
    return exponents - half, exponents + half


def jackknife(blocks: Real, function: Callable[[Real], float]) -> tuple[float, float]:
    """A function of the mean exponents, and its standard error.

    The function is worked out again without each of the blocks. What each one adds (its
    pseudo-value) is a series over the blocks as well, and :func:`blocking` gives the error of its
    mean, so correlated blocks are met in the same way as for the exponents.

    Parameters
    ----------
    blocks : float64 array, shape (B, k)
    function : callable
        From k mean exponents to a number. NaN for an unknown value, whose error is NaN, as it is
        if one block decides whether the value is known.

    Returns
    -------
    value, error : float

    Raises
    ------
    NetworkError
        If there are fewer than 2 blocks, or a value is not finite.
    """
    blocks = _checked_blocks(blocks)
    count, mean = len(blocks), blocks.mean(axis=0)
    value = function(mean)
    without = np.array([function(mean + (mean - block) / (count - 1)) for block in blocks])
    pseudo = count * value - (count - 1) * without
    if not np.isfinite(pseudo).all():
        return value, float("nan")
    return value, float(block_errors(pseudo[:, None])[0])


@dataclass(frozen=True)
class Transient:
    """How much the beginning of a run differs from its end. True in ``if`` if that is no chance.

    Parameters
    ----------
    maximal, total : float
        First tenth less last half, of the first exponent and of the sum of all, in standard errors
        of the difference. NaN if there are fewer than 8 blocks to tell from.
    found : bool
        Whether either is larger than chance makes it, and not negligible.
    """

    maximal: float
    total: float
    found: bool

    def __bool__(self) -> bool:
        return self.found


def has_transient(blocks: Real) -> Transient:
    """Whether the first tenth of the blocks differs from the last half, after Geweke [1]_.

    Each of two series is tested, the first exponent and the sum of all, with a chance of 0.1 % of a
    false alarm in uncorrelated blocks (2 % if they are correlated by 0.5). Differences below 1e-3
    of the exponents, which integrators make as well, are passed over: a run that settles on a fixed
    point differs from itself by ever less, and never by chance.

    Parameters
    ----------
    blocks : float64 array, shape (B, k)
        Exponents in descending order of their means.

    Raises
    ------
    NetworkError
        If there are fewer than 2 blocks, or a value is not finite.

    References
    ----------
    .. [1] J. Geweke, "Evaluating the accuracy of sampling-based approaches to the calculation of
       posterior moments", Bayesian Statistics 4, 169 (1992).
    """
    blocks = _checked_blocks(blocks)
    if len(blocks) < FEWEST:
        return Transient(float("nan"), float("nan"), False)
    series = np.stack([blocks[:, 0], blocks.sum(axis=1)], axis=1)
    first, rest = series[: max(round(len(series) / 10), 1)], series[-(len(series) // 2) :]
    difference = first.mean(axis=0) - rest.mean(axis=0)
    errors, freedom, _ = blocking(rest)
    errors = errors * np.sqrt(1 + len(rest) / len(first))
    shift = np.zeros(2)
    scale = np.abs(blocks.mean(axis=0))
    seen = np.abs(difference) > NEGLIGIBLE * np.array([scale[0], scale.sum()])
    with np.errstate(divide="ignore"):
        np.divide(difference, errors, out=shift, where=seen)
    found = np.abs(shift) > _student(freedom, 1 - FALSE_ALARM)
    return Transient(float(shift[0]), float(shift[1]), bool(found.any()))


def _checked_blocks(blocks: Real) -> Real:
    blocks = np.asarray(blocks, dtype=np.float64)
    if blocks.ndim != 2 or len(blocks) < 2 or not blocks.shape[1]:
        raise NetworkError(
            f"blocks: expected at least 2 blocks of at least 1 exponent, shape (B, k), got shape "
            f"{blocks.shape}; run for longer, or make blocks shorter"
        )
    if not np.isfinite(blocks).all():
        block, column = np.argwhere(~np.isfinite(blocks))[0]
        raise NetworkError(
            f"blocks: exponent {column + 1} is {blocks[block, column]} in block {block + 1} of "
            f"{len(blocks)}; expected finite values: did the trajectory diverge?"
        )
    return blocks
