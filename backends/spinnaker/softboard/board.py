"""Chips, the links between them, and packets on their way.

Timing is ideal: all packets of a step arrive within the step. They are delivered in the order of
the cores that sent them, and from one core in the order of their keys, which is that of neurons.
The targets get them one core after the other, each packet completely before the next.
"""

from __future__ import annotations

__all__ = ["Board", "Packet"]

from collections.abc import Iterable, Iterator
from operator import itemgetter
from typing import NamedTuple

from neurobridge.backends.spinnaker.softboard.chip import Chip
from neurobridge.backends.spinnaker.softboard.core import Core
from neurobridge.backends.spinnaker.softboard.watchdog import Watchdog
from neurobridge.errors import BackendError

_LINKS = ((1, 0), (1, 1), (0, 1), (-1, 0), (-1, -1), (0, -1))
"""Where each link leads; a packet that matches no entry leaves opposite to where it came in."""

_AT_ONCE = 128
"""Packets that a core gets before it is woken: fewer than the 256 that programs have room for, so
that none is lost. Programs handle them in the order in which they came."""


class Packet(NamedTuple):
    """A multicast packet, its sender and the step in which it was sent."""

    step: int
    x: int
    y: int
    p: int
    key: int
    payload: int | None


class Board:
    """Chips that are made when they are first asked for.

    Parameters
    ----------
    width, height : int
        Chips.
    wraps : tuple of two bool
        Whether links wrap around from east to west, and from north to south.
    """

    def __init__(self, width: int, height: int, wraps: tuple[bool, bool]) -> None:
        self.chips: dict[tuple[int, int], Chip] = {}
        self.packets: list[Packet] = []
        self._watchdog = Watchdog()
        self._width, self._height, self._wraps = width, height, wraps
        self._targets: dict[tuple[int, int, int], tuple[Core, ...]] = {}

    def close(self) -> None:
        """Free the memory of all chips; doing it again does nothing."""
        for chip in self.chips.values():
            chip.close()
        self.chips.clear()
        self._targets.clear()
        self._watchdog.close()

    def chip(self, x: int, y: int) -> Chip:
        """Chip (x, y)."""
        if (x, y) not in self.chips:
            self.chips[x, y] = Chip(x, y, self._watchdog)
        return self.chips[x, y]

    def step(self, number: int, cores: Iterable[Core]) -> None:
        """Begin a step on all cores; then deliver what they sent, until nobody sends.

        Parameters
        ----------
        number : int
            By which packets remember the step.
        cores : iterable of Core
            In the order in which their packets are delivered.
        """
        cores = tuple(cores)
        for core in cores:
            core.tick()
        while self._deliver(number, cores):
            pass

    def _deliver(self, step: int, cores: tuple[Core, ...]) -> bool:
        """Deliver what was sent; returns whether there was anything."""
        arriving: dict[Core, list[tuple[int, int | None]]] = {}
        any_sent = False
        for core in cores:
            sent, core.communications.sent = core.communications.sent, []
            for packet in sorted(sent, key=itemgetter(0)):
                any_sent = True
                self.packets.append(Packet(step, core.chip.x, core.chip.y, core.p, *packet))
                for target in self._find_targets(core.chip, packet[0]):
                    arriving.setdefault(target, []).append(packet)
        for core in cores:
            packets = arriving.get(core, ())
            for first in range(0, len(packets), _AT_ONCE):
                for key, payload in packets[first : first + _AT_ONCE]:
                    core.communications.receive(key, payload)
                core.wake()
        return any_sent

    def _find_targets(self, chip: Chip, key: int) -> tuple[Core, ...]:
        """Cores that a key reaches from a chip."""
        start = chip.x, chip.y, key
        if start not in self._targets:
            self._targets[start] = tuple(self._follow(chip.x, chip.y, key))
        return self._targets[start]

    def _follow(self, x: int, y: int, key: int) -> Iterator[Core]:
        """Go with a packet from chip to chip, and by all links that an entry names."""
        under_way: list[tuple[int, int, int | None]] = [(x, y, None)]
        passed = set()
        while under_way:
            here = x, y, came_by = under_way.pop()
            if here in passed:
                raise BackendError(f"packets with key 0x{key:08x} go in a circle at ({x}, {y})")
            passed.add(here)
            chip = self.chips.get((x, y))
            route = chip.find_route(key) if chip else None
            if chip and route:
                yield from (chip.cores[p] for p in route.cores if p in chip.cores)
                links = route.links
            else:
                links = () if came_by is None else ((came_by + 3) % 6,)
            for link in links:
                to_x, to_y = x + _LINKS[link][0], y + _LINKS[link][1]
                to_x = to_x % self._width if self._wraps[0] else to_x
                to_y = to_y % self._height if self._wraps[1] else to_y
                if not (0 <= to_x < self._width and 0 <= to_y < self._height):
                    raise BackendError(
                        f"packets with key 0x{key:08x} leave the machine at ({x}, {y})"
                    )
                under_way.append((to_x, to_y, (link + 3) % 6))
