"""Lengths of ring buffers."""

from __future__ import annotations

import pytest

from neurobridge.lowering.chip.ring import LONGEST_DELAY, neurons_for, ring_slots


@pytest.mark.parametrize(
    ("neurons", "slots"),
    [(1, 4096), (2, 4096), (3, 2048), (16, 512), (64, 128), (65, 64), (128, 64), (256, 32)],
)
def test_steps_that_neurons_leave(neurons: int, slots: int) -> None:
    assert ring_slots(neurons) == slots


@pytest.mark.parametrize("delay", [1, 2, 31, 32, 33, 64, 65, 1000, 4095, 4096])
def test_as_many_neurons_as_a_delay_allows(delay: int) -> None:
    neurons = neurons_for(delay)
    assert ring_slots(neurons) >= delay
    assert ring_slots(2 * neurons) < delay or delay == 1


def test_no_neuron_is_few_enough() -> None:
    assert neurons_for(LONGEST_DELAY + 1) == 0
