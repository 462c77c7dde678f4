"""A core that never sleeps is stopped after a number of instructions, not of seconds.

Counting instructions makes the emulator about ten times slower. So a core runs without counting,
and only if that takes long it is interrupted, and goes on with a budget that is counted. Whether a
core hangs therefore does not depend on how busy the machine is.
"""

from __future__ import annotations

__all__ = ["Watchdog"]

import threading
from collections.abc import Callable
from time import monotonic


class Watchdog:
    """One for all cores of a board; cores run one at a time.

    Parameters
    ----------
    budget : int
        Instructions that a core may run without sleeping, once they are counted. 100 million are
        half a second of a core at 200 MHz: 500 steps of 1 ms.
    patience : float
        Seconds after which they are counted.
    """

    def __init__(self, budget: int = 100_000_000, patience: float = 5.0) -> None:
        self.budget, self._patience = budget, patience
        self._running: tuple[float, Callable[[], None]] | None = None
        self._closed = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self, interrupt: Callable[[], None]) -> None:
        """A core starts; ``interrupt()`` stops it, and is called from another thread."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._watch, name="softboard", daemon=True)
            self._thread.start()
        self._running = monotonic(), interrupt

    def end(self) -> None:
        """The core stopped by itself."""
        self._running = None

    def close(self) -> None:
        """End the thread."""
        self._closed.set()
        if self._thread is not None:
            self._thread.join()

    def _watch(self) -> None:
        while not self._closed.wait(self._patience / 4):
            running = self._running
            if running is not None and monotonic() - running[0] > self._patience:
                running[1]()
