"""Which losses of a teacher find its thresholds: its spikes do, its potentials alone do not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import neurobridge as nb
from neurobridge.rng import generator
from tests.requirements import require

require("torch")
require("lightning")

from neurobridge.training import (  # noqa: E402
    Objective,
    SequenceData,
    Surrogate,
    Train,
    load_run,
    losses,
    teach,
)

N, PATH = 20, "populations.cells.v_thresh"


def network(thresholds: np.ndarray) -> nb.Network:
    """Neurons without synapses that a common current drives to some tens of spikes a second."""
    rng = generator(0, "weights", "drive")
    b = nb.NetworkBuilder()
    b.population("cells", N, nb.models.lif_exp, v_thresh=thresholds)
    weight = np.abs(rng.normal(0.1, 0.02, (N, 1)))
    b.add(nb.Encoder("drive", "cells", np.arange(N), weight, np.full(N, 0.1), kind="current"))
    return b.build()


def distances(folder: Path, start: float, **options) -> tuple[float, float]:
    """Mean distance of thresholds from the teacher's before and after training, in mV."""
    rng = generator(1, "weights", "thresholds")
    wanted = rng.normal(-51.0, 1.0, N)
    x = np.repeat(rng.uniform(0.3, 2.0, (24, 20, 1)), 10, axis=1)
    data = SequenceData("drive", x, {}, np.array(["train"] * 16 + ["validation"] * 8))
    made = teach(
        network(wanted), network(np.full(N, start)), [Train(PATH)], data, folder, dt=1.0, epochs=40,
        batch=8, learning_rate=0.003, seed=1, progress=False, save_every=100, **options,
    )  # fmt: skip
    found = made.network().population("cells").parameters["v_thresh"]
    return np.abs(start - wanted).mean(), np.abs(found - wanted).mean()


@pytest.mark.parametrize("start", [-54.0, -48.0])
def test_the_distance_of_spike_trains_finds_thresholds(tmp_path: Path, start: float) -> None:
    objective = Objective({"spikes": losses.VanRossum("cells", 20.0)})
    before, after = distances(tmp_path / "run", start, objective=objective)
    assert before > 2
    assert after < 0.25


def test_potentials_have_no_gradient_to_thresholds_but_through_the_reset(tmp_path: Path) -> None:
    before, after = distances(tmp_path / "cut", -48.0)
    assert after == pytest.approx(before, rel=1e-6)
    assert load_run(tmp_path / "cut")["without_gradient"] == [PATH]
    surrogate = Surrogate(scale=1.5, height=1 / 15, reset_gradient=True)
    before, after = distances(tmp_path / "reset", -48.0, options={"surrogate": surrogate})
    assert after < 0.5 * before
