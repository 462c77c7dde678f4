"""What exponents need that is not there."""

from __future__ import annotations

__all__ = ["refuse_without_numba"]

from importlib.util import find_spec

from neurobridge.errors import BackendUnavailableError


def refuse_without_numba() -> None:
    """Raise :class:`BackendUnavailableError` if numba or threadpoolctl is not installed."""
    missing = [name for name in ("numba", "threadpoolctl") if find_spec(name) is None]
    if missing:
        raise BackendUnavailableError(
            f"Lyapunov exponents need {' and '.join(missing)}, which cannot be found here: pip "
            "install 'neurobridge-sim[lyapunov]'"
        )
