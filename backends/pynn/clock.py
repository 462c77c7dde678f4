"""Clock: how the steps of the contract lie to the times of a simulator."""

from __future__ import annotations

__all__ = ["Clock"]

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Int = NDArray[np.int64]


@dataclass(frozen=True)
class Clock:
    """A step of ``dt`` (ms) is ``substeps`` steps of the simulator, whose time 0 is ``lead`` late.

    Spikes are given ``early`` steps before they are due.
    """

    dt: float
    substeps: int
    lead: int
    early: float

    @property
    def step(self) -> float:
        """The simulator's step in ms."""
        return self.dt / self.substeps

    def time(self, stamp: Int) -> NDArray[np.float64]:
        """When something with a stamp is due, in ms of the simulator."""
        return np.asarray((stamp * self.substeps + self.lead) * self.step)

    def spike_time(self, stamp: Int) -> NDArray[np.float64]:
        """When a spike with a stamp is given, in ms of the simulator."""
        return np.asarray((stamp * self.substeps + self.lead - self.early) * self.step)
