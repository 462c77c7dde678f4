"""The weight scale of a receptor: how many bits of a ring buffer lie above the binary point.

A ring buffer has 16 bits without sign. With a left shift of ``s`` its unit is ``2**(s-15)/G`` nA
(``G`` 1024 for uS), the resolution of every weight of the receptor; a step in which more than
``2**(s+1)/G`` arrives saturates. sPyNNaker's own estimate of ``s`` can be off by many bits, so it
is always told (``max_expected_summed_weight``).

Rule of the host (sPyNNaker 1!7.4.1, ``population_vertex.py``): ``s = ceil(max(0, log2 M))``, and
one more if ``2**s <= M``, for a told maximum of ``M = G * max_expected_summed_weight``.
"""

from __future__ import annotations

__all__ = ["LARGEST_SHIFT", "capacity", "shift_for", "told_maximum"]

import numpy as np

LARGEST_SHIFT = 15
"""Above it a full ring buffer reaches the sign bit, and input turns negative."""


def capacity(shift: int, gain: int) -> float:
    """The largest summed input (nA or uS) of one step that does not saturate."""
    return 65535.0 * 2.0 ** (shift - 15) / gain


def shift_for(summed: float, gain: int) -> int:
    """The smallest shift with which a summed input of one step does not saturate.

    Parameters
    ----------
    summed : float
        In nA or uS; half a unit of rounding for each weight is the caller's to add.
    gain : int
        1 for currents, 1024 for conductances.

    Returns
    -------
    int
        May be larger than :data:`LARGEST_SHIFT`: then nothing serves.
    """
    if summed <= capacity(0, gain):
        return 0
    shift = int(np.ceil(np.log2(summed * gain))) - 1
    return shift if summed <= capacity(shift, gain) else shift + 1


def told_maximum(shift: int, gain: int) -> float:
    """What ``max_expected_summed_weight`` must say so that the host takes this shift."""
    return 0.75 * 2.0**shift / gain
