"""What every cell has: its parameters, inputs that are added, a state that moves."""

from __future__ import annotations

__all__ = ["Cell", "Raw"]

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from neurobridge.backends.fixedpoint.fixed import Int

Raw = Mapping[str, Int]
"""Parameters and initial values as s16.15, int64 (n,), by PyNN's names."""


class Cell(ABC):
    """Neurons of one type, advanced together; all arrays are int64 (n,) of raw integers.

    A step is :meth:`receive` for each receptor, then :meth:`inputs` and :attr:`v` for what is
    recorded, then :meth:`update`.
    """

    PARAMETERS: ClassVar[tuple[str, ...]]
    """Every parameter of the cell."""

    INITIAL: ClassVar[Mapping[str, float]]
    """Its initial state and what the host tools take where none is given."""

    POSITIVE: ClassVar[tuple[str, ...]]
    """Parameters whose raw value must be above 0: they are divided by."""

    NOT_NEGATIVE: ClassVar[tuple[str, ...]] = ()
    """Parameters that the chip divides as unsigned numbers."""

    @abstractmethod
    def __init__(self, raw: Raw, dt: int) -> None:
        """Work out the constants, as a core does when it starts; ``dt`` is s16.15 ms."""

    @classmethod
    def complaints(cls, raw: Raw, dt: int) -> list[str]:
        """What is wrong with parameters that are in range one by one."""
        return []

    @property
    @abstractmethod
    def v(self) -> Int:
        """Membrane potential (mV), s16.15."""

    @property
    def overflows(self) -> Int:
        """Steps in which the potential moved towards a value that wrapped around (if counted)."""
        return np.zeros_like(self.v)

    @abstractmethod
    def receive(self, receptor: int, amount: Int) -> None:
        """Add the input of a step; ``amount`` is s16.15, 0 where nothing came."""

    @abstractmethod
    def inputs(self) -> tuple[Int, Int]:
        """What is recorded as ``gsyn_exc`` and ``gsyn_inh``."""

    @abstractmethod
    def update(self, injected: Int) -> NDArray[np.bool_]:
        """Move all neurons by one step; who spikes. ``injected`` is s16.15 nA."""

    @abstractmethod
    def constants(self) -> dict[str, Int]:
        """The derived constants, by the names that vector files have for them."""

    @abstractmethod
    def registers(self) -> dict[str, Int]:
        """The state as it is now, by the names that vector files have for it."""
