r"""NEURON's fixed step, and what makes it second order in cells of PyNN that spike on the grid.

NEURON holds currents and gates half a step away from the potential [1]_. With ``secondorder = 2``
the potential moves by Crank-Nicolson. Three things keep a run of PyNN's cells from that order:

* A synaptic state that jumps at ``t`` is used as the mean of the step that begins there. The mean
  of ``exp(-t/tau)`` over a step ``h`` is :func:`step_mean`, so weights are multiplied by it, and
  what is recorded is divided by it. Alpha synapses are functions of time and need nothing.
* The step is linearly implicit, and the exponential of an adaptive exponential neuron outruns it:
  where ``exp((v - v_t)/delta_t) > 2 tau_m/h`` the potential turns back. :func:`early_threshold` is
  where the exponential is as fast as a step; from there to any peak it takes about one step more.
* A sample at the time of a spike is taken before the reset, see :data:`RESETS`.

References
----------
.. [1] Hines & Carnevale (1997), The NEURON simulation environment, Neural Comput. 9:1179,
   doi:10.1162/neco.1997.9.6.1179.
"""

from __future__ import annotations

__all__ = ["RESETS", "early_threshold", "step_mean"]

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Real = NDArray[np.float64]

_TO_RESET = {"v": ("set", "v_reset")}
RESETS: Mapping[str, Mapping[str, tuple[str, str]]] = {
    "IF_curr_exp": _TO_RESET,
    "IF_curr_alpha": _TO_RESET,
    "IF_cond_exp": _TO_RESET,
    "Izhikevich": {"v": ("set", "c"), "u": ("add", "d")},
}
"""Cell -> our state -> what a spike does to it: set to, or add, one of our parameters."""


def step_mean(tau: float | Real, h: float) -> Real:
    """Mean of ``exp(-t/tau)`` over ``0 < t < h``; both in ms."""
    ratio = h / np.asarray(tau, dtype=np.float64)
    return np.asarray(-np.expm1(-ratio) / ratio)


def early_threshold(parameters: Mapping[str, Any], h: float) -> Real:
    """Where a spike of the adaptive exponential neuron is found, in mV; never above its peak.

    Parameters
    ----------
    parameters : mapping
        Ours: ``v_t``, ``delta_t``, ``v_peak``, ``c_m``, ``g_leak``.
    h : float
        The step in ms.
    """
    tau = np.asarray(parameters["c_m"]) / parameters["g_leak"]
    as_fast = parameters["v_t"] + parameters["delta_t"] * np.log(np.maximum(tau / h, np.e))
    return np.asarray(np.minimum(parameters["v_peak"], as_fast))
