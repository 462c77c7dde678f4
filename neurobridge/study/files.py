"""Files that are there whole or not at all, whatever happens while they are written."""

from __future__ import annotations

__all__ = ["as_json", "write_whole"]

import contextlib
import json
import os
import secrets
from pathlib import Path
from typing import Any


def write_whole(path: Path, content: bytes) -> None:
    """Write a file under another name, bring it to the disk, and rename it.

    Parameters
    ----------
    path : Path
        What was there is replaced. Missing folders are made.
    content : bytes

    Raises
    ------
    OSError
        If the disk is full, for example. Nothing is left behind then.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.parent / f".{path.name}.{secrets.token_hex(4)}.part"
    try:
        with part.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def as_json(document: Any) -> bytes:
    """A document as JSON, always in the same bytes."""
    return (json.dumps(document, indent=1, sort_keys=True, allow_nan=False) + "\n").encode("utf-8")
