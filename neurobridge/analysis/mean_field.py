"""Dynamic mean-field theory: what a random rate network does when it is large."""

from __future__ import annotations

__all__ = ["MeanField", "dynamic_mean_field"]

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurobridge.analysis.gaussian import Response, expansion, squared_coefficients
from neurobridge.analysis.orbit import Orbit, fall, lowest_energy, resting_place, work
from neurobridge.content import ByContent
from neurobridge.errors import ModelError, NetworkError
from neurobridge.frozen import frozen_array
from neurobridge.structure import checks

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Real = NDArray[np.float64]
State = Literal["quiet", "static", "chaotic"]

VARIANCES = np.geomspace(1e-10, 1e8, 200)
"""Between which fixed points of the variance are looked for."""
MARGINAL = 1e-12
"""Rounding of an average over one Gaussian."""
SILENT = 1e-12
"""An output below it is 0."""
NEAR = 1e-8
"""The slope at 0 is the one on both sides of it."""


@dataclass(frozen=True, eq=False)
class MeanField(ByContent):
    """The stationary state of ``dx/dt = -x + J phi(x)``, N to infinity, in units of tau.

    Parameters
    ----------
    g, activation, gain, shift
        What was asked for.
    state : {"quiet", "static", "chaotic"}
        ``quiet``: all inputs are 0. ``static``: a fixed point with an input of its own for every
        neuron. ``chaotic``: inputs fluctuate.
    variance : float
        ``Delta(0) = <x^2>``, the mean square of the summed input.
    static_variance : float
        ``Delta(inf)``, the part of it that does not fluctuate.
    times : float64 array, shape (n,)
        Lags in tau from 0 on, not uniform; 0 alone if nothing fluctuates.
    autocorrelation : float64 array, shape (n,)
        ``Delta(t) = <x(s) x(s + t)>``.
    potential : float64 array, shape (n,)
        ``1 - g^2 <phi'(x(s)) phi'(x(s + t))>``.
    ground_energy : float
        Lowest eigenvalue of ``-d^2/dt^2 + potential``.
    mean_slope_squared : float
        ``<phi'^2>``.

    Notes
    -----
    ``phi(x)`` is ``activation(gain*(x - shift))``; its slope has the factor ``gain``.
    """

    g: float
    activation: str
    gain: float
    shift: float
    state: State
    variance: float
    static_variance: float
    times: Real
    autocorrelation: Real
    potential: Real
    ground_energy: float
    mean_slope_squared: float

    def __post_init__(self) -> None:
        for name in ("times", "autocorrelation", "potential"):
            object.__setattr__(self, name, frozen_array(getattr(self, name), np.float64))

    @property
    def lambda_max(self) -> float:
        """Largest Lyapunov exponent of the flow, per tau."""
        return -1 + float(np.sqrt(1 - self.ground_energy))

    @property
    def radius(self) -> float:
        """``g*sqrt(<phi'^2>)``: the eigenvalues of the Jacobian fill this circle about -1."""
        return self.g * float(np.sqrt(self.mean_slope_squared))

    def autocorrelation_at(self, times: ArrayLike) -> Real:
        """``Delta(t)`` at any lags in tau, positive or negative."""
        lags = np.abs(np.asarray(times, dtype=np.float64))
        if self.times.size == 1:
            return np.full(lags.shape, self.variance)
        from scipy.interpolate import CubicSpline

        inside = CubicSpline(self.times, self.autocorrelation)(np.minimum(lags, self.times[-1]))
        return np.where(lags <= self.times[-1], inside, self.static_variance)

    def draw(self, path: str | Path | None = None) -> Figure:
        """A figure of the autocorrelation and of the potential with its ground energy.

        Parameters
        ----------
        path : str or Path, optional
            Also save the figure there; the suffix decides the format.

        Returns
        -------
        matplotlib.figure.Figure
        """
        from matplotlib.figure import Figure

        shown = np.linspace(0, self._shown_until(), 400)
        potential = np.interp(shown, self.times, self.potential)
        figure = Figure(figsize=(9, 3.6), layout="constrained")
        left, right = figure.subplots(1, 2)
        left.plot(shown, self.autocorrelation_at(shown), color="#25589c")
        left.axhline(self.static_variance, color="#4d4d4d", linewidth=0.8, linestyle=":")
        left.set(xlabel="lag (tau)", ylabel="autocorrelation of the input", ylim=(0, None))
        right.plot(shown, potential, color="#25589c", label="potential")
        right.axhline(self.ground_energy, color="#b5322a", linewidth=0.8, label="ground energy")
        right.set(xlabel="lag (tau)", title=f"{self.state}: largest exponent {self.lambda_max:.4g}")
        right.legend(frameon=False)
        if path is not None:
            figure.savefig(path)
        return figure

    def _shown_until(self) -> float:
        """Until the autocorrelation has fallen to a thousandth."""
        moving = self.autocorrelation - self.static_variance
        return float(self.times[int((moving > 1e-3 * moving[0]).sum()) - 1]) or 10.0

    def __repr__(self) -> str:
        return (
            f"<MeanField: {self.activation}, g = {self.g:g}, {self.state}, variance "
            f"{self.variance:.5g}, largest exponent {self.lambda_max:.5g} per tau>"
        )


