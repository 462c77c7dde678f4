"""run_study(): run what is missing of a study, and keep what is finished whatever happens."""

from __future__ import annotations

__all__ = ["run_study"]

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from neurobridge.installed import refuse_without_dask, refuse_without_optuna
from neurobridge.study.cluster import connected
from neurobridge.study.executor import Executor, StudyProgress
from neurobridge.study.result import StudyResult, read_study
from neurobridge.study.schema import AddressPlan, ClusterPlan, LocalPlan
from neurobridge.study.store import Row, Store
from neurobridge.study.study import Study, load_study
from neurobridge.study.trial import Trial

LOCAL_S = 240.0
"""How long processes on this machine may take to start again, in s."""


def run_study(
    study: Study | str | Path | Mapping[str, Any],
    folder: str | Path,
    *,
    cluster: ClusterPlan | None = None,
    extend: bool = False,
    progress: StudyProgress | None = None,
) -> StudyResult:
    """Run what is missing of a study.

    The results go into a folder. A trial that is finished is never run again: call this again with
    the same folder after anything that stopped it. Trials that failed are tried again then.

    Worker processes import the main script: call this below ``if __name__ == "__main__":``.

    Parameters
    ----------
    study : Study, or what :func:`load_study` takes
    folder : str or Path
        All workers must see it.
    cluster : LocalPlan, SlurmPlan or AddressPlan, optional
        In place of that of the study.
    extend : bool
        Go on with a folder that was begun with another study, or other versions.
    progress : callable, optional
        Called with the numbers of trials that are done, failed, and there in all.

    Returns
    -------
    StudyResult

    Raises
    ------
    ExperimentError
        If the study cannot be carried out; with the line of the file.
    StudyError
        If the folder belongs to another study or is in use, the cluster is lost, the disk is full,
        or a worker has other versions. What was finished is kept.
    BackendUnavailableError
        If Dask, or what else is needed, is not installed.
    KeyboardInterrupt
        After Ctrl-C; what was finished is kept.
    """
    refuse_without_dask()
    chosen = study if isinstance(study, Study) else load_study(study)
    place, where = Path(folder), cluster or chosen.plan.cluster
    if chosen.plan.search is not None:
        refuse_without_optuna()
    chosen.refuse_unfit()
    with Store.held(place, chosen, extend=extend) as store:
        if chosen.plan.search is None:
            _run_grid(chosen, store, where, progress)
        else:
            _run_search(chosen, store, where, progress)
    return read_study(chosen, place)


def _run_grid(
    study: Study, store: Store, where: ClusterPlan, progress: StudyProgress | None
) -> None:
    trials = study.trials()
    rows = store.finished(trials)
    missing = {t.key for t in trials} - set(rows)
    if not missing:
        store.conclude(trials, rows, [])
        return
    with connected(where, store.folder, len(missing)) as client:
        executor = Executor(client, store, len({t.key for t in trials}), _patience(where), progress)
        executor.known(rows)
        try:
            executor.run(trials)
        finally:
            _conclude(store, trials, executor.rows, executor.failures)


def _run_search(
    study: Study, store: Store, where: ClusterPlan, progress: StudyProgress | None
) -> None:
    from neurobridge.study.search import Search

    search = Search.opened(study, store.folder)
    trials = search.trials()
    rows = store.finished(trials)
    # A point is not asked for again, so its failures are those of the time when it was tried.
    failures = {f["key"]: f for f in store.failures() if f["key"] not in rows}
    if search.finished:
        _conclude(store, trials, rows, failures)
        return
    with connected(where, store.folder, study.total) as client:
        executor = Executor(client, store, study.total, _patience(where), progress)
        executor.known(rows, failures)
        try:
            while points := search.ask():
                executor.run(study.trials(points))
                search.tell(points, executor.rows)
        finally:
            _conclude(store, search.trials(), executor.rows, executor.failures)


def _conclude(
    store: Store, trials: Sequence[Trial], rows: Mapping[str, Row], failures: Mapping[str, Row]
) -> None:
    """Write the tables, also of a study that stops."""
    order = dict.fromkeys(t.key for t in trials)
    store.conclude(trials, rows, [failures[key] for key in order if key in failures])


def _patience(where: ClusterPlan) -> float | None:
    """How long a cluster without workers is waited for, in s; jobs in a queue wait for ever."""
    if isinstance(where, AddressPlan):
        return where.timeout / 1000
    return LOCAL_S if isinstance(where, LocalPlan) else None
