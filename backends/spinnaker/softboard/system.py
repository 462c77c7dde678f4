"""The system controller of a chip: interrupts between cores, the barrier and the locks."""

from __future__ import annotations

__all__ = ["SystemController"]

from collections.abc import Callable

_RAISE, _LOWER, _SET_FLAG, _CLEAR_FLAG = 0x08, 0x0C, 0x58, 0x5C
_TAKE, _FREE = range(0x100, 0x180), range(0x180, 0x200)
_CORES = 0x3FFFF
_WAS_TAKEN = 0x80000000


class SystemController:
    """One for all cores of a chip.

    Parameters
    ----------
    line : callable
        ``line(mask, raised)`` sets the interrupt lines of the cores in ``mask``; core 0 is the
        monitor.
    """

    def __init__(self, line: Callable[[int, bool], None]) -> None:
        self._line = line
        self.flags = 0
        """A bit for each core: the barrier at which it waits to start."""
        self._locks = [0] * 32

    def read(self, offset: int) -> int:
        """A register; reading a lock takes it."""
        if offset in (_SET_FLAG, _CLEAR_FLAG):
            return self.flags
        if offset in _TAKE:
            lock = (offset - _TAKE.start) >> 2
            was, self._locks[lock] = self._locks[lock], _WAS_TAKEN
            return was
        if offset in _FREE:
            self._locks[(offset - _FREE.start) >> 2] = 0
        return 0

    def write(self, offset: int, value: int) -> None:
        """A register."""
        if offset == _RAISE:
            self._line(value & _CORES, True)
        elif offset == _LOWER:
            self._line(value & _CORES, False)
        elif offset == _SET_FLAG:
            self.flags |= value
        elif offset == _CLEAR_FLAG:
            self.flags &= ~value
