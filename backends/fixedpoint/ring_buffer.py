"""Ring buffers: weights on their way, by the step in which they act.

A core keeps a 16-bit sum for every slot of time, receptor and neuron. A sum that leaves 16 bits
becomes 65535 and is counted. The weights are magnitudes, so the sum in the end is the smaller of
65535 and the true one, whatever the order of arrival; only the count depends on it: every weight
above 0 that arrives when the true sum is, with it, above 65535.

So plain sums are kept here, and only where one is too large the weights of this step are looked at
one by one. Source: ``neuron/synapses.c``.
"""

from __future__ import annotations

__all__ = ["FULL", "RingBuffer"]

import numpy as np
from numpy.typing import NDArray

from neurobridge.backends.fixedpoint.fixed import Int

FULL = 0xFFFF
"""The largest sum that a slot holds."""


class RingBuffer:
    """Sums of integer weights for ``width`` (receptor, neuron) pairs and ``depth`` steps.

    Parameters
    ----------
    width, depth : int
        ``depth`` must exceed the longest delay.
    saturate : bool
        Whether sums stop at 65535; if not, they are unlimited and nothing is counted.
    """

    def __init__(self, width: int, depth: int, saturate: bool) -> None:
        self.width, self.depth, self.saturate = width, depth, saturate
        self.sums = np.zeros(width * depth, dtype=np.int64)
        self.waiting = np.zeros(depth, dtype=bool)
        self.saturations = np.zeros(width, dtype=np.int64)
        """How often each pair was found full, int64 (width,)."""

    def add(self, step: int, pair: NDArray[np.int32], word: Int, delay: NDArray[np.int32]) -> None:
        """Add weights, in order of arrival, that act ``delay`` steps after ``step``."""
        slot = (step + delay) % self.depth
        place = slot.astype(np.int64) * self.width + pair
        np.add.at(self.sums, place, word)
        self.waiting[slot] = True
        if self.saturate:
            self._count(place, word)

    def take(self, step: int) -> Int | None:
        """The sums that act in ``step``, int64 (width,), or None if nothing came; empties them."""
        slot = step % self.depth
        if not self.waiting[slot]:
            return None
        self.waiting[slot] = False
        part = self.sums[slot * self.width : (slot + 1) * self.width]
        sums = np.minimum(part, FULL) if self.saturate else part.copy()
        part[:] = 0
        return sums

    def _count(self, place: Int, word: Int) -> None:
        over = self.sums[place] > FULL
        if not over.any():
            return
        place, word = place[over], word[over]
        order = np.argsort(place, kind="stable")
        place, word = place[order], word[order]
        running = np.cumsum(word)
        last = np.append(place[1:] != place[:-1], True)
        end = running[last]  # the running sum at the last weight of each place
        length = np.diff(np.append(-1, np.flatnonzero(last)))
        # The sum of a place after its last weight is known: what follows a weight is less than it.
        after = self.sums[place] - (np.repeat(end, length) - running)
        full = (after > FULL) & (word > 0)
        np.add.at(self.saturations, place[full] % self.width, 1)
