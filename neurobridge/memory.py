"""Peak memory of this process."""

from __future__ import annotations

__all__ = ["peak_mb"]

import resource
from pathlib import Path


def peak_mb() -> float:
    """Largest resident memory of this process so far, in MB (2**20 bytes).

    Linux counts what a parent had before the start into ``ru_maxrss``; its own count is free of
    that.
    """
    status = Path("/proc/self/status")
    if status.exists():
        for line in status.read_text(encoding="ascii").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
