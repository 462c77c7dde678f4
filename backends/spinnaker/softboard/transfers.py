"""The DMA controller of a core: copies between shared memory and its own, done at once."""

from __future__ import annotations

__all__ = ["TransferController"]

from collections.abc import Callable

from neurobridge.backends.spinnaker.softboard.interrupts import DMA, InterruptController

_SHARED, _OWN, _START, _CONTROL, _STATUS, _GLOBAL = 0x04, 0x08, 0x0C, 0x10, 0x14, 0x18
_TO_SHARED, _N_BYTES = 1 << 19, 0x1FFFF
_DONE = 0x400
"""Bit of the status, and of the global control that lets it raise an interrupt."""
_ENDS = 0x38
"""Bits of the control that clear the end of a transfer, or what is going on."""


class TransferController:
    """Transfers of the core ``p``; ``view(address, n_bytes)`` finds memory of either kind."""

    def __init__(
        self, p: int, view: Callable[[int, int], memoryview], interrupts: InterruptController
    ) -> None:
        self._p, self._view, self._interrupts = p, view, interrupts
        self._shared = self._own = self._global = 0
        self._done = False

    def read(self, offset: int) -> int:
        """A register."""
        if offset == _STATUS:
            return self._p << 24 | (_DONE if self._done else 0)
        return 0

    def write(self, offset: int, value: int) -> None:
        """A register; writing the description starts a transfer."""
        if offset == _SHARED:
            self._shared = value
        elif offset == _OWN:
            self._own = value
        elif offset == _START:
            self._copy(value & _N_BYTES, to_shared=bool(value & _TO_SHARED))
        elif offset == _CONTROL:
            if value & _ENDS:
                self._done = False
                self._interrupts.lines &= ~DMA
        elif offset == _GLOBAL:
            self._global = value

    def _copy(self, n_bytes: int, *, to_shared: bool) -> None:
        shared, own = self._view(self._shared, n_bytes), self._view(self._own, n_bytes)
        if to_shared:
            shared[:] = own
        else:
            own[:] = shared
        self._done = True
        if self._global & _DONE:
            self._interrupts.lines |= DMA
