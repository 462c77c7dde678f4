"""CPU seconds of the phases of a script; needs nothing but Python, so native scripts use it too."""

from __future__ import annotations

__all__ = ["Phases"]

import json
import os
import time
from pathlib import Path
from typing import Any


class Phases:
    """CPU time (user and system, this process and all that it waited for) from mark to mark.

    Wall time as well; that of the first phase lacks the start of Python.
    """

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self.wall: dict[str, float] = {}
        self._last, self._last_wall = 0.0, time.perf_counter()

    def done(self, name: str) -> None:
        """End a phase; the first one begins with the process."""
        now, wall = sum(os.times()[:4]), time.perf_counter()
        self.seconds[name], self.wall[name] = now - self._last, wall - self._last_wall
        self._last, self._last_wall = now, wall

    def write(self, path: str | Path, **told: Any) -> None:
        """Write the result of a script."""
        Path(path).write_text(json.dumps({"phases": self.seconds, "wall": self.wall, **told}))
