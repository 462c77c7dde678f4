"""Clusters: jobs, schedulers that are not there, workers that die or are others."""

from __future__ import annotations

import importlib.util
import os
import signal
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

import neurobridge as nb
from neurobridge import installed
from neurobridge.errors import BackendUnavailableError, StudyError
from neurobridge.study import AddressPlan, LocalPlan, SlurmPlan, cluster
from neurobridge.study.executor import Executor
from neurobridge.study.store import Store
from tests.requirements import require
from tests.unit.study.toys import toy_study

PRELOAD = """
import os
from neurobridge.study import work
from neurobridge.study.measures import measure

def deadly(recording, network, measures):
    if recording.seed == 1:
        os._exit(1)
    if recording.seed == 2:
        raise ValueError("not with seed 2")
    return measure(recording, network, measures)

work.measure = deadly
"""


def test_the_script_of_a_job_says_what_the_plan_says(tmp_path: Path) -> None:
    require("dask_jobqueue")
    plan = SlurmPlan(
        kind="slurm", jobs=3, cores=4, memory="8 GB", walltime="1-02:00:00", queue="short",
        account="lab", prologue=["module load gcc"], directives=["--constraint=avx2"],
    )  # fmt: skip
    before = signal.getsignal(signal.SIGINT)
    lines = cluster.job_script(plan, tmp_path).splitlines()
    for expected in (
        "#SBATCH -p short", "#SBATCH -A lab", "#SBATCH -t 1-02:00:00", "#SBATCH --mem=8G",
        "#SBATCH --cpus-per-task=4", "#SBATCH --constraint=avx2", "module load gcc",
    ):  # fmt: skip
        assert expected in lines
    assert signal.getsignal(signal.SIGINT) is before
    start = next(line for line in lines if "dask worker" in line or "dask_worker" in line)
    assert "--nthreads 1 " in start
    assert "--nworkers 4 " in start


def test_what_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    found = importlib.util.find_spec
    missing = {"dask_jobqueue", "optuna", "distributed"}
    monkeypatch.setattr(
        installed, "find_spec", lambda name: None if name in missing else found(name)
    )
    plan = SlurmPlan(kind="slurm", jobs=1, memory="1 GB", walltime="01:00:00")
    with pytest.raises(BackendUnavailableError, match=r"needs dask_jobqueue.*\[slurm\]"):
        cluster.job_script(plan, tmp_path)
    with pytest.raises(BackendUnavailableError, match=r"studies need distributed.*\[study\]"):
        nb.run_study(toy_study(tmp_path), tmp_path / "store")


def test_a_scheduler_that_does_not_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    require("distributed")
    monkeypatch.setattr(cluster, "CONNECT_S", 0.3)
    plan = AddressPlan(kind="address", address="tcp://127.0.0.1:1")
    with pytest.raises(StudyError, match=r"no scheduler answers at tcp://127.0.0.1:1"):
        nb.run_study(toy_study(tmp_path), tmp_path / "store", cluster=plan)


@pytest.mark.slow
def test_simulators_run_in_workers_and_give_the_same_spikes(tmp_path: Path) -> None:
    for module in ("distributed", "brian2", "nest", "numba"):
        require(module)
    study = toy_study(
        tmp_path, seeds="seeds: 1\n",
        backends='backends: [reference, native, "brian2:target=numpy", nest]\n',
    )  # fmt: skip
    result = nb.run_study(study, tmp_path / "store", cluster=LocalPlan(workers=1))
    assert result.failures == ()
    table = result.table
    assert list(table["backend"].unique()) == ["reference", "native", "brian2:target=numpy", "nest"]
    assert list(table.groupby("point")["spike_hash"].nunique()) == [1, 1]
    assert (table["spikes"] > 0).all()


