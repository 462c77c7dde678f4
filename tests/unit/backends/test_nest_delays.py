"""The shortest delay in NEST is that between neurons, whatever sources and devices have."""

from __future__ import annotations

import numpy as np
import pytest

from neurobridge.backends.nest import NestBackend
from neurobridge.backends.nest.delays import UNBOUND, Delays, delays_in_nest
from neurobridge.graph.population import Population
from neurobridge.lowering.neurons import lower_population
from neurobridge.lowering.program import CurrentInput, SignalPlan
from neurobridge.models import lif, rate
from tests.program_examples import drive, events, pathway, program, source, source_spikes
from tests.requirements import require

DT = 0.1
KICK = 16.0
"""One such input (mV) makes a resting neuron spike in the step in which it arrives."""


def cells(name="cell", size=4, model=lif.lif_delta):
    return lower_population(Population(name, size, model), DT)[0]


def one_edge(pre, delay, pre_neuron=0, post_neuron=1, weight=KICK):
    return pathway(pre, "cell", "syn", [pre_neuron], [post_neuron], [weight], delay, 4)


@pytest.mark.parametrize(
    ("paths", "expected"),
    [
        ([], Delays((UNBOUND, UNBOUND), {})),
        ([("cell", 18)], Delays((18, 18), {})),
        ([("cell", 18), ("in", 1)], Delays((18, 18), {"in": 17})),
        ([("cell", 18), ("in", 1), ("in", 30)], Delays((18, 47), {"in": 17})),
        ([("cell", 18), ("in", 25)], Delays((18, 25), {"in": 0})),
        ([("cell", 1), ("in", 1)], Delays((1, 1), {"in": 0})),
        ([("in", 3)], Delays((UNBOUND, UNBOUND), {"in": UNBOUND - 3})),
        ([("in", 40)], Delays((UNBOUND, 40), {"in": 0})),
    ],
)
def test_what_nest_is_given(paths, expected):
    made = program([cells(), source("in", 1)], [one_edge(*path) for path in paths])
    assert delays_in_nest(made) == expected


def test_rate_neurons_send_in_every_step():
    rates = lower_population(Population("rates", 2, rate), DT)[0]
    made = program([cells(), source("in", 1), rates], [one_edge("cell", 18), one_edge("in", 2)])
    assert delays_in_nest(made) == Delays((1, 18), {"in": 0})


@pytest.mark.parametrize("delay", [18, np.array([18, 25])])
def test_no_connection_lowers_the_shortest_delay_of_the_network(delay):
    """Recorders, probes, sources, events and currents are all there, and a run was made."""
    require("nest")
    import nest

    paths = [
        pathway("cell", "cell", "syn", [0, 1], [1, 2], [KICK, KICK], delay, 4),
        one_edge("in", 1, weight=0.1),
    ]
    plan = SignalPlan("v", "cell", "v", "mV", np.arange(4, dtype=np.int32), 1)
    kick = events("cell", "syn", [(0, 0, 1)], [0], [KICK])
    column = np.array([[0.1]])
    current = CurrentInput("current", "cell", np.zeros(1, np.int32), np.zeros(1, np.int64), column)
    engine = NestBackend().emit(program([cells(), source("in", 1)], paths, [plan]), {})
    engine.run(drive(50, [kick], currents=[current], sources=[source_spikes("in", [(0, 0)])]))
    assert nest.GetKernelStatus("min_delay") == pytest.approx(1.8)


def test_sources_are_heard_after_their_own_delays_and_weights_are_read_back():
    """Neurons send after 18 steps; source 0 after 1, source 1 after 20 and 21."""
    require("nest")
    paths = [
        one_edge("cell", 18, pre_neuron=0, post_neuron=3),
        pathway("in", "cell", "syn", [0, 1, 1], [0, 1, 2], [KICK] * 3, np.array([1, 20, 21]), 4),
    ]
    engine = NestBackend().emit(program([cells(), source("in", 2)], paths), {})
    first = drive(60, sources=[source_spikes("in", [(0, 0), (0, 1), (30, 0)])])
    for _ in range(2):  # running again hears nothing of the run before
        stamp, neuron = engine.run(first).spikes["cell"]
        order = np.lexsort((neuron, stamp))
        assert stamp[order].tolist() == [1, 19, 20, 21, 31, 49]
        assert neuron[order].tolist() == [0, 3, 1, 2, 0, 3]
    assert engine.weights()[1].tolist() == [KICK] * 3
