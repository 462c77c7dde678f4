"""Mean-field rates of leaky integrate-and-fire neurons under white noise, and of their networks."""

from __future__ import annotations

__all__ = ["brunel_rate", "siegert_rate"]

import math

import numpy as np

from neurobridge.errors import NetworkError
from neurobridge.structure import checks

SILENT = 26.0
"""Distance of the threshold from the mean, in sigma, from which on a rate is below 1e-290 Hz."""
FINE = 400
"""Rates between 0 and the largest possible among which a fixed point is looked for."""


def siegert_rate(
    mu: float,
    sigma: float,
    *,
    tau_m: float = 20.0,
    v_thresh: float = 20.0,
    v_reset: float = 10.0,
    t_ref: float = 2.0,
) -> float:
    r"""Rate of a leaky integrate-and-fire neuron whose input is a current and white noise.

    For :math:`\tau \dot V = -V + \mu + \sigma\sqrt{\tau}\,\xi(t)`, the inverse of the mean first
    passage time,

    .. math:: 1/\nu = t_{ref} + \tau\sqrt\pi \int_{(V_r-\mu)/\sigma}^{(\theta-\mu)/\sigma}
              e^{u^2}(1 + \operatorname{erf} u)\, du

    The integrand is ``erfcx(-u)``. Above 0 it is ``2 exp(u^2) - erfcx(u)``, whose first term has
    the integral ``2 exp(u^2) D(u)`` with Dawson's function ``D``; what is left to be integrated by
    quadrature is bounded and smooth, however far the threshold is from the mean.

    Parameters
    ----------
    mu : float
        Mean of the free membrane potential in mV, relative to rest.
    sigma : float
        Strength of the noise in mV, >= 0; the free potential has the standard deviation
        ``sigma/sqrt(2)``. Without noise it is the rate under a constant current.
    tau_m : float
        In ms, above 0.
    v_thresh, v_reset : float
        In mV relative to rest; the reset is below the threshold.
    t_ref : float
        In ms, >= 0.

    Returns
    -------
    float
        In Hz.

    Raises
    ------
    NetworkError
        If a parameter is not finite or out of its range.

    References
    ----------
    Siegert (1951). On the first passage time probability problem. Phys. Rev. 81:617.
    https://doi.org/10.1103/PhysRev.81.617
    Brunel (2000). Dynamics of sparsely connected networks of excitatory and inhibitory spiking
    neurons. J. Comput. Neurosci. 8:183. https://doi.org/10.1023/A:1008925309027

    Examples
    --------
    >>> round(siegert_rate(15.0, 4.0), 3)
    5.893
    """
    _check(mu=mu, sigma=sigma, tau_m=tau_m, v_thresh=v_thresh, v_reset=v_reset, t_ref=t_ref)
    if sigma == 0:
        return _without_noise(mu, tau_m, v_thresh, v_reset, t_ref)
    above, below = (v_thresh - mu) / sigma, (v_reset - mu) / sigma
    if above > SILENT:
        return 0.0
    passage = tau_m * math.sqrt(math.pi) * (_integral(above) - _integral(below))
    return 1e3 / (t_ref + passage)


