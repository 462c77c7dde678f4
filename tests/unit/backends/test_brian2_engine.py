"""The contract on Brian2, step by step, against values worked out by hand and the reference."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from neurobridge.backends.base import RawResult
from neurobridge.backends.brian2 import Brian2Backend
from neurobridge.backends.brian2.engine import Brian2Engine
from neurobridge.backends.reference.engine import ReferenceEngine
from neurobridge.lowering.program import (
    Assignment,
    CurrentInput,
    Drive,
    EventInput,
    NeuronCode,
    PopulationProgram,
    Program,
    ReceptorCode,
    SignalPlan,
    SourceSpikes,
    SpikePlan,
)
from tests.program_examples import (
    drive,
    events,
    lif_delta,
    lif_exp,
    lif_propagators,
    one_stage,
    pathway,
    program,
    random_edges,
    source,
    source_spikes,
    with_constants,
)
from tests.requirements import require

KICK = 100.0


@pytest.fixture(autouse=True)
def _brian2_is_here() -> None:
    require("brian2")


def emit(made: Program, target: str = "numpy", **settings: Any) -> Brian2Engine:
    engine = Brian2Backend().emit(made, {"target": target, **settings})
    assert isinstance(engine, Brian2Engine)
    return engine


def spikes_of(result: RawResult, plan: str = "n") -> list[tuple[int, int]]:
    stamp, neuron = result.spikes[plan]
    return sorted(zip(stamp.tolist(), neuron.tolist(), strict=True))


def sampled(population: str, variable: str, interval: int = 1, *neurons: int) -> SignalPlan:
    return SignalPlan(
        variable, population, variable, "mV", np.array(neurons or (0,), np.int32), interval
    )


# ---- one step after the other


def test_an_event_moves_the_current_now_and_the_membrane_in_the_next_step() -> None:
    made = program([lif_exp("n", 1)], signals=[sampled("n", "v"), sampled("n", "i_exc")])
    result = emit(made).run(drive(4, [events("n", "exc", [(1, 0, 1)], [0], [0.5])]))
    p = lif_propagators(0.1)
    decay = p["P_i_exc_i_exc"]
    assert result.signals["i_exc"][:, 0] == pytest.approx([0, 0.5, 0.5 * decay, 0.5 * decay**2])
    assert result.signals["v"][:2, 0] == pytest.approx([-65.0, -65.0])
    assert result.signals["v"][2, 0] == pytest.approx(-65.0 + 0.5 * p["P_v_i_exc"], rel=1e-13)


def test_a_kick_over_threshold_spikes_in_its_own_step() -> None:
    result = emit(program([lif_delta("n", 2)])).run(
        drive(10, [events("n", "kick", [(0, 0, 1), (4, 1, 1)], [0, 1], [KICK, KICK])])
    )
    assert spikes_of(result) == [(1, 0), (5, 1)]


def test_a_delay_of_one_step_and_of_many() -> None:
    edges = pathway("n", "n", "kick", [0, 0], [1, 2], [KICK, KICK], np.array([1, 7]), 3)
    result = emit(program([lif_delta("n", 3)], [edges])).run(
        drive(20, [events("n", "kick", [(2, 0, 1)], [0], [KICK])])
    )
    assert spikes_of(result) == [(3, 0), (4, 1), (10, 2)]


def test_a_source_spike_arrives_after_its_delay_from_time_zero_on() -> None:
    edges = pathway("s", "n", "kick", [0, 1], [0, 1], [KICK, KICK], 3, 2)
    made = program([source("s", 2), lif_delta("n", 2)], [edges])
    result = emit(made).run(drive(20, sources=[source_spikes("s", [(0, 0), (5, 1), (19, 0)])]))
    assert spikes_of(result) == [(3, 0), (8, 1)]
    assert spikes_of(result, "s") == [(0, 0), (5, 1), (19, 0)]


@pytest.mark.parametrize("steps", [0, 1, 5])
def test_a_neuron_is_clamped_for_so_many_steps(steps: int) -> None:
    made = program([lif_delta("n", 1, refractory_steps=steps)])
    every = [(k, 0, 1) for k in range(20)]
    result = emit(made).run(drive(20, [events("n", "kick", every, [0], [KICK])]))
    assert [stamp for stamp, _ in spikes_of(result)] == list(range(1, 21, steps + 1))


def test_events_in_a_clamped_step_are_lost_or_kept_as_the_receptor_says() -> None:
    rows = [(0, 0, 1), (2, 1, 1)]
    for drop, after in ((True, -65.0), (False, -64.0)):
        made = program(
            [lif_delta("n", 1, refractory_steps=4, drop=drop)], signals=[sampled("n", "v")]
        )
        result = emit(made).run(drive(4, [events("n", "kick", rows, [0, 0], [KICK, 1.0])]))
        assert result.signals["v"][:, 0].tolist() == [-65.0, -65.0, after, after]


def test_synapses_drop_in_clamped_steps_too() -> None:
    edges = pathway("n", "n", "kick", [0, 0], [1, 1], [KICK, 1.0], np.array([1, 3]), 2)
    made = program(
        [lif_delta("n", 2, refractory_steps=np.array([9, 2], np.int32))],
        [edges],
        [sampled("n", "v", 1, 1)],
    )
    result = emit(made).run(drive(6, [events("n", "kick", [(0, 0, 1)], [0], [KICK])]))
    assert result.signals["v"][:, 0].tolist() == [-65.0] * 6  # spikes in step 1, clamped in 2 and 3


def test_a_crossing_threshold_spikes_on_the_way_up_only() -> None:
    pop = lif_delta(
        "n", 2, crossing=True, reset=(), refractory_steps=0, v_init=np.array([0.0, -65.0])
    )
    constants = {**pop.constants, "P_v_v": 1.0, "c_v": 0.0}
    made = program([replace(pop, constants=constants)])
    rows = [(2, 1, 1), (4, 0, 1), (6, 1, 1)]
    result = emit(made).run(drive(10, [events("n", "kick", rows, [1, 1], [-KICK, KICK])]))
    assert spikes_of(result) == [(3, 1), (7, 1)]  # neuron 0 starts above, and never crosses


def test_multiplicities_and_parallel_edges_add_up() -> None:
    edges = pathway("s", "n", "exc", [0, 0, 0], [0, 0, 0], [0.1, 0.2, 0.3], 1, 1)
    made = program([source("s", 1), lif_exp("n", 1)], [edges], [sampled("n", "i_exc")])
    given = drive(1, [events("n", "exc", [(0, 0, 3)], [0], [0.5])], [source_spikes("s", [(0, 0)])])
    assert emit(made).run(given).signals["i_exc"][0, 0] == pytest.approx(2.1, abs=1e-15)


def test_samples_are_taken_at_the_interval() -> None:
    made = program(
        [lif_exp("n", 2, v_init=np.array([-60.0, -55.0]))], signals=[sampled("n", "v", 3, 1, 0)]
    )
    result = emit(made).run(drive(11))
    steps = np.array([3, 6, 9])
    decay = lif_propagators(0.1)["P_v_v"] ** steps
    assert result.signals["v"] == pytest.approx(-65.0 + np.outer(decay, [10.0, 5.0]), rel=1e-13)


def test_a_current_holds_until_it_changes() -> None:
    pop = lif_exp("n", 3, P_v_v=0.0, c_v=0.0, P_v_current=1.0, v_thresh=1e9)
    made = program([pop], signals=[sampled("n", "v", 1, 0, 1, 2)])
    current = CurrentInput(
        "c", "n", np.array([2, 0], np.int32), np.array([1, 3]), np.array([[1.0, 2.0], [3.0, 4.0]])
    )
    result = emit(made).run(drive(5, currents=[current]))
    expected = [[0, 0, 0], [2, 0, 1], [2, 0, 1], [4, 0, 3], [4, 0, 3]]
    assert result.signals["v"].tolist() == expected


def test_spikes_of_some_neurons() -> None:
    made = replace(
        program([lif_delta("n", 3)]),
        spike_plans=(SpikePlan("some", "n", np.array([1], np.int32)), SpikePlan("all", "n", None)),
    )
    rows = [(0, 0, 1), (1, 1, 1)]
    result = emit(made).run(drive(3, [events("n", "kick", rows, [0, 1], [KICK, KICK])]))
    assert spikes_of(result, "some") == [(2, 1)]
    assert spikes_of(result, "all") == [(1, 0), (2, 1)]


# ---- again and again


def test_every_run_starts_from_the_initial_state() -> None:
    edges = pathway("n", "n", "kick", [0], [1], [KICK], 15, 2)
    made = program([lif_delta("n", 2)], [edges], [sampled("n", "v")])
    engine = emit(made)
    kick = drive(10, [events("n", "kick", [(3, 0, 1)], [0], [KICK])])
    first = engine.run(kick)
    silent = engine.run(drive(30))  # the spike of the first run must not arrive here
    again = engine.run(kick)
    assert spikes_of(first) == spikes_of(again) == [(4, 0)]
    assert spikes_of(silent) == []
    assert silent.signals["v"].shape == (30, 1)
    assert np.array_equal(first.signals["v"], again.signals["v"])


def test_constants_can_be_replaced() -> None:
    made = program([lif_delta("n", 2)])
    engine = emit(made)
    kick = drive(3, [events("n", "kick", [(0, 0, 1)], [0], [20.0])])
    assert spikes_of(engine.run(kick)) == [(1, 0)]
    engine.set_population(with_constants(made.population("n"), v_thresh=-40.0))
    assert spikes_of(engine.run(kick)) == []


def test_weights_are_read_back_in_order() -> None:
    edges = pathway("n", "n", "exc", [2, 0, 1, 0], [0, 1, 2, 2], [1.5, -2.0, 1e-17, 3.25], 2, 3)
    empty = pathway("n", "n", "inh", [], [], [], 1, 3)
    engine = emit(program([lif_exp("n", 3)], [edges, empty]))
    held = engine.weights()
    assert held[0].tolist() == edges.weight.tolist()
    assert held[1].tolist() == []


# ---- stopping


@pytest.mark.parametrize(
    ("target", "n_steps"),
    [("numpy", 10_000_000), pytest.param("cpp_standalone", 10**9, marks=pytest.mark.slow)],
)
def test_what_was_recorded_before_ctrl_c_is_kept(target: str, n_steps: int) -> None:
    engine = emit(program([lif_delta("n", 1)], signals=[sampled("n", "v", 100)]), target)
    every = events("n", "kick", [(k, 0, 1) for k in range(0, 10**6, 100)], [0], [KICK])
    timer = threading.Timer(1.5, os.kill, [os.getpid(), signal.SIGINT])
    timer.start()
    result = engine.run(drive(n_steps, [every]))
    timer.join()
    assert 100 < result.steps_done < n_steps
    kicks = min((result.steps_done - 1) // 100 + 1, 10**4)
    assert spikes_of(result) == [(100 * k + 1, 0) for k in range(kicks)]
    assert result.signals["v"].shape == (result.steps_done // 100, 1)
    assert engine.run(drive(5)).steps_done == 5
    engine.close()


def test_a_progress_function_that_stops_the_run() -> None:
    engine = emit(program([lif_delta("n", 1)]))
    told: list[int] = []

    def progress(done: int) -> None:
        told.append(done)
        if done:
            raise KeyboardInterrupt

    result = engine.run(drive(10_000_000), progress)
    assert told[0] == 0
    assert 0 < result.steps_done == told[1]
    assert engine.run(drive(7), lambda done: None).steps_done == 7


# ---- other models


def test_nothing_but_sources() -> None:
    result = emit(program([source("s", 2)])).run(drive(5, sources=[source_spikes("s", [(4, 1)])]))
    assert spikes_of(result, "s") == [(4, 1)]


def test_a_population_without_a_threshold_never_spikes() -> None:
    pop = lif_delta("n", 2)
    code = replace(pop.code, threshold="", reset=())
    made = program([replace(pop, code=code)])
    result = emit(made).run(drive(5, [events("n", "kick", [(0, 0, 1)], [0], [KICK])]))
    assert spikes_of(result) == []


def odd_population(size: int) -> PopulationProgram:
    """Names that Brian2 and C++ reserve, every function, conditions on nan and inf."""
    code = NeuronCode(
        ("i", "double", "t", "above_all"),
        one_stage(
            Assignment("N", "expm1(i/10.0) + exprel(i/7.0) + sinh(t) - cosh(t) + tanh(i)"),
            Assignment("e", "log(2.0 + abs(i)) + sqrt(abs(N)) + sin(i)*cos(t) + tan(0.1*i)"),
            Assignment("high", "e > 0.5 and not (i > ms or t < -3)"),
            Assignment("double", "where(high, exp(-i**2) + log1p(N*N), floor(3*i) - 2*t**3)"),
            Assignment("t", "0.9*t + 0.1*tanh(where(double == double, double, -double))"),
            Assignment(
                "above_all", "where(free, above_all + 1.0, where(i < -9, exp(999 + t), -inf_))"
            ),
            Assignment("above_all", "where(above_all < 0, floor(-0.5*e) + floor(3e9), above_all)"),
            Assignment("i", "i + rate*(e - i) + 0.001*delta_*abs(double)**0.7"),
        ),
        (ReceptorCode("in", "i", "rate*(ms - i0)/2", True),),
        "i >= ms or above_all > 30 and above_all < 1e9",
        False,
        (Assignment("old", "i"), Assignment("i", "old - 2*rate"), Assignment("above_all", "0.0")),
        False,
    )
    constants = {"rate": 0.05, "ms": np.linspace(1.2, 1.6, size), "i0": 0.3}
    constants |= {"delta_": -0.5, "inf_": float("inf")}
    initial = {"i": np.linspace(-1, 1, size), "double": 0.0, "t": 0.5, "above_all": 0.0}
    model: Any = None
    return PopulationProgram("odd", size, model, {}, code, constants, initial, 3)


def everything(rng: np.random.Generator) -> tuple[Program, list[Drive]]:
    """Two models, a source, equal and different delays, currents, odd names; three drives."""
    n = 60
    pops = [source("from outside", 12), lif_exp("lif", n), odd_population(20)]
    a, b = random_edges(rng, n, n, 800)
    c, d = random_edges(rng, 12, n, 200)
    e, f = random_edges(rng, n, 20, 150)
    paths = [
        pathway("lif", "lif", "exc", a, b, rng.uniform(0, 0.4, a.size), 15, n),
        pathway(
            "lif", "lif", "inh", b, a, -rng.uniform(0, 0.1, a.size), rng.integers(1, 30, a.size), n
        ),
        pathway("from outside", "lif", "exc", c, d, rng.uniform(0, 1.5, c.size), 1, n),
        pathway("lif", "odd", "in", e, f, rng.uniform(-0.5, 2, e.size), 4, 20),
    ]
    signals = [sampled("lif", "v", 7, 59, 0, 3), sampled("odd", "double", 1, *range(20))]
    made = program(pops, paths, signals)
    return made, [_random_drive(rng, 1500, n), drive(300), _random_drive(rng, 900, n)]


def _random_drive(rng: np.random.Generator, n_steps: int, n: int) -> Drive:
    key = np.unique(rng.integers(0, n_steps * 9, 1500))
    into = EventInput(
        "in",
        "lif",
        "exc",
        rng.integers(0, n, 9).astype(np.int32),
        rng.uniform(0, 0.5, 9),
        key // 9,
        (key % 9).astype(np.int32),
        rng.integers(1, 4, key.size).astype(np.int32),
    )
    key = np.unique(rng.integers(0, n_steps * 12, 1000))
    outside = SourceSpikes("from outside", key // 12, (key % 12).astype(np.int32))
    everyone = np.arange(n, dtype=np.int32)
    currents = [
        CurrentInput("a", "lif", everyone, np.array([0, 500]), rng.uniform(0.15, 0.2, (2, n))),
        CurrentInput("b", "lif", everyone[:9], np.array([77]), rng.uniform(-0.1, 0.1, (1, 9))),
    ]
    odd = np.unique(rng.integers(0, n_steps * 5, 200))
    kicks = EventInput(
        "kicks",
        "odd",
        "in",
        np.arange(5, dtype=np.int32),
        rng.uniform(0, 3, 5),
        odd // 5,
        (odd % 5).astype(np.int32),
        np.ones(odd.size, np.int32),
    )
    return drive(n_steps, [into, kicks], [outside], currents)


def assert_same(result: RawResult, expected: RawResult) -> None:
    assert result.steps_done == expected.steps_done
    for plan in expected.spikes:
        assert spikes_of(result, plan) == spikes_of(expected, plan)
    for plan, values in expected.signals.items():
        np.testing.assert_allclose(result.signals[plan], values, rtol=1e-9, atol=1e-9)


TARGETS = [
    pytest.param(("numpy", {}), id="numpy"),
    pytest.param(("cython", {}), id="cython", marks=pytest.mark.slow),
    pytest.param(("cpp_standalone", {}), id="cpp_standalone"),
    pytest.param(("cpp_standalone", {"threads": 2}), id="openmp", marks=pytest.mark.slow),
]


@dataclass(frozen=True)
class Expected:
    """What the reference does with everything, and with other constants in it."""

    program: Program
    drives: list[Drive]
    results: list[RawResult]
    changes: list[PopulationProgram]
    after_changes: RawResult


@pytest.fixture(scope="module")
def expected() -> Expected:
    made, drives = everything(np.random.default_rng(20260))
    lif = with_constants(made.population("lif"), v_thresh=-52.0, P_v_v=0.994)
    lif = replace(lif, initial={**lif.initial, "v": -60.0})
    changes = [lif, with_constants(made.population("odd"), ms=np.linspace(1.1, 1.3, 20))]
    reference = ReferenceEngine(made)
    with np.errstate(all="ignore"):
        results = [reference.run(d) for d in drives]
        for population in changes:
            reference.set_population(population)
        after_changes = reference.run(drives[2])
    assert len(spikes_of(results[0], "lif")) > 300
    assert len(spikes_of(results[0], "odd")) > 30
    assert spikes_of(after_changes, "lif") != spikes_of(results[2], "lif")
    return Expected(made, drives, results, changes, after_changes)


@pytest.fixture(params=TARGETS)
def engine(request: pytest.FixtureRequest, expected: Expected) -> Iterator[Brian2Engine]:
    target, settings = request.param
    engine = emit(expected.program, target, **settings)
    yield engine
    engine.close()


def test_all_targets_do_what_the_reference_does(
    engine: Brian2Engine, expected: Expected, tmp_path: Path
) -> None:
    for given, wanted in zip(expected.drives, expected.results, strict=True):
        assert_same(engine.run(given), wanted)
    for index, held in engine.weights().items():
        assert np.array_equal(held, expected.program.pathways[index].weight)
    for population in expected.changes:
        engine.set_population(population)
    assert_same(engine.run(expected.drives[2]), expected.after_changes)
    if engine.target.threads > 1:  # its script differs from that of one thread in a line
        engine.export(tmp_path, expected.drives[2])
        assert "openmp_threads = 2\n" in (tmp_path / "run.py").read_text()
    else:
        _export_and_run(engine, expected.drives[2], expected.after_changes, tmp_path / "project")


def _export_and_run(engine: Brian2Engine, given: Drive, wanted: RawResult, folder: Path) -> None:
    """The exported project, in a process that cannot see neurobridge."""
    engine.export(folder, given)
    assert "neurobridge" not in (folder / "run.py").read_text()
    subprocess.run([sys.executable, "run.py"], cwd=folder, check=True, capture_output=True)
    for plan, name in engine.script.monitors.items():
        rows = np.load(folder / "results" / f"{name}.npy")
        assert sorted(map(tuple, rows.tolist())) == spikes_of(wanted, plan)
    for plan, name in engine.script.samplers.items():
        values = np.load(folder / "results" / f"{name}.npy")
        np.testing.assert_allclose(values, wanted.signals[plan], rtol=1e-9, atol=1e-9)
