"""Spikes from outside: given trains and Poisson draws, on neurons and on sources."""

from __future__ import annotations

from math import exp, floor, log

import numpy as np

from neurobridge import models
from neurobridge.graph.builder import NetworkBuilder
from neurobridge.graph.probe import StateProbe
from neurobridge.graph.stimulus import Poisson, PoissonCounts, SpikeTrains
from neurobridge.rng import uniforms
from tests.conformance import toys
from tests.conformance.case import Case, Run, kicks, scenario, since, times
from tests.conformance.scenarios.threshold import toy_case


@scenario("C24")
def stimulus_at_time_zero() -> Case:
    return toy_case(toys.keeper, [(1.0, [0.0])], 3.0, [1], [0, 0, 0])


@scenario("C16", "C24")
def stimulus_in_the_last_step_and_after_it() -> Case:
    """5 steps: a spike at 4 ms is felt in the last, one at 5 ms never."""
    return toy_case(toys.keeper, [(1.0, [4.0, 5.0, 7.0])], 5.0, [5], [0] * 5)


@scenario("C12", "C24")
def stimuli_in_one_step_add() -> Case:
    return toy_case(toys.keeper, [(0.75, [2.0]), (0.25, [2.0])], 4.0, [3], [0] * 4)


@scenario("C12", "C24")
def a_spike_given_twice_counts_twice() -> Case:
    return toy_case(toys.keeper, [(0.25, [2.0, 2.0, 2.0])], 4.0, [], [0, 0, 0.75, 0.75])


@scenario("C24")
def stimulus_with_a_delay() -> Case:
    """Stamped 1, a delay of 3 steps: felt in step 3."""
    net = NetworkBuilder()
    net.population("cell", 1, toys.keeper)
    net.add(kicks("kick", "cell", [1.0], 1.0, delay=3.0))
    return Case(net.build(), [Run(6.0, {"cell": [(4, 0)]})], dt=1.0)


@scenario("C24")
def stimulus_times_in_any_order() -> Case:
    net = NetworkBuilder()
    net.population("cell", 3, toys.keeper)
    time, neuron = np.array([4.0, 1.0, 3.0, 1.0]), np.array([0, 2, 1, 0])
    net.add(SpikeTrains("drive", "cell", time, neuron, weight=1.0))
    spikes = [(2, 0), (2, 2), (4, 1), (5, 0)]
    return Case(net.build(), [Run(6.0, {"cell": spikes})], dt=1.0)


@scenario("C24")
def stimulus_without_spikes() -> Case:
    net = NetworkBuilder()
    net.population("cell", 1, toys.keeper)
    net.add(SpikeTrains("drive", "cell", np.zeros(0), np.zeros(0, dtype=int)))
    return Case(net.build(), [Run(3.0, {"cell": []})], dt=1.0)


@scenario("C17", "C24")
def stimulus_onto_an_inhibitory_conductance() -> Case:
    """Weights of a receptor for inhibition are negative, its conductance is positive."""
    net = NetworkBuilder()
    net.population("cell", 1, models.lif_cond_exp)
    net.add(kicks("input", "cell", [0.9, 0.9], -0.001, receptor="inh"))
    net.add(StateProbe("g", "cell", "g_inh"))
    x = since(times(10.0, 0.1), 1.0)
    g = np.where(x >= 0, 0.002 * np.exp(-x / 5.0), 0.0)
    return Case(net.build(), [Run(10.0, {"cell": []}, {"g": g})], atol=1e-9)


@scenario("C3", "C23")
def sources_spike_when_told() -> Case:
    """From 0 up to, not including, the end; twice in a step is once."""
    net = NetworkBuilder()
    net.population("input", 3, models.spike_source)
    time, neuron = np.array([0.0, 0.5, 0.5, 0.9, 1.0]), np.array([2, 1, 1, 0, 0])
    net.add(SpikeTrains("drive", "input", time, neuron))
    net.add(SpikeTrains("more", "input", np.array([0.5, 0.7]), np.array([1, 2])))
    return Case(net.build(), [Run(1.0, {"input": [(0, 2), (5, 1), (7, 2), (9, 0)]})])


