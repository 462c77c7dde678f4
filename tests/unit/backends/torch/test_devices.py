"""Constants and initial states of trained parameters lie on the device of the parameters.

``meta`` tensors have a device but no values: an operation that mixes devices fails on them as it
would on a GPU.
"""

from __future__ import annotations

import pytest

from neurobridge.lowering.lower import lower
from tests.requirements import require
from tests.unit.training.networks import rate, spiking

require("torch")

import torch  # noqa: E402

from neurobridge.backends.torch.constants import trained_constants, trained_initial  # noqa: E402


@pytest.mark.parametrize(
    ("network", "population", "parameters"),
    [
        (spiking(), "cells", ("tau_m", "tau_syn_exc", "v_rest", "c_m", "v_thresh")),
        (rate(integrator="exponential_euler"), "units", ("tau", "gain", "bias")),
    ],
    ids=["spiking", "rates"],
)
@pytest.mark.parametrize("shared", [True, False])
def test_nothing_is_left_on_the_cpu(
    network: object, population: str, parameters: tuple[str, ...], shared: bool
) -> None:
    program = lower(network, 0.5)  # type: ignore[arg-type]
    own = program.population(population)
    shape = () if shared else (own.size,)
    trained = {name: torch.empty(shape, device="meta") for name in parameters}
    made = trained_constants(own, trained, 0.5)
    assert made
    source = network.population(population)  # type: ignore[attr-defined]
    for tensor in (*made.values(), *trained_initial(own, source, trained).values()):
        assert tensor.device.type == "meta"
