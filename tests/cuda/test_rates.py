"""A rate network with spiking cells, generated for a GPU and run on the CPU thread by thread."""

from __future__ import annotations

import numpy as np
import pytest

from tests.unit.backends.test_brian2_rates import rates_and_spikes, same


@pytest.mark.slow
def test_states_are_those_of_the_reference(
    on_cpu: pytest.MonkeyPatch, rng: np.random.Generator
) -> None:
    """Stages, a start, delays, noise, and every function that activations need."""
    same(rates_and_spikes(rng), target="cuda_standalone", gpu_architecture="sm_80")
