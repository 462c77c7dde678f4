"""Analysis of networks beyond simulation: Lyapunov exponents and mean-field theories."""

from __future__ import annotations

__all__ = ["brunel_rate", "lyapunov", "mean_field", "siegert", "siegert_rate"]

from importlib import import_module
from typing import Any

_FUNCTIONS = {"brunel_rate": "siegert", "siegert_rate": "siegert"}
"""Function -> the module that defines it."""


def __getattr__(name: str) -> Any:
    """Load on first use."""
    if name in _FUNCTIONS:
        return getattr(import_module(f"{__name__}.{_FUNCTIONS[name]}"), name)
    if name in __all__:
        return import_module(f"{__name__}.{name}")
    from neurobridge.errors import suggest

    raise AttributeError(f"neurobridge.analysis has no {name!r}{suggest(name, __all__)}")


def __dir__() -> list[str]:
    return sorted(__all__)
