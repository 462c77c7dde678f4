r"""The leaky membrane of all ``IF_`` cells.

With :math:`R = \tau_m / C_m` and :math:`E = \exp(-dt/\tau_m)`, a neuron that is not refractory
moves towards :math:`\alpha = R I + V_{rest}`:

.. math:: V \leftarrow \alpha - E (\alpha - V)

and spikes where :math:`V \geq V_{thresh}`: then :math:`V = V_{reset}`, and it stays there for
:math:`\lceil \tau_{refrac}/dt \rceil` steps. ``E`` has only 15 fractional bits. An ``alpha`` of
more than 65,536 mV wraps around, and the neuron moves the wrong way; ``overflows`` counts that.

Source: ``neuron/models/neuron_model_lif_impl.h`` and
``neuron/threshold_types/threshold_type_static.h``.
"""

from __future__ import annotations

__all__ = ["Membrane"]

import numpy as np
from numpy.typing import NDArray

from neurobridge.backends.fixedpoint.cells.cell import Raw
from neurobridge.backends.fixedpoint.exponential import expk
from neurobridge.backends.fixedpoint.fixed import SCALE, Int, kdivk, mulk, s32


class Membrane:
    """Voltages, refractory counters and their constants."""

    PARAMETERS = ("v_rest", "v_reset", "v_thresh", "tau_m", "cm", "tau_refrac", "i_offset")
    POSITIVE = ("tau_m", "cm")
    NOT_NEGATIVE = ("tau_refrac",)

    def __init__(self, raw: Raw, dt: int) -> None:
        self.v = raw["v"].copy()
        self.v_rest, self.v_reset, self.v_thresh = raw["v_rest"], raw["v_reset"], raw["v_thresh"]
        self.i_offset = raw["i_offset"]
        self.resistance = kdivk(raw["tau_m"], raw["cm"])
        self.leak = expk(-kdivk(dt, raw["tau_m"]))
        self.t_ref = refractory_steps(raw["tau_refrac"], dt)
        self.refractory = np.zeros_like(self.v)
        self.overflows = np.zeros_like(self.v)

    @staticmethod
    def complaints(raw: Raw, dt: int) -> list[str]:
        """What is wrong with parameters that are in range one by one."""
        wrong = []
        if np.any((raw["tau_m"] << 15) // raw["cm"] >> 31):
            wrong.append("tau_m/cm must be below 65536 MOhm, or it wraps around")
        if not kdivk(dt, raw["tau_m"]).all():
            wrong.append(f"tau_m must be at most {dt} ms (32768 dt), or there is no leak at all")
        if np.any((raw["tau_refrac"] << 15) // dt >> 31):
            wrong.append("tau_refrac must be below 65536 steps, or it wraps around")
        return wrong

    def update(self, current: Int) -> NDArray[np.bool_]:
        """Move all neurons by one step with their current (nA), reset those that spike."""
        reached = ((current * self.resistance) >> 15) + self.v_rest
        alpha = s32(reached)
        moved = s32(alpha - mulk(self.leak, s32(alpha - self.v)))
        free = self.refractory <= 0
        self.overflows += free & (alpha != reached)
        self.v = np.where(free, moved, self.v)
        self.refractory -= ~free
        fired = self.v >= self.v_thresh
        if fired.any():
            self.v[fired] = self.v_reset[fired]
            self.refractory[fired] = self.t_ref[fired]
        return fired

    def constants(self) -> dict[str, Int]:
        """Derived constants, named as in vector files."""
        return {"R_membrane": self.resistance, "exp_TC": self.leak, "T_refract": self.t_ref}

    def registers(self) -> dict[str, Int]:
        """State, named as in vector files."""
        return {"V_final": self.v, "refract_timer_final": self.refractory}


def refractory_steps(tau_refrac: Int, dt: int) -> Int:
    """Whole steps, rounded up; the quotient is truncated to 15 fractional bits before."""
    quotient = kdivk(tau_refrac, dt)
    return np.asarray((quotient >> 15) + ((quotient & (SCALE - 1)) != 0), dtype=np.int64)
