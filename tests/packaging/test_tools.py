"""The scripts behind the Makefile say plainly what is missing on a machine."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.packaging.tree import ROOT

COMPILER = ROOT / "tools" / "ensure_compiler.sh"
ENVIRONMENT = ROOT / "tools" / "make_environment.sh"


def run(*command: str | Path, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, env={**os.environ, **variables}, capture_output=True, text=True, check=False
    )


@pytest.fixture
def small_path(tmp_path: Path) -> str:
    """A PATH with the few tools that the scripts call, without compiler and package manager."""
    for tool in ("bash", "cat", "env", "id"):
        (tmp_path / tool).symlink_to(str(shutil.which(tool)))
    return str(tmp_path)


def fake_tool(path: Path, script: str) -> Path:
    path.write_text(f"#!/bin/bash\n{script}\n", encoding="utf-8")
    path.chmod(0o755)
    return path


def test_a_missing_compiler_is_named_with_the_command_that_installs_it(small_path: str) -> None:
    result = run(COMPILER, sys.executable, PATH=small_path)
    assert result.returncode == 1
    assert "this is missing: g++" in result.stderr
    assert "sudo apt-get install g++" in result.stderr


@pytest.mark.parametrize(("status", "code"), [("0", 0), ("100", 1)])
def test_root_on_debian_gets_the_compiler_installed(
    tmp_path: Path, small_path: str, status: str, code: int
) -> None:
    calls = tmp_path / "calls"
    fake_tool(tmp_path / "apt-get", f'echo "$@" >> {calls}; [ "$1" = update ] || exit {status}')
    (tmp_path / "id").unlink()
    fake_tool(tmp_path / "id", "echo 0")
    result = run(COMPILER, sys.executable, PATH=small_path)
    assert result.returncode == code
    assert result.stdout.startswith("Installing g++, ")
    assert calls.read_text(encoding="utf-8").splitlines() == [
        "update -qq",
        "install -y -qq --no-install-recommends g++",
    ]
    assert ("sudo apt-get install g++" in result.stderr) == (code == 1)


def test_missing_python_headers_are_named_too(tmp_path: Path, small_path: str) -> None:
    python = fake_tool(
        tmp_path / "python", 'case "$2" in *Python.h*) exit 1;; *) echo python3.11-dev;; esac'
    )
    result = run(COMPILER, python, PATH=small_path)
    assert "this is missing: g++ python3.11-dev" in result.stderr


def test_a_compiler_that_is_there_is_found(tmp_path: Path, small_path: str) -> None:
    compiler = tmp_path / "my-compiler"
    compiler.symlink_to("/bin/true")
    result = run(COMPILER, sys.executable, PATH=small_path, CXX=str(compiler))
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


def test_an_old_python_is_refused_by_its_version(tmp_path: Path) -> None:
    old = fake_tool(tmp_path / "python", '[ "$1" = --version ] && echo Python 3.9.2; exit 1')
    result = run(ENVIRONMENT, old, tmp_path / "venv")
    assert result.returncode == 1
    assert "needs Python 3.11 or newer; " in result.stderr
    assert "is Python 3.9.2." in result.stderr
    assert "make PYTHON=/path/to/python3.11" in result.stderr


def test_no_python_at_all_is_said(tmp_path: Path) -> None:
    result = run(ENVIRONMENT, "", tmp_path / "venv")
    assert result.returncode == 1
    assert "none was found on PATH" in result.stderr


def test_a_python_without_venv_is_told_what_to_install(tmp_path: Path) -> None:
    partial = fake_tool(tmp_path / "python", 'case "$2" in *ensurepip*) exit 1;; esac')
    result = run(ENVIRONMENT, partial, tmp_path / "venv")
    assert result.returncode == 1
    assert "apt-get install python3-venv" in result.stderr
    assert not (tmp_path / "venv").exists()
