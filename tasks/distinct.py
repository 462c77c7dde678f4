"""The rows of a table that differ most from each other."""

from __future__ import annotations

__all__ = ["most_distinct"]

import numpy as np
from numpy.typing import ArrayLike, NDArray

Real = NDArray[np.float64]


def most_distinct(response: ArrayLike, n: int) -> NDArray[np.int64]:
    """Rows that differ most from each other.

    The first is the one with the largest root mean square; each next one has the largest distance
    to the nearest of those before (farthest-point traversal). The distance of two rows is the root
    mean square of their differences over the columns that both have; of equal candidates the first
    is taken.

    Parameters
    ----------
    response : float64 array, shape (m, k)
        NaN where there is no value.
    n : int

    Returns
    -------
    int64 array, shape (n,)
        In the order in which they were chosen.

    References
    ----------
    Gonzalez (1985). Clustering to minimize the maximum intercluster distance. Theor. Comput. Sci.
    38, 293-306. https://doi.org/10.1016/0304-3975(85)90224-5
    """
    matrix = np.asarray(response, dtype=np.float64)
    chosen = [int(np.argmax(_rms(matrix)))]
    nearest = _rms(matrix - matrix[chosen[0]])
    while len(chosen) < n:
        nearest[chosen] = -1.0
        chosen.append(int(np.argmax(nearest)))
        nearest = np.minimum(nearest, _rms(matrix - matrix[chosen[-1]]))
    return np.array(chosen, dtype=np.int64)


def _rms(values: Real) -> Real:
    """Of each row, over its values; 0 for a row without any."""
    measured = np.isfinite(values)
    squares = np.where(measured, values, 0.0) ** 2
    return np.asarray(np.sqrt(squares.sum(axis=1) / np.maximum(measured.sum(axis=1), 1)))
