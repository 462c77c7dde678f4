"""The timer of a core: it ticks when the board says so, once in a step.

Programs also read the counter, to spread what they send over a step. It counts down a little with
every read, so that whoever waits for it gets on.
"""

from __future__ import annotations

__all__ = ["Timer"]

from neurobridge.backends.spinnaker.softboard.interrupts import TIMER, InterruptController

_LOAD, _COUNT, _CONTROL, _CLEAR, _COUNT_2 = 0x00, 0x04, 0x08, 0x0C, 0x24
_ON = 0x80
_CLOCKS_A_READ = 7


class Timer:
    """Two timers, of which the first raises interrupts."""

    def __init__(self, interrupts: InterruptController) -> None:
        self._interrupts = interrupts
        self._registers: dict[int, int] = {}
        self._passed = 0

    def tick(self) -> None:
        """A step begins; a program that waits has its timer off."""
        if self._registers.get(_CONTROL, 0) & _ON:
            self._interrupts.lines |= TIMER

    def read(self, offset: int) -> int:
        """A register."""
        if offset in (_COUNT, _COUNT_2):
            self._passed = (self._passed + _CLOCKS_A_READ) & 0xFFFF
            return max(0, self._registers.get(_LOAD, 0) - 100 - self._passed)
        return self._registers.get(offset, 0)

    def write(self, offset: int, value: int) -> None:
        """A register."""
        if offset == _CLEAR:
            self._interrupts.lines &= ~TIMER
        else:
            self._registers[offset] = value
