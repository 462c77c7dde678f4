"""Whether Brian2 can run here, asked without importing it."""

from __future__ import annotations

__all__ = ["INSTALL", "compiler_problem", "find_availability"]

import os
import shutil
import sys
import sysconfig
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

from neurobridge.backends.base import Availability
from neurobridge.backends.brian2.target import STANDALONE

INSTALL = (
    'pip install "brian2==2.10.1"'
    if sys.version_info >= (3, 12)
    else 'pip install "brian2==2.9.0" "numpy<2.4"'
)


def find_availability() -> Availability:
    """Version of Brian2, or why it cannot run and how to install it."""
    try:
        installed = version("brian2")
    except PackageNotFoundError:
        return Availability(False, reason="Brian2 is not installed", install=INSTALL)
    numpy = version("numpy")
    if _number(installed) < (2, 10) and _number(numpy) >= (2, 4):
        return Availability(
            False,
            installed,
            f"Brian2 {installed} does not work with numpy {numpy} (2.4 removed what it calls)",
            'pip install "numpy<2.4"',
        )
    return Availability(True, installed)


def compiler_problem(target: str) -> str | None:
    """What the code generation target lacks, with what to install; None if it lacks nothing."""
    if target == "numpy" or os.name == "nt":  # on Windows Brian2 looks for Visual Studio itself
        return None
    compiler = os.environ.get("CXX", "g++").split()[0]
    if shutil.which(compiler) is None:
        return (
            f"target={target!r} needs a C++ compiler and {compiler!r} is not on the PATH "
            "(Debian/Ubuntu: apt install g++ make; conda: conda install cxx-compiler make; "
            "macOS: xcode-select --install)"
        )
    if target in STANDALONE and shutil.which("make") is None:
        return f"target={target!r} needs make, which is not on the PATH (apt install make)"
    if target == "cython":
        return _cython_problem()
    return None


def _cython_problem() -> str | None:
    if find_spec("Cython") is None:
        return "target='cython' needs Cython (pip install cython)"
    if not Path(sysconfig.get_path("include"), "Python.h").is_file():
        return (
            "target='cython' needs the headers of this Python, and Python.h is not there "
            "(Debian/Ubuntu: apt install python3-dev)"
        )
    return None


def _number(text: str) -> tuple[int, int]:
    major, minor = [*text.split("."), "0"][:2]
    return int(major), int("".join(c for c in minor if c.isdigit()) or 0)
