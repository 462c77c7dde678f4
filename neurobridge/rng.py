"""Random numbers that depend on nothing but what they are for.

Every draw is keyed by ``(seed, purpose, name, trial)``: the experiment's seed, what is drawn
(``"stimulus"``, ``"signs"`` ...), the name of the object and the trial. Adding a probe, a stimulus
or a backend, or changing an order, therefore changes no other draw.

:func:`generator` gives a whole NumPy generator for one object. :func:`uniforms` is counter-based:
draw ``j`` of stream ``i`` can be computed alone, in any order, whatever other streams exist.

References
----------
Salmon, Moraes, Dror & Shaw (2011). Parallel random numbers: as easy as 1, 2, 3. SC '11.
https://doi.org/10.1145/2063384.2063405
"""

from __future__ import annotations

__all__ = [
    "generator",
    "permutation",
    "philox4x32",
    "stream_key",
    "uniforms",
    "uniforms_of",
]

import json
import operator
from hashlib import blake2b

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurobridge.errors import NetworkError

Words = NDArray[np.uint32]

_MULTIPLIERS = (np.uint64(0xD2511F53), np.uint64(0xCD9E8D57))
_WEYL = (0x9E3779B9, 0xBB67AE85)  # golden ratio and sqrt(3) - 1: the key grows by these each round
_ROUNDS = 10
_LOW = np.uint64(0xFFFFFFFF)
_HALF_WORD = np.uint64(32)
_CHUNK = 1 << 13  # blocks in flight: seven uint64 arrays of this length stay in the L2 cache


def generator(seed: int, purpose: str, name: str, trial: int = 0) -> np.random.Generator:
    """A NumPy generator of its own for one object.

    Parameters
    ----------
    seed : int
        Seed of the experiment; any integer.
    purpose : str
        What is drawn, e.g. ``"weights"``. Two purposes never share a stream.
    name : str
        Name of the object that the draw is for.
    trial : int
        Trial number.

    Returns
    -------
    numpy.random.Generator
        Philox4x64-10 under a key that is the BLAKE2b hash of the four arguments.

    Raises
    ------
    NetworkError
        If ``seed`` or ``trial`` is not an integer, or ``purpose`` or ``name`` is not text.
    """
    key = np.frombuffer(_digest(seed, purpose, name, trial, size=16), dtype="<u8")
    return np.random.Generator(np.random.Philox(key=key.astype(np.uint64)))


def permutation(seed: int, purpose: str, name: str, trial: int, n: int) -> NDArray[np.int64]:
    """The numbers 0 .. n-1 in the order of ``uniforms(seed, purpose, name, trial, number, 0)``."""
    draws = uniforms(seed, purpose, name, trial, np.arange(n), 0)[:, 0]
    return np.argsort(draws, kind="stable")


def uniforms(
    seed: int,
    purpose: str,
    name: str,
    trial: int,
    stream: ArrayLike,
    block: ArrayLike,
) -> NDArray[np.float64]:
    """Two uniform numbers for every (stream, block), each computed on its own.

    Parameters
    ----------
    seed, purpose, name, trial
        As for :func:`generator`.
    stream : int array, shape (...)
        Number of the stream, e.g. the index of a neuron. Any int64.
    block : int or int array
        Number of the pair within its stream: block ``b`` holds draws ``2 b`` and ``2 b + 1``.
        Broadcasts with ``stream``.

    Returns
    -------
    float64 array, shape (..., 2)
        Odd multiples of 2**-53 in the open interval (0, 1): 2**52 equally likely values,
        symmetric about 1/2. Neither 0 nor 1 occurs, so ``log(u)`` and ``log1p(-u)`` are finite.

    Raises
    ------
    NetworkError
        If ``stream`` or ``block`` are not integers, or as for :func:`generator`.
    """
    return uniforms_of(stream_key(seed, purpose, name, trial), stream, block)


def stream_key(seed: int, purpose: str, name: str, trial: int) -> Words:
    """The key under which :func:`uniforms` draws, uint32 (2,); parameters and raises as there."""
    digest = _digest(seed, purpose, name, trial, size=8)
    return np.frombuffer(digest, dtype="<u4").astype(np.uint32)


