"""One array, one ``.npy`` file: written by us byte for byte, mapped into memory when read."""

from __future__ import annotations

__all__ = ["MAP_FROM", "ArrayEntry", "open_array", "write_array"]

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurobridge.errors import FileFormatError

MAP_FROM = 2**20
"""Bytes from which an array is mapped; smaller ones are read, for each map holds an open file."""

_PLAIN_NAME = re.compile(r"[\w-][\w.-]*\.npy", re.ASCII)
_DTYPE = re.compile(r"\|b1|[<>|][iu][1248]|[<>]f[248]|[<>|][SU]\d{1,6}", re.ASCII)
_HEADER = re.compile(rb".*'descr': '(.*?)', 'fortran_order': (True|False), 'shape': (\(.*?\))")
_MAGIC = b"\x93NUMPY\x01\x00"


@dataclass(frozen=True)
class ArrayEntry:
    """What the manifest says about one array.

    Parameters
    ----------
    file : str
        Name of its file in the folder.
    dtype : str
        In NumPy's notation, e.g. ``"<i4"``; numbers and fixed-width text only.
    shape : tuple of int
    sha256 : str
        As computed by :func:`neurobridge.content.array_digests`.

    Raises
    ------
    FileFormatError
        If the name is not that of a file in the folder, or dtype or shape are none.
    """

    file: str
    dtype: str
    shape: tuple[int, ...]
    sha256: str

    def __post_init__(self) -> None:
        if not isinstance(self.file, str) or not _PLAIN_NAME.fullmatch(self.file):
            raise FileFormatError(
                f"expected the name of a .npy file in the folder, got {self.file!r}"
            )
        if not isinstance(self.dtype, str) or not _DTYPE.fullmatch(self.dtype):
            raise FileFormatError(
                f"expected a dtype of numbers or fixed-width text, got {self.dtype!r}"
            )
        object.__setattr__(self, "shape", tuple(self.shape))
        if not all(isinstance(n, int) and n >= 0 for n in self.shape):
            raise FileFormatError(f"expected a shape of whole numbers, got {list(self.shape)}")

    @classmethod
    def of(cls, array: NDArray[Any], file: str, sha256: str) -> ArrayEntry:
        """The entry of an array."""
        return cls(file, array.dtype.str, array.shape, sha256)

    @property
    def header(self) -> bytes:
        """The bytes before the data: version 1.0 of the format, padded to a multiple of 64."""
        text = f"{{'descr': {self.dtype!r}, 'fortran_order': False, 'shape': {self.shape!r}, }}"
        size = -(-(len(_MAGIC) + 2 + len(text) + 1) // 64) * 64
        padded = text.ljust(size - len(_MAGIC) - 3) + "\n"
        return _MAGIC + len(padded).to_bytes(2, "little") + padded.encode("latin-1")

    @property
    def nbytes(self) -> int:
        """Size of the data in bytes."""
        return int(np.prod(self.shape, dtype=object)) * np.dtype(self.dtype).itemsize


def write_array(folder: Path, entry: ArrayEntry, array: NDArray[Any]) -> None:
    """Write the file of one array."""
    with (folder / entry.file).open("wb") as file:
        file.write(entry.header)
        file.write(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data)


def open_array(folder: Path, name: str, entry: ArrayEntry) -> NDArray[Any]:
    """The array in a file, read-only; a large one is a map of the file.

    Raises
    ------
    FileFormatError
        If the file is missing, is cut off, or holds another dtype or shape than the manifest says.
    """
    path = folder / entry.file
    where = f"array {name!r} ({path})"
    if not path.is_file():
        raise FileFormatError(
            f"{where} is missing: the manifest names it, but there is no such file. Copy the whole "
            "folder again, or save the network again"
        )
    header = entry.header
    with path.open("rb") as file:
        if file.read(len(header)) != header:
            raise FileFormatError(
                f"{where} does not match: expected {entry.dtype} of shape {entry.shape}, "
                f"got {_described(path)}"
            )
        size, expected = path.stat().st_size, len(header) + entry.nbytes
        if size != expected:
            what = "is truncated" if size < expected else "is too long"
            raise FileFormatError(
                f"{where} {what}: expected {expected:,} bytes, got {size:,}. Copy the folder "
                "again, or save the network again"
            )
        if entry.nbytes < MAP_FROM:
            return np.frombuffer(file.read(), entry.dtype).reshape(entry.shape)
    mapped = np.memmap(path, entry.dtype, "r", len(header), entry.shape)
    return mapped.view(np.ndarray)


def _described(path: Path) -> str:
    """What the header of a file says, for the message of an error."""
    with path.open("rb") as file:
        found = _HEADER.match(file.read(512))
    if found is None:
        return "a file whose header is damaged"
    dtype, order, shape = (group.decode("latin-1") for group in found.groups())
    return f"{dtype} of shape {shape}{' in Fortran order' if order == 'True' else ''}"
