"""Content hashes against their written definition, and read-only arrays."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pytest

from neurobridge.content import CHUNK, ByContent, array_digests, content_hash
from neurobridge.frozen import FrozenDict, frozen_array, owned


def by_definition(array: Any) -> str:
    data = array.tobytes()
    pieces = [data[i : i + CHUNK] for i in range(0, len(data), CHUNK)]
    head = f"{array.dtype.str} {array.shape}\n".encode()
    return hashlib.sha256(head + b"".join(hashlib.sha256(p).digest() for p in pieces)).hexdigest()


ARRAYS = {
    "small": np.arange(5, dtype=np.int32),
    "empty": np.zeros((0, 3)),
    "scalar": np.array(2.5),
    "one piece": np.zeros(CHUNK, dtype=np.uint8),
    "several pieces": np.arange(3 * CHUNK // 8 + 1),
    "text": np.array(["a", "µm"]),
    "columns": np.asfortranarray(np.arange(12).reshape(3, 4)),
    "every other": np.arange(20)[::2],
    "half": np.ones(3, dtype=np.float16),
    "big-endian": np.arange(3, dtype=">i8"),
}


def test_array_digests_are_as_documented() -> None:
    made = array_digests(list(ARRAYS.values()))
    assert made == [by_definition(a) for a in ARRAYS.values()]


def test_dtype_and_shape_count() -> None:
    zeros = [np.zeros(4, np.int32), np.zeros((2, 2), np.int32), np.zeros(4, np.uint32), np.zeros(2)]
    assert len(set(array_digests(zeros))) == len(zeros)


@dataclass(frozen=True, eq=False)
class Part(ByContent):
    a: Any
    b: Any = 0


DIFFERENT = [
    None, True, False, 0, 1, 1.5, "1", "", (), [1], ((1,),), (1, 1), {"a": 1}, {"a": 1, "b": 2},
    {"b": 2, "a": 1}, {"ab": 1}, ("a", "b"), ("ab",), ("a", ("b",)), 2**60, 2**60 + 1, "None",
    float("inf"), float("nan"), -0.0, b"1", np.arange(2), Part(1), Part(0, 1), Part((1, 0)),
]  # fmt: skip


def test_different_content_has_different_hashes() -> None:
    assert len({content_hash(v) for v in DIFFERENT}) == len(DIFFERENT)


@pytest.mark.parametrize(
    ("a", "b"),
    [(1, 1.0), (np.int64(3), 3), (np.float32(0.5), 0.5), ([1, 2], (1, 2)),
     ({"a": 1}, FrozenDict({"a": 1})), (np.str_("x"), "x"), (Part([1]), Part((1.0,)))],
)  # fmt: skip
def test_the_same_content_has_the_same_hash(a: Any, b: Any) -> None:
    assert content_hash(a) == content_hash(b)


def test_objects_without_content_are_refused() -> None:
    with pytest.raises(TypeError, match=r"cannot hash <object .*> \(object\)"):
        content_hash(object())


def test_parts_compare_by_content() -> None:
    assert Part(np.arange(3)) == Part(np.arange(3))
    assert Part(np.arange(3)) != Part(np.arange(4))
    assert Part(1) != 1
    assert len({Part(np.arange(3)), Part(np.arange(3))}) == 1


def test_known_digests_are_not_computed_again() -> None:
    array = np.arange(3)
    assert content_hash(Part(array), {id(array): "0" * 64}) != content_hash(Part(np.arange(3)))


def test_frozen_arrays_share_only_what_nobody_can_write() -> None:
    mine = np.arange(4)
    view = mine[:]
    view.setflags(write=False)
    constant = owned(np.arange(4))
    assert frozen_array(constant, np.int64) is constant
    assert np.shares_memory(frozen_array(constant[1:], None), constant)
    for given in (mine, view, pd.Series(mine), np.frombuffer(bytearray(32), np.int64)):
        made = frozen_array(given, None)
        assert not made.flags.writeable
        assert not np.shares_memory(made, np.asarray(given))
    assert mine.flags.writeable
    assert frozen_array(np.frombuffer(bytes(8), np.int64), None).tolist() == [0]
