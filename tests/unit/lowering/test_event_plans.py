"""How often a Poisson stimulus hits a neuron in one step at most."""

from __future__ import annotations

import pytest
from scipy.stats import poisson

import neurobridge as nb
from neurobridge.lowering.event_plans import RARE, event_plans


@pytest.mark.parametrize("rate", [1e-6, 0.1, 40.0, 1e3, 2e4, 1e6, 1e7])
def test_poisson_events_of_a_step_are_hardly_ever_more(rate):
    b = nb.NetworkBuilder()
    b.population("neurons", 2, nb.models.lif_exp)
    b.add(nb.Poisson("drive", "neurons", rate=rate, receptor="exc", weight=1.0))
    (plan,) = event_plans(b.build(), 0.1)
    expected = poisson.isf(RARE, rate * 1e-4)  # in a step of 0.1 ms
    assert plan.at_most == max(expected, 1)


def test_no_event_at_all_needs_no_plan_for_more():
    b = nb.NetworkBuilder()
    b.population("neurons", 2, nb.models.lif_exp)
    b.add(nb.Poisson("drive", "neurons", rate=0.0, receptor="exc", weight=1.0))
    assert event_plans(b.build(), 0.1)[0].at_most == 1
