"""Training for SpiNNaker: the network is trained as the chip runs it.

The forward pass has the chip's time step, its 16-bit weights and its constants; the gradient is
that of the unrounded values (straight-through estimator). The layout on the chip, and with it the
scale of the weights, is made anew from the present values in every pass, as a deployment makes it,
so what is trained is what is deployed. With a ``max_summed_input`` in the settings the scale stays
what it is from the start.

References
----------
Bengio, Léonard & Courville (2013), arXiv:1308.3432: the straight-through estimator.
Hubara et al. (2018), J. Mach. Learn. Res. 18:187: training with weights of few bits.
"""

from __future__ import annotations

__all__ = ["BITS", "ChipTraining"]

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurobridge.errors import NetworkError, TrainingError, UnknownNameError
from neurobridge.frozen import FrozenDict
from neurobridge.graph.network import Network, Operation
from neurobridge.graph.weight import Explicit
from neurobridge.lowering.chip.discretise import equations_of
from neurobridge.lowering.chip.plan import ChipPlan
from neurobridge.lowering.chip.planned import planned
from neurobridge.lowering.chip.settings import CHIP_SETTINGS
from neurobridge.lowering.chip.weights_back import held_weights
from neurobridge.lowering.lower import lower
from neurobridge.lowering.program import Program

BITS = 16
"""Of a weight on the chip."""

SAME = 1e-6
"""Largest relative difference of weights that are the same integers (of float32 values)."""


@dataclass(frozen=True)
class ChipTraining:
    """How a network is trained for SpiNNaker.

    Parameters
    ----------
    settings : mapping
        Of the backend ``fixedpoint`` or ``spinnaker``, with which the network will be deployed.
    bits : int
        Weights use this many of the 16 bits, the most significant ones. The scale is that of the
        largest input of a step, so a single weight mostly has fewer.

    Raises
    ------
    NetworkError, UnknownNameError
        If the number of bits is none from 1 to 16, or a setting does not exist.
    """

    settings: Mapping[str, Any] = field(default_factory=dict)
    bits: int = BITS

    def __post_init__(self) -> None:
        whole = isinstance(self.bits, (int, np.integer)) and not isinstance(self.bits, bool)
        if not whole or not 1 <= self.bits <= BITS:
            raise NetworkError(
                f"chip: expected bits, a whole number from 1 to {BITS}, got {self.bits!r}"
            )
        for name in self.settings:
            if name not in CHIP_SETTINGS:
                raise UnknownNameError("setting of the chip", name, CHIP_SETTINGS)

    def __str__(self) -> str:
        given = "".join(f", {name}={value!r}" for name, value in self.settings.items())
        return f"{self.bits} bits{given}"

    def plan(self, program: Program) -> ChipPlan:
        """The layout of a program on the chip, with weights of so many bits.

        Raises
        ------
        FindingsError
            If the chip cannot run it. What it rounds is no obstacle here.
        ModelError
            If a cell of the chip cannot be trained.
        """
        plan = planned(program, self.settings)
        for name, cell in plan.cells.items():
            equations_of(cell, name)
        if self.bits == BITS:
            return plan
        step = 2 ** (BITS - self.bits)
        scaled = tuple(
            replace(s, word=step * np.rint(s.value / (s.resolution * step)).astype(np.int64))
            for s in plan.scaled
        )
        return replace(plan, scaled=scaled)

    def limited(self, network: Network, dt: float) -> Network:
        """A network whose weights have so many bits, to be deployed with these settings.

        With all 16 it is the network as it is, for the chip rounds it in the same way.

        Raises
        ------
        FindingsError
            If the chip cannot run it.
        TrainingError
            If a layout of the limited network would not hold these weights.
        """
        if self.bits == BITS:
            return network
        wanted = _by_projection(network, self.plan(lower(network, dt)))
        projections = {
            name: replace(p, weight=Explicit(wanted[name]))
            for name, p in network.projections.items()
        }
        step = Operation("limit_weights", FrozenDict({"chip": str(self)}), network.id)
        network = replace(
            network, projections=FrozenDict(projections), history=(*network.history, step)
        )
        held = _by_projection(network, replace(self, bits=BITS).plan(lower(network, dt)))
        for name, weight in wanted.items():
            if not np.allclose(held[name], weight, rtol=SAME, atol=0.0):
                raise TrainingError(
                    f"projection {name!r}: weights of {self.bits} bits are laid out on the chip in "
                    "another way than those that they come from, and change again; set "
                    "split='never' or a number of parts, or max_summed_input"
                )
        return network


def _by_projection(network: Network, plan: ChipPlan) -> dict[str, NDArray[np.float64]]:
    """Weights as the chip holds them, in the order of the edges of each projection."""
    values = {name: np.zeros(p.edges.n_edges) for name, p in network.projections.items()}
    held = held_weights(plan)
    for i, way in enumerate(plan.program.pathways):
        values[way.projection][slice(None) if way.edge is None else way.edge] = held[i]
    return values
