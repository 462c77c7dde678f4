"""The machine, in words that say what matters and not which one it is."""

from __future__ import annotations

__all__ = ["describe", "load"]

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PACKAGES = (
    "numpy", "scipy", "pyarrow", "Brian2", "nest-simulator", "nestml", "torch", "numba", "nn4n",
    "snntorch",
)  # fmt: skip


def describe() -> dict[str, str]:
    """Cores, CPU, memory, and versions."""
    return {
        "CPU": f"{os.cpu_count()} cores, {_cpu()}",
        "memory": f"{_memory_gib():.0f} GiB",
        "system": f"{platform.system()}, Python {platform.python_version()}",
        "packages": ", ".join(f"{name} {_version(name)}" for name in PACKAGES),
    }


def load() -> float:
    """Processes that want a core, on average over the last five minutes."""
    return os.getloadavg()[1]


def _cpu() -> str:
    """Vendor, family and the widest vector unit, as Linux tells them."""
    path = Path("/proc/cpuinfo")
    if not path.exists():
        return platform.machine()
    lines = (line.partition(":") for line in path.read_text(encoding="utf-8").splitlines())
    told = {name.strip(): value.strip() for name, _, value in lines}
    widest = next((f for f in ("avx512f", "avx2") if f in told.get("flags", "").split()), "")
    return " ".join(filter(None, [told.get("model name", platform.machine()), widest]))


def _memory_gib() -> float:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"
