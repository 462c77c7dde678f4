r"""``IF_curr_delta``: leaky integrate-and-fire with input that lasts one step.

The input of a step is held for this step only. As a current it is multiplied by
:math:`s = 1/dt`:

.. math:: I = s I_E - s I_I + I_{offset} + I_{injected}

so a weight is a charge (nA ms), which moves the membrane by :math:`w R (1 - E)/dt`. Recorded are
the inputs before the multiplication. What arrives in a refractory step is lost.

Source: ``neuron/synapse_types/synapse_types_delta_impl.h`` and
``neuron/input_types/input_type_delta.h``.
"""

from __future__ import annotations

__all__ = ["CurrDelta"]

from typing import ClassVar

import numpy as np

from neurobridge.backends.fixedpoint.cells.cell import Raw
from neurobridge.backends.fixedpoint.cells.leaky import Leaky
from neurobridge.backends.fixedpoint.cells.membrane import Membrane
from neurobridge.backends.fixedpoint.fixed import ONE, Int, kdivk, mulk, s32


class CurrDelta(Leaky):
    """A membrane and two inputs without memory."""

    PARAMETERS = Membrane.PARAMETERS
    INITIAL: ClassVar = {"v": -65.0, "isyn_exc": 0.0, "isyn_inh": 0.0}

    def __init__(self, raw: Raw, dt: int) -> None:
        super().__init__(raw, dt)
        self.synapses = DeltaSynapses(raw)
        self.scale = int(kdivk(ONE, dt))

    @classmethod
    def complaints(cls, raw: Raw, dt: int) -> list[str]:
        """What is wrong with parameters that are in range one by one."""
        return Membrane.complaints(raw, dt)

    def currents(self) -> tuple[Int, Int]:
        """The two inputs as currents (nA)."""
        exc, inh = self.inputs()
        return mulk(exc, self.scale), mulk(inh, self.scale)

    def constants(self) -> dict[str, Int]:
        """Derived constants, named as in vector files."""
        return super().constants() | {"scale_factor": np.full_like(self.v, self.scale)}


class DeltaSynapses:
    """The inputs of this step."""

    def __init__(self, raw: Raw) -> None:
        self.input = [raw["isyn_exc"].copy(), raw["isyn_inh"].copy()]

    def receive(self, receptor: int, amount: Int) -> None:
        """Add input (s16.15, 0 where nothing came)."""
        self.input[receptor] = s32(self.input[receptor] + amount)

    def inputs(self) -> tuple[Int, Int]:
        """The two inputs (nA ms)."""
        return self.input[0], self.input[1]

    def shape(self) -> None:
        """Forget the inputs."""
        self.input = [np.zeros_like(x) for x in self.input]

    def constants(self) -> dict[str, Int]:
        """There are none."""
        return {}

    def registers(self) -> dict[str, Int]:
        """State, named as in vector files."""
        return {"isyn_exc_final": self.input[0], "isyn_inh_final": self.input[1]}
