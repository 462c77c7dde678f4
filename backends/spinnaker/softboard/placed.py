"""Programs on cores: what sPyNNaker placed where, and whose packets come first."""

from __future__ import annotations

__all__ = ["Placed", "find_placed"]

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from spinn_front_end_common.abstract_models import AbstractHasAssociatedBinary
from spinnman.model.enums import ExecutableType
from spynnaker.pyNN.data import SpynnakerDataView
from spynnaker.pyNN.models.neuron import PopulationVertex

from neurobridge.backends.spinnaker.softboard.board import Board
from neurobridge.backends.spinnaker.softboard.core import Core
from neurobridge.backends.spinnaker.softboard.program import Program
from neurobridge.errors import BackendError

_LIVE = {
    "live_packet_gather.aplx",
    "command_sender_multicast_source.aplx",
    "external_device_lif_control.aplx",
    "external_device_lif_control_neuron.aplx",
    "robot_motor_control.aplx",
}
"""Programs that need someone at the other end."""

_DIVISORS = {"tau_m", "cm", "tau_syn", "tau_syn_E", "tau_syn_I", "tau_syn_E2"}
"""Parameters by which programs divide."""


@dataclass(frozen=True)
class Placed:
    """A machine vertex on its core."""

    core: Core
    vertex: Any
    placement: Any
    program: Program


def find_placed(board: Board) -> tuple[Placed, ...]:
    """All programs of the application, in the order in which their packets are delivered.

    That is the order in which populations were created, delay extensions after them, and in a
    population that of the neurons. Programs of the machine itself (monitors) are left out.

    Raises
    ------
    BackendError
        The chip model cannot run a program.
    """
    order = {vertex: i for i, vertex in enumerate(SpynnakerDataView.iterate_vertices())}
    found = []
    for placement in SpynnakerDataView.iterate_placemements():
        vertex = placement.vertex
        if not isinstance(vertex, AbstractHasAssociatedBinary):
            continue
        kind = vertex.get_binary_start_type()
        if kind == ExecutableType.SYSTEM:
            continue
        binary = vertex.get_binary_file_name()
        owner: Any = vertex.app_vertex
        label = str(vertex.label if owner is None else owner.label)
        _check_supported(binary, label, kind)
        part = vertex.vertex_slice
        program = Program(binary, label, part.lo_atom, part.hi_atom, partial(_find_zeros, owner))
        core = board.chip(placement.x, placement.y).core(placement.p)
        found.append((order.get(owner, len(order)), Placed(core, vertex, placement, program)))
    found.sort(key=lambda pair: (pair[0], pair[1].program.first))
    return tuple(placed for _, placed in found)


def _find_zeros(owner: Any) -> tuple[str, ...]:
    """Parameters of a population that are not 0 for the user, and 0 for some neuron on the chip."""
    if not isinstance(owner, PopulationVertex):
        return ()
    names = [name for name in owner.get_parameters() if name in _DIVISORS]
    values = owner.get_parameter_values(names)
    return tuple(
        name for name in names if np.any(np.rint(np.abs(np.ravel(values[name])) * 2**15) == 0)
    )


def _check_supported(binary: str, label: str, kind: Any) -> None:
    if binary.startswith("synapses") or binary.endswith("_neuron.aplx"):
        raise BackendError(
            f"population {label!r} is split into synapse and neuron cores ({binary}), which the "
            "chip model does not run: they wait for points in time within a step, and the model "
            "has none. Give the population splitter=SplitterPopulationVertexFixed() "
            "(from spynnaker.pyNN.extra_algorithms.splitter_components) in its "
            "additional_parameters; sPyNNaker splits by itself when the time step is below 1 ms"
        )
    if kind != ExecutableType.USES_SIMULATION_INTERFACE:
        raise BackendError(
            f"{label!r} runs {binary}, which does not start and stop as models of sPyNNaker do; "
            "the chip model runs only those"
        )
    if binary in _LIVE:
        raise BackendError(
            f"{label!r} runs {binary}, which talks to the host or to devices while the network "
            "runs; the chip model has no live input or output. Use SpikeSourceArray and recording"
        )