def uniforms_of(key: Words, stream: ArrayLike, block: ArrayLike) -> NDArray[np.float64]:
    """:func:`uniforms` under the key that :func:`stream_key` gave, uint32 (2,)."""
    streams, blocks = np.broadcast_arrays(_counter(stream, "stream"), _counter(block, "block"))
    shape = streams.shape
    streams, blocks = streams.reshape(-1), blocks.reshape(-1)
    result = np.empty((streams.size, 2))
    for start in range(0, streams.size, _CHUNK):
        part = slice(start, start + _CHUNK)
        words = (
            streams[part] & _LOW,
            streams[part] >> _HALF_WORD,
            blocks[part] & _LOW,
            blocks[part] >> _HALF_WORD,
        )
        w0, w1, w2, w3 = _philox(words, int(key[0]), int(key[1]))
        result[part, 0] = _unit(w0, w1)
        result[part, 1] = _unit(w2, w3)
    return result.reshape(*shape, 2)


def philox4x32(counter: Words, key: Words) -> Words:
    """The Philox4x32-10 bijection of Salmon et al. (2011), for many counters at once.

    Parameters
    ----------
    counter : uint32 array, shape (..., 4)
    key : uint32 array, shape (2,)

    Returns
    -------
    uint32 array, shape (..., 4)
        Four independent random words for every counter.

    Raises
    ------
    NetworkError
        If an array is not uint32 or has another shape.
    """
    counter, key = np.asarray(counter), np.asarray(key)
    if counter.dtype != np.uint32 or counter.ndim == 0 or counter.shape[-1] != 4:
        raise NetworkError(
            "philox4x32: counter must be a uint32 array of shape (..., 4), got "
            f"{counter.dtype} of shape {counter.shape}"
        )
    if key.dtype != np.uint32 or key.shape != (2,):
        raise NetworkError(
            f"philox4x32: key must be a uint32 array of shape (2,), got {key.dtype} of shape "
            f"{key.shape}"
        )
    words = tuple(counter[..., i].astype(np.uint64) for i in range(4))
    w0, w1, w2, w3 = _philox(words, int(key[0]), int(key[1]))
    return np.stack([w0, w1, w2, w3], axis=-1).astype(np.uint32)


def _philox(words: tuple[NDArray[np.uint64], ...], k0: int, k1: int) -> list[NDArray[np.uint64]]:
    """Ten rounds over 32-bit words that are kept in uint64 arrays."""
    c0, c1, c2, c3 = words
    for _ in range(_ROUNDS):
        p0, p1 = c0 * _MULTIPLIERS[0], c2 * _MULTIPLIERS[1]
        c0, c1, c2, c3 = (
            (p1 >> _HALF_WORD) ^ c1 ^ np.uint64(k0),
            p1 & _LOW,
            (p0 >> _HALF_WORD) ^ c3 ^ np.uint64(k1),
            p0 & _LOW,
        )
        k0, k1 = (k0 + _WEYL[0]) & 0xFFFFFFFF, (k1 + _WEYL[1]) & 0xFFFFFFFF
    return [c0, c1, c2, c3]


def _unit(high: NDArray[np.uint64], low: NDArray[np.uint64]) -> NDArray[np.float64]:
    """The middle of one of 2**52 equal cells of (0, 1), from 26 bits of each word."""
    cell = ((high >> np.uint64(6)) << np.uint64(26)) | (low >> np.uint64(6))
    return (cell.astype(np.float64) + 0.5) * 2.0**-52


def _counter(values: ArrayLike, what: str) -> NDArray[np.uint64]:
    array = np.asarray(values)
    if array.dtype.kind not in "iu":
        raise NetworkError(
            f"uniforms: {what} must be integers, got {array.dtype}. Pass indices as int64"
        )
    return array.astype(np.int64, copy=False).view(np.uint64)


def _digest(seed: int, purpose: str, name: str, trial: int, size: int) -> bytes:
    if not (isinstance(purpose, str) and isinstance(name, str)):
        raise NetworkError(
            f"a random stream needs text for purpose and name, got {purpose!r} and {name!r}"
        )
    identity = [_integer(seed, "seed"), purpose, name, _integer(trial, "trial")]
    return blake2b(json.dumps(identity).encode(), digest_size=size, person=b"neurobridge").digest()


def _integer(value: int, what: str) -> int:
    try:
        return operator.index(value)
    except TypeError:
        raise NetworkError(
            f"{what} must be an integer, got {value!r} ({type(value).__name__})"
        ) from None
