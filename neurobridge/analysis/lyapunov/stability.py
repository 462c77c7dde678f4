"""The Jacobian of a system, and the largest time step at which an integrator is stable."""

from __future__ import annotations

__all__ = ["extreme_eigenvalues", "growth", "jacobian", "largest_dt", "step_error"]

from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurobridge.analysis.lyapunov.system import Method, Real, System
from neurobridge.errors import NetworkError

DENSE_UP_TO = 60
SLACK = 1e-3
"""Growth per step that a method may add to the true one."""


def jacobian(system: System, state: Real) -> Real:
    """The Jacobian of a flow's right side at a state, float64 (N, N), post x pre.

    For looking at small systems: nothing else here needs it.
    """
    n, h = system.size, system.default_dt  # stimuli may change more often than once a unit of time
    propagator = system.propagator(n, h, "euler", "float64")
    propagator.begin(np.asarray(state, dtype=np.float64), np.eye(n))
    propagator.advance(1)  # V + h J V with V = 1
    made: Real = (propagator.frame() - np.eye(n)) / h
    return made


def extreme_eigenvalues(system: System, state: Real) -> NDArray[np.complex128]:
    """Eigenvalues of the Jacobian of largest modulus, all of them in small systems."""
    if system.size <= DENSE_UP_TO:
        return np.asarray(np.linalg.eigvals(jacobian(system, state)), dtype=np.complex128)
    from scipy.sparse.linalg import ArpackNoConvergence, LinearOperator, eigs

    n, h = system.size, system.default_dt
    propagator = system.propagator(1, h, "euler", "float64")

    def product(vector: Real) -> Real:
        propagator.begin(state, vector.reshape(n, 1))
        propagator.advance(1)
        made: Real = (propagator.frame()[:, 0] - vector.ravel()) / h
        return made

    operator = LinearOperator((n, n), matvec=product, dtype=np.float64)
    start = np.ones(n) + np.linspace(0.0, 1.0, n)
    found: Any
    try:
        found = eigs(operator, k=6, v0=start, tol=1e-2, maxiter=50, return_eigenvectors=False)
    except ArpackNoConvergence as err:
        found = err.eigenvalues
    return np.asarray(found, dtype=np.complex128)


def growth(method: Method, z: NDArray[np.complex128]) -> tuple[Real, Real]:
    """What a method multiplies ``dx/dt = lambda x`` by in a step, ``z = lambda dt``.

    Returns
    -------
    principal, parasitic : float64 array
        Moduli: of the factor that stands for ``exp(z)``, and of the largest of those that a
        multistep method has besides (0 for a one-step method).
    """
    if method == "rk4":
        return np.abs(1 + z + z**2 / 2 + z**3 / 6 + z**4 / 24), np.zeros(z.size)
    if method != "ab4":
        raise NetworkError(f"the method {method!r} is a map, which has no stable time step")
    roots = _adams_roots(z)
    own = np.abs(roots - np.exp(z)[:, None]).argmin(axis=1)
    moduli = np.abs(roots)
    principal = moduli[np.arange(z.size), own]
    moduli[np.arange(z.size), own] = 0
    return principal, moduli.max(axis=1, initial=0.0)


def step_error(exponents: Real, method: Method, dt: float) -> Real:
    """How far off exponents are through the time step: those of ``dx/dt = lambda x``, (k,)."""
    if method not in ("ab4", "rk4"):
        return np.zeros(exponents.size)
    principal, _ = growth(method, (exponents * dt).astype(np.complex128))
    return np.abs(np.log(principal) / dt - exponents)


def _adams_roots(z: NDArray[np.complex128]) -> NDArray[np.complex128]:
    """Of the characteristic polynomials of the four-step Adams-Bashforth method, (len(z), 4)."""
    companions = np.tile(np.eye(4, k=-1, dtype=np.complex128), (z.size, 1, 1))
    companions[:, 0] = np.stack([1 + 55 / 24 * z, -59 / 24 * z, 37 / 24 * z, -9 / 24 * z], axis=1)
    return np.asarray(np.linalg.eigvals(companions), dtype=np.complex128)


def largest_dt(eigenvalues: NDArray[np.complex128], method: Method, share: float = 1.0) -> float:
    """The largest time step that does not spoil the leading exponents; infinite if any is good.

    Nothing may grow that should decay. A multistep method has parasitic modes beside each true
    one; tangent vectors that shrink faster than a parasitic mode of others would be lost in it, so
    none may outlive the last exponent that is asked for. What that one is, is interpolated between
    the extreme eigenvalues.

    Parameters
    ----------
    eigenvalues : complex array
        Of the Jacobian at states of the trajectory, those of largest modulus.
    method : {"ab4", "rk4"}
    share : float
        Of all exponents, those that are asked for.
    """
    largest = float(np.abs(eigenvalues).max(initial=0.0))
    if largest == 0:
        return np.inf
    highest = max(float(eigenvalues.real.max()), 0.0)
    last = highest + share * (min(float(eigenvalues.real.min()), 0.0) - highest)

    def good(dt: float) -> bool:
        z = eigenvalues * dt
        principal, parasitic = growth(method, z)
        stable = bool((principal <= np.maximum(1.0, np.abs(np.exp(z))) + SLACK).all())
        return stable and float(parasitic.max()) < np.exp(min(last, 0.0) * dt)

    low, high = 0.0, 4.0 / largest
    if good(high):
        return np.inf
    for _ in range(30):
        middle = (low + high) / 2
        low, high = (middle, high) if good(middle) else (low, middle)
    return low
