"""What the ``IF_`` cells share: a membrane, and a kind of synapse that makes its current."""

from __future__ import annotations

__all__ = ["Leaky", "Synapses"]

from typing import ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from neurobridge.backends.fixedpoint.cells.cell import Cell, Raw
from neurobridge.backends.fixedpoint.cells.membrane import Membrane
from neurobridge.backends.fixedpoint.fixed import Int, s32


class Synapses(Protocol):
    """Registers of both receptors."""

    def receive(self, receptor: int, amount: Int) -> None:
        """Add input (s16.15, 0 where nothing came)."""

    def inputs(self) -> tuple[Int, Int]:
        """The two inputs of this step."""

    def shape(self) -> None:
        """Move all registers by one step."""

    def constants(self) -> dict[str, Int]:
        """Derived constants, named as in vector files."""

    def registers(self) -> dict[str, Int]:
        """State, named as in vector files."""


class Leaky(Cell):
    """A membrane into which two inputs flow: the sum ``I_E - I_I + I_offset + I_injected``.

    Source: ``neuron/implementations/neuron_impl_standard.h``.
    """

    POSITIVE: ClassVar[tuple[str, ...]] = Membrane.POSITIVE
    NOT_NEGATIVE: ClassVar[tuple[str, ...]] = Membrane.NOT_NEGATIVE

    synapses: Synapses

    def __init__(self, raw: Raw, dt: int) -> None:
        self.membrane = Membrane(raw, dt)

    @property
    def v(self) -> Int:
        """Membrane potential (mV), s16.15."""
        return self.membrane.v

    @property
    def overflows(self) -> Int:
        """See :class:`Cell`."""
        return self.membrane.overflows

    def receive(self, receptor: int, amount: Int) -> None:
        """Add the input of a step."""
        self.synapses.receive(receptor, amount)

    def inputs(self) -> tuple[Int, Int]:
        """What is recorded: two currents (nA), both positive."""
        return self.synapses.inputs()

    def currents(self) -> tuple[Int, Int]:
        """The two inputs as currents (nA)."""
        return self.inputs()

    def update(self, injected: Int) -> NDArray[np.bool_]:
        """Move all neurons by one step; who spikes."""
        excitatory, inhibitory = self.currents()
        fired = self.membrane.update(
            s32(excitatory - inhibitory + self.membrane.i_offset + injected)
        )
        self.synapses.shape()
        return fired

    def constants(self) -> dict[str, Int]:
        """Derived constants, named as in vector files."""
        return self.membrane.constants() | self.synapses.constants()

    def registers(self) -> dict[str, Int]:
        """State, named as in vector files."""
        return self.membrane.registers() | self.synapses.registers()
