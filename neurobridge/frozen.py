"""Immutable containers: a mapping, read-only arrays, and plain values."""

from __future__ import annotations

__all__ = ["FrozenDict", "frozen_array", "frozen_plain", "owned"]

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeVar

import numpy as np
from numpy.typing import DTypeLike, NDArray

from neurobridge.errors import NetworkError

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
        items: dict[Any, V] = {**self._items}
        return FrozenDict(items | changes)

    def without(self, *keys: K) -> FrozenDict[K, V]:
        """A copy without some entries."""
        return FrozenDict({k: v for k, v in self._items.items() if k not in keys})


def frozen_array(values: Any, dtype: DTypeLike) -> NDArray[Any]:
    """``values`` as a read-only array; a copy only if the caller could still write to it."""
    array = np.asarray(values, dtype=dtype)
    if not _is_writable(array):
        return array
    converted = isinstance(values, np.ndarray) and array is not values and array.base is None
    return owned(array if converted else array.copy())


def owned(array: NDArray[Any]) -> NDArray[Any]:
    """Make an array read-only that was just made and that nobody else holds."""
    array.setflags(write=False)
    return array


def _is_writable(array: NDArray[Any]) -> bool:
    """Whether the memory can be written to through this array, or through what it is a view of."""
    base: Any = array
    while isinstance(base, np.ndarray):
        if base.flags.writeable:
            return True
        base = base.base
    try:
        return base is not None and not memoryview(base).readonly
    except TypeError:  # an owner without a buffer, such as an Arrow array, cannot be written to
        return False


def frozen_plain(value: Any, where: str) -> Any:
    """A value that JSON could hold, made immutable: lists become tuples, mappings FrozenDicts.

    Raises
    ------
    NetworkError
        If it is, or holds, anything but None, bool, int, float, str, sequences, and mappings with
        str keys.
    """
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, (list, tuple)):
        return tuple(frozen_plain(v, f"{where}[{i}]") for i, v in enumerate(value))
    if isinstance(value, Mapping):
        for key in value:
            if not isinstance(key, str):
                raise NetworkError(f"{where}: expected keys that are str, got {key!r}")
        return FrozenDict({k: frozen_plain(v, f"{where}[{k!r}]") for k, v in value.items()})
    hint = "; write array.tolist()" if isinstance(value, np.ndarray) else ""
    raise NetworkError(
        f"{where}: expected what JSON can hold (None, bool, int, float, str, lists and mappings of "
        f"these), got {type(value).__name__}{hint}"
    )
