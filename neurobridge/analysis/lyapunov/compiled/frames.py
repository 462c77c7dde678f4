"""Triangular factorisations of a frame in place, by LAPACK."""

from __future__ import annotations

__all__ = ["factorise", "logs_of", "right_solved"]

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import blas, lapack

from neurobridge.analysis.lyapunov.compiled.products import row_order, unpivoted
from neurobridge.analysis.lyapunov.system import Real, Renormalisation

Rows = NDArray[Any]


def factorise(rows: Rows, kind: Renormalisation) -> tuple[Rows, Rows, bool]:
    """``V = W R`` for the frame whose vectors are the rows of ``rows`` (k, N).

    ``lu``: W is a unit lower trapezoid with its rows exchanged (Bauer's treppeniteration),
    ``cholesky``: R from the Gram matrix in float64, ``householder``: W is orthonormal and the
    diagonal of R positive.

    Returns
    -------
    new : (k, N)
        The vectors of W as rows.
    factor : float64 or float32 (k, k)
        R, of which the part below the diagonal is not read.
    found : bool
        False if the factorisation broke down.
    """
    if kind == "lu":
        return _lu(rows)
    if kind == "cholesky":
        return _cholesky(rows)
    return _householder(rows)


def _lu(rows: Rows) -> tuple[Rows, Rows, bool]:
    k, n = rows.shape
    packed, pivots, info = _of(lapack, "getrf", rows)(rows.T, overwrite_a=True)
    new = np.empty_like(rows)
    unpivoted(packed.T, row_order(pivots, n), new)
    return new, np.triu(packed[:k]), info == 0


def _cholesky(rows: Rows) -> tuple[Rows, Rows, bool]:
    wide = rows.astype(np.float64, copy=False)
    gram = blas.dsyrk(1.0, wide.T, trans=1)  # its upper triangle
    factor, info = lapack.dpotrf(gram, lower=0, overwrite_a=True, clean=True)
    if info:
        return rows, factor, False
    return right_solved(rows, factor), factor, True


def _householder(rows: Rows) -> tuple[Rows, Rows, bool]:
    k, _ = rows.shape
    wide = rows.astype(np.float64, copy=True)
    packed, tau, _, info = lapack.dgeqrf(wide.T, overwrite_a=True)
    factor = np.triu(packed[:k])
    q, _, info_q = lapack.dorgqr(packed, tau, overwrite_a=True)
    sign = np.where(np.diag(factor) < 0, -1.0, 1.0)
    new = np.ascontiguousarray(q.T * sign[:, None]).astype(rows.dtype, copy=False)
    return new, sign[:, None] * factor, info == 0 and info_q == 0


def right_solved(rows: Rows, factor: Rows) -> Rows:
    """``V R^-1`` for the vectors of V as rows; may overwrite them."""
    solve = _of(blas, "trsm", rows)
    factor = factor.astype(rows.dtype, copy=False)
    solved: Rows = solve(1.0, factor, rows.T, side=1, lower=0, overwrite_b=True)
    return np.ascontiguousarray(solved.T)


def _of(library: Any, name: str, like: Rows) -> Any:
    """The routine for the precision of an array."""
    return getattr(library, ("s" if like.dtype == np.float32 else "d") + name)


def logs_of(factor: Rows) -> Real:
    """``log |r_ii|``, not finite where an entry is 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        logs: Real = np.log(np.abs(np.diag(factor).astype(np.float64)))
    return logs
