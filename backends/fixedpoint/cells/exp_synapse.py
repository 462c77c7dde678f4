r"""Two exponential synapses.

Per step, with :math:`d = \exp(-dt/\tau)` and :math:`k = (\tau/dt)(1 - d)` as u0.32:

.. math:: I \leftarrow I + k w, \qquad I \leftarrow d I

The first when input arrives, the second at the end of every step, also in refractory ones. Since
``k`` (the mean of the exponential over the step) is below 1, a weight ``w`` makes the current jump
by less than ``w``.

Source: ``neuron/synapse_types/synapse_types_exponential_impl.h``, ``exp_synapse_utils.h``,
``neuron/decay.h``.
"""

from __future__ import annotations

__all__ = ["ExpSynapses"]

import numpy as np

from neurobridge.backends.fixedpoint.cells.cell import Raw
from neurobridge.backends.fixedpoint.exponential import expulr
from neurobridge.backends.fixedpoint.fixed import Int, decay, kdivk, s32

_ALMOST_ONE = 0xFFFFFFFF
"""The literal 1.0 of u0.32 saturates to this."""


class ExpSynapses:
    """Registers of both receptors and their constants."""

    PARAMETERS = ("tau_syn_E", "tau_syn_I")
    INITIAL = ("isyn_exc", "isyn_inh")

    def __init__(self, raw: Raw, dt: int) -> None:
        self.current = [raw[name].copy() for name in self.INITIAL]
        tau = [raw[name] for name in self.PARAMETERS]
        self.decay = [expulr(-kdivk(dt, t)) for t in tau]
        self.scale = [
            ((kdivk(t, dt) * (_ALMOST_ONE - d)) >> 15) & 0xFFFFFFFF
            for t, d in zip(tau, self.decay, strict=True)
        ]

    @classmethod
    def complaints(cls, raw: Raw, dt: int) -> list[str]:
        """What is wrong with parameters that are in range one by one."""
        wrong = []
        for name in cls.PARAMETERS:
            tau = raw[name]
            if np.any((tau << 15) // dt >> 31) or not kdivk(dt, tau).all():
                wrong.append(f"{name} must be at most {dt} ms (32768 dt), or it decays at once")
            if np.any((np.int64(dt) << 15) // tau >> 31):
                wrong.append(f"{name} must be above dt/65536, or their ratio wraps around")
        return wrong

    def receive(self, receptor: int, amount: Int) -> None:
        """Add input (s16.15, 0 where nothing came)."""
        register = self.current[receptor]
        self.current[receptor] = s32(register + decay(amount, self.scale[receptor]))

    def inputs(self) -> tuple[Int, Int]:
        """The two registers."""
        return self.current[0], self.current[1]

    def shape(self) -> None:
        """Decay both registers by one step."""
        self.current = [decay(x, d) for x, d in zip(self.current, self.decay, strict=True)]

    def constants(self) -> dict[str, Int]:
        """Derived constants, named as in vector files."""
        return {
            "exc_decay": self.decay[0],
            "exc_init": self.scale[0],
            "inh_decay": self.decay[1],
            "inh_init": self.scale[1],
        }

    def registers(self) -> dict[str, Int]:
        """State, named as in vector files."""
        return {"isyn_exc_final": self.current[0], "isyn_inh_final": self.current[1]}
