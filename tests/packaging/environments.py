"""Virtual environments to try the package in, and copies of the checkout to build."""

from __future__ import annotations

import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.packaging.tree import PROJECT_FILES, ROOT, SIBLINGS


@dataclass(frozen=True)
class Environment:
    """A virtual environment that sees the packages installed here, but not neurobridge."""

    python: Path

    def run(self, code: str, cwd: Path) -> str:
        """Run Python code in a folder, as ``python -c`` does, and return what it prints."""
        return run([self.python, "-c", code], cwd)

    def fail(self, code: str, cwd: Path) -> str:
        """Run code that must fail, and return the last line of its traceback."""
        result = subprocess.run(
            [self.python, "-c", code], cwd=cwd, capture_output=True, text=True, check=False
        )
        assert result.returncode != 0, f"this should have failed: {code}"
        return result.stderr.strip().splitlines()[-1]

    def install(self, *arguments: str | Path) -> None:
        """Install by pip, offline and without dependencies."""
        options = ["--quiet", "--disable-pip-version-check", "--no-deps", "--no-index"]
        pip = [sys.executable, "-m", "pip", "--python", self.python, "install", *options]
        run([*pip, *arguments], self.python.parent)


def make_environment(folder: Path) -> Environment:
    run([sys.executable, "-m", "venv", "--without-pip", folder], folder.parent)
    python = folder / "bin" / "python"
    own = run([python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"], folder)
    # A folder named in a .pth file is searched, but its own .pth files, such as the one of an
    # editable install of neurobridge, are not read.
    shared = sysconfig.get_path("purelib")
    Path(own.strip(), "shared.pth").write_text(f"{shared}\n", encoding="utf-8")
    return Environment(python)


def copy_checkout(folder: Path) -> Path:
    """The packages and the project files, without anything built or cached."""
    ignore = shutil.ignore_patterns("__pycache__", "*.egg-info")
    for name in ("neurobridge", *SIBLINGS):
        shutil.copytree(ROOT / name, folder / name, ignore=ignore)
    for name in PROJECT_FILES:
        shutil.copy(ROOT / name, folder / name)
    return folder


def run(command: Sequence[str | Path], cwd: Path) -> str:
    """Run a command that must succeed, and return what it prints."""
    result = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    assert result.returncode == 0, f"{command} failed:\n{result.stdout}\n{result.stderr}"
    return result.stdout
