r"""``IF_curr_exp``: leaky integrate-and-fire with exponential currents.

.. math:: I = I_E - I_I + I_{offset} + I_{injected}

into the membrane of :mod:`.membrane`; the currents are those of :mod:`.exp_synapse`.

Source: ``neuron/input_types/input_type_current.h``.
"""

from __future__ import annotations

__all__ = ["CurrExp"]

from typing import ClassVar

from neurobridge.backends.fixedpoint.cells.cell import Raw
from neurobridge.backends.fixedpoint.cells.exp_synapse import ExpSynapses
from neurobridge.backends.fixedpoint.cells.leaky import Leaky
from neurobridge.backends.fixedpoint.cells.membrane import Membrane


class CurrExp(Leaky):
    """A membrane and two exponential synapses."""

    PARAMETERS: ClassVar[tuple[str, ...]] = Membrane.PARAMETERS + ExpSynapses.PARAMETERS
    INITIAL: ClassVar = {"v": -65.0, "isyn_exc": 0.0, "isyn_inh": 0.0}
    POSITIVE = Membrane.POSITIVE + ExpSynapses.PARAMETERS

    def __init__(self, raw: Raw, dt: int) -> None:
        super().__init__(raw, dt)
        self.synapses = ExpSynapses(raw, dt)

    @classmethod
    def complaints(cls, raw: Raw, dt: int) -> list[str]:
        """What is wrong with parameters that are in range one by one."""
        return Membrane.complaints(raw, dt) + ExpSynapses.complaints(raw, dt)
