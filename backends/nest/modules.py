"""Compiled NESTML models, kept in the user's cache folder."""

from __future__ import annotations

__all__ = ["cache_folder", "compiled_modules"]

import os
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from neurobridge.backends.nest.cells import Cell
from neurobridge.backends.nest.nestml_build import (
    BuildError,
    CompilerMissingError,
    build_module,
)
from neurobridge.errors import BackendError, BackendUnavailableError

AT_ONCE = min(4, os.cpu_count() or 1)
"""So many models are compiled side by side: a compiler takes half a gigabyte."""


def cache_folder() -> Path:
    """``$NEUROBRIDGE_CACHE/nest``, else ``neurobridge/nest`` in the user's cache folder."""
    chosen = os.environ.get("NEUROBRIDGE_CACHE")
    if chosen:
        return Path(chosen).expanduser() / "nest"
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "neurobridge" / "nest"


def compiled_modules(cells: Iterable[Cell]) -> list[str]:
    """What ``nest.Install`` needs to know every compiled model of ``cells``.

    Raises
    ------
    BackendUnavailableError
        If a compiler or a package is missing.
    BackendError
        If a model cannot be compiled.
    """
    models = {cell.nestml.name: cell.nestml.text for cell in cells if cell.nestml}
    folder = cache_folder()
    try:
        with ThreadPoolExecutor(AT_ONCE) as pool:
            made = pool.map(lambda name: build_module(name, models[name], folder), sorted(models))
            return [str(module) for module in made]
    except CompilerMissingError as err:
        raise BackendUnavailableError(str(err)) from err
    except BuildError as err:
        raise BackendError(
            f"{err}\nA model with built-in names or unusual functions may need another form"
        ) from err
    except OSError as err:
        raise BackendError(
            f"cannot write compiled models to {folder}: {err}. Set the environment variable "
            "NEUROBRIDGE_CACHE to a folder that can be written"
        ) from err
