"""The positions of ids among sorted ones: tens of millions of look-ups without a hash table."""

from __future__ import annotations

__all__ = ["IdLookup"]

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

_BLOCK = 1 << 17
_BUCKETS_PER_ID = 2
_PATIENCE = 4


class IdLookup:
    """Positions among unique ascending ids.

    The range of the ids is cut into about twice as many buckets as there are ids. A table says
    which id is the first of each bucket, so a look-up is two reads; the few keys that are further
    on in their bucket are moved step by step, and what is left of crowded buckets is found by
    bisection.

    Parameters
    ----------
    ids : int64 array, shape (N,)
        Unique and ascending.
    """

    def __init__(self, ids: NDArray[np.int64]) -> None:
        self._ids = ids
        if not ids.size:
            return
        self._lowest, self._highest = ids[0], ids[-1]
        span = int(self._highest) - int(self._lowest)
        shift = max(span.bit_length() - (_BUCKETS_PER_ID * ids.size).bit_length(), 0)
        self._shift = np.uint64(shift)
        buckets = self._bucket(ids)
        self._first = np.searchsorted(buckets, np.arange((span >> shift) + 1)).astype(np.int32)

    def find(self, keys: Any) -> NDArray[np.int32]:
        """Position of every key, -1 where it is not among the ids.

        Parameters
        ----------
        keys : int64 array, or pyarrow array of int64 without nulls, shape (n,)

        Returns
        -------
        int32 array, shape (n,)
        """
        found = np.full(len(keys), -1, dtype=np.int32)
        if not self._ids.size:
            return found
        start = 0
        for chunk in keys.chunks if isinstance(keys, pa.ChunkedArray) else [keys]:
            values = np.asarray(chunk)
            for at in range(0, values.size, _BLOCK):
                block = values[at : at + _BLOCK]
                found[start : start + block.size] = self._find(block)
                start += block.size
        return found

    def _bucket(self, keys: NDArray[np.int64]) -> NDArray[np.int64]:
        """Numbers of buckets; of keys within the range of the ids."""
        distance = keys.view(np.uint64) - self._lowest.view(np.uint64)
        distance >>= self._shift
        buckets: NDArray[np.int64] = distance.view(np.int64)
        return buckets

    def _find(self, keys: NDArray[np.int64]) -> NDArray[np.int32]:
        inside = keys
        if keys.min() < self._lowest or keys.max() > self._highest:
            inside = np.clip(keys, self._lowest, self._highest)
        at = self._first.take(self._bucket(inside))
        met = self._ids.take(at)
        behind = np.flatnonzero(met < inside)
        for _ in range(_PATIENCE):
            if not behind.size:
                break
            at[behind] += 1
            met[behind] = self._ids[at[behind]]
            behind = behind[met[behind] < inside[behind]]
        at[behind] = np.searchsorted(self._ids, inside[behind])
        met[behind] = self._ids[at[behind]]
        at[met != keys] = -1
        return at
