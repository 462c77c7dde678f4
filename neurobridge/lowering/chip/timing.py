"""Steps of the chip and steps of the contract.

The chip adds input at the beginning of step ``t``, that is at time ``t dt``, moves all states to
``(t+1) dt`` with it, and tests the threshold. The contract adds it at the end of a step.

* A spike that the chip finds in step ``t`` has the contract's stamp ``t + 1``.
* What the chip records in step ``t`` is the contract's state at time ``t dt``: the sample after
  ``t`` steps.
* A synaptic current jumps at time ``(s + D) dt`` after a spike with stamp ``s`` (C15), so its input
  belongs to the chip's step ``s + D``. The spike leaves the chip's neuron in step ``s - 1``: the
  delay is ``D + 1`` steps there. A source can send in step ``s`` itself, with delay ``D``.
* A delta synapse moves the membrane, and meets the threshold, in the step in which it arrives, on
  both: its input belongs to the chip's step ``s + D - 1``, so the delay is ``D``, and a source has
  to send in step ``s - 1``.
"""

from __future__ import annotations

__all__ = ["chip_delay", "extra_steps", "source_lead"]

import numpy as np
from numpy.typing import NDArray

extra_steps = 1
"""Steps that the chip runs longer than the contract, to record the state at the end."""


def source_lead(reaches_delta: bool) -> int:
    """How many steps before its stamp a source sends; 1 if any of its synapses is a delta."""
    return int(reaches_delta)


def chip_delay(
    delay: int | NDArray[np.int32], *, at_once: bool, sent_early: int
) -> int | NDArray[np.int32]:
    """Delay in chip steps of a synapse.

    Parameters
    ----------
    delay : int or int32 array
        ``D``, in steps of the contract.
    at_once : bool
        Whether the synapse is a delta.
    sent_early : int
        Steps by which the spike leaves before its stamp: 1 for neurons, :func:`source_lead` for
        sources.
    """
    return delay + sent_early - int(at_once)
