"""Immutable containers: a mapping, read-only arrays, and the content hash of all of them."""

from __future__ import annotations

__all__ = ["FrozenDict", "content_hash", "frozen_array"]

import dataclasses
import hashlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeVar

import numpy as np
from numpy.typing import DTypeLike, NDArray

K = TypeVar("K")
V = TypeVar("V")


class FrozenDict(Mapping[K, V]):
    """A mapping that cannot be changed; it keeps its order and can be pickled."""

    __slots__ = ("_items",)

    def __init__(self, items: Mapping[K, V] | Iterable[tuple[K, V]] = ()) -> None:
        self._items: dict[K, V] = dict(items)

    def __getitem__(self, key: K) -> V:
        return self._items[key]

    def __iter__(self) -> Iterator[K]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def __repr__(self) -> str:
        return repr(self._items)

    def with_(self, **changes: V) -> FrozenDict[Any, V]:
        """A copy with some entries set."""
        return FrozenDict({**self._items, **changes})

    def without(self, *keys: K) -> FrozenDict[K, V]:
        """A copy without some entries."""
        return FrozenDict({k: v for k, v in self._items.items() if k not in keys})


def frozen_array(values: Any, dtype: DTypeLike) -> NDArray[Any]:
    """``values`` as a read-only array; a copy only if the caller could still write to it."""
    array = np.asarray(values, dtype=dtype)
    if array.flags.writeable:
        if isinstance(values, np.ndarray) and np.may_share_memory(array, values):
            array = array.copy()
        array.setflags(write=False)
    return array


def content_hash(value: Any) -> str:
    """SHA-256 over the content of frozen dataclasses, mappings, sequences, arrays and scalars."""
    digest = hashlib.sha256()
    _feed(digest, value)
    return digest.hexdigest()


def _feed(digest: Any, value: Any) -> None:
    if isinstance(value, np.ndarray):
        digest.update(f"array{value.dtype.str}{value.shape}".encode())
        digest.update(np.ascontiguousarray(value).data)
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        digest.update(type(value).__name__.encode())
        for f in dataclasses.fields(value):
            digest.update(f.name.encode())
            _feed(digest, getattr(value, f.name))
    elif isinstance(value, Mapping):
        digest.update(f"map{len(value)}".encode())
        for key, item in value.items():
            digest.update(repr(key).encode())
            _feed(digest, item)
    elif isinstance(value, (list, tuple)):
        digest.update(f"seq{len(value)}".encode())
        for item in value:
            _feed(digest, item)
    else:
        digest.update(f"{type(value).__name__}:{value!r};".encode())