@scenario("C23")
def sources_without_a_stimulus_are_silent() -> Case:
    net = NetworkBuilder()
    net.population("input", 2, models.spike_source)
    net.population("cell", 1, models.lif_exp)
    net.connect("syn", "input", "cell", [(0, 0), (1, 0)], weight=1.0, delay=1.0)
    return Case(net.build(), [Run(2.0, {"input": [], "cell": []})])


# -- Poisson: draw by draw, in plain Python -------------------------------------------------------


def poisson_stamps(
    name: str, neuron: int, rates: list[float], bin_ms: float, seed: int, trial: int = 0
) -> list[int]:
    """Stamps of one train at dt = 0.1 ms; ``rates`` in Hz, one for each bin of ``bin_ms``."""
    stamps, clock, draw = [], 0.0, 0
    expected = np.concatenate([[0.0], np.cumsum([r * bin_ms / 1000 for r in rates])])
    while True:
        pair = uniforms(seed, "stimulus", name, trial, np.array([neuron]), draw // 2)[0]
        clock -= log(pair[draw % 2])
        draw += 1
        if clock >= expected[-1]:
            return stamps
        b = max(i for i in range(len(rates)) if expected[i] <= clock)
        time = b * bin_ms + bin_ms * (clock - expected[b]) / (expected[b + 1] - expected[b])
        stamps.append(floor(time / 0.1))


def spikes_of(trains: list[list[int]]) -> list[tuple[int, int]]:
    return sorted({(s, n) for n, stamps in enumerate(trains) for s in stamps})


@scenario("C23", "C25", "C32")
def poisson_sources_spike_by_spike() -> Case:
    """Also another seed and another trial; nothing depends on the second stimulus or the probe."""
    net = NetworkBuilder()
    net.population("input", 4, models.spike_source)
    net.population("cell", 1, models.lif_exp)
    net.add(Poisson("noise", "input", rate=80.0), StateProbe("v", "cell", "v"))
    net.add(Poisson("other", "cell", rate=500.0, weight=0.01, receptor="exc"))
    runs = [
        Run(200.0, {"input": spikes_of(
            [poisson_stamps("noise", n, [80.0], 200.0, seed, trial) for n in range(4)]
        )}, seed=seed, trial=trial)
        for seed, trial in ((1, 0), (2, 0), (1, 3))
    ]  # fmt: skip
    return Case(net.build(), runs)


@scenario("C25")
def poisson_depends_on_the_neuron_and_not_on_the_selection() -> Case:
    net = NetworkBuilder()
    net.population("input", 10, models.spike_source)
    chosen = np.array([7, 2])
    net.add(Poisson("noise", "input", rate=np.array([60.0, 30.0]), neurons=chosen))
    trains: list[list[int]] = [[] for _ in range(10)]
    trains[7] = poisson_stamps("noise", 7, [60.0], 300.0, 5)
    trains[2] = poisson_stamps("noise", 2, [30.0], 300.0, 5)
    return Case(net.build(), [Run(300.0, {"input": spikes_of(trains)}, seed=5)])


@scenario("C25", "C26")
def poisson_rates_that_change_in_time() -> Case:
    """Three bins of 50 ms, with a silent one, then nothing."""
    rates = [[100.0, 20.0], [0.0, 200.0], [300.0, 40.0]]
    net = NetworkBuilder()
    net.population("input", 2, models.spike_source)
    net.add(Poisson("noise", "input", rate=np.array(rates), rate_interval=50.0))
    trains = [poisson_stamps("noise", n, [r[n] for r in rates], 50.0, 9) for n in range(2)]
    assert max(trains[0]) >= 1000
    return Case(net.build(), [Run(200.0, {"input": spikes_of(trains)}, seed=9)])


@scenario("C24", "C25")
def poisson_events_onto_neurons_keep_their_multiplicity() -> Case:
    """20 kHz at 0.1 ms is 2 a step: a counting neuron ends with all of them."""
    net = NetworkBuilder()
    net.population("cell", 2, toys.keeper, v_thresh=1e6)
    net.add(Poisson("noise", "cell", rate=20_000.0, weight=0.25), StateProbe("v", "cell", "v"))
    count = np.zeros((100, 2))
    for n in range(2):
        np.add.at(count[:, n], poisson_stamps("noise", n, [20_000.0], 10.0, 3), 0.25)
    assert count.max() > 0.5
    return Case(net.build(), [Run(10.0, {"cell": []}, {"v": np.cumsum(count, axis=0)}, seed=3)])


@scenario("C25")
def poisson_in_a_window() -> Case:
    """Drawn from the start of the window on."""
    net = NetworkBuilder()
    net.population("input", 1, models.spike_source)
    net.add(Poisson("noise", "input", rate=200.0, start=40.0, stop=90.0))
    stamps = [400 + s for s in poisson_stamps("noise", 0, [200.0], 50.0, 4)]
    assert stamps
    return Case(net.build(), [Run(120.0, {"input": [(s, 0) for s in stamps]}, seed=4)])


# -- Poisson counts: step by step, in plain Python ------------------------------------------------


def poisson_counts(
    name: str, neuron: int, mean: float, steps: range, seed: int, trial: int = 0
) -> list[int]:
    """Events that leave in each step, from the terms of the distribution."""
    counts = []
    for step in steps:
        pair = uniforms(seed, "stimulus", name, trial, np.array([neuron]), step // 2)[0]
        n, term = 0, exp(-mean)
        below = term
        while below <= pair[step % 2]:
            n += 1
            term *= mean / n
            below += term
        counts.append(n)
    return counts


@scenario("C32", "C40")
def poisson_counts_step_by_step() -> Case:
    """Two events a step, and another seed and trial."""
    net = NetworkBuilder()
    net.population("cell", 3, toys.keeper, v_thresh=1e6)
    net.add(PoissonCounts("noise", "cell", 20_000.0, weight=0.25), StateProbe("v", "cell", "v"))
    runs = []
    for seed, trial in ((3, 0), (4, 0), (3, 2)):
        drawn = [poisson_counts("noise", n, 2.0, range(101), seed, trial) for n in range(3)]
        v = 0.25 * np.cumsum(np.transpose(drawn), axis=0)
        runs.append(Run(10.1, {"cell": []}, {"v": v}, seed=seed, trial=trial))
    return Case(net.build(), runs)


@scenario("C15", "C40")
def poisson_counts_of_some_neurons_in_a_window() -> Case:
    """Numbered by neuron and by step of the run; the delay moves them to later steps."""
    net = NetworkBuilder()
    net.population("cell", 6, toys.keeper, v_thresh=1e6)
    rate, chosen = np.array([5000.0, 0.0, 30_000.0]), np.array([4, 0, 1])
    net.add(
        PoissonCounts("noise", "cell", rate, chosen, weight=0.5, delay=0.3, start=1.1, stop=2.4),
        StateProbe("v", "cell", "v"),
    )
    counts = np.zeros((40, 6))
    counts[13:26, 4] = poisson_counts("noise", 4, 0.5, range(11, 24), 8)
    counts[13:26, 1] = poisson_counts("noise", 1, 3.0, range(11, 24), 8)
    assert counts[:, 4].sum() > 0
    return Case(net.build(), [Run(4.0, {}, {"v": 0.5 * np.cumsum(counts, axis=0)}, seed=8)])


@scenario("C16", "C40")
def poisson_counts_after_the_end_have_no_effect() -> Case:
    net = NetworkBuilder()
    net.population("cell", 1, toys.keeper, v_thresh=1e6)
    net.add(
        PoissonCounts("noise", "cell", 40_000.0, weight=1.0, delay=0.5),
        StateProbe("v", "cell", "v"),
    )
    drawn = poisson_counts("noise", 0, 4.0, range(3), 2)
    return Case(net.build(), [Run(0.7, {}, {"v": np.cumsum([0, 0, 0, 0, *drawn])}, seed=2)])
