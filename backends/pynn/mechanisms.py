"""PyNN's mechanisms for NEURON, compiled once into the user's cache folder.

PyNN compiles them into its own package on first import, which needs ``nrnivmodl`` on the PATH and a
package folder that can be written. Here the same files are compiled elsewhere, by the ``nrnivmodl``
beside this Python, and loaded before PyNN looks for them.
"""

from __future__ import annotations

__all__ = ["compiled_mechanisms", "missing_tool"]

import hashlib
import os
import platform
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

from neurobridge.errors import BackendError, BackendUnavailableError

LIBRARIES = ("libnrnmech.so", "libnrnmech.dylib")


def compiled_mechanisms() -> Path:
    """The library of PyNN's mechanisms; compiled (20 s) if it is not there yet.

    Raises
    ------
    BackendUnavailableError
        If a compiler or ``nrnivmodl`` is missing.
    BackendError
        If the compiler refuses the files, or the cache folder cannot be written.
    """
    folder = _folder()
    if (library := _library(folder)) is not None:
        return library
    if missing := missing_tool():
        raise BackendUnavailableError(missing)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        scratch = Path(tempfile.mkdtemp(prefix=".mechanisms-", dir=folder.parent))
        try:
            _compile(scratch)
            _publish(scratch, folder)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
    except OSError as err:
        raise BackendError(
            f"cannot write compiled mechanisms to {folder.parent}: {err}. Set the environment "
            "variable NEUROBRIDGE_CACHE to a folder that can be written"
        ) from err
    library = _library(folder)
    if library is None:
        raise BackendError(f"nrnivmodl left no library in {folder}: remove that folder, try again")
    return library


def missing_tool() -> str:
    """What is missing to compile the mechanisms, with what to install; empty if nothing is."""
    if _library(_folder()) is not None:
        return ""
    if _nrnivmodl() is None:
        return (
            "PyNN's mechanisms must be compiled once for NEURON, and nrnivmodl is neither beside "
            f"{sys.executable} nor on the PATH: install NEURON anew (pip install neuron)"
        )
    compiler = os.environ.get("CXX", "g++").split()[0]
    absent = [tool for tool in (compiler, "make") if shutil.which(tool) is None]
    if absent:
        return (
            f"PyNN's mechanisms must be compiled once for NEURON, and {' and '.join(absent)} is "
            "not on the PATH (Debian, Ubuntu: apt install g++ make; conda: conda install "
            "cxx-compiler make; macOS: xcode-select --install)"
        )
    return ""


def _folder() -> Path:
    """Where this version's library lies: ``$NEUROBRIDGE_CACHE/pynn``, else the user's cache."""
    chosen, base = os.environ.get("NEUROBRIDGE_CACHE"), os.environ.get("XDG_CACHE_HOME")
    user = (Path(base) if base else Path.home() / ".cache") / "neurobridge"
    root = Path(chosen).expanduser() if chosen else user
    return root / "pynn" / f"mechanisms-{_key()}"


def _key() -> str:
    """Changes with everything that the library depends on."""
    digest = hashlib.sha256()
    versions = (_version(package) for package in ("neuron", "pynn"))
    for text in (*versions, sysconfig.get_platform(), platform.machine()):
        digest.update(text.encode() + b"\0")
    for path in _sources():
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not from a package"


def _sources() -> list[Path]:
    spec = find_spec("pyNN")
    if spec is None or not spec.submodule_search_locations:
        raise BackendUnavailableError('PyNN is not installed: pip install "neurobridge-sim[pynn]"')
    return sorted(Path(next(iter(spec.submodule_search_locations)), "neuron/nmodl").glob("*.mod"))


def _library(folder: Path) -> Path | None:
    found = (path for name in LIBRARIES for path in folder.glob(f"*/{name}"))
    return next(found, None)


def _nrnivmodl() -> str | None:
    beside = Path(sys.executable).parent / "nrnivmodl"
    return str(beside) if beside.is_file() else shutil.which("nrnivmodl")


def _compile(folder: Path) -> None:
    """Run ``nrnivmodl`` on a copy of the files; it leaves its library in a folder below."""
    files = folder / "mod"
    files.mkdir()
    for path in _sources():
        shutil.copy(path, files)
    command = [_nrnivmodl() or "nrnivmodl", "mod"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode or _library(folder) is None:
        said = "\n".join((done.stdout + done.stderr).strip().splitlines()[-25:])
        raise BackendError(f"nrnivmodl cannot compile PyNN's mechanisms for NEURON:\n{said}")


def _publish(scratch: Path, folder: Path) -> None:
    """Show the finished folder in one step; if another process was faster, its folder stands."""
    try:
        scratch.rename(folder)
    except OSError:
        if not folder.is_dir():
            raise
