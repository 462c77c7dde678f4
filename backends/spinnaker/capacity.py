"""How many cores a network needs, and how many a machine has; an estimate before the mapping."""

from __future__ import annotations

__all__ = ["available_cores", "needed_cores"]

from neurobridge.backends.spinnaker.machine import Machine
from neurobridge.lowering.chip.plan import ChipPlan

SOURCES_PER_CORE = 256
CORES = {3: 63, 5: 759}
"""Cores of a board that take programs of a network, by version: 17 on a chip (16 on 8 chips of a
board of 48), less a monitor each, and one more on the chip with the network connector."""


def needed_cores(plan: ChipPlan) -> int:
    """Cores for neurons and for the sources and stimuli that send spikes to them."""
    cores = sum(-(-p.size // p.neurons_per_core) for p in plan.populations)
    sizes = [p.size for p in plan.program.populations if p.is_source]
    sizes += [events.neurons.size for events in plan.program.event_plans]
    return cores + sum(-(-n // SOURCES_PER_CORE) for n in sizes)


def available_cores(machine: Machine) -> int | None:
    """Cores of all boards; None if there can be any number of boards."""
    return None if machine.boards is None else machine.boards * CORES[machine.version]
