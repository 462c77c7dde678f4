"""Reading pickles of plain data without running what they say.

A pickle is a program: loading one from elsewhere can do anything. This reader takes lists, tuples,
dicts, sets, text, numbers, and NumPy scalars; anything else is refused by name.
"""

from __future__ import annotations

__all__ = ["load_plain"]

import io
import pickle
from pathlib import Path
from typing import Any

from neurobridge.errors import FileFormatError

_ALLOWED = frozenset(
    {
        ("numpy", "dtype"),
        ("numpy.core.multiarray", "scalar"),  # before NumPy 2
        ("numpy._core.multiarray", "scalar"),
        ("builtins", "set"),
        ("builtins", "frozenset"),
        ("__builtin__", "set"),  # as Python 2 and protocols 0 to 2 say it
        ("__builtin__", "frozenset"),
        ("_codecs", "encode"),  # how protocols 0 to 2 spell bytes
    }
)


class _PlainUnpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _ALLOWED:
            raise pickle.UnpicklingError(f"it wants to use {module}.{name}")
        return super().find_class(module, name)


def load_plain(path: Path) -> Any:
    """The plain data in a pickle file.

    Parameters
    ----------
    path : Path

    Returns
    -------
    object
        Lists, dicts, text, numbers and NumPy scalars.

    Raises
    ------
    FileFormatError
        If the file does not exist, is not a pickle, or holds anything else.
    """
    if not path.is_file():
        raise FileFormatError(f"no file {path.name} in {path.parent}")
    try:
        return _PlainUnpickler(io.BytesIO(path.read_bytes())).load()
    except Exception as error:  # a broken pickle can raise nearly anything
        raise FileFormatError(
            f"{path.name} is not a pickle of plain data (lists, dicts, text, numbers): {error}. "
            "Nothing in it was run; if you trust it, convert it to CSV or JSON yourself"
        ) from error