def test_the_port_of_another_cluster_is_not_asked_for(tmp_path: Path) -> None:
    require("distributed")
    with socket.socket() as other:
        with suppress(OSError):
            other.bind(("", 8787))
        with cluster.connected(LocalPlan(workers=1), tmp_path, 1) as client:
            assert client.submit(abs, -3).result() == 3


@pytest.mark.slow
def test_a_worker_that_is_gone_for_good_is_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    require("distributed")
    monkeypatch.setattr(cluster, "AWAY_S", 0.0)
    with cluster.connected(LocalPlan(workers=1), tmp_path, 1) as client:
        (nanny,) = client.cluster.workers.values()
        nanny.process.on_exit = None  # as if it had died while it was starting
        before = set(client.nthreads())
        os.kill(nanny.pid, signal.SIGKILL)
        end = time.monotonic() + 60
        while before & set(client.nthreads()):
            assert time.monotonic() < end
            time.sleep(0.1)
        replacement = cluster.Replacement(client)
        for _ in range(2):
            replacement.look()
            time.sleep(0.01)
        client.wait_for_workers(1, timeout=60)
        assert client.submit(abs, -3).result() == 3


@pytest.mark.slow
def test_what_a_worker_gave_before_it_died_is_no_end_of_the_cluster(tmp_path: Path) -> None:
    require("distributed")
    study = toy_study(tmp_path)
    trials = study.trials()
    seen: list[set[str]] = []

    def until(reached: Callable[[], bool]) -> None:
        end = time.monotonic() + 60
        while not reached():
            assert time.monotonic() < end
            time.sleep(0.01)

    with (
        Store.held(tmp_path / "store", study) as store,
        cluster.connected(LocalPlan(workers=1), tmp_path, len(trials)) as client,
    ):

        def states() -> set[str]:
            return {future.status for future in client.futures.values()}

        def kill_at_first(*numbers: int) -> None:
            """Between the first result that is taken and those that wait to be taken."""
            if seen:
                return
            until(lambda: len(store.finished(trials)) == len(trials))
            until(lambda: states() == {"finished"})
            (nanny,) = client.cluster.workers.values()
            os.kill(nanny.pid, signal.SIGKILL)
            until(lambda: "lost" in states())
            seen.append(states())

        executor = Executor(client, store, len(trials), 60.0, kill_at_first)
        executor.run(trials)
    assert len(seen) == 1
    assert set(executor.rows) == {t.key for t in trials}
    assert executor.failures == {}


@pytest.mark.slow
def test_a_trial_that_kills_its_worker_and_one_that_fails_leave_the_others(tmp_path: Path) -> None:
    require("distributed")
    import dask
    import distributed  # noqa: F401 - its defaults come before what is set here

    (tmp_path / "preload.py").write_text(PRELOAD, encoding="utf-8")
    study = toy_study(
        tmp_path, parameters="parameters:\n  stimuli.drive.rate: [300]\n", seeds="seeds: 4\n"
    )
    told: list[tuple[int, int, int]] = []
    preload = {
        "distributed.worker.preload": [str(tmp_path / "preload.py")],
        "distributed.scheduler.allowed-failures": 1,
    }
    with dask.config.set(preload):
        result = nb.run_study(
            study, tmp_path / "store", cluster=LocalPlan(workers=1),
            progress=lambda *numbers: told.append(numbers),
        )  # fmt: skip
    assert list(result.table["seed"]) == [0, 3]
    assert not result.complete
    failures: dict[str, Any] = {f["type"]: f for f in result.failures}
    assert len(failures) == 2, result.failures
    assert "the worker died each time" in failures["KilledWorker"]["message"]
    assert failures["KilledWorker"]["where"].endswith("seed 1, trial 0")
    assert "ValueError: not with seed 2" in failures["ValueError"]["traceback"]
    assert told[0] == (0, 0, 4)
    assert told[-1] == (2, 2, 4)
    again = nb.run_study(study, tmp_path / "store", cluster=LocalPlan(workers=1))
    assert again.complete
    assert again.failures == ()
