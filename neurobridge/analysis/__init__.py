"""Analysis of networks beyond simulation: Lyapunov exponents and dynamic mean-field theory."""

from __future__ import annotations

__all__ = ["lyapunov", "mean_field"]

from importlib import import_module
from typing import Any


def __getattr__(name: str) -> Any:
    """Load on first use."""
    if name in __all__:
        return import_module(f"{__name__}.{name}")
    from neurobridge.errors import suggest

    raise AttributeError(f"neurobridge.analysis has no {name!r}{suggest(name, __all__)}")


def __dir__() -> list[str]:
    return sorted(__all__)
