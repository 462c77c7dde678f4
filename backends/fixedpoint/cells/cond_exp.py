r"""``IF_cond_exp``: leaky integrate-and-fire with exponential conductances.

Weights, and with them the registers of :mod:`.exp_synapse`, are conductances (uS) times 1024:

.. math::
    g = G \gg 10, \quad
    I = g_E (E_E - V) - (-g_I) (E_I - V) + I_{offset} + I_{injected}

Each product is floored on its own. Conductances above 64 uS overflow. Initial values of
``isyn_exc`` and ``isyn_inh`` are those of the registers: 1024 times the conductance.

Source: ``neuron/input_types/input_type_conductance.h``.
"""

from __future__ import annotations

__all__ = ["CondExp"]

from neurobridge.backends.fixedpoint.cells.cell import Raw
from neurobridge.backends.fixedpoint.cells.curr_exp import CurrExp
from neurobridge.backends.fixedpoint.fixed import Int, mulk, s32

_SCALE_BITS = 10


class CondExp(CurrExp):
    """A membrane and two exponential conductances."""

    PARAMETERS = (*CurrExp.PARAMETERS, "e_rev_E", "e_rev_I")

    def __init__(self, raw: Raw, dt: int) -> None:
        super().__init__(raw, dt)
        self.e_exc, self.e_inh = raw["e_rev_E"], raw["e_rev_I"]

    def inputs(self) -> tuple[Int, Int]:
        """The two conductances (uS)."""
        exc, inh = self.synapses.inputs()
        return exc >> _SCALE_BITS, inh >> _SCALE_BITS

    def currents(self) -> tuple[Int, Int]:
        """The two inputs as currents (nA)."""
        g_exc, g_inh = self.inputs()
        return mulk(g_exc, s32(self.e_exc - self.v)), mulk(s32(-g_inh), s32(self.e_inh - self.v))
