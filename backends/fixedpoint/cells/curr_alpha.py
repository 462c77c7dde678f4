r"""``IF_curr_alpha``: leaky integrate-and-fire with currents that are meant as alpha functions.

Each receptor has a linear register :math:`L`, an exponential one :math:`X` and the last input
:math:`Q`; its current is :math:`I = L X`. With :math:`d = \exp(-dt/\tau)` and
:math:`k = dt/\tau^2`, input :math:`w > 0` gives

.. math::
    Q \leftarrow w, \quad X \leftarrow d X + 1, \quad
    L \leftarrow (L + k w)\,(1 - 1/X)

and every step ends with :math:`L \leftarrow L + k Q`, :math:`X \leftarrow d X`. The quotient 1/X is
truncated, every product is floored. After one input this is :math:`w\,(t\,dt/\tau^2)\,d^t`, ``t``
counted in steps; but ``Q`` is forgotten when the next input comes, so inputs do not add up as alpha
functions do. Of ``k`` only the fractional part is kept, and ``tau * tau`` is an s16.15 product.

Source: ``neuron/synapse_types/synapse_types_alpha_impl.h``.
"""

from __future__ import annotations

__all__ = ["CurrAlpha"]

from typing import ClassVar

import numpy as np

from neurobridge.backends.fixedpoint.cells.cell import Raw
from neurobridge.backends.fixedpoint.cells.leaky import Leaky
from neurobridge.backends.fixedpoint.cells.membrane import Membrane
from neurobridge.backends.fixedpoint.exponential import expulr
from neurobridge.backends.fixedpoint.fixed import ONE, Int, decay, kdivk, mulk, s32


class CurrAlpha(Leaky):
    """A membrane and two alpha synapses."""

    PARAMETERS = (*Membrane.PARAMETERS, "tau_syn_E", "tau_syn_I")
    INITIAL: ClassVar = {
        "v": -65.0,
        "exc_response": 0.0,
        "exc_exp_response": 0.0,
        "inh_response": 0.0,
        "inh_exp_response": 0.0,
    }
    POSITIVE = (*Membrane.POSITIVE, "tau_syn_E", "tau_syn_I")
    NOT_NEGATIVE = (*Membrane.NOT_NEGATIVE, "exc_exp_response", "inh_exp_response")

    def __init__(self, raw: Raw, dt: int) -> None:
        super().__init__(raw, dt)
        self.synapses = AlphaSynapses(raw, dt)

    @classmethod
    def complaints(cls, raw: Raw, dt: int) -> list[str]:
        """What is wrong with parameters that are in range one by one."""
        wrong = Membrane.complaints(raw, dt)
        for name in ("tau_syn_E", "tau_syn_I"):
            tau = raw[name]
            square = tau * tau >> 15
            slope = (dt << 15) // np.maximum(square, 1)
            if np.any(slope >= ONE):
                wrong.append(
                    f"{name} must be above sqrt(dt): of dt/{name}**2 only the fraction is kept"
                )
            if np.any(square >> 31) or not slope.all():
                wrong.append(
                    f"{name} must be below 256 ms and dt/{name}**2 at least 2**-15, or there is "
                    f"no current"
                )
        return wrong


class AlphaSynapses:
    """Registers of both receptors and their constants."""

    def __init__(self, raw: Raw, dt: int) -> None:
        tau = [raw["tau_syn_E"], raw["tau_syn_I"]]
        self.linear = [raw["exc_response"].copy(), raw["inh_response"].copy()]
        self.exponential = [raw["exc_exp_response"].copy(), raw["inh_exp_response"].copy()]
        self.last = [np.zeros_like(x) for x in self.linear]
        self.decay = [expulr(-kdivk(dt, t)) for t in tau]
        self.slope = [kdivk(dt, mulk(t, t)) & (ONE - 1) for t in tau]

    def receive(self, receptor: int, amount: Int) -> None:
        """Add input (s16.15, 0 where nothing came)."""
        here = np.flatnonzero(amount > 0)
        w = amount[here]
        linear, exponential = self.linear[receptor], self.exponential[receptor]
        self.last[receptor][here] = w
        grown = s32(decay(exponential[here], self.decay[receptor][here]) + ONE)
        exponential[here] = grown
        sum_ = s32(linear[here] + mulk(w, self.slope[receptor][here]))
        linear[here] = mulk(s32(ONE - kdivk(ONE, grown)), sum_)

    def inputs(self) -> tuple[Int, Int]:
        """The two currents (nA)."""
        exc, inh = (mulk(a, b) for a, b in zip(self.linear, self.exponential, strict=True))
        return exc, inh

    def shape(self) -> None:
        """Move all registers by one step."""
        for r in range(2):
            self.linear[r] = s32(self.linear[r] + mulk(self.last[r], self.slope[r]))
            self.exponential[r] = decay(self.exponential[r], self.decay[r])

    def constants(self) -> dict[str, Int]:
        """Derived constants, named as in vector files."""
        return {
            "exc_decay": self.decay[0],
            "exc_slope": self.slope[0],
            "inh_decay": self.decay[1],
            "inh_slope": self.slope[1],
        }

    def registers(self) -> dict[str, Int]:
        """State, named as in vector files."""
        return {
            "exc_response_final": self.linear[0],
            "exc_exp_response_final": self.exponential[0],
            "inh_response_final": self.linear[1],
            "inh_exp_response_final": self.exponential[1],
        }
