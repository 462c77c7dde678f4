r"""``Izhikevich`` (``IZK_curr_exp``): two variables, exponential currents, a midpoint step.

With :math:`I = I_E - I_I + I_{offset} + I_{injected}` and a step :math:`h`:

.. math::
    p &= 140 + I - U \\
    \eta &= V + \tfrac{1}{2} h\,(p + (5 + m V) V) \\
    \beta &= \tfrac{1}{2} (a h) (b V - U) \\
    V &\leftarrow V + h\,(p - \beta + (5 + m \eta) \eta) \\
    U &\leftarrow U + (a h)(b \eta - \beta - U)

with :math:`m = 1311/2^{15} \approx 0.04`. Where then :math:`V \geq 30` mV, the neuron spikes:
:math:`V = c`, :math:`U` grows by :math:`d`, and :math:`h` of its next step is :math:`1.85\,dt`.
Every product is floored on its own. There is no refractory period. The currents are those of
:mod:`.exp_synapse`.

Source: ``neuron/models/neuron_model_izh_impl.h``; Hopkins & Furber (2015), Neural Comput. 27:2148.
"""

from __future__ import annotations

__all__ = ["Izhikevich"]

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from neurobridge.backends.fixedpoint.cells.cell import Cell, Raw
from neurobridge.backends.fixedpoint.cells.exp_synapse import ExpSynapses
from neurobridge.backends.fixedpoint.fixed import ONE, Int, mulk, s32

_THRESHOLD = 30 * ONE
_MULTIPLIER = 1311
_AFTER_SPIKE = 60620
"""1.85, of the step after a spike."""


class Izhikevich(Cell):
    """Two variables and two exponential synapses."""

    PARAMETERS = ("a", "b", "c", "d", "i_offset", *ExpSynapses.PARAMETERS)
    INITIAL: ClassVar = {"v": -70.0, "u": -14.0, "isyn_exc": 0.0, "isyn_inh": 0.0}
    POSITIVE = ExpSynapses.PARAMETERS

    def __init__(self, raw: Raw, dt: int) -> None:
        self.a, self.b, self.c, self.d = (raw[name] for name in "abcd")
        self.i_offset = raw["i_offset"]
        self.potential, self.u = raw["v"], raw["u"]
        self.dt, self.longer = dt, int(mulk(dt, _AFTER_SPIKE))
        self.h = np.full_like(self.u, dt)
        self.synapses = ExpSynapses(raw, dt)

    @classmethod
    def complaints(cls, raw: Raw, dt: int) -> list[str]:
        """What is wrong with parameters that are in range one by one."""
        return ExpSynapses.complaints(raw, dt)

    @property
    def v(self) -> Int:
        """Membrane potential (mV), s16.15."""
        return self.potential

    def receive(self, receptor: int, amount: Int) -> None:
        """Add the input of a step to a current."""
        self.synapses.receive(receptor, amount)

    def inputs(self) -> tuple[Int, Int]:
        """The two currents (nA), both positive."""
        return self.synapses.inputs()

    def update(self, injected: Int) -> NDArray[np.bool_]:
        """Move all neurons by one step; who spikes."""
        excitatory, inhibitory = self.inputs()
        self._midpoint(s32(excitatory - inhibitory + self.i_offset + injected))
        fired = self.v >= _THRESHOLD
        self.potential = np.where(fired, self.c, self.v)
        self.u = np.where(fired, s32(self.u + self.d), self.u)
        self.h = np.where(fired, self.longer, self.dt)
        self.synapses.shape()
        return fired

    def _midpoint(self, current: Int) -> None:
        v, u, h = self.v, self.u, self.h
        before = s32(140 * ONE + current - u)
        eta = s32(v + (mulk(h, s32(before + _quadratic(v))) >> 1))
        rate = mulk(self.a, h)
        beta = mulk(s32(mulk(self.b, v) - u), rate) >> 1
        self.potential = s32(v + mulk(h, s32(before - beta + _quadratic(eta))))
        self.u = s32(u + mulk(rate, s32(mulk(self.b, eta) - u - beta)))

    def constants(self) -> dict[str, Int]:
        """Derived constants, named as in vector files."""
        return self.synapses.constants()

    def registers(self) -> dict[str, Int]:
        """State, named as in vector files."""
        return {"V_final": self.v, "U_final": self.u, **self.synapses.registers()}


def _quadratic(v: Int) -> Int:
    return mulk(s32(5 * ONE + mulk(_MULTIPLIER, v)), v)
