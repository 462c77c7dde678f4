"""Spectral radius, by strongly connected components."""

from __future__ import annotations

__all__ = ["check_square", "nonzero_radius", "spectral_radius"]

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from neurobridge.errors import NetworkError

if TYPE_CHECKING:
    from scipy.sparse import csr_array

Real = NDArray[np.float64]
DENSE_UP_TO = 2000
"""Neurons of a component up to which all its eigenvalues are computed."""


@dataclass(frozen=True)
class Leading:
    """The eigenvalue of largest modulus of one component.

    Parameters
    ----------
    value : complex
    block : sparse array, optional
        The component; None for a neuron on its own.
    right : array, optional
        Right eigenvector, where the Arnoldi method found one.
    """

    value: complex
    block: Any = None
    right: Any = None


def spectral_radius(matrix: csr_array[Any] | Real, dense_up_to: int = DENSE_UP_TO) -> float:
    """Largest modulus of the eigenvalues of a matrix.

    The eigenvalues are those of the strongly connected components of its graph, and 0 for neurons
    on no cycle. A component of up to ``dense_up_to`` neurons is solved by LAPACK, a larger one by
    the Arnoldi method (ARPACK), to machine precision in both cases.

    Parameters
    ----------
    matrix : float64 array or scipy sparse array, shape (N, N)
    dense_up_to : int

    Returns
    -------
    float
        Exactly 0 if there is no cycle.

    Raises
    ------
    NetworkError
        If the matrix is not square or not finite, or ARPACK does not converge.
    """
    return max((abs(found.value) for found in _leading(matrix, dense_up_to)), default=0.0)


def nonzero_radius(matrix: csr_array[Any] | Real, dense_up_to: int = DENSE_UP_TO) -> float:
    """The spectral radius, which must not be 0, not even within rounding.

    Raises
    ------
    NetworkError
        If it is, and as :func:`spectral_radius`.
    """
    leading = _leading(matrix, dense_up_to)
    if not leading:
        raise NetworkError(
            "the spectral radius is 0 and no factor changes that: no neuron reaches itself along "
            "edges of nonzero weight (a feed-forward network). Add recurrent edges, or scale by "
            "another measure, such as weights.scaled(...)"
        )
    largest = max(leading, key=lambda found: abs(found.value))
    radius, error = abs(largest.value), _error(largest)
    if not error <= 1e-3 * radius:
        raise NetworkError(
            f"the spectral radius, {radius:.3g}, is 0 within rounding (error about {error:.1g}): "
            "the weights cancel, as in a matrix whose rows are all the same and sum to 0. No "
            "factor can set it; draw the weights at random, or scale by another measure"
        )
    return radius


def check_square(shape: tuple[int, ...]) -> None:
    """Raise :class:`NetworkError` unless the shape is (N, N)."""
    if len(shape) != 2 or shape[0] != shape[1]:
        raise NetworkError(f"eigenvalues: the matrix must be square, got {shape}")


def _leading(matrix: Any, dense_up_to: int) -> list[Leading]:
    """What every component with a cycle has for its largest eigenvalue."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import connected_components

    check_square(matrix.shape)
    graph = csr_array(matrix)
    graph.eliminate_zeros()
    if not np.isfinite(graph.data).all():
        raise NetworkError("eigenvalues: the matrix must be finite")
    _, component = connected_components(graph, directed=True, connection="strong")
    alone = np.bincount(component)[component] == 1
    loops = graph.diagonal()[alone]
    leading = [Leading(complex(v)) for v in loops[loops != 0]]
    order = np.argsort(component, kind="stable")
    order = order[~alone[order]]
    cuts = np.flatnonzero(np.diff(component[order])) + 1
    for members in np.split(order, cuts) if order.size else ():
        block = graph[members][:, members]
        if members.size <= max(dense_up_to, 10):
            leading.append(Leading(_largest(np.linalg.eigvals(_dense(block))), block))
        else:
            values, right = _arnoldi(block)
            leading.append(Leading(_largest(values), block, right[:, np.argmax(np.abs(values))]))
    return leading


def _largest(values: Any) -> complex:
    return complex(values[np.argmax(np.abs(values))])


def _dense(block: Any) -> Real:
    """The block, similar to itself, with rows and columns of comparable norm."""
    from scipy.linalg import matrix_balance

    dense: Real = matrix_balance(block.toarray(), permute=False)[0]
    return dense


def _arnoldi(block: Any) -> tuple[Any, Any]:
    """Some eigenvalues of largest modulus and their right eigenvectors."""
    from scipy.sparse.linalg import ArpackNoConvergence, eigs

    n = block.shape[0]
    start = np.ones(n) + np.linspace(0.0, 1.0, n)
    try:
        return eigs(block, k=6, ncv=min(n - 1, 80), v0=start, which="LM", tol=0, maxiter=300)
    except ArpackNoConvergence as err:
        raise NetworkError(
            f"spectral radius: ARPACK does not converge for a component of {n} neurons, since many "
            f"eigenvalues have nearly the largest modulus; spectral_radius(matrix, {n}) solves it "
            "densely, and weights.scaled(...) takes any factor"
        ) from err


def _error(found: Leading) -> float:
    """Error of an eigenvalue by its condition number (Golub & Van Loan, Matrix Computations)."""
    if found.block is None:
        return 0.0
    if found.right is None:
        dense = _dense(found.block)
        norm = float(np.linalg.norm(dense))
        left, right = _inverse_iteration(dense, found.value, norm)
    else:
        values, adjoint = _arnoldi(found.block.T.tocsr())
        left = adjoint[:, np.argmin(np.abs(values.conj() - found.value))]
        right, norm = found.right, float(np.linalg.norm(found.block.data))
    overlap = abs(np.vdot(left, right)) / (np.linalg.norm(left) * np.linalg.norm(right))
    return float(np.finfo(float).eps * norm / overlap) if overlap else np.inf


def _inverse_iteration(dense: Real, value: complex, norm: float) -> tuple[Any, Any]:
    """Left and right eigenvectors of an eigenvalue that is known, by one step each."""
    from scipy.linalg import get_lapack_funcs, lu_solve

    shifted = dense - (value + 1e-10 * norm) * np.eye(len(dense))
    getrf: Any = get_lapack_funcs("getrf", (shifted,))
    lu, pivots, _ = getrf(shifted)
    diagonal = np.einsum("ii->i", lu)
    diagonal[diagonal == 0] = np.finfo(float).eps * norm
    start = np.ones(len(dense)) + np.linspace(0.0, 1.0, len(dense))
    return lu_solve((lu, pivots), start, trans=2), lu_solve((lu, pivots), start)
