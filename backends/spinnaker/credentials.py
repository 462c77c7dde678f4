"""Nothing that looks like a password gets into a file that is given away."""

from __future__ import annotations

__all__ = ["refuse_credentials"]

import re
from collections.abc import Mapping, Sequence
from typing import Any

from neurobridge.errors import BackendError

_VALUES = (
    (r"[\w.+-]+:[^\s/@:]+@[\w.-]+", "a user and a password in an address"),
    (r"\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*", "a token"),
    (r"\b(gh[pousr]_|glpat-|sk-)[A-Za-z0-9_-]{16,}", "a token"),
    (r"(?i)\bbearer\s+\S{8,}", "a token"),
    (r"(?i)\b(password|passwd|secret|token|api_?key)\s*[=:]\s*\S+", "a password or token"),
)
_NAMES = re.compile(r"(?i)(password|passwd|secret|token|api_?key|credential)")


def refuse_credentials(value: Any, where: str) -> None:
    """Raise if a value, or anything in it, looks like a password or a token.

    Parameters
    ----------
    value : any
        Mappings and sequences are looked into.
    where : str
        What the value is, for the message.

    Raises
    ------
    BackendError
        The value itself is not in the message.
    """
    if isinstance(value, Mapping):
        for name, inner in value.items():
            if _NAMES.search(str(name)) and isinstance(inner, str) and inner:
                _refuse(f"{where}: {name}", "its name is that of a password or token")
            refuse_credentials(inner, f"{where}: {name}")
    elif isinstance(value, str):
        for pattern, what in _VALUES:
            if re.search(pattern, value):
                _refuse(where, f"it looks like {what}")
    elif isinstance(value, Sequence) and not isinstance(value, (bytes, bytearray)):
        for inner in value:
            refuse_credentials(inner, where)


def _refuse(where: str, why: str) -> None:
    raise BackendError(
        f"{where}: {why}, and a bundle is made to be given away; remove it. Those who run the "
        "bundle set SPALLOC_USER and SPALLOC_PASSWORD in their environment"
    )
