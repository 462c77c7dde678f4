"""JSON documents that say which schema they have."""

from __future__ import annotations

__all__ = ["read_document"]

import json
from pathlib import Path
from typing import Any

from neurobridge.errors import FileFormatError


def read_document(file: Path, schema: str, missing: str) -> dict[str, Any]:
    """What a document says.

    Parameters
    ----------
    file : Path
    schema : str
        That this version reads, with its number.
    missing : str
        What to say if there is no such file.

    Raises
    ------
    FileFormatError
        If there is none, or one that this version cannot read.
    """
    if not file.is_file():
        raise FileFormatError(missing)
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as err:
        raise FileFormatError(f"{file} is not JSON: {err}") from err
    found = content.get("schema") if isinstance(content, dict) else None
    if found != schema:
        raise FileFormatError(
            f"{file}: expected schema {schema}, got {found!r}; was it written by another version?"
        )
    return dict(content)
