"""What the two paths cost, in nanoseconds of one core: by these numbers the path is chosen.

They are constants, not measurements of this run, so that the same run takes the same paths
everywhere. Only their ratios matter: a path is left when it has cost more than the other by as much
as it costs to change.
"""

from __future__ import annotations

__all__ = ["costs_of"]

from neurobridge.backends.native.cells import Plan
from neurobridge.backends.native.kind import LANES
from neurobridge.backends.native.layout import Layout

LOOK = 20.0
"""At a neuron that is awake."""

EVENT = 9.0
"""Of an event that moves its target."""

STATE = 0.25
"""Of a state of a neuron in a step of the dense path."""

ADDED = 2.5
"""Of an event of the dense path."""

MOVED = 30.0
"""Of a neuron that goes from one path to the other."""


def costs_of(plan: Plan, layout: Layout) -> tuple[float, float, float, float, float]:
    """Cost of a look, an event, a dense step, a dense event, and of a change of the path."""
    n = layout.n_padded
    slots = sum(
        len(plan.kind[p.name].slots) * len(layout.places[p.name].blocks) * LANES for p in plan.cells
    )
    return LOOK, EVENT, STATE * slots, ADDED, MOVED * n
