"""Readouts on both runs."""

from __future__ import annotations

import numpy as np
import pytest

from neurobridge import Readout
from tests.unit.deployment.networks import planned, random_network, without_tools

pytestmark = pytest.mark.usefixtures("without_tools")
__all__ = ["without_tools"]


def test_every_readout_is_applied_to_both_runs(rng: np.random.Generator) -> None:
    neurons = np.arange(7)
    weight = rng.normal(size=(3, 7))
    network = random_network(rng).with_readout(
        Readout("choice", "second", neurons, weight, np.zeros(3), classes=("a", "b", "c"))
    )
    network = network.with_readout(Readout("level", "second", neurons, weight[:1], np.ones(1)))
    deployment = planned(network)
    choice, level = deployment.decisions
    for outputs, run in ((choice.reference, "reference"), (choice.twin, "twin")):
        counts = deployment.comparison[run].recording.spikes["second"].counts
        np.testing.assert_allclose(outputs, weight @ counts)
    assert choice.decided == tuple("abc"[int(o.argmax())] for o in (choice.reference, choice.twin))
    assert choice.same == (choice.decided[0] == choice.decided[1])
    assert level.decided is None
    assert level.same is None
