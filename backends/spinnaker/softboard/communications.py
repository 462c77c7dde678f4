"""The communications controller of a core: multicast packets in and out."""

from __future__ import annotations

__all__ = ["CommunicationsController"]

from collections import deque

from neurobridge.backends.spinnaker.softboard.interrupts import PACKET, InterruptController

_CONTROL, _SEND_DATA, _SEND_KEY, _STATUS, _DATA, _KEY = 0x00, 0x04, 0x08, 0x0C, 0x10, 0x14
_EMPTY = 0x90000000
_RECEIVED, _WITH_PAYLOAD = 0x80000000, 0x20000


class CommunicationsController:
    """Packets are pairs of key and payload; a payload of None is none.

    ``sent`` is what the core sent since it was last emptied. Received packets wait in a queue of
    any length; real hardware holds one.
    """

    def __init__(self, interrupts: InterruptController) -> None:
        self._interrupts = interrupts
        self._received: deque[tuple[int, int | None]] = deque()
        self._payload: int | None = None
        self.sent: list[tuple[int, int | None]] = []

    @property
    def n_received(self) -> int:
        """Packets that wait."""
        return len(self._received)

    def receive(self, key: int, payload: int | None) -> None:
        """A packet arrives."""
        self._received.append((key, payload))
        self._interrupts.lines |= PACKET

    def read(self, offset: int) -> int:
        """A register; reading the key takes the packet."""
        if offset == _CONTROL:
            return _EMPTY
        if not self._received:
            return 0
        key, payload = self._received[0]
        if offset == _STATUS:
            return _RECEIVED | (0 if payload is None else _WITH_PAYLOAD)
        if offset == _DATA:
            return payload or 0
        if offset == _KEY:
            self._received.popleft()
            if not self._received:
                self._interrupts.lines &= ~PACKET
            return key
        return 0

    def write(self, offset: int, value: int) -> None:
        """A register; writing the key sends."""
        if offset == _SEND_DATA:
            self._payload = value
        elif offset == _SEND_KEY:
            self.sent.append((value, self._payload))
            self._payload = None
