"""Spikes of source populations and events, cut into steps."""

from __future__ import annotations

__all__ = ["Source", "Timed"]

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from neurobridge.backends.torch.fused.grid import Grid, Rows, numbers
from neurobridge.backends.torch.fused.neurons import Span
from neurobridge.backends.torch.inputs import Events


class Timed:
    """Events of the steps of a span.

    Parameters
    ----------
    events : Events
    grid : Grid
    span : Span
    """

    def __init__(self, events: Events, grid: Grid, span: Span) -> None:
        now = events.between(span.first, span.first + span.n_steps)
        step, position = numbers(now.step) - span.first, grid.positions(now.neuron, now.trial)
        order = np.lexsort((position, step))
        self.step, self.position = step[order], position[order]
        self.value = numbers(now.value)[order]
        self.cuts = np.searchsorted(self.step, np.arange(span.n_steps + 1)).tolist()

    def at(self, t: int) -> NDArray[np.int64]:
        """Positions of the events of a step, ascending."""
        found: NDArray[np.int64] = self.position[self.cuts[t] : self.cuts[t + 1]]
        return found

    def values(self, t: int) -> NDArray[Any]:
        """What is added there."""
        found: NDArray[Any] = self.value[self.cuts[t] : self.cuts[t + 1]]
        return found


class Source:
    """A source population in a segment."""

    def __init__(self, events: Events, grid: Grid, span: Span) -> None:
        self.timed, self.grid, self.n_steps = Timed(events, grid, span), grid, span.n_steps
        self._rows: Rows | None = None

    def at(self, t: int) -> NDArray[np.int64]:
        """Positions of the spikes that are stamped at the beginning of a step."""
        return self.timed.at(t)

    def rows(self) -> Rows:
        """The same as rows of 0 and 1, for matrix products."""
        if self._rows is None:
            array = np.zeros((self.n_steps, self.grid.size), dtype=self.timed.value.dtype)
            array[self.timed.step, self.timed.position] = self.timed.value
            self._rows = Rows(torch.from_numpy(array), self.grid)
        return self._rows