def dynamic_mean_field(
    g: float, activation: str = "tanh", *, gain: float = 1.0, shift: float = 0.0
) -> MeanField:
    r"""Solve the dynamic mean-field equations of a random network.

    The network is :math:`\tau \dot x = -x + J \phi(x)` with independent weights of mean 0 and
    variance :math:`g^2/N`. Its input is a Gaussian process whose autocorrelation obeys
    :math:`\ddot\Delta = \Delta - g^2 \langle\phi\phi\rangle`, and
    :math:`\lambda_{max} = -1 + \sqrt{1 - E_0}`, where :math:`E_0` is the ground energy in the
    potential :math:`1 - g^2 \langle\phi'\phi'\rangle`. An activation whose mean is not 0 adds a
    static part to the variance; the mean input stays 0, since that of the weights is.

    Averages over correlated pairs are power series of the correlation with the squared Hermite
    coefficients of the activation, so that everything is a sum of positive terms.

    Parameters
    ----------
    g : float
        Above 0.
    activation : str
        A name of :data:`neurobridge.models.ACTIVATIONS`, or your own expression of ``u``; smooth.
    gain, shift : float
        Of all neurons: ``u = gain*(x - shift)``.

    Returns
    -------
    MeanField

    Raises
    ------
    NetworkError
        If ``g`` or ``gain`` are not above 0, the activity has no bound, or more than one state is
        stable.
    ModelError, UnknownNameError
        If the activation is none, is not smooth, or is too steep.

    References
    ----------
    Sompolinsky, Crisanti & Sommers (1988). Chaos in random neural networks. Phys. Rev. Lett.
    61:259.
    Kadmon & Sompolinsky (2015). Transition to chaos in random neuronal networks. Phys. Rev. X
    5:041030 (activations with a mean).
    """
    g, gain = checks.positive(g, "g"), checks.positive(gain, "gain")
    if not np.isfinite(shift):
        raise NetworkError(f"shift: expected a finite number, got {shift!r}")
    response = Response.of(activation, gain, float(shift))
    asked = (g, activation, gain, float(shift))
    fixed = _fixed_variance(response, g)
    if not fixed:
        return _fixed_point(asked, 0.0, _slope_at_rest(response) ** 2)
    n_terms = expansion(response, fixed).size
    slope_squared = response.mean_square_slope(fixed)
    if g * g * slope_squared <= 1:
        return _fixed_point(asked, fixed, slope_squared)
    variance, rest, orbit = _chaos(response, g, fixed, n_terms)
    return MeanField(
        *asked, "chaotic", variance, variance * rest, orbit.time, variance * orbit.rho,
        orbit.potential, lowest_energy(orbit), response.mean_square_slope(variance),
    )  # fmt: skip


def _fixed_point(
    asked: tuple[float, str, float, float], variance: float, slope_squared: float
) -> MeanField:
    energy = 1 - asked[0] ** 2 * slope_squared
    return MeanField(
        *asked, "static" if variance else "quiet", variance, variance, np.zeros(1),
        np.array([variance]), np.array([energy]), energy, slope_squared,
    )  # fmt: skip


def _fixed_variance(response: Response, g: float) -> float:
    """The variance of the fixed point, ``Delta = g^2 <phi^2>``, to which variances return.

    There is one for a chaotic state too, of which it is the branch that has lost its stability.
    """
    from scipy.optimize import brentq

    def excess(variance: float) -> float:
        return variance * (1 + MARGINAL) - g * g * response.mean_square(variance)

    above = np.array([excess(variance) >= 0 for variance in VARIANCES])
    if not above[-1]:
        raise NetworkError(
            f"mean-field theory of {response.name!r} at g = {g:g}: the activity has no bound, for "
            "g^2 <phi^2> stays above the variance of the input that it comes from; lower g or "
            "gain, or take an activation that saturates"
        )
    silent = abs(float(response.value(np.zeros(1))[0])) < SILENT
    found = [0.0] if silent and above[0] else []
    found += [
        float(brentq(excess, float(VARIANCES[i]), float(VARIANCES[i + 1]), xtol=1e-16, rtol=1e-14))
        for i in np.flatnonzero(~above[:-1] & above[1:])
    ]
    if len(found) != 1:
        raise NetworkError(
            f"mean-field theory of {response.name!r} at g = {g:g}: {len(found)} states are stable, "
            f"with variances {[float(f'{v:.4g}') for v in found]}, and which of them a network is "
            "in depends on where it starts; the theory as it is solved here is for one"
        )
    return found[0]


def _slope_at_rest(response: Response) -> float:
    """``phi'(0)``, which must be the same from both sides."""
    below, above = response.slope(np.array([-NEAR, NEAR]))
    if abs(above - below) > 1e-3 * max(abs(above), abs(below)):
        raise ModelError(
            f"mean-field theory of {response.name!r}: its slope jumps at x = 0 from {below:g} to "
            f"{above:g}, where all neurons are at rest; take a smooth activation, such as softplus"
        )
    return float(above + below) / 2


def _chaos(response: Response, g: float, fixed: float, n_terms: int) -> tuple[float, float, Orbit]:
    """Variance, correlation at long lags and orbit of the chaotic state.

    Between its start and its end the force does no work. From the variance of the fixed point on
    downwards there is first too much, then too little.
    """
    from scipy.optimize import brentq

    def coefficients(variance: float) -> Real:
        return g * g / variance * squared_coefficients(response, variance, n_terms)

    def left_over(variance: float) -> float:
        b = coefficients(variance)
        return work(b, resting_place(b))

    low = fixed
    while left_over(low) >= 0:
        low *= 0.8
    variance = float(brentq(left_over, low, fixed, xtol=1e-16, rtol=1e-12))
    b = coefficients(variance)
    rest = resting_place(b)
    return variance, rest, fall(b, rest)
