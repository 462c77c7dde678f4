"""Which versions gave a result, and whether those of a worker or a store are the same."""

from __future__ import annotations

__all__ = ["differences", "versions_here"]

import platform
from collections.abc import Mapping

import numpy as np

Versions = Mapping[str, str]


def versions_here() -> dict[str, str]:
    """What can change numbers, whatever the backend: neurobridge, Python and NumPy."""
    import neurobridge

    return {
        "neurobridge": neurobridge.__version__,
        "python": platform.python_version(),
        "numpy": np.__version__,
    }


def differences(here: Versions, there: Versions) -> str:
    """``"numpy 2.3.5 here, 2.1.0 there; ..."``, empty if all are the same."""
    return "; ".join(
        f"{name} {version} here, {there.get(name) or 'none'} there"
        for name, version in here.items()
        if there.get(name) != version
    )
