"""Runs of training on disk: a folder with what was asked, how far it came, and what came out."""

from __future__ import annotations

__all__ = ["RunFolder", "list_runs", "load_run"]

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from neurobridge.errors import FileFormatError
from neurobridge.io.document import read_document

SCHEMA, VERSION = "neurobridge-run", 1
DOCUMENT = "run.json"


@dataclass(frozen=True)
class RunFolder:
    """Where a run is.

    ``run.json`` says what was asked and what came out; ``metrics.csv`` has a row an epoch;
    ``checkpoints/`` has ``last.ckpt``, of the last whole epoch, and ``best.ckpt``; ``network/`` is
    the trained network; ``figures/`` what it looks like.

    Parameters
    ----------
    path : Path
    """

    path: Path

    @property
    def metrics(self) -> Path:
        """Table of epochs."""
        return self.path / "metrics.csv"

    @property
    def checkpoints(self) -> Path:
        """Folder of the checkpoints."""
        return self.path / "checkpoints"

    @property
    def last(self) -> Path:
        """Checkpoint of the last whole epoch."""
        return self.checkpoints / "last.ckpt"

    @property
    def best(self) -> Path:
        """Checkpoint of the epoch with the best validation, if there was one."""
        return self.checkpoints / "best.ckpt"

    @property
    def network(self) -> Path:
        """Folder of the trained network."""
        return self.path / "network"

    @property
    def figures(self) -> Path:
        """Folder of figures."""
        return self.path / "figures"

    def begin(self, *, resume: bool) -> None:
        """Make the folder, or make sure that a run can go on in it.

        Raises
        ------
        FileFormatError
            If it holds something already, or, to resume, has no checkpoint.
        """
        if resume:
            if not self.last.is_file():
                raise FileFormatError(
                    f"{self.path} has no checkpoint {self.last.relative_to(self.path)} to resume "
                    "from; leave out resume to begin anew"
                )
            return
        if self.path.exists() and (not self.path.is_dir() or any(self.path.iterdir())):
            raise FileFormatError(
                f"{self.path} is not empty; choose another folder for this run, or resume the run "
                "that is in it"
            )
        self.path.mkdir(parents=True, exist_ok=True)

    def write(self, content: Mapping[str, Any]) -> None:
        """Write ``run.json`` in one go."""
        document = {"schema": f"{SCHEMA}/{VERSION}", **content}
        own = self.path / f".{DOCUMENT}"
        own.write_text(json.dumps(document, indent=1, default=str) + "\n", encoding="utf-8")
        own.replace(self.path / DOCUMENT)

    def read(self) -> dict[str, Any]:
        """What ``run.json`` says.

        Raises
        ------
        FileFormatError
            If there is none, or one that this version cannot read.
        """
        return read_document(
            self.path / DOCUMENT,
            f"{SCHEMA}/{VERSION}",
            f"{self.path} is no run of training: it has no {DOCUMENT}",
        )


def load_run(folder: str | Path) -> dict[str, Any]:
    """What ``run.json`` in a folder says."""
    return RunFolder(Path(folder)).read()


def list_runs(folder: str | Path) -> list[tuple[Path, dict[str, Any]]]:
    """All runs in a folder and its folders, sorted by path.

    Raises
    ------
    FileFormatError
        If there is no such folder.
    """
    root = Path(folder)
    if not root.is_dir():
        raise FileFormatError(
            f"there is no folder {root}; name the one that holds your runs, or train first"
        )
    return [(f.parent, load_run(f.parent)) for f in sorted(root.rglob(DOCUMENT))]
