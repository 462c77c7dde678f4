"""Weights of a stimulus as 16-bit integers, in the scale that its target has."""

from __future__ import annotations

__all__ = ["EventWords", "event_words"]

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurobridge.errors import BackendError
from neurobridge.lowering.chip.magnitudes import event_magnitude
from neurobridge.lowering.chip.plan import ChipPlan
from neurobridge.lowering.chip.words import LARGEST_WORD, to_words
from neurobridge.lowering.program import EventInput


@dataclass(frozen=True)
class EventWords:
    """Weights of the channels of a stimulus, before and after rounding.

    ``receptor`` is the chip's. ``value`` float64 (m,) in the chip's unit of current, ``word`` int64
    (m,), ``resolution`` float64 (m,): the value of word 1.
    """

    receptor: str
    value: NDArray[np.float64]
    word: NDArray[np.int64]
    resolution: NDArray[np.float64]


def event_words(plan: ChipPlan, events: EventInput) -> EventWords:
    """Round the weights of a stimulus.

    Raises
    ------
    BackendError
        If a weight needs a larger scale than the plan has.
    """
    population, unit = events.population, plan.units[events.population]
    receptor, value = event_magnitude(
        plan.program, plan.cells, population, events.receptor, events.target, events.weight
    )
    value = value * unit
    resolution = plan.resolutions(population, receptor)[events.target]
    word = to_words(value, resolution)
    if (word > LARGEST_WORD).any():
        worst = int(word.argmax())
        raise BackendError(
            f"stimulus {events.stimulus!r}: a weight of {value[worst] / unit:g} does not fit into "
            f"the scale of {population!r}, which goes to "
            f"{resolution[worst] * LARGEST_WORD / unit:g}; compile the network with this stimulus, "
            "or with a larger max_summed_input"
        )
    return EventWords(receptor, value, word, resolution)
