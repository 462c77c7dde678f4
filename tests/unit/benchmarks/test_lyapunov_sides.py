"""Sides of a comparison of spectra: algorithms written anew are right, and all sides agree."""

from __future__ import annotations

import json
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from benchmarks.lyapunov_rivals import engelken, flystability
from benchmarks.lyapunov_side import Job
from benchmarks.lyapunov_turns import Side, compare
from tests.requirements import require

DT = 0.1


@pytest.fixture
def job() -> Job:
    """A network that rests at 0, with symmetric couplings, along their eigenvectors."""
    rng = np.random.default_rng(3)
    symmetric = rng.normal(size=(6, 6)) / 6
    coupling = symmetric + symmetric.T
    values, vectors = np.linalg.eigh(coupling)
    order = np.argsort(-np.abs(1 - DT + DT * values))
    rest = np.zeros(6)
    return Job(coupling, rest, rest, vectors[:, order], DT, "float64", 10, {})


def expected(job: Job) -> np.ndarray:
    """At rest the map is linear."""
    values = np.diag(job.frame.T @ job.coupling @ job.frame)
    return np.log(np.abs(1 - DT + DT * values)) / DT


def test_dense_jacobians_give_the_eigenvalues_of_a_network_at_rest(job):
    steps, found = engelken(job)(25)
    assert steps == 25
    np.testing.assert_allclose(found, expected(job), atol=1e-12)


@pytest.mark.parametrize(("precision", "tolerance"), [("float32", 1e-4), ("float64", 1e-12)])
def test_the_algorithm_of_flystability_gives_them(job, precision, tolerance):
    require("torch")
    _, found = flystability(replace(job, precision=precision))(25)
    np.testing.assert_allclose(found, expected(job), atol=tolerance)


def test_the_algorithm_of_flystability_begins_a_step_earlier(rng):
    require("torch")
    coupling = 3 * rng.normal(size=(8, 8)) / np.sqrt(8)
    before = rng.normal(size=8)
    start = (1 - DT) * before + DT * coupling @ np.tanh(before)
    frame = np.linalg.qr(rng.normal(size=(8, 8)))[0]
    job = Job(coupling, start, before, frame, DT, "float64", 5, {})
    np.testing.assert_allclose(flystability(job)(20)[1], engelken(job)(20)[1], atol=1e-4)
    late = replace(job, before=start)
    assert np.abs(flystability(late)(20)[1] - engelken(job)(20)[1]).max() > 1e-3


@pytest.fixture
def stored(tmp_path: Path, job: Job) -> Path:
    path = tmp_path / "network.npz"
    rng = np.random.default_rng(5)
    state = rng.normal(size=6)
    np.savez(path, coupling=job.coupling, start=state, before=state, frame=job.frame)
    return path


def test_a_side_that_agrees_is_measured(stored):
    side = Side("dense", "benchmarks.lyapunov_rivals", "engelken", stored, 3, 20)
    found = compare([side], repeats=2)["dense"]
    assert found["apart"] < 1e-12
    assert len(found["runs"]) == 2
    assert found["min"] <= found["median"] <= found["max"]


def test_a_side_with_other_exponents_is_refused(stored):
    side = Side("dense", "benchmarks.lyapunov_rivals", "engelken", stored, 3, 20, units=True)
    with pytest.raises(AssertionError, match="exponents of dense are off"):
        compare([side], repeats=1)


@pytest.mark.skipif(find_spec("clvlib") is not None, reason="clvlib is installed")
def test_a_package_that_is_missing_is_named(stored):
    side = Side("clvlib", "benchmarks.lyapunov_rivals", "clvlib", stored, 3, 20)
    assert compare([side], 1) == {"clvlib": {"missing": "clvlib: clvlib is not installed"}}


def test_a_job_is_read_as_it_was_written(stored, tmp_path):
    side = Side("x", "m", "a", stored, 2, 20, precision="mixed", options={"dense": True})
    path = tmp_path / "job.json"
    path.write_text(json.dumps(side.job()))
    job = Job.read(str(path))
    assert job.frame.shape == (6, 2)
    assert (job.dt, job.precision, job.every, job.options) == (0.1, "mixed", 10, {"dense": True})
