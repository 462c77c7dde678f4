"""A unit of current in which the chip's 32 bits are used well.

Currents of a leaky integrator matter only through ``I tau_m / c_m``: multiplying all currents,
weights and ``cm`` of a population by one power of two changes nothing in real arithmetic. On the
chip it does: a current has 15 fractional bits (3e-5 nA), and a weight cannot be finer than that.
"""

from __future__ import annotations

__all__ = ["choose_unit"]

import numpy as np
from numpy.typing import NDArray

LARGEST_SUM = 2.0**8
"""Summed input (nA) of one step above which a unit is not made finer: currents also add up in
time, up to ``tau_syn/dt`` of these, and must stay far below 2**16 nA."""
SMALLEST_RESISTANCE = 0.5
"""MOhm: ``tau_m/cm`` has 15 fractional bits too."""


def choose_unit(summed: NDArray[np.float64], resistance: float) -> float:
    """What to multiply currents, weights and ``cm`` of a population by: a power of two, >= 1.

    Parameters
    ----------
    summed : float64 array, shape (2,)
        Largest summed input of one step (nA) of the excitatory and inhibitory receptor.
    resistance : float
        Smallest ``tau_m/cm`` of the population, in MOhm.

    Returns
    -------
    float
        Such that the weaker receptor uses its 16 bits (a sum of 1 to 2 nA), as far as the
        stronger receptor and the resistance allow.
    """
    used = summed[summed > 0]
    if not used.size:
        return 1.0
    wanted = np.ceil(-np.log2(used.min()))
    allowed = min(
        np.floor(np.log2(LARGEST_SUM / used.max())),
        np.floor(np.log2(resistance / SMALLEST_RESISTANCE)),
    )
    return float(2.0 ** max(0.0, min(wanted, allowed)))
