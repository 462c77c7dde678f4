"""The package ``nir``, imported when it is needed."""

from __future__ import annotations

__all__ = ["library"]

from importlib import import_module
from typing import Any

from neurobridge.errors import BackendUnavailableError


def library() -> Any:
    """The module ``nir``.

    Raises
    ------
    BackendUnavailableError
        If it is not installed.
    """
    try:
        return import_module("nir")
    except ImportError as err:
        raise BackendUnavailableError(
            f"NIR needs the package nir ({err}): pip install 'neurobridge-sim[nir]'"
        ) from err
