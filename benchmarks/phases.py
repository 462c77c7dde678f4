"""CPU seconds of the phases of a script; needs nothing but Python, so native scripts use it too."""

from __future__ import annotations

__all__ = ["Phases"]

import json
import os
from pathlib import Path
from typing import Any


class Phases:
    """CPU time (user and system, this process and all that it waited for) from mark to mark."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._last = 0.0

    def done(self, name: str) -> None:
        """End a phase; the first one begins with the process."""
        now = sum(os.times()[:4])
        self.seconds[name] = now - self._last
        self._last = now

    def write(self, path: str | Path, **told: Any) -> None:
        """Write the result of a script."""
        Path(path).write_text(json.dumps({"phases": self.seconds, **told}))
