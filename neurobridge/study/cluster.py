"""Where trials run: worker processes here, jobs of SLURM, or a scheduler that runs already."""

from __future__ import annotations

__all__ = ["Replacement", "connected", "job_script"]

import logging
import os
import signal
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from neurobridge.errors import StudyError
from neurobridge.installed import refuse_without_dask, refuse_without_jobqueue
from neurobridge.study.schema import AddressPlan, ClusterPlan, LocalPlan, SlurmPlan
from neurobridge.study.versions import differences, versions_here
from neurobridge.study.work import other_versions

if TYPE_CHECKING:
    from distributed import Client

CONNECT_S = 10
"""How long a scheduler is waited for, in seconds."""

AWAY_S = 60.0
"""How long a worker of this machine may take to come back, in seconds."""

NO_DASHBOARD = {"dashboard": False, "dashboard_address": "127.0.0.1:0"}
"""For schedulers started here; any free port, as the usual one may be that of another study."""


@contextmanager
def connected(plan: ClusterPlan, folder: Path, trials: int) -> Iterator[Client]:
    """A client of a cluster, which is stopped in the end if it was started here.

    Parameters
    ----------
    plan : ClusterPlan
    folder : Path
        Of the store; the logs of jobs go there.
    trials : int
        How many there are to run.

    Raises
    ------
    BackendUnavailableError
        If Dask, or what a cluster of this kind needs, is not installed.
    StudyError
        If a scheduler cannot be reached, has no workers, or workers of other versions.
    """
    refuse_without_dask()
    if isinstance(plan, LocalPlan):
        with _local(plan, trials) as client:
            yield client
    elif isinstance(plan, SlurmPlan):
        with _slurm(plan, folder) as client:
            yield client
    else:
        with _at_address(plan) as client:
            yield client


def job_script(plan: SlurmPlan, folder: Path) -> str:
    """The script of each job, as it is submitted to SLURM."""
    refuse_without_jobqueue()
    with _own_signals():
        from dask_jobqueue.slurm import SLURMJob

    arguments = _of_jobs(plan, folder)
    text: str = SLURMJob("tcp://scheduler:8786", "study", **arguments).job_script()
    return text


@contextmanager
def _local(plan: LocalPlan, trials: int) -> Iterator[Client]:
    import dask
    from distributed import Client, LocalCluster

    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    workers = plan.workers or max(1, min(cores or 1, trials))
    with (
        _quiet(),
        dask.config.set({"distributed.deploy.lost-worker-timeout": f"{AWAY_S} s"}),
        LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            processes=True,
            scheduler_kwargs=NO_DASHBOARD,
            silence_logs=logging.CRITICAL,
        ) as cluster,
        Client(cluster, set_as_default=False) as client,
    ):
        yield client


class Replacement:
    """Starts a worker of a local cluster anew that is gone for good.

    Dask starts a worker again that died, but neither one that died while it was starting nor, on a
    machine with much to do, one that takes long to come back.

    Parameters
    ----------
    client : distributed.Client
    """

    def __init__(self, client: Client) -> None:
        self.client = client
        self._missing: dict[Any, float] = {}

    def look(self) -> None:
        """Replace the workers that have been away for :data:`AWAY_S`."""
        from distributed import LocalCluster

        cluster = self.client.cluster
        if not isinstance(cluster, LocalCluster):
            return
        there, now = set(self.client.nthreads()), time.monotonic()
        self._missing = {
            name: self._missing.get(name, now)
            for name in cluster.worker_spec
            if getattr(cluster.workers.get(name), "worker_address", None) not in there
        }
        gone = [name for name, since in self._missing.items() if now - since > AWAY_S]
        if gone:
            wanted = len(cluster.worker_spec)
            cluster.sync(cluster.scale_down, gone)
            cluster.scale(wanted)


@contextmanager
def _slurm(plan: SlurmPlan, folder: Path) -> Iterator[Client]:
    refuse_without_jobqueue()
    with _own_signals():
        from dask_jobqueue import SLURMCluster
    from distributed import Client

    with (
        _quiet(),
        SLURMCluster(scheduler_options=NO_DASHBOARD, **_of_jobs(plan, folder)) as cluster,
        Client(cluster, set_as_default=False) as client,
    ):
        cluster.scale(jobs=plan.jobs)
        yield client


def _of_jobs(plan: SlurmPlan, folder: Path) -> dict[str, Any]:
    """What dask-jobqueue calls the entries of a plan."""
    return {
        "cores": plan.cores,
        "processes": plan.cores,
        "memory": plan.memory,
        "walltime": plan.walltime,
        "queue": plan.queue,
        "account": plan.account,
        "interface": plan.interface,
        "job_script_prologue": list(plan.prologue),
        "job_extra_directives": list(plan.directives),
        "log_directory": str(folder / "logs"),
        "death_timeout": CONNECT_S * 6,
    }


@contextmanager
def _at_address(plan: AddressPlan) -> Iterator[Client]:
    from distributed import Client

    try:
        client = Client(plan.address, timeout=CONNECT_S, set_as_default=False)
    except (OSError, ValueError) as err:
        why = str(err).partition("\n")[0]
        raise StudyError(
            f"no scheduler answers at {plan.address} ({why}); start one with "
            "'dask scheduler', and workers with 'dask worker ADDRESS --nthreads 1'"
        ) from err
    with _quiet(), client:
        _refuse_workers(client, plan)
        yield client


def _refuse_workers(client: Client, plan: AddressPlan) -> None:
    """Refuse a cluster without workers, with workers of other versions, or with many threads."""
    try:
        client.wait_for_workers(1, timeout=plan.timeout / 1000)
    except TimeoutError:
        raise StudyError(
            f"the scheduler at {plan.address} has no workers after {plan.timeout / 1000:g} s; "
            f"start some: dask worker {plan.address} --nthreads 1"
        ) from None
    threads: Mapping[str, int] = client.nthreads()
    for address, count in threads.items():
        if count > 1:
            raise StudyError(
                f"the worker at {address} runs {count} trials at a time in one process, which "
                "simulators do not bear; start it with --nthreads 1, and --nworkers for several"
            )
    here = versions_here()
    for address, found in client.run(_describe_worker()).items():
        other = differences(here, found)
        if other:
            raise StudyError(other_versions(address, other))


def _describe_worker() -> Any:
    """A function that a worker runs even if it has another neurobridge, or none."""

    def describe() -> dict[str, str]:
        import platform
        from importlib import import_module

        found = {"python": platform.python_version()}
        for name in ("neurobridge", "numpy"):
            try:
                found[name] = str(import_module(name).__version__)
            except ImportError:
                found[name] = ""
        return found

    return describe


@contextmanager
def _own_signals() -> Iterator[None]:
    """Ctrl-C stays what it was: importing dask-jobqueue makes it end the process."""
    before = signal.getsignal(signal.SIGINT)
    try:
        yield
    finally:
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGINT, before)


@contextmanager
def _quiet() -> Iterator[None]:
    """What Dask logs about lost workers is said by the study in its own words."""
    names = ("distributed", "distributed.client", "distributed.core", "distributed.nanny")
    before = {name: logging.getLogger(name).level for name in names}
    for name in names:
        logging.getLogger(name).setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        for name, level in before.items():
            logging.getLogger(name).setLevel(level)
