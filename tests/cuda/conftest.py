"""Tests of generated CUDA programs. ``make test-cuda`` runs them, in an environment of their own.

brian2cuda needs a Python and a Brian2 that are newer than those of the other tests, so where it is
missing these tests are not there.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

if find_spec("brian2cuda") is None:
    if "brian2cuda" in os.environ.get("NEUROBRIDGE_REQUIRE", ""):
        raise ImportError("NEUROBRIDGE_REQUIRE names brian2cuda, which is not installed")
    collect_ignore_glob = ["test_*.py"]


@pytest.fixture(scope="module")
def on_cpu(tmp_path_factory: pytest.TempPathFactory) -> Iterator[pytest.MonkeyPatch]:
    """``make`` builds CUDA projects as programs for the CPU, and ``nvidia-smi`` shows a GPU."""
    folder = tmp_path_factory.mktemp("bin")
    emulate = Path(__file__).with_name("emulate.py")
    _program(folder / "make", f'exec {sys.executable} {emulate} "$@"')
    _program(folder / "nvidia-smi", "echo emulated, 8.0, 1000, 0.0")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("REAL_MAKE", str(shutil.which("make")))
        patch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
        yield patch


def _program(path: Path, line: str) -> None:
    path.write_text(f"#!/bin/sh\n{line}\n")
    path.chmod(0o755)
