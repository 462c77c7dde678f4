from __future__ import annotations

import json
from hashlib import blake2b

import numpy as np
import pytest
from scipy import stats

from neurobridge.errors import NetworkError
from neurobridge.rng import generator, philox4x32, uniforms

# Known answers of philox4x32-10, published with Salmon et al. (2011).
KNOWN_ANSWERS = [
    (
        "00000000 00000000 00000000 00000000",
        "00000000 00000000",
        "6627e8d5 e169c58d bc57ac4c 9b00dbd8",
    ),
    (
        "ffffffff ffffffff ffffffff ffffffff",
        "ffffffff ffffffff",
        "408f276d 41c83b0e a20bc7c6 6d5451fd",
    ),
    (
        "243f6a88 85a308d3 13198a2e 03707344",
        "a4093822 299f31d0",
        "d16cfe09 94fdcceb 5001e420 24126ea1",
    ),
]


def words(text: str) -> np.ndarray:
    return np.array([int(word, 16) for word in text.split()], dtype=np.uint32)


def philox_in_plain_integers(counter: list[int], key: list[int]) -> list[int]:
    """The same bijection, one counter at a time, in Python integers."""
    (c0, c1, c2, c3), (k0, k1) = counter, key
    for _ in range(10):
        p0, p1 = 0xD2511F53 * c0, 0xCD9E8D57 * c2
        c0, c1, c2, c3 = (
            (p1 >> 32) ^ c1 ^ k0,
            p1 % 2**32,
            (p0 >> 32) ^ c3 ^ k1,
            p0 % 2**32,
        )
        k0, k1 = (k0 + 0x9E3779B9) % 2**32, (k1 + 0xBB67AE85) % 2**32
    return [c0, c1, c2, c3]


@pytest.mark.parametrize(("counter", "key", "expected"), KNOWN_ANSWERS)
def test_philox_gives_the_known_answers(counter: str, key: str, expected: str) -> None:
    np.testing.assert_array_equal(philox4x32(words(counter), words(key)), words(expected))


def test_philox_of_many_counters_equals_plain_integers(rng: np.random.Generator) -> None:
    counter = rng.integers(0, 2**32, size=(3, 5, 4), dtype=np.uint32)
    key = rng.integers(0, 2**32, size=2, dtype=np.uint32)
    result = philox4x32(counter, key)
    assert result.shape == counter.shape
    assert result.dtype == np.uint32
    for index in np.ndindex(3, 5):
        expected = philox_in_plain_integers(counter[index].tolist(), key.tolist())
        assert result[index].tolist() == expected


@pytest.mark.parametrize(
    ("counter", "key", "message"),
    [
        (np.zeros(4), np.zeros(2, np.uint32), r"counter must be a uint32 .* got float64 of shape"),
        (np.zeros(3, np.uint32), np.zeros(2, np.uint32), r"shape \(\.\.\., 4\), got uint32 of"),
        (np.zeros(4, np.uint32), np.zeros(2, np.int64), r"key must be a uint32 .* got int64 of"),
        (np.zeros(4, np.uint32), np.zeros(4, np.uint32), r"of shape \(2,\), got .* shape \(4,\)"),
    ],
)
def test_philox_refuses_other_arrays(counter: np.ndarray, key: np.ndarray, message: str) -> None:
    with pytest.raises(NetworkError, match=message):
        philox4x32(counter, key)


def test_uniforms_are_the_documented_function_of_philox() -> None:
    stream, block = 2**33 + 7, 2**35 + 11
    digest = blake2b(
        json.dumps([5, "stimulus", "drive", 2]).encode(), digest_size=8, person=b"neurobridge"
    ).digest()
    key = [int.from_bytes(digest[:4], "little"), int.from_bytes(digest[4:], "little")]
    counter = [stream % 2**32, stream >> 32, block % 2**32, block >> 32]
    w = philox_in_plain_integers(counter, key)
    cells = [(w[0] >> 6) * 2**26 + (w[1] >> 6), (w[2] >> 6) * 2**26 + (w[3] >> 6)]
    result = uniforms(5, "stimulus", "drive", 2, [stream], block)
    assert result.tolist() == [[(2 * cell + 1) / 2**53 for cell in cells]]


def test_a_draw_depends_on_its_own_stream_only(rng: np.random.Generator) -> None:
    streams = rng.permutation(20_000)  # longer than the chunks that are worked on at once
    whole = uniforms(3, "stimulus", "drive", 0, np.arange(30_000), 4)
    np.testing.assert_array_equal(uniforms(3, "stimulus", "drive", 0, streams, 4), whole[streams])
    alone = uniforms(3, "stimulus", "drive", 0, [17], 4)
    np.testing.assert_array_equal(alone[0], whole[17])


