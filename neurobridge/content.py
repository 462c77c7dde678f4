"""Hashes of content: of arrays, in parallel, and of everything that a network is made of."""

from __future__ import annotations

__all__ = ["CHUNK", "ByContent", "array_digests", "content_hash"]

import dataclasses
import hashlib
import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray

CHUNK = 4 * 2**20
"""Bytes that are hashed as one piece, so that several threads can work on one array."""

_CACHE = "_content_hash"


def array_digests(arrays: Sequence[NDArray[Any]]) -> list[str]:
    r"""SHA-256 of each array, hexadecimal; large arrays are hashed by several threads.

    The digest is that of ``"<dtype> <shape>\n"``, for example ``"<i4 (3,)\n"``, followed by the
    binary SHA-256 digests of the consecutive pieces of :data:`CHUNK` bytes of the array in C order.
    """
    buffers = [np.ascontiguousarray(a).reshape(-1).view(np.uint8).data for a in arrays]
    pieces = [b[i : i + CHUNK] for b in buffers for i in range(0, b.nbytes, CHUNK)]
    digests = iter(_sha256_of(pieces))
    found = []
    for array, buffer in zip(arrays, buffers, strict=True):
        whole = hashlib.sha256(f"{array.dtype.str} {array.shape}\n".encode())
        for _ in range(0, buffer.nbytes, CHUNK):
            whole.update(next(digests))
        found.append(whole.hexdigest())
    return found


def _sha256_of(pieces: Sequence[memoryview]) -> list[bytes]:
    threads = min(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 4, 16)
    if threads == 1 or sum(p.nbytes for p in pieces) < 2 * CHUNK:
        return [_sha256(p) for p in pieces]
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(_sha256, pieces))


def _sha256(piece: memoryview) -> bytes:
    return hashlib.sha256(piece).digest()


def content_hash(value: Any, known: Mapping[int, str] | None = None) -> str:
    """SHA-256 over the content of frozen dataclasses, mappings, sequences, arrays and scalars.

    The order of mappings and sequences counts; whether a number is an int, a float or a NumPy
    scalar does not. A frozen dataclass keeps its hash, so parts that several networks share are
    hashed once.

    Parameters
    ----------
    value : object
    known : mapping of int to str, optional
        Digests of arrays that were hashed already, by ``id(array)``.
    """
    return hashlib.sha256(_encoded(value, known or {})).hexdigest()


def _encoded(value: Any, known: Mapping[int, str]) -> bytes:
    """A byte string that no other content has."""
    if isinstance(value, np.ndarray):
        return _text("array", known.get(id(value)) or array_digests([value])[0])
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return _text("part", _part_hash(value, known))
    if isinstance(value, Mapping):
        items = [_encoded(k, known) + _encoded(v, known) for k, v in value.items()]
        return b"map%d:" % len(items) + b"".join(items)
    if isinstance(value, (list, tuple)):
        return b"seq%d:" % len(value) + b"".join(_encoded(v, known) for v in value)
    return _scalar(value)


def _part_hash(part: Any, known: Mapping[int, str]) -> str:
    cached: str | None = part.__dict__.get(_CACHE)
    if cached is not None:
        return cached
    content = {f.name: getattr(part, f.name) for f in dataclasses.fields(part)}
    made = content_hash((type(part).__name__, content), known)
    if part.__dataclass_params__.frozen:
        object.__setattr__(part, _CACHE, made)
    return made


def _scalar(value: Any) -> bytes:
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, (bool, bytes)):
        return _text(type(value).__name__, repr(value))
    if isinstance(value, str):
        return _text("str", value)
    if isinstance(value, int) and abs(value) > 2**53:
        return _text("int", str(value))
    if isinstance(value, (int, float)):
        return _text("number", repr(float(value)))
    raise TypeError(f"cannot hash {value!r} ({type(value).__name__}): it is not plain content")


def _text(tag: str, text: str) -> bytes:
    raw = text.encode("utf-8", "surrogatepass")
    return b"%s%d:%s" % (tag.encode(), len(raw), raw)


class ByContent:
    """Equal where all content is equal, arrays included; hashable.

    For frozen dataclasses with ``eq=False``: the comparison that dataclasses generate fails on
    arrays.
    """

    def __eq__(self, other: object) -> bool:
        if type(self) is not type(other):
            return NotImplemented
        return content_hash(self) == content_hash(other)

    def __hash__(self) -> int:
        return hash(content_hash(self))
