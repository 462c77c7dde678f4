"""What lies in the checkout: packages, data files, project files."""

from __future__ import annotations

from configparser import ConfigParser
from pathlib import Path, PurePosixPath

ROOT = Path(__file__).resolve().parents[2]
SIBLINGS = ("backends", "models", "tasks")
PROJECT_FILES = ("LICENSE", "README.md", "pyproject.toml", "setup.cfg")


def installed_name(path: Path, root: Path = ROOT) -> PurePosixPath:
    """Where a file of the checkout lies after installation: ``backends/x`` in ``neurobridge/``."""
    relative = path.relative_to(root)
    inside = relative.parts[0] == "neurobridge"
    return PurePosixPath(*relative.parts) if inside else PurePosixPath("neurobridge", relative)


def files(root: Path = ROOT) -> list[Path]:
    """Every file of the four package trees that is not a compiled cache."""
    found = [path for name in ("neurobridge", *SIBLINGS) for path in (root / name).rglob("*")]
    return sorted(p for p in found if p.is_file() and "__pycache__" not in p.parts)


def packages_on_disk() -> set[str]:
    """Dotted installed names of all folders that hold Python files."""
    folders = {path.parent for path in files() if path.suffix == ".py"}
    return {".".join(installed_name(folder).parts) for folder in folders}


def packages_in_map() -> set[str]:
    """Dotted names listed in setup.cfg."""
    parser = ConfigParser()
    parser.read(ROOT / "setup.cfg", encoding="utf-8")
    return set(parser["options"]["packages"].split())
