r"""``IF_curr_exp``: leaky integrate-and-fire with exponential currents.

.. math:: I = I_E - I_I + I_{offset} + I_{injected}

into the membrane of :mod:`.membrane`; the currents are those of :mod:`.exp_synapse`.

Source: ``neuron/implementations/neuron_impl_standard.h`` and
``neuron/input_types/input_type_current.h``.
"""

from __future__ import annotations

__all__ = ["CurrExp"]

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from neurobridge.backends.fixedpoint.cells.cell import Cell, Raw
from neurobridge.backends.fixedpoint.cells.exp_synapse import ExpSynapses
from neurobridge.backends.fixedpoint.cells.membrane import Membrane
from neurobridge.backends.fixedpoint.fixed import Int, s32


class CurrExp(Cell):
    """A membrane and two exponential synapses."""

    PARAMETERS: ClassVar[tuple[str, ...]] = Membrane.PARAMETERS + ExpSynapses.PARAMETERS
    INITIAL: ClassVar = {"v": -65.0, "isyn_exc": 0.0, "isyn_inh": 0.0}
    POSITIVE = Membrane.POSITIVE + ExpSynapses.POSITIVE
    NOT_NEGATIVE = Membrane.NOT_NEGATIVE

    def __init__(self, raw: Raw, dt: int) -> None:
        self.membrane = Membrane(raw, dt)
        self.synapses = ExpSynapses(raw, dt)

    @classmethod
    def complaints(cls, raw: Raw, dt: int) -> list[str]:
        """What is wrong with parameters that are in range one by one."""
        return Membrane.complaints(raw, dt) + ExpSynapses.complaints(raw, dt)

    @property
    def v(self) -> Int:  # type: ignore[override]
        """Membrane potential (mV), s16.15."""
        return self.membrane.v

    def receive(self, receptor: int, amount: Int) -> None:
        """Add the input of a step to a current."""
        self.synapses.receive(receptor, amount)

    def inputs(self) -> tuple[Int, Int]:
        """The two currents (nA), both positive."""
        return self.synapses.current[0], self.synapses.current[1]

    def total_current(self, injected: Int) -> Int:
        """What flows into the membrane (nA)."""
        excitatory, inhibitory = self.synapses.current
        return s32(excitatory - inhibitory + self.membrane.i_offset + injected)

    def update(self, injected: Int) -> NDArray[np.bool_]:
        """Move all neurons by one step; who spikes."""
        fired = self.membrane.update(self.total_current(injected))
        self.synapses.shape()
        return fired

    def constants(self) -> dict[str, Int]:
        """Derived constants, named as in vector files."""
        return self.membrane.constants() | self.synapses.constants()

    def registers(self) -> dict[str, Int]:
        """State, named as in vector files."""
        return self.membrane.registers() | self.synapses.registers()