def test_blocks_broadcast_and_are_independent_of_each_other() -> None:
    streams, blocks = np.arange(6)[:, None], np.arange(9)
    grid = uniforms(3, "stimulus", "drive", 0, streams, blocks)
    assert grid.shape == (6, 9, 2)
    for block in range(9):
        column = uniforms(3, "stimulus", "drive", 0, np.arange(6), block)
        np.testing.assert_array_equal(grid[:, block], column)


def test_no_streams_give_no_draws() -> None:
    assert uniforms(0, "stimulus", "drive", 0, np.empty(0, np.int64), 0).shape == (0, 2)


def test_uniforms_lie_in_the_open_interval_at_both_ends() -> None:
    from neurobridge.rng import _unit

    zero, ones = np.zeros(1, np.uint64), np.full(1, 2**32 - 1, np.uint64)
    assert _unit(zero, zero)[0] == 2.0**-53
    assert _unit(ones, ones)[0] == 1.0 - 2.0**-53 < 1.0


@pytest.mark.parametrize("axis", ["stream", "block", "seed", "trial", "name"])
def test_uniforms_are_uniform_along_every_argument(axis: str) -> None:
    n = 20_000
    if axis == "stream":
        draws = uniforms(1, "stimulus", "drive", 0, np.arange(n), 0)
    elif axis == "block":
        draws = uniforms(1, "stimulus", "drive", 0, np.zeros(n, np.int64), np.arange(n))
    else:
        changed = {
            "seed": lambda i: (i, "stimulus", "drive", 0),
            "trial": lambda i: (1, "stimulus", "drive", i),
            "name": lambda i: (1, "stimulus", f"drive {i}", 0),
        }[axis]
        draws = np.concatenate([uniforms(*changed(i), [0], 0) for i in range(2_000)])
    for column in draws.T:
        assert stats.kstest(column, "uniform").pvalue > 1e-3
        serial = np.corrcoef(column[:-1], column[1:])[0, 1]
        assert abs(serial) < 4 / np.sqrt(len(column))
    assert abs(np.corrcoef(draws.T)[0, 1]) < 4 / np.sqrt(len(draws))


IDENTITIES = [
    (1, "weights", "a", 0),
    (2, "weights", "a", 0),
    (1, "signs", "a", 0),
    (1, "weights", "b", 0),
    (1, "weights", "a", 1),
    (1, "weightsa", "", 0),  # the arguments are not simply put one after the other
    (-1, "weights", "a", 0),
    (2**70, "weights", "a", 0),
    (1, "weights", "µ", 0),
]


def test_every_argument_gives_another_stream() -> None:
    by_generator = {generator(*identity).random() for identity in IDENTITIES}
    by_counter = {uniforms(*identity, [0], 0)[0, 0] for identity in IDENTITIES}
    assert len(by_generator) == len(by_counter) == len(IDENTITIES)


def test_generators_repeat_and_do_not_share_state() -> None:
    first = generator(7, "weights", "exc", 3)
    first.random(1000)
    again = generator(np.int64(7), "weights", "exc", np.int32(3))
    frozen = [0.8250495607216877, 0.2506287518853303, 0.23888897300006762]  # of version 0.1
    np.testing.assert_array_equal(again.random(3), frozen)


@pytest.mark.parametrize(
    ("identity", "message"),
    [
        ((1.5, "weights", "a", 0), r"seed must be an integer, got 1\.5 \(float\)"),
        (("1", "weights", "a", 0), r"seed must be an integer, got '1' \(str\)"),
        ((1, "weights", "a", None), r"trial must be an integer, got None \(NoneType\)"),
        ((1, "weights", 3, 0), r"needs text for purpose and name, got 'weights' and 3"),
    ],
)
def test_a_bad_identity_is_refused(identity: tuple, message: str) -> None:
    with pytest.raises(NetworkError, match=message):
        generator(*identity)
    with pytest.raises(NetworkError, match=message):
        uniforms(*identity, [0], 0)


@pytest.mark.parametrize(("stream", "block"), [([0.0], 0), ([0], 0.5), ([True], 0)])
def test_counters_that_are_not_integers_are_refused(stream: list, block: float) -> None:
    with pytest.raises(NetworkError, match=r"(stream|block) must be integers, got (float64|bool)"):
        uniforms(1, "stimulus", "drive", 0, stream, block)
