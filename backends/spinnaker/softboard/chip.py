"""A chip: memory, system controller, router table and cores."""

from __future__ import annotations

__all__ = ["Chip", "Route"]

import struct
from dataclasses import dataclass

from neurobridge.backends.spinnaker.softboard.core import Core
from neurobridge.backends.spinnaker.softboard.interrupts import MAILBOX
from neurobridge.backends.spinnaker.softboard.memory import Memory, vcpu
from neurobridge.backends.spinnaker.softboard.system import SystemController
from neurobridge.backends.spinnaker.softboard.watchdog import Watchdog

_NO_REPLY, _FROM_HOST = 0x07, 0xFF
_IS_MESSAGE = 1


@dataclass(frozen=True)
class Route:
    """An entry of a routing table: where packets with ``key & mask == key`` go.

    ``cores`` are of this chip; ``links`` are numbered from east (0) against the clock.
    """

    key: int
    mask: int
    cores: tuple[int, ...]
    links: tuple[int, ...]


class Chip:
    """Chip (x, y) of a board; core 0 is the monitor, which the model stands in for."""

    def __init__(self, x: int, y: int, watchdog: Watchdog) -> None:
        self.x, self.y, self.watchdog = x, y, watchdog
        self.memory = Memory(x, y)
        self.system = SystemController(self._set_lines)
        self.cores: dict[int, Core] = {}
        self.routes: tuple[Route, ...] = ()
        """Of a packet that fits several the first decides, as in the router's memory."""

    def close(self) -> None:
        """Free everything."""
        for core in self.cores.values():
            core.close()
        self.memory.close()

    def core(self, p: int) -> Core:
        """Core ``p``; made when it is first asked for."""
        if p not in self.cores:
            self.cores[p] = Core(self, p)
        return self.cores[p]

    def find_route(self, key: int) -> Route | None:
        """The entry for a key, None if there is none."""
        return next((r for r in self.routes if key & r.mask == r.key), None)

    def send(
        self, p: int, port: int, command: int, arguments: tuple[int, int, int], data: bytes
    ) -> None:
        """Send a message of the host to a core, and let it act on it.

        Parameters
        ----------
        p, port : int
        command : int
        arguments : tuple of three int
        data : bytes
        """
        memory, message = self.memory, self.memory.take_message()
        header = struct.pack(
            "<HHBBBBHHHH3I", 24 + len(data), 0, _NO_REPLY, _FROM_HOST, port << 5 | p, _FROM_HOST,
            self.x << 8 | self.y, 0, command, 0, *arguments,
        )  # fmt: skip
        memory.write(message + 4, header + data)
        memory.set_word(vcpu(p) + 48, message)
        memory.write(vcpu(p) + 56, bytes([_IS_MESSAGE]))
        core = self.cores[p]
        core.interrupts.lines |= MAILBOX
        core.wake()

    def _set_lines(self, mask: int, raised: bool) -> None:
        if mask & 1 and raised:
            self.memory.collect_messages()
        for p, core in self.cores.items():
            if mask >> p & 1:
                if raised:
                    core.interrupts.lines |= MAILBOX
                else:
                    core.interrupts.lines &= ~MAILBOX
