"""Injected currents: what each neuron gets in a step, summed over its current sources.

Values are s16.15 and hold until the next. Sums wrap, so their order does not matter. Source:
``neuron/current_sources/current_source_step.h``.
"""

from __future__ import annotations

__all__ = ["Injection"]

from collections.abc import Mapping, Sequence

import numpy as np

from neurobridge.backends.fixedpoint.fixed import Int, encode, s32
from neurobridge.lowering.chip.network import ChipCurrent


class Injection:
    """The sum of all currents into ``n`` neurons, step by step."""

    def __init__(
        self, currents: Sequence[ChipCurrent], first: Mapping[str, int], n: int, n_steps: int
    ) -> None:
        self.value = np.zeros(n, dtype=np.int64)
        self.changes: dict[int, list[tuple[Int, int]]] = {}
        for current in currents:
            neurons = current.neurons.astype(np.int64) + first[current.population]
            raw = encode(current.value, f"current into population {current.population!r}")
            change = np.diff(raw, prepend=0)
            for start, difference in zip(current.start.tolist(), change.tolist(), strict=True):
                if start < n_steps:
                    self.changes.setdefault(start, []).append((neurons, difference))

    def at(self, step: int) -> Int:
        """The current of every neuron in ``step`` (nA, s16.15); steps must be asked in order."""
        for neurons, difference in self.changes.pop(step, ()):
            self.value[neurons] += difference
        return s32(self.value)
