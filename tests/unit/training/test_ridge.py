"""The ridge regression of a readout against the normal equations."""

from __future__ import annotations

import numpy as np
import pytest

import neurobridge as nb
from neurobridge.rng import generator
from neurobridge.training import ridge_readout

RNG = generator(2, "weights", "ridge")
COUNTS = RNG.poisson(3.0, (30, 8)).astype(float)
LABEL = np.arange(30) % 3
READOUT = nb.Readout("choice", "cells", np.arange(8), np.zeros((3, 8)), np.zeros(3))


def test_it_solves_the_normal_equations() -> None:
    found = ridge_readout(READOUT, COUNTS, LABEL, strength=2.0, offset=0.5, gain=1.0)
    z = (COUNTS - COUNTS.mean(0)) / (COUNTS.std(0) + 0.5)
    wanted = np.eye(3)[LABEL] - 1 / 3
    weight = np.linalg.solve(z.T @ z + 2.0 * np.eye(8), z.T @ wanted)
    np.testing.assert_allclose(COUNTS @ found.weight.T + found.bias, z @ weight, atol=1e-12)


@pytest.mark.parametrize(
    ("counts", "label", "options", "message"),
    [
        (COUNTS[:, :5], LABEL, {}, "expected finite counts of shape"),
        (COUNTS, LABEL.astype(float), {}, "whole number"),
        (COUNTS, LABEL + 1, {}, r"labels must be in 0 .. 2"),
        (np.full((30, 8), np.nan), LABEL, {}, "finite counts"),
        (COUNTS, LABEL, {"strength": 0.0}, "strength must be positive"),
    ],
)
def test_what_does_not_fit(counts, label, options, message) -> None:
    with pytest.raises(nb.NetworkError, match=message):
        ridge_readout(READOUT, counts, label, **options)


def test_a_readout_with_a_filter_is_refused() -> None:
    leaky = nb.Readout(
        "choice", "cells", np.arange(8), np.zeros((3, 8)), np.zeros(3), tau_m=10.0, pool="max"
    )
    with pytest.raises(nb.NetworkError, match="of spike counts, without filters"):
        ridge_readout(leaky, COUNTS, LABEL)
