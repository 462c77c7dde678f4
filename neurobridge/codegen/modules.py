"""Compiled modules, kept in the user's cache folder."""

from __future__ import annotations

__all__ = ["cache_folder", "load_module"]

import importlib.util
import os
import sys
from functools import cache
from hashlib import blake2b
from importlib.metadata import version
from pathlib import Path
from types import ModuleType

from neurobridge.codegen import double, single
from neurobridge.errors import BackendError


def cache_folder() -> Path:
    """``$NEUROBRIDGE_CACHE/compiled``, else ``neurobridge/compiled`` in the user's cache folder."""
    chosen = os.environ.get("NEUROBRIDGE_CACHE")
    if chosen:
        return Path(chosen).expanduser() / "compiled"
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "neurobridge" / "compiled"


def load_module(source: str, *used: ModuleType) -> ModuleType:
    """The module with this source; numba keeps its machine code beside it.

    Parameters
    ----------
    source : str
    *used : module
        With compiled functions that the source calls: if they change, it is compiled anew.

    Raises
    ------
    BackendError
        If the cache folder cannot be written.
    """
    return _load(source, used, cache_folder())


@cache
def _load(source: str, used: tuple[ModuleType, ...], folder: Path) -> ModuleType:
    name = f"kernels_{_digest(source, used)}"
    path = folder / f"{name}.py"
    try:
        _write(path, source)
    except OSError as err:
        raise BackendError(
            f"cannot write compiled code to {folder}: {err}. Set the environment variable "
            "NEUROBRIDGE_CACHE to a folder that can be written"
        ) from err
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def _digest(source: str, used: tuple[ModuleType, ...]) -> str:
    """A name for the source and for what it is compiled with and against."""
    own = b"".join(Path(str(m.__file__)).read_bytes() for m in (double, single, *used))
    versions = f"numba {version('numba')} {sys.implementation.cache_tag}".encode()
    return blake2b(source.encode() + own + versions, digest_size=12).hexdigest()


def _write(path: Path, source: str) -> None:
    """Write the file in one go, so that other processes see all of it or nothing."""
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    own = path.with_suffix(f".{os.getpid()}")
    own.write_text(source, encoding="utf-8")
    own.replace(path)
