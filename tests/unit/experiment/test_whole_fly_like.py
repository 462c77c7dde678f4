"""The example of the size of the fly's brain, with a small graph in place of the large one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import neurobridge as nb
from tests.requirements import require

EXAMPLE = Path(__file__).resolve().parents[3] / "examples" / "whole_fly_like.yaml"


@pytest.fixture(scope="module")
def experiment(tmp_path_factory):
    text = EXAMPLE.read_text(encoding="utf-8")
    assert "like: flywire783," in text
    path = tmp_path_factory.mktemp("example") / EXAMPLE.name
    path.write_text(text.replace("like: flywire783", "like: small"), encoding="utf-8")
    return nb.load_experiment(path)


def test_it_is_driven_and_run_as_it_says(experiment):
    network, run = experiment.network(), experiment.settings
    assert (run.duration, run.dt, run.backends) == (1000.0, 0.1, ["native"])
    drive, t_ref = network.stimuli["sugar"], network.population("neurons").parameters["t_ref"]
    assert (drive.rate, drive.weight, drive.neurons.size) == (37.0, 68.75, 15)
    assert np.array_equal(np.flatnonzero(t_ref == 0.0), drive.neurons)
    assert set(np.delete(t_ref, drive.neurons)) == {2.2}


@pytest.mark.slow  # the engine compiles its code for this network
def test_native_gives_the_spikes_of_the_reference(experiment):
    require("numba")
    network = experiment.network()
    runs = [nb.run(network, 100.0, name, dt=0.1, seed=1) for name in ("reference", "native")]
    assert runs[0].n_spikes > 15
    assert runs[0].spike_hash == runs[1].spike_hash
