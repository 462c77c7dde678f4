"""What training needs besides the core, and what to say where it is missing."""

from __future__ import annotations

__all__ = ["refuse_without_torch"]

from importlib.util import find_spec

from neurobridge.errors import BackendUnavailableError

PACKAGES = ("torch", "lightning", "numba")


def refuse_without_torch() -> None:
    """Say how to install what is missing.

    Raises
    ------
    BackendUnavailableError
    """
    missing = [name for name in PACKAGES if find_spec(name) is None]
    if missing:
        raise BackendUnavailableError(
            f"training needs {', '.join(missing)}, not installed here: "
            "pip install 'neurobridge-sim[torch]'"
        )
