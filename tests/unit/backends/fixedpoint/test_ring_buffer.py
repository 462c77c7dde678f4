"""Ring buffers against a loop over single weights."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurobridge.backends.fixedpoint.ring_buffer import RingBuffer

WIDTH, DEPTH, STEPS = 3, 4, 6
events = st.tuples(
    st.integers(0, WIDTH - 1),
    st.one_of(st.integers(0, 2**16 - 1), st.sampled_from([0, 1, 2**16 - 1])),
    st.integers(1, DEPTH - 1),
)


@given(st.lists(st.lists(events, max_size=12), min_size=STEPS, max_size=STEPS))
def test_sums_and_saturations_are_those_of_single_adds(arriving: list) -> None:
    ring = RingBuffer(WIDTH, DEPTH, saturate=True)
    held: defaultdict[tuple[int, int], int] = defaultdict(int)
    saturations = [0] * WIDTH
    for step in range(STEPS):
        taken = ring.take(step)
        got = [0] * WIDTH if taken is None else taken.tolist()
        assert got == [held.pop((step, pair), 0) for pair in range(WIDTH)]
        if arriving[step]:
            table = np.array(arriving[step])
            ring.add(step, table[:, 0].astype(np.int32), table[:, 1], table[:, 2].astype(np.int32))
        for pair, word, delay in arriving[step]:
            total = held[step + delay, pair] + word
            if total & 0x10000:
                total = 0xFFFF
                saturations[pair] += 1
            held[step + delay, pair] = total
    assert ring.saturations.tolist() == saturations


@pytest.mark.parametrize(
    ("words", "count"),
    [
        ([65535], 0),
        ([65535, 0], 0),
        ([65535, 1], 1),
        ([65535, 1, 0, 1], 2),
        ([60000, 10000, 3000], 2),
        ([60000, 3000, 10000], 1),
    ],
)
def test_the_order_decides_how_often(words: list[int], count: int) -> None:
    ring = RingBuffer(1, 2, saturate=True)
    zero, one = (np.full(len(words), k, dtype=np.int32) for k in (0, 1))
    ring.add(0, zero, np.array(words), one)
    assert ring.saturations.tolist() == [count]
    assert ring.take(1) == [min(sum(words), 65535)]


def test_unlimited_sums() -> None:
    ring = RingBuffer(1, 2, saturate=False)
    ring.add(0, np.zeros(3, np.int32), np.full(3, 65535), np.ones(3, np.int32))
    assert ring.take(1) == [3 * 65535]
    assert ring.saturations.tolist() == [0]
    assert ring.take(1) is None
