"""compare(): what it does when a run goes wrong."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from neurobridge import ExperimentError, NetworkBuilder, SpikeTrains, compare, models
from neurobridge.comparison import execute


def one_neuron() -> NetworkBuilder:
    b = NetworkBuilder()
    b.population("cell", 1, models.lif_delta)
    b.add(SpikeTrains("kick", "cell", time=np.array([1.0]), neuron=np.array([0]), weight=20.0))
    return b


def test_a_baseline_that_fails_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    run = execute.Job.run

    def failing(job, what, seed, progress, label=None):  # the run with another seed
        recording = run(job, what, seed, progress, label)
        return recording if label is None else recording.replace(status="failed", message="a flood")

    monkeypatch.setattr(execute.Job, "run", failing)
    twice = [execute.BackendRun(name, "reference") for name in ("one", "two")]
    comparison = compare(one_neuron().build(), 5.0, twice, dt=0.1, seed=4)
    assert comparison.identical
    assert comparison.baseline is None
    assert comparison["one"].notes == ("the run with seed 5 failed: a flood",)


def test_an_interrupted_run_is_compared_as_far_as_it_came(monkeypatch: pytest.MonkeyPatch) -> None:
    run = execute.Job.run

    def interrupted(job, what, seed, progress, label=None):
        recording = run(job, what, seed, progress, label)
        return recording.replace(status="incomplete") if what.label == stop else recording

    monkeypatch.setattr(execute.Job, "run", interrupted)
    three = [execute.BackendRun(name, "reference") for name in ("one", "two", "three")]
    stop = "two"
    comparison = compare(one_neuron().build(), 5.0, three, dt=0.1)
    assert [e.name for e in comparison.entries] == ["one", "two"]
    assert comparison["two"].status == "incomplete"
    assert not comparison.identical
    stop = "one"
    with pytest.raises(KeyboardInterrupt):
        compare(one_neuron().build(), 5.0, three, dt=0.1)


def test_a_worker_that_dies_is_a_failed_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(execute.sys, "executable", str(Path("/bin/false")))
    run = execute.BackendRun("reference", "reference")
    recording = execute.run_isolated(one_neuron().build(), 5.0, run, dt=0.1)
    assert recording.status == "failed"
    assert "the process ended with code 1" in recording.message


def test_backends_as_typed() -> None:
    runs = execute.parse_backends(["reference", "brian2:target=numpy:threads=2"])
    assert runs[1] == execute.BackendRun(
        "brian2:target=numpy:threads=2", "brian2", {"target": "numpy", "threads": 2}
    )
    with pytest.raises(ExperimentError, match="'numpy' is no setting"):
        execute.parse_backends(["brian2:numpy"])
    with pytest.raises(ExperimentError, match="named twice"):
        execute.parse_backends(["nest", "nest"])
    with pytest.raises(ExperimentError, match="no backend is named"):
        execute.parse_backends([])
    with pytest.raises(ExperimentError, match="the reference 'nest' is not among"):
        compare(one_neuron().build(), 5.0, ["reference"], dt=0.1, reference="nest")
    with pytest.raises(ExperimentError, match="backend 'nest' is named twice; name it once, or"):
        compare(one_neuron().build(), 5.0, ["reference", "nest", "nest"], dt=0.1)
    with pytest.raises(ExperimentError, match=r"at least two backends, got \['reference'\]"):
        compare(one_neuron().build(), 5.0, ["reference"], dt=0.1)


def test_units_and_numpy_integers_reach_the_workers() -> None:
    twice = [execute.BackendRun(name, "reference") for name in ("one", "two")]
    comparison = compare(
        one_neuron().build(), "5 ms", twice, dt="100 us", seed=np.int64(4), baseline=False,
        progress=lambda label, step: None,
    )  # fmt: skip
    assert comparison.identical
    recording = comparison["two"].recording
    assert (recording.duration, recording.dt, recording.seed) == (5.0, 0.1, 4)
