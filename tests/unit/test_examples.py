"""The examples run, as a user would run them, and say what they promise."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.requirements import require

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = {
    "your_own_connectome": (),
    "silence_and_rerun": (),
    "fly_experiment": ("numba",),
    "multi_area_network": (),
    "declare_a_model": ("brian2", "nest"),
    "identical_spikes": ("brian2", "nest"),
    "export_project": ("brian2", "nest"),
    "train_and_deploy": ("brian2", "nest", "torch"),
    "nrm_study": ("torch", "lightning"),
    "quantised_training": ("torch", "lightning"),
    "speech_on_spinnaker": ("torch", "unicorn"),
    "brunel": (),
    "vogels_abbott": (),
    "microcircuit": (),
}


def test_no_example_is_forgotten() -> None:
    assert {p.stem for p in (ROOT / "examples").glob("*.py")} == set(EXAMPLES)


@pytest.mark.parametrize("name", EXAMPLES)
def test_examples_run(name: str, tmp_path: Path) -> None:
    for simulator in EXAMPLES[name]:
        require(simulator)
    arguments = {
        "fly_experiment": ["--trials=2", "--duration=200", "--threads=1", f"--out={tmp_path}"],
        "export_project": [str(tmp_path)],
        "train_and_deploy": ["--json", "--network", "worm", "--epochs", "2", "--tested", "2"],
        # two processes would compile the same code twice
        "nrm_study": ["--quick", "--network", "worm", "--processes", "1", "--out", str(tmp_path)],
        "quantised_training": ["--json", "--network", "worm", "--epochs", "1"],
        "speech_on_spinnaker": ["--json", "--inputs", "3", "--chip-model"],
        "brunel": ["--order", "100", "--duration", "400", "--backend", "reference"],
        "vogels_abbott": ["--duration", "400", "--backend", "reference"],
        "microcircuit": ["--duration", "400", "--seed", "2", "--backend", "reference"],
    }.get(name, [])
    done = subprocess.run(
        [sys.executable, str(ROOT / "examples" / f"{name}.py"), *arguments],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    expected = {
        "your_own_connectome": "720575940602553568  720575940602564320     11",
        "silence_and_rerun": "without AVA and AVB",
        "fly_experiment": "The same drive, in null models:",
        "multi_area_network": "spectral radius: 1.500000",
        "declare_a_model": "spikes, identical",
        "identical_spikes": "identical: 3 of 3 backends",
        "export_project": "nest: README.md",
        "train_and_deploy": '"identical": true',
        "nrm_study": "random: gains against weights, N:",
        "quantised_training": '"weights": "5 bits", "trained": "aware", "on": "twin"',
        "speech_on_spinnaker": '"way": "spinnaker"',
        "brunel": "500 neurons, 25,000 synapses",
        "vogels_abbott": "4,000 neurons, 320,790 synapses",
        "microcircuit": "7,717 neurons, 2,988,807 synapses",
    }
    assert expected[name] in done.stdout
    assert "DIFFERENT" not in done.stdout
