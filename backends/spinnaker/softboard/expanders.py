"""Programs that write data on the chip before the network runs: neurons and synapses.

sPyNNaker gives them a description, and they fill in parameters, rows and bit fields.
"""

from __future__ import annotations

__all__ = ["run_neuron_expander", "run_synapse_expander"]

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from spynnaker.pyNN.data import SpynnakerDataView
from spynnaker.pyNN.models.abstract_models import (
    NEURON_EXPANDER_APLX,
    SYNAPSE_EXPANDER_APLX,
    AbstractNeuronExpandable,
    AbstractSynapseExpandable,
)

from neurobridge.backends.spinnaker.softboard.aplx import read_image
from neurobridge.backends.spinnaker.softboard.diagnosis import core_error
from neurobridge.backends.spinnaker.softboard.placed import Placed
from neurobridge.backends.spinnaker.softboard.state import State

_APPLICATION = 31
_REGION = 1
"""User word that says where the description is."""


def run_neuron_expander(placed: Iterable[Placed]) -> int:
    """Fill in the parameters of neurons; returns on how many cores."""
    work: list[tuple[Placed, Any]] = [
        (part, part.vertex)
        for part in placed
        if isinstance(part.vertex, AbstractNeuronExpandable)
        and part.vertex.gen_neurons_on_machine()
    ]
    for part, vertex in work:
        _run(part, NEURON_EXPANDER_APLX, vertex.neuron_generator_region)
        vertex.read_generated_initial_values(part.placement)
    return len(work)


def run_synapse_expander(placed: Iterable[Placed]) -> int:
    """Fill in rows of synapses and bit fields; returns on how many cores."""
    work: list[tuple[Placed, Any]] = [
        (part, part.vertex)
        for part in placed
        if isinstance(part.vertex, AbstractSynapseExpandable) and part.vertex.gen_on_machine()
    ]
    for part, vertex in work:
        _run(part, SYNAPSE_EXPANDER_APLX, vertex.connection_generator_region)
    for part, vertex in work:
        vertex.read_generated_connection_holders(part.placement)
    return len(work)


def _run(part: Placed, binary: str, region: int) -> None:
    part.core.set_user(_REGION, region)
    part.core.load(
        read_image(SpynnakerDataView.get_executable_path(binary)),
        _APPLICATION,
        replace(part.program, binary=binary),
    )
    if part.core.state != State.FINISHED:
        raise core_error(part.core, f"{binary} did not finish")
