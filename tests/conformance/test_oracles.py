"""The declared models against cells that others wrote: what NEST's own do, frozen.

NEST integrates conductance cells with an adaptive method, so the comparison is at a step of 0.01 ms
and within what a fixed step can give. Exponential Euler is of first order, so the equations of the
Hodgkin-Huxley neuron are compared under Runge-Kutta, and its own integrator step by step in the
scenarios.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from neurobridge import NetworkBuilder, StateProbe, models, run
from neurobridge.graph.model import NeuronModel
from neurobridge.graph.stimulus import Current
from neurobridge.recording import Recording
from tests.conformance.case import kicks

FROZEN = json.loads(Path(__file__).with_name("oracles").joinpath("nest_cells.json").read_text())
DT = 0.01
FIRST_SPIKE_AFTER = 7.0
"""Until here every cell is below threshold, and traces can be compared point by point, in ms."""


def same_experiment(model: NeuronModel, weight: float, current: float) -> Recording:
    """An event that arrives at 5 ms, a current from 20 ms on."""
    net = NetworkBuilder()
    net.population("cell", 1, model)
    net.add(kicks("event", "cell", [5.0 - DT], weight, receptor="exc"))
    net.add(Current("step", "cell", current, 20.0))
    net.add(StateProbe("v", "cell", "v", interval=0.5), StateProbe("fine", "cell", "v"))
    return run(net.build(), 119.0, "reference", dt=DT)


@pytest.mark.parametrize(
    ("cell", "model", "weight", "current", "atol"),
    [
        ("iaf_psc_alpha", models.lif_alpha, 0.1, 0.25, 1e-8),
        ("iaf_cond_exp", models.lif_cond_exp, 0.005, 0.25, 1e-4),
        ("aeif_cond_exp", models.adex, 0.005, 0.8, 1e-6),
        ("hh_cond_exp_traub", models.hodgkin_huxley.with_integrator("rk4"), 0.002, 0.3, 1e-3),
    ],
)
def test_membrane_and_spikes(
    cell: str, model: NeuronModel, weight: float, current: float, atol: float
) -> None:
    frozen, recording = FROZEN[cell], same_experiment(model, weight, current)
    early = slice(0, round(FIRST_SPIKE_AFTER / 0.5))
    got = recording["v"].values[early, 0]
    np.testing.assert_allclose(got, frozen["v"][early], rtol=0, atol=atol)
    spikes = frozen["upward"] or frozen["spikes"]
    np.testing.assert_allclose(recording.spikes["cell"].time, spikes, rtol=0, atol=0.03)
    assert len(spikes) > 2