def brunel_rate(
    g: float,
    eta: float,
    *,
    c_e: int = 1000,
    gamma: float = 0.25,
    j: float = 0.1,
    tau_m: float = 20.0,
    v_thresh: float = 20.0,
    v_reset: float = 10.0,
    t_ref: float = 2.0,
) -> float:
    r"""Rate of the asynchronous state of the sparse random network of Brunel (2000).

    Every neuron has :math:`C_E` excitatory inputs of :math:`J` mV, :math:`\gamma C_E` inhibitory
    ones of :math:`-gJ`, and as many excitatory ones as from inside from Poisson processes of
    :math:`\eta` times the rate :math:`\theta/(J C_E \tau)` that reaches the threshold in the mean.
    The rate solves :math:`\nu = \Phi(\mu(\nu), \sigma(\nu))` with :func:`siegert_rate` and

    .. math:: \mu = C_E J \tau\, (\nu_{ext} + \nu (1 - g\gamma)), \qquad
              \sigma^2 = C_E J^2 \tau\, (\nu_{ext} + \nu (1 + g^2 \gamma)).

    If there are several solutions it is the lowest that is stable, which a network reaches from
    silence.

    Parameters
    ----------
    g : float
        Weight of inhibition relative to that of excitation, >= 0.
    eta : float
        External rate relative to the one that reaches the threshold, >= 0.
    c_e : int
        Excitatory inputs of a neuron.
    gamma : float
        Inhibitory inputs relative to excitatory ones.
    j : float
        Weight of an excitatory synapse in mV.
    tau_m, v_thresh, v_reset, t_ref : float
        As in :func:`siegert_rate`.

    Returns
    -------
    float
        In Hz.

    Raises
    ------
    NetworkError
        If a parameter is out of its range, or nothing limits the rate: no refractory period, and
        inhibition that is too weak.

    References
    ----------
    Brunel (2000), equations 4, 21 and 22; see :func:`siegert_rate`.

    Examples
    --------
    >>> round(brunel_rate(g=5.0, eta=2.0), 2)
    37.95
    """
    from scipy.optimize import brentq

    _check(tau_m=tau_m, v_thresh=v_thresh, v_reset=v_reset, t_ref=t_ref)
    for name, value in (("g", g), ("eta", eta), ("gamma", gamma)):
        if not (math.isfinite(value) and value >= 0):
            raise NetworkError(f"{name}: expected a finite number >= 0, got {value!r}")
    checks.positive(c_e, "c_e")
    checks.positive(j, "j")
    external = eta * v_thresh / (j * c_e * tau_m)

    def excess(rate: float) -> float:
        """In Hz: how much faster neurons fire than those that drive them."""
        inside = rate * 1e-3
        mu = c_e * j * tau_m * (external + inside * (1 - g * gamma))
        variance = c_e * j * j * tau_m * (external + inside * (1 + g * g * gamma))
        fired = siegert_rate(
            mu, math.sqrt(variance),
            tau_m=tau_m, v_thresh=v_thresh, v_reset=v_reset, t_ref=t_ref,
        )  # fmt: skip
        return fired - rate

    fastest = 1e3 / t_ref if t_ref else 1e3 * c_e
    rates = np.concatenate([[0.0], np.geomspace(1e-6, fastest, FINE)])
    values = [excess(float(rate)) for rate in rates]
    if values[0] == 0:
        return 0.0
    first = next((i for i in range(FINE) if values[i] > 0 >= values[i + 1]), None)
    if first is None:
        raise NetworkError(
            f"g = {g:g}, eta = {eta:g}: there is no stable rate up to {fastest:g} Hz, for nothing "
            "limits it; give a refractory period t_ref above 0, or stronger inhibition"
        )
    return float(brentq(excess, rates[first], rates[first + 1], xtol=1e-12))


def _integral(x: float) -> float:
    """``erfcx(-u)`` from 0 to x."""
    from scipy.integrate import quad
    from scipy.special import dawsn, erfcx

    rest = quad(erfcx, 0, abs(x), epsabs=0, epsrel=1e-12, limit=200)[0] if x else 0.0
    if x <= 0:
        return -float(rest)
    return 2 * math.exp(x * x) * float(dawsn(x)) - float(rest)


def _without_noise(mu: float, tau_m: float, v_thresh: float, v_reset: float, t_ref: float) -> float:
    if mu <= v_thresh:
        return 0.0
    return 1e3 / (t_ref + tau_m * math.log((mu - v_reset) / (mu - v_thresh)))


def _check(**given: float) -> None:
    for name, value in given.items():
        if not math.isfinite(value):
            raise NetworkError(f"{name}: expected a finite number, got {value!r}")
    for name in ("sigma", "t_ref"):
        if given.get(name, 0.0) < 0:
            raise NetworkError(f"{name}: expected a number >= 0, got {given[name]!r}")
    if given["tau_m"] <= 0:
        raise NetworkError(f"tau_m: expected ms above 0, got {given['tau_m']!r}")
    if given["v_reset"] >= given["v_thresh"]:
        raise NetworkError(
            f"the reset at {given['v_reset']:g} mV must be below the threshold at "
            f"{given['v_thresh']:g} mV"
        )
