"""NN4N's own example is learned, by as many of its seeds as there."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.requirements import require

require("torch")
require("lightning")

from tests.unit.training import sine  # noqa: E402


def test_an_epoch_is_the_forward_euler_step_of_the_example(tmp_path: Path) -> None:
    """The first loss, worked out by the update of NN4N: v += dt/tau (W r + W_in u + b - v)."""
    start = sine.network(3)
    w_in, w_out = start.encoders["sine"].weight, start.readouts["next"].weight
    w = np.zeros((sine.N, sine.N))
    edges = start.projections["recurrent"].edges
    w[edges.post, edges.pre] = start.weights("recurrent")
    u = np.sin(np.linspace(0, 10, 1000))
    v, said = np.zeros(sine.N), []
    for value in u[:-1]:
        v = v + 0.1 * (w @ np.maximum(v, 0) + w_in[:, 0] * value - v)
        said.append(w_out[0] @ np.maximum(v, 0))
    expected = np.mean((np.array(said) - u[1:]) ** 2)
    history = sine.learned(3, tmp_path / "run", epochs=1).history
    assert history["train/loss"][0] == pytest.approx(expected, rel=1e-5)


ENOUGH = {0: 250, 2: 400, 3: 500, 4: 350}
"""Epochs of the seeds that learn, at most the example's 500: all cross 1e-3 long before, but seed
3, which does at 437. Seed 1 does not in 500, so that four of five are all that there are."""


@pytest.mark.slow
def test_four_of_five_seeds_learn_the_sine(tmp_path: Path) -> None:
    last = {
        seed: sine.learned(seed, tmp_path / str(seed), epochs).history["train/loss"].iloc[-1]
        for seed, epochs in ENOUGH.items()
    }
    assert max(last.values()) < 1e-3, last
