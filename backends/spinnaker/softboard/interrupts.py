"""The vectored interrupt controller of a core (ARM PL190), and the lines that lead into it."""

from __future__ import annotations

__all__ = ["DMA", "MAILBOX", "PACKET", "TIMER", "InterruptController"]

TIMER, DMA, MAILBOX, PACKET = 1 << 4, 1 << 12, 1 << 18, 1 << 24 | 1 << 6
"""Lines: timer 1, transfer done, message from the monitor, packet received (and ready)."""

_CAN_SEND = 1 << 23 | 1 << 11
"""The transmitter is never full and always empty."""

_RAW, _SELECT, _ENABLE, _DISABLE, _SOFT, _SOFT_CLEAR, _VECTOR, _DEFAULT = (
    0x08, 0x0C, 0x10, 0x14, 0x18, 0x1C, 0x30, 0x34,
)  # fmt: skip
_ADDRESSES, _CONTROLS = range(0x100, 0x140), range(0x200, 0x240)


class InterruptController:
    """Which interrupts are raised, which of them are let through, and where they go.

    ``lines`` are those that are raised, by hardware or software; devices set and clear their own.
    """

    def __init__(self) -> None:
        self.lines = _CAN_SEND
        self.enabled = self.fast = 0
        self._soft = self._default = 0
        self._addresses, self._controls = [0] * 16, [0] * 16

    def read(self, offset: int) -> int:
        """A register."""
        slow = self.lines & self.enabled & ~self.fast
        if offset == _VECTOR:
            return self._vector(slow)
        if offset in _ADDRESSES:
            return self._addresses[(offset - 0x100) >> 2]
        if offset in _CONTROLS:
            return self._controls[(offset - 0x200) >> 2]
        return {
            0x00: slow,
            0x04: self.lines & self.enabled & self.fast,
            _RAW: self.lines,
            _SELECT: self.fast,
            _ENABLE: self.enabled,
            _SOFT: self._soft,
            _DEFAULT: self._default,
        }.get(offset, 0)

    def write(self, offset: int, value: int) -> None:
        """A register. Writing the vector address ends an interrupt, which needs no answer here."""
        if offset == _VECTOR:
            return
        if offset == _SOFT:
            self._soft |= value
            self.lines |= value
        elif offset == _SOFT_CLEAR:
            self.lines &= ~(self._soft & value)
            self._soft &= ~value
        elif offset == _ENABLE:
            self.enabled |= value
        elif offset == _DISABLE:
            self.enabled &= ~value
        elif offset == _SELECT:
            self.fast = value
        elif offset == _DEFAULT:
            self._default = value
        elif offset in _ADDRESSES:
            self._addresses[(offset - 0x100) >> 2] = value
        elif offset in _CONTROLS:
            self._controls[(offset - 0x200) >> 2] = value

    def _vector(self, slow: int) -> int:
        """Handler of the raised interrupt that comes first in the table."""
        for address, control in zip(self._addresses, self._controls, strict=True):
            if control & 0x20 and slow >> (control & 0x1F) & 1:
                return address
        return self._default
