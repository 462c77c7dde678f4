"""Places where a command will write, looked at before it computes."""

from __future__ import annotations

__all__ = ["refuse_unwritable"]

import os
from pathlib import Path

from neurobridge.errors import ExperimentError


def refuse_unwritable(path: Path) -> None:
    """A file or folder that could not be written in the end is refused at the beginning.

    Parameters
    ----------
    path : Path
        Need not exist; neither need the folders above it.

    Raises
    ------
    ExperimentError
        If the nearest thing above it that exists is no folder, or may not be written.
    """
    there = path.absolute()
    while not there.exists() and there != there.parent:
        there = there.parent
    if there != path.absolute() and not there.is_dir():
        raise ExperimentError(f"{path} cannot be written: {there} is a file; choose another place")
    if not os.access(there, os.W_OK):
        raise ExperimentError(
            f"{path} cannot be written: no permission to write to {there}; choose another place"
        )
