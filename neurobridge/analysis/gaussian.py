"""Averages of an activation over Gaussian inputs, alone and in correlated pairs."""

from __future__ import annotations

__all__ = ["Response", "expansion", "polynomial", "squared_coefficients"]

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurobridge.errors import ModelError, UnknownNameError
from neurobridge.expression import names_in, substitute
from neurobridge.lowering.adjoint import adjoint, adjoint_name
from neurobridge.lowering.evaluate import compile_block
from neurobridge.lowering.program import Assignment
from neurobridge.models.rate import ACTIVATIONS

Real = NDArray[np.float64]

EDGE = 13.0
"""Standard deviations after which a Gaussian is over: its density there is 1e-37."""
FINE = 40_000
"""Points of an average over one Gaussian."""
TERMS = tuple(64 << k for k in range(11))
"""Numbers of terms of an expansion that are tried in turn."""
COMPLETE = 1e-7
"""Share of ``<phi'^2>`` that an expansion may lack."""


@dataclass(frozen=True)
class Response:
    """``phi(gain*(x - shift))`` of a summed input ``x``, and its derivative with respect to ``x``.

    Parameters
    ----------
    name : str
        As the user named it.
    value, slope : callable
        From a float64 array to one of the same shape.
    """

    name: str
    value: Callable[[Real], Real]
    slope: Callable[[Real], Real]

    @classmethod
    def of(cls, activation: str, gain: float, shift: float) -> Response:
        """From a name of :data:`neurobridge.models.ACTIVATIONS`, or an expression of ``u``.

        Raises
        ------
        UnknownNameError
            If it is a name that does not exist.
        ModelError
            If it is not an expression of ``u`` alone.
        """
        if activation.isidentifier() and activation != "u" and activation not in ACTIVATIONS:
            raise UnknownNameError("activation", activation, ACTIVATIONS)
        phi = ACTIVATIONS.get(activation, activation)
        if names_in(phi) != {"u"}:
            raise ModelError(
                f"activation {activation!r}: expected an expression of u alone, got one of "
                f"{sorted(names_in(phi))}; write numbers for parameters, as in 'tanh(u)**3'"
            )
        text = substitute(phi, {"u": f"{gain!r}*(x - {shift!r})"})
        code = (Assignment("y", text),)
        made = adjoint(code, ["y"], ["x"])
        run_value, run_slope = compile_block(code), compile_block((*made.primal, *made.reverse))
        slope_name = adjoint_name("x")

        def value(x: Real) -> Real:
            known = {"x": x}
            with np.errstate(all="ignore"):
                run_value(known)
            return _finite(known["y"], x, activation)

        def slope(x: Real) -> Real:
            known = {"x": x, adjoint_name("y"): np.ones_like(x)}
            with np.errstate(all="ignore"):
                run_value(known)
                run_slope(known)
            return _finite(known.get(slope_name, np.zeros(1)), x, activation)

        return cls(activation, value, slope)

    def mean_square(self, variance: float) -> float:
        """``<phi(x)^2>`` over ``x`` of mean 0 and this variance."""
        return _mean_square(self.value, variance)

    def mean_square_slope(self, variance: float) -> float:
        """``<phi'(x)^2>`` over ``x`` of mean 0 and this variance."""
        return _mean_square(self.slope, variance)


def _finite(found: Real, x: Real, activation: str) -> Real:
    values = np.broadcast_to(found, x.shape)
    if not np.isfinite(values).all():
        at = x[np.argmin(np.isfinite(values))]
        raise ModelError(
            f"activation {activation!r}: it or its slope is not finite at x = {at:g}; write it so "
            "that it is, e.g. tanh in place of a quotient of exponentials"
        )
    return values


def _mean_square(function: Callable[[Real], Real], variance: float) -> float:
    z, step = _grid(FINE)
    weight = np.exp(-0.5 * z * z) * (step / np.sqrt(2 * np.pi))
    return float(weight @ function(np.sqrt(variance) * z) ** 2)


def _grid(n: int) -> tuple[Real, float]:
    """Points of the trapezoidal rule on both sides of 0, which is not one of them, and their step.

    What is made of pieces, such as the softplus, may have no slope where the pieces meet.
    """
    step = 2 * EDGE / n
    points = np.arange(n, dtype=np.float64)
    points += 0.5
    return points * step - EDGE, step


def expansion(response: Response, variance: float) -> Real:
    r"""Squared coefficients of a response in normalised Hermite polynomials, as many as it takes.

    With jointly Gaussian ``x`` and ``y`` of this variance and the correlation ``rho``,
    ``<phi(x) phi(y)>`` is ``sum_n square[n] rho^n``. Its derivative by the covariance,
    ``variance*rho``, is ``<phi'(x) phi'(y)>`` (Price 1958, IRE Trans. Inf. Theory 4:69), so that
    ``sum_n n square[n]`` is ``variance*<phi'^2>``. An average over one Gaussian gives that as well:
    the difference is what the terms that are left out amount to.

    Raises
    ------
    ModelError
        If the longest expansion still lacks some: the slope jumps, or it changes too fast.
    """
    wanted = variance * response.mean_square_slope(variance)
    missing = 0.0
    for n_terms in TERMS:
        square = squared_coefficients(response, variance, n_terms)
        missing = 1 - float(np.arange(n_terms) @ square) / wanted
        if abs(missing) <= COMPLETE:
            return square
    raise ModelError(
        f"mean-field theory of {response.name!r}: {TERMS[-1]} terms of its expansion miss its mean "
        f"squared slope at input variance {variance:.3g} by a share of {missing:.1e}. Either the "
        "slope jumps, as that of relu does, and the theory as it is solved here is for smooth "
        "activations, such as softplus; or g*gain is so large that the activation is a step"
    )


def squared_coefficients(response: Response, variance: float, n_terms: int) -> Real:
    """The first of them, float64 (n_terms,); those of a lower variance decay faster.

    By the trapezoidal rule, which is exact to rounding once it resolves the last polynomial.
    """
    z, step = _grid(2 * int(EDGE * (2.5 * np.sqrt(n_terms) + 40) / (2 * np.pi)))
    z = z[z > 0]
    half_weight = np.exp(-0.25 * z * z)
    right, left = (response.value(np.sqrt(variance) * side) for side in (z, -z))
    scale = half_weight * (step / np.sqrt(2 * np.pi))
    even_and_odd = ((right + left) * scale, (right - left) * scale)
    before, now, product = np.zeros_like(z), half_weight, np.empty_like(z)
    found = np.empty(n_terms)
    root = np.sqrt(np.arange(n_terms + 1))
    for n in range(n_terms):
        found[n] = even_and_odd[n % 2] @ now
        np.multiply(z, now, out=product)
        before *= -root[n]
        before += product
        before /= root[n + 1]
        before, now = now, before
    return found**2


def polynomial(coefficients: Real, at: Real) -> Real:
    """``sum_n coefficients[n] at^n`` at many points at once, by Horner's rule."""
    value = np.zeros_like(at)
    for coefficient in coefficients[::-1]:
        value *= at
        value += coefficient
    return value
