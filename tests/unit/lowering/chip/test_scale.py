"""The weight scale, against the host's own rule and by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from neurobridge.lowering.chip.scale import LARGEST_SHIFT, capacity, shift_for, told_maximum
from neurobridge.lowering.chip.units import choose_unit
from tests.requirements import require


def hosts_shift(maximum: float) -> int:
    """``spinnaker_numerics`` 4.1: what sPyNNaker makes of a told maximum times the gain."""
    shift = math.ceil(max(0.0, math.log2(maximum)))
    return shift + 1 if 2**shift <= maximum else shift


@pytest.mark.parametrize("gain", [1, 1024])
def test_the_host_takes_the_shift_that_it_is_told(gain: int) -> None:
    for shift in range(LARGEST_SHIFT + 1):
        assert hosts_shift(told_maximum(shift, gain) * gain) == shift


def test_the_rule_is_that_of_the_installed_host() -> None:
    require("spynnaker")
    from inspect import getsource

    from spynnaker.pyNN.models.neuron.population_vertex import PopulationVertex

    text = getsource(PopulationVertex.get_ring_buffer_shifts)
    assert "math.ceil(max(0, math.log2(w)))" in text or "log2" in text


@pytest.mark.parametrize(
    ("summed", "gain", "shift"),
    [
        (0.0, 1, 0),
        (1.9, 1, 0),
        (65535 / 32768, 1, 0),  # exactly full
        (2.0, 1, 1),  # one unit more
        (4.0, 1, 2),
        (100.0, 1, 6),
        (60000.0, 1, 15),
        (65535.0, 1, 15),
        (65536.0, 1, 16),
        (1.9 / 1024, 1024, 0),
        (0.05, 1024, 5),
    ],
)
def test_the_smallest_shift_that_does_not_saturate(summed: float, gain: int, shift: int) -> None:
    assert shift_for(summed, gain) == shift
    assert summed <= capacity(shift, gain)
    assert shift == 0 or summed > capacity(shift - 1, gain)


def test_a_unit_uses_the_16_bits_of_the_weaker_receptor() -> None:
    assert choose_unit(np.array([0.02, 0.01]), resistance=1e6) == 128  # 0.01 nA -> 1.28 nA
    assert choose_unit(np.array([1.5, 0.0]), resistance=1e6) == 1
    assert choose_unit(np.array([0.0, 0.0]), resistance=1e6) == 1


def test_a_unit_leaves_the_stronger_receptor_room() -> None:
    assert choose_unit(np.array([100.0, 1e-4]), resistance=1e6) == 2  # 100 nA -> 200 nA <= 256 nA
    assert choose_unit(np.array([1000.0, 1e-4]), resistance=1e6) == 1


def test_a_unit_keeps_the_resistance_above_half_a_megohm() -> None:
    assert choose_unit(np.array([1e-6, 0.0]), resistance=80.0) == 128  # 80 MOhm -> 0.625 MOhm
