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

MODELS = {
    "lif_exp": {
        "weight": 0.2,
        "drive_hz": 2500.0,
        "drive_weight": 0.2,
        "receptors": ("exc", "inh"),
    },
    "lif_alpha": {
        "weight": 0.2,
        "drive_hz": 2500.0,
        "drive_weight": 0.2,
        "receptors": ("exc", "inh"),
    },
    "lif_delta": {
        "weight": 0.8,
        "drive_hz": 2000.0,
        "drive_weight": 0.6,
        "receptors": ("syn", "syn"),
    },
    "lif_cond_exp": {
        "weight": 0.02,
        "drive_hz": 2500.0,
        "drive_weight": 0.01,
        "receptors": ("exc", "inh"),
    },
    "adex": {"weight": 0.02, "drive_hz": 2500.0, "drive_weight": 0.02, "receptors": ("exc", "inh")},
    "izhikevich": {
        "weight": 1.5,
        "drive_hz": 3000.0,
        "drive_weight": 2.0,
        "receptors": ("syn", "syn"),
    },
    "hodgkin_huxley": {
        "weight": 0.02,
        "drive_hz": 2500.0,
        "drive_weight": 0.01,
        "receptors": ("exc", "inh"),
    },
    "shiu_lif": {
        "weight": 1.5,
        "drive_hz": 500.0,
        "drive_weight": 3.0,
        "receptors": ("syn", "syn"),
    },
}


def network_of(name: str) -> nb.Network:
    return recurrent(nb.models.by_name(name), 60, n_in=20, **MODELS[name])


@pytest.mark.parametrize("name", MODELS)
def test_a_recurrent_network_of_every_model(name: str) -> None:
    network = network_of(name)
    expected = nb.run(network, 100.0, dt=0.1, seed=2)
    got = nb.run(network, 100.0, "torch", dt=0.1, seed=2)
    assert len(expected.spikes["cells"]) > 30
    assert got.spikes["cells"].same_as(expected.spikes["cells"])
    np.testing.assert_allclose(
        got["membrane"].values, expected["membrane"].values, rtol=0, atol=1e-10
    )


def test_a_batch_is_as_many_runs() -> None:
    network = network_of("lif_exp")
    program = lower(network, 0.1)
    drives = [lower_drive(network, 0.1, 1000, 2, trial)[0] for trial in range(8)]
    inputs = Inputs.from_drives(drives, program, torch.float64, torch.device("cpu"))
    with torch.no_grad():
        out = TorchNetwork(program, Options())(inputs)
    for trial in range(8):
        expected = nb.run(network, 100.0, dt=0.1, seed=2, trial=trial).spikes["cells"]
        step, neuron = out.spikes["cells"][:, :, trial].nonzero().numpy().T
        np.testing.assert_array_equal(step + 1, expected.step)
        np.testing.assert_array_equal(neuron, expected.neuron)


def test_single_precision_is_said() -> None:
    recording = nb.run(network_of("lif_exp"), 20.0, "torch", dt=0.1, precision="float32")
    assert "single_precision" in {f.code for f in recording.findings}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"precision": "half"}, "expected 'float64' or 'float32', got 'half'"),
        ({"path": "quick"}, "expected 'auto', 'eager' or 'fused'"),
        ({"presision": "float32"}, "did you mean 'precision'"),
    ],
)
def test_settings_that_do_not_exist(settings: dict[str, str], message: str) -> None:
    with pytest.raises(nb.NeurobridgeError, match=message):
        nb.run(network_of("lif_exp"), 1.0, "torch", dt=0.1, **settings)
