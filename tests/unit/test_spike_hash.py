"""One hash of all spikes, for every backend."""

from __future__ import annotations

import numpy as np

from neurobridge import Recording, Spikes


def _recording(step: list[int], neuron: list[int], name: str = "cells") -> Recording:
    spikes = Spikes(
        np.array(step, dtype=np.int64), np.array(neuron, dtype=np.int32),
        np.zeros(len(step), dtype=np.int32), dt=0.1, n_steps=100, size=10,
    )  # fmt: skip
    return Recording({name: spikes}, {}, "reference", "", 0.1, 10.0, 0)


def test_it_is_this_very_function() -> None:
    assert _recording([3, 5], [1, 0]).spike_hash == "de7c69c00e9dfba8"


def test_it_tells_spikes_apart() -> None:
    hashes = [
        _recording([3, 5], [1, 0]),
        _recording([3, 5], [0, 1]),
        _recording([3], [1]),
        _recording([], []),
        _recording([3, 5], [1, 0], "others"),
    ]
    assert len({r.spike_hash for r in hashes}) == len(hashes)


def test_it_does_not_depend_on_the_order_of_probes() -> None:
    one, two = _recording([3], [1], "a"), _recording([4], [2], "b")
    forth = one.replace(spikes={**one.spikes, **two.spikes})
    back = one.replace(spikes={**two.spikes, **one.spikes})
    assert forth.spike_hash == back.spike_hash
