"""Torch against the reference: every model, in batches, with delays."""

from __future__ import annotations

import numpy as np
import pytest

import neurobridge as nb
from neurobridge.lowering.drive import lower_drive
from neurobridge.lowering.lower import lower
from tests.equivalence.networks import recurrent
from tests.requirements import require

require("torch")

import torch  # noqa: E402

from neurobridge.backends.torch.inputs import Inputs  # noqa: E402
from neurobridge.backends.torch.network import Options, TorchNetwork  # noqa: E402

EXC_INH, ONE = ("exc", "inh"), ("syn", "syn")
MODELS = {
    "lif_exp": (0.2, 2500.0, 0.2, EXC_INH),
    "lif_alpha": (0.2, 2500.0, 0.2, EXC_INH),
    "lif_delta": (0.8, 2000.0, 0.6, ONE),
    "lif_cond_exp": (0.02, 2500.0, 0.01, EXC_INH),
    "adex": (0.02, 2500.0, 0.02, EXC_INH),
    "izhikevich": (1.5, 3000.0, 2.0, ONE),
    "hodgkin_huxley": (0.02, 2500.0, 0.01, EXC_INH),
    "shiu_lif": (1.5, 500.0, 3.0, ONE),
}
"""Model -> weight, rate and weight of the drive, receptors."""


def network_of(name: str) -> nb.Network:
    weight, drive_hz, drive_weight, receptors = MODELS[name]
    return recurrent(
        nb.models.by_name(name), 60, weight, n_in=20, drive_hz=drive_hz,
        drive_weight=drive_weight, receptors=receptors, delays_ms=(0.5, 1.2),
    )  # fmt: skip


@pytest.mark.parametrize("name", MODELS)
def test_a_recurrent_network_of_every_model(name: str) -> None:
    network = network_of(name)
    expected = nb.run(network, 100.0, "reference", dt=0.1, seed=2)
    got = nb.run(network, 100.0, "torch", dt=0.1, seed=2)
    assert len(expected.spikes["cells"]) > 30
    assert got.spikes["cells"].same_as(expected.spikes["cells"])
    atol = 1e-8 if name == "hodgkin_huxley" else 1e-10  # an upstroke multiplies the last bit
    np.testing.assert_allclose(
        got["membrane"].values, expected["membrane"].values, rtol=0, atol=atol
    )


@pytest.mark.slow
@pytest.mark.parametrize("name", MODELS)
def test_a_batch_of_eight_for_a_second_is_as_many_runs(name: str) -> None:
    network = network_of(name)
    program = lower(network, 0.1)
    drives = [lower_drive(network, 0.1, 10_000, 2, trial)[0] for trial in range(8)]
    inputs = Inputs.from_drives(drives, program, torch.float64, torch.device("cpu"))
    with torch.no_grad():
        out = TorchNetwork(program, Options())(inputs)
    for trial in (0, 7):
        expected = nb.run(network, 1000.0, "reference", dt=0.1, seed=2, trial=trial).spikes["cells"]
        assert len(expected) > 100
        step, neuron = out.spikes["cells"][:, :, trial].nonzero().numpy().T
        np.testing.assert_array_equal(step + 1, expected.step)
        np.testing.assert_array_equal(neuron, expected.neuron)


def test_single_precision_is_said() -> None:
    recording = nb.run(network_of("lif_exp"), 20.0, "torch", dt=0.1, precision="float32")
    assert "single_precision" in {f.code for f in recording.findings}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            {"precision": "half"},
            r"'precision': expected one of \('float64', 'float32'\), got 'half'",
        ),
        ({"presision": "float32"}, "did you mean 'precision'"),
    ],
)
def test_settings_that_do_not_exist(settings: dict[str, str], message: str) -> None:
    with pytest.raises(nb.NeurobridgeError, match=message):
        nb.run(network_of("lif_exp"), 1.0, "torch", dt=0.1, **settings)
