"""Positions of ids are those that bisection finds, whatever the ids look like."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from neurobridge.connectome.lookup import IdLookup

EXTREMES = np.iinfo(np.int64)


def expected(ids, keys):
    """By bisection; -1 where a key is not among the ids."""
    at = np.searchsorted(ids, keys)
    met = ids[np.minimum(at, ids.size - 1)] == keys
    return np.where(met, at, -1)


@pytest.mark.parametrize(
    "ids",
    [
        np.array([5]),
        np.arange(1000),
        np.arange(100) * 7 - 300,
        720575940600000000 + np.arange(500) ** 3,
        np.concatenate([np.arange(1000), [10**18, 10**18 + 1]]),  # nearly all in one bucket
        np.array([EXTREMES.min, -1, 0, 1, EXTREMES.max]),
    ],
    ids=["one", "dense", "spaced", "cubic", "crowded", "extreme"],
)
def test_positions_are_those_of_bisection(ids):
    ids = ids.astype(np.int64)
    near = np.concatenate([ids[ids < EXTREMES.max] + 1, ids[ids > EXTREMES.min] - 1])
    keys = np.concatenate([ids[::-1], near, [EXTREMES.min, 0, EXTREMES.max], ids])
    found = IdLookup(ids).find(keys)
    assert found.dtype == np.int32
    assert np.array_equal(found, expected(ids, keys))


def test_long_and_chunked_columns():
    ids = np.unique(np.random.default_rng(1).integers(0, 10**9, 2000))
    keys = np.random.default_rng(2).choice(ids, 300_000)
    keys[[0, 150_000, -1]] = 10**9 + 1
    column = pa.chunked_array([keys[:10], keys[10:10], keys[10:200_000], keys[200_000:]])
    assert np.array_equal(IdLookup(ids).find(column), expected(ids, keys))


def test_nothing_is_found_among_nothing():
    found = IdLookup(np.empty(0, np.int64)).find(np.array([1, 2]))
    assert np.array_equal(found, [-1, -1])
    assert IdLookup(np.arange(3)).find(np.empty(0, np.int64)).size == 0
