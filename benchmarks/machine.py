"""The machine, in words that say what matters and not which one it is."""

from __future__ import annotations

__all__ = ["describe", "load", "measured_on", "note"]

import os
import platform
from collections.abc import Collection, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

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


def measured_on(found: Mapping[str, Any], packages: Collection[str]) -> str:
    """On which machine a stored result was measured, with those of its packages that matter."""
    machine = found["machine"]
    chosen = [p for p in machine["packages"].split(", ") if p.split()[0] in packages]
    return f"Measured on {', '.join([machine['CPU'], machine['memory'], *chosen])}"


def note(found: Mapping[str, Any], packages: Collection[str]) -> str:
    """The line under a stored result: machine, repeats and load."""
    return (
        f"{measured_on(found, packages)}; {found['repeats']} repeats, load {found['load']:.1f} "
        "processes.\n"
    )


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
