"""Programs on cores: what sPyNNaker placed where, and whose packets come first."""

from __future__ import annotations

__all__ = ["Placed", "find_placed"]

from dataclasses import dataclass
from typing import Any

from pacman.model.graphs.application import ApplicationVertex
from spinn_front_end_common.abstract_models import AbstractHasAssociatedBinary
from spinnman.model.enums import ExecutableType
from spynnaker.pyNN.data import SpynnakerDataView

from neurobridge.backends.spinnaker.softboard.board import Board
from neurobridge.backends.spinnaker.softboard.core import Core
from neurobridge.errors import BackendError


@dataclass(frozen=True)
class Placed:
    """A machine vertex on its core.

    ``population`` is the label of what it is a part of, ``first`` and ``last`` its neurons there.
    """

    core: Core
    vertex: Any
    placement: Any
    binary: str
    population: str
    first: int
    last: int


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
        owner = vertex.app_vertex
        label = owner.label if isinstance(owner, ApplicationVertex) else vertex.label
        _check_supported(binary, label, kind)
        part = vertex.vertex_slice
        found.append(
            (
                order.get(owner, len(order)),
                Placed(
                    board.chip(placement.x, placement.y).core(placement.p),
                    vertex, placement, binary, label, part.lo_atom, part.hi_atom,
                ),
            )
        )  # fmt: skip
    found.sort(key=lambda pair: (pair[0], pair[1].first, pair[1].core.p))
    return tuple(placed for _, placed in found)


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


_LIVE = {
    "live_packet_gather.aplx",
    "command_sender_multicast_source.aplx",
    "external_device_lif_control.aplx",
    "external_device_lif_control_neuron.aplx",
    "robot_motor_control.aplx",
}
