"""The autocorrelation of a chaotic network, as the fall of a particle from rest to rest.

With ``rho = Delta(t)/Delta(0)``, time in tau, and ``b`` the coefficients of
``g^2 <phi phi>/Delta(0)``, the mean-field equation is ``rho'' = R(rho)``,
``R = rho - sum_n b_n rho^n``. It starts at 1 and ends at ``rest`` without speed, so that
``rho'^2/2 = W(rho) = -int_rho^1 R`` has a simple root at 1 and a double root at ``rest``.
"""

from __future__ import annotations

__all__ = ["Orbit", "fall", "lowest_energy", "resting_place", "work"]

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurobridge.analysis.gaussian import polynomial

Real = NDArray[np.float64]

POINTS = 2000
"""Points of an orbit: dense where it starts, since a steep activation makes it sharp there."""
GRADING = 6.0
REACH = 14.5
"""The orbit ends where ``(rho - rest)/(1 - rest)`` is ``cosh(REACH)**-2``, about 1e-12."""
CELLS = 10_000
"""Cells of half the time axis for the ground state, and twice as many to extrapolate."""


@dataclass(frozen=True)
class Orbit:
    """The fall.

    Parameters
    ----------
    time : float64 array, shape (n,)
        In tau, from 0 on, not uniform.
    rho : float64 array, shape (n,)
    potential : float64 array, shape (n,)
        ``dR/drho = 1 - g^2 <phi' phi'>``.
    """

    time: Real
    rho: Real
    potential: Real


def force(b: Real) -> Real:
    """Coefficients of ``R``."""
    found = -b
    found[1] += 1.0
    return found


def resting_place(b: Real) -> float:
    """Where ``R`` is 0 for the first time; if it stays below 0, where it is largest.

    ``R`` is concave, so Newton's steps from 0 never go too far.
    """
    R = force(b)
    slope = _derivative(R)
    rho = 0.0
    for _ in range(200):
        value, rise = _at(R, rho), _at(slope, rho)
        if rise <= 0:
            return _top(slope)
        if value >= -1e-15:
            return rho
        rho -= value / rise
        if rho >= 1:
            return _top(slope)
    return rho


def _top(slope: Real) -> float:
    """Where the slope changes sign in 0..1."""
    from scipy.optimize import brentq

    if _at(slope, 0.0) <= 0:
        return 0.0
    if _at(slope, 1.0) >= 0:
        return 1.0
    return float(brentq(lambda rho: _at(slope, rho), 0.0, 1.0, xtol=1e-15))


def work(b: Real, rest: float) -> float:
    """``int_rest^1 R``, which is 0 for an orbit that ends at ``rest``."""
    return -(1 - rest) * _at(_over_top(b), rest)


def _over_top(b: Real) -> Real:
    """Coefficients of ``W/(1 - rho)``."""
    found = np.cumsum((b / np.arange(1, b.size + 1))[::-1])[::-1].copy()
    found[:2] -= 0.5
    return found


def fall(b: Real, rest: float) -> Orbit:
    """The orbit from 1 to ``rest``.

    ``W = (1 - rho)(rho - rest)^2 Q(rho)``, where ``Q`` has positive coefficients only. With
    ``rho = rest + (1 - rest)/cosh(u)^2`` time is the integral of a smooth function of ``u``:
    nothing cancels, and nothing grows as it does along the unstable direction of ``rho'' = R``.
    """
    from scipy.interpolate import CubicSpline

    u = REACH * np.sinh(GRADING * np.linspace(0, 1, POINTS)) / np.sinh(GRADING)
    rho = rest + (1 - rest) / np.cosh(u) ** 2
    q = _without_root(_without_root(_over_top(b), rest), rest)
    pace = 2 / np.sqrt(2 * (1 - rest) * polynomial(q, rho))
    time: Real = CubicSpline(u, pace).antiderivative()(u)
    return Orbit(time, rho, polynomial(_derivative(force(b)), rho))


def _without_root(coefficients: Real, root: float) -> Real:
    """Coefficients of a polynomial over ``rho - root``, by synthetic division."""
    from scipy.signal import lfilter

    found: Real = lfilter([1.0], [1.0, -root], coefficients[:0:-1])[::-1]
    return found


def lowest_energy(orbit: Orbit, odd: bool = False) -> float:
    """Lowest eigenvalue of ``-d^2/dt^2 + potential`` with an even (or odd) eigenfunction.

    The speed of the orbit is an odd eigenfunction of eigenvalue 0, whatever the activation.
    Central differences on uniform cells, of two sizes, extrapolated.
    """
    coarse, fine = (_lowest_energy(orbit, n, odd) for n in (CELLS, 2 * CELLS))
    return (4 * fine - coarse) / 3


def _lowest_energy(orbit: Orbit, n: int, odd: bool) -> float:
    from scipy.interpolate import CubicSpline
    from scipy.linalg import eigh_tridiagonal

    step = orbit.time[-1] / n
    time = (np.arange(n) + 0.5) * step
    diagonal = CubicSpline(orbit.time, orbit.potential)(time) + 2 / step**2
    diagonal[0] += (1 if odd else -1) / step**2
    beside = np.full(n - 1, -1 / step**2)
    lowest = eigh_tridiagonal(diagonal, beside, eigvals_only=True, select="i", select_range=(0, 0))
    return float(lowest[0])


def _derivative(coefficients: Real) -> Real:
    return np.arange(1, coefficients.size) * coefficients[1:]


def _at(coefficients: Real, rho: float) -> float:
    return float(coefficients @ rho ** np.arange(coefficients.size))
