"""ccSNN's trained speech network: from its equations to the chip, through a bundle."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from examples import speech_on_spinnaker as speech
from neurobridge.deployment import plan_deployment
from tests.data import reference_data
from tests.requirements import require


@pytest.fixture(scope="module")
def weights() -> dict[str, np.ndarray]:
    return speech.load_weights(reference_data("ccsnn_shd_teacher"))


@pytest.fixture(scope="module")
def inputs() -> np.ndarray:
    return speech.random_inputs(40, 70)


def test_signs_thresholds_and_offsets(weights: dict[str, np.ndarray]) -> None:
    network = speech.describe(weights)
    hidden = network.population("hidden").parameters
    np.testing.assert_array_equal(hidden["i_offset"], -weights["I_c"])
    np.testing.assert_allclose(np.exp(-2.0 / hidden["tau_m"]), weights["beta"], rtol=1e-12)
    assert hidden["v_thresh"] == 1.0
    assert network.population("output").parameters["v_thresh"] == 32767.0
    given = network.weights("recurrent")
    edges = network.projections["recurrent"].edges
    wanted = weights["v"][edges.pre, edges.post]
    np.testing.assert_array_equal(np.sign(given), np.sign(wanted))
    np.testing.assert_allclose(given * speech.mean_of_a_step(40.0), wanted, rtol=1e-12)


def test_the_twin_follows_the_equations(weights: dict[str, np.ndarray], inputs: np.ndarray) -> None:
    """Until its first wrong spike the output stays within 0.01, and the class is the same."""
    wanted, _ = speech.by_equations(weights, inputs)
    twin, _ = speech.by_backend(weights, inputs, "fixedpoint")
    exact, _ = speech.by_backend(weights, inputs, "reference")
    assert np.abs(twin[:, :20] - wanted[:, :20]).max() < 0.01
    assert (speech.winners(twin) == speech.winners(wanted)).mean() >= 0.95
    assert (speech.winners(exact) == speech.winners(wanted)).mean() >= 0.95
    assert len(set(speech.winners(wanted).tolist())) > 3


def test_the_equations_can_be_told_apart(
    weights: dict[str, np.ndarray], inputs: np.ndarray
) -> None:
    """ccSNN's own script exported +I_c: with that the class is another."""
    wanted, _ = speech.by_equations(weights, inputs)
    wrong = {**weights, "I_c": -weights["I_c"]}
    twin, _ = speech.by_backend(wrong, inputs, "fixedpoint")
    assert (speech.winners(twin) == speech.winners(wanted)).mean() < 0.7


@pytest.mark.slow
def test_a_bundle_of_it_runs_in_the_chip_model(
    weights: dict[str, np.ndarray],
    inputs: np.ndarray,
    tmp_path: Path,
    run_in_chip_model: Callable[[Path], None],
) -> None:
    """The script and the check of the bundle; its expected spikes come from the twin."""
    network = speech.describe(weights).with_stimulus(speech.stimulus(inputs[:1]))
    deployment = plan_deployment(network, speech.STEPS * speech.DT, dt=speech.DT, baseline=False)
    folder = deployment.bundle(tmp_path / "bundle")
    run_in_chip_model(folder)
    checked = subprocess.run(
        [sys.executable, "check.py"], cwd=folder, capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.fixture
def run_in_chip_model() -> Callable[[Path], None]:
    require("unicorn")

    def run(folder: Path) -> None:
        done = subprocess.run(
            [
                sys.executable, "-m", "neurobridge.backends.spinnaker.softboard",
                "run.py", "spiNNaker",
            ],
            cwd=folder, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr[-2000:]

    return run
