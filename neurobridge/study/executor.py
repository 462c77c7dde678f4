"""Trials given to a cluster, and what comes back: results, failures, or the end of the cluster."""

from __future__ import annotations

__all__ = ["Executor", "StudyProgress"]

import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NoReturn, cast

from neurobridge.errors import StudyError
from neurobridge.study.cluster import Replacement
from neurobridge.study.store import Store
from neurobridge.study.trial import Trial
from neurobridge.study.versions import versions_here
from neurobridge.study.work import Outcome, run_trial, told

if TYPE_CHECKING:
    from distributed import Client, Future

StudyProgress = Callable[[int, int, int], None]
"""Called with the numbers of trials that are done, failed, and there in all."""

PAUSE_S = 0.05
LOOK_S = 2.0


class Executor:
    """Runs trials on a cluster, and remembers what came of them.

    A worker that dies takes its trial with it; Dask gives it to another. A trial during which
    workers died again and again may only have been near the one that killed them, so it is tried
    alone in the end; only then it is a failure.

    Parameters
    ----------
    client : distributed.Client
    store : Store
    total : int
        Trials in all, for progress.
    patience : float or None
        How long no worker at all is waited for, in s; None is for ever.
    progress : callable, optional
    """

    def __init__(
        self,
        client: Client,
        store: Store,
        total: int,
        patience: float | None,
        progress: StudyProgress | None = None,
    ) -> None:
        self.client, self.store, self.total = client, store, total
        self.patience, self.progress = patience, progress
        self.rows: dict[str, dict[str, Any]] = {}
        self.failures: dict[str, dict[str, Any]] = {}
        self._versions = versions_here()

    def known(
        self, rows: dict[str, dict[str, Any]], failures: Mapping[str, dict[str, Any]] | None = None
    ) -> None:
        """Take over results, and failures of trials that are not tried again."""
        self.rows |= rows
        self.failures |= failures or {}
        self._report()

    def run(self, trials: Sequence[Trial]) -> None:
        """Run those trials whose results are not there.

        Raises
        ------
        StudyError
            If the cluster is lost, the disk is full, or a worker cannot take part. What was
            finished is kept.
        """
        missing = {t.key: t for t in trials if t.key not in self.rows}
        ordered = sorted(missing.values(), key=_by_build)
        suspects = self._run_together(ordered)
        for trial in suspects:
            for again in self._run_together([trial]):
                self._fail(again, _deadly())

    def _run_together(self, trials: Sequence[Trial]) -> list[Trial]:
        """Run trials side by side.

        Returns
        -------
        list of Trial
            Those during which workers died.
        """
        from distributed import CancelledError, KilledWorker, as_completed

        if not trials:
            return []
        futures = self._submit(trials)
        by_key = {future.key: trial for future, trial in zip(futures, trials, strict=True)}
        suspects = []
        completed = as_completed(
            futures, loop=self.client.loop, with_results=True, raise_errors=False
        )
        watch = _Watch(self.client, self.patience)
        left = len(trials)
        try:
            while left:
                batch = completed.next_batch(block=False)
                for future, result in batch:
                    # Not by its status: that changes again if the worker that holds it dies now.
                    left -= 1
                    trial = by_key[future.key]
                    if isinstance(result, dict):
                        self._take(trial, cast("Outcome", result))
                    elif isinstance(result, CancelledError):
                        watch.lost()
                    elif isinstance(result[1], KilledWorker):
                        suspects.append(trial)
                    else:  # of Dask itself, e.g. of a worker that lacks a package
                        self._fail(trial, told(result[1].with_traceback(result[2])))
                    future.release()
                if not batch:
                    watch.look()
                    time.sleep(PAUSE_S)
        finally:
            if watch.alive:
                self.client.cancel(futures, force=True)
        return suspects

    def _submit(self, trials: Sequence[Trial]) -> list[Future]:
        """All at once, in order; keys differ between tries, so that no old result is taken."""
        try_ = f"{time.time_ns():x}"
        futures: list[Future] = self.client.map(
            run_trial,
            [dict(t.job) for t in trials],
            folder=str(self.store.folder.absolute()),
            versions=self._versions,
            key=[f"trial-{t.key}-{try_}" for t in trials],
            batch_size=None,
        )
        return futures

    def _take(self, trial: Trial, outcome: Outcome) -> None:
        if "stop" in outcome:
            raise StudyError(outcome["stop"])
        if "error" in outcome:
            self._fail(trial, outcome["error"])
            return
        self.rows[trial.key] = outcome["row"]
        self.failures.pop(trial.key, None)
        self._report()

    def _fail(self, trial: Trial, error: dict[str, Any]) -> None:
        self.failures[trial.key] = {"key": trial.key, "where": trial.where, **error}
        self._report()

    def _report(self) -> None:
        if self.progress is not None:
            self.progress(len(self.rows), len(self.failures), self.total)


class _Watch:
    """Looks now and then whether there is still a cluster."""

    def __init__(self, client: Client, patience: float | None) -> None:
        self.client, self.patience = client, patience
        self.looked = self.seen = time.monotonic()
        self.alive = True
        self._replacement = Replacement(client)

    def look(self) -> None:
        """Refuse to wait for what will not come."""
        now = time.monotonic()
        if self.client.status != "running":
            self.lost()
        if now - self.looked < LOOK_S:
            return
        self.looked = now
        try:
            workers = self.client.nthreads()
            self._replacement.look()
        except (OSError, RuntimeError, TimeoutError):
            self.lost()
        if workers:
            self.seen = now
        elif self.patience is not None and now - self.seen > self.patience:
            self.alive = False
            raise StudyError(
                f"the cluster has had no workers for {self.patience:g} s. The trials that were "
                "finished are kept; start workers, and the same command again"
            )

    def lost(self) -> NoReturn:
        """The scheduler is gone, and took all trials with it."""
        self.alive = False
        raise StudyError(
            "the scheduler of the cluster is gone. The trials that were finished are kept; start "
            "the same command again to go on"
        )


def _by_build(trial: Trial) -> tuple[Any, ...]:
    """Trials that run on one built network come together; equal ones keep the study's order."""
    job = trial.job
    built = tuple(
        v for path, v in trial.values.items()
        if path.startswith("projections.") or ".initial." in path
    )  # fmt: skip
    return (job["network"], trial.backend, trial.dt, built)


def _deadly() -> dict[str, Any]:
    return {
        "type": "KilledWorker",
        "message": (
            "the worker died each time that it ran this trial, also with no other beside it; the "
            "simulator may crash, or need more memory than there is"
        ),
        "traceback": "",
    }
