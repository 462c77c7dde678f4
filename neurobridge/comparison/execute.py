"""compare(): run one network on several backends, each in a process of its own."""

from __future__ import annotations

__all__ = ["BackendRun", "compare", "parse_backends", "run_isolated"]

import json
import operator
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from neurobridge.comparison.attributed import attributed, chip_runs
from neurobridge.comparison.build import compare_recordings
from neurobridge.comparison.result import Comparison, noted
from neurobridge.errors import BackendError, ExperimentError, FindingsError
from neurobridge.graph.network import Network
from neurobridge.io.native import save
from neurobridge.io.recording_file import load_recording
from neurobridge.lowering.compiled import check
from neurobridge.lowering.finding import Finding, raise_if_errors
from neurobridge.lowering.grid import check_dt
from neurobridge.recording import Recording
from neurobridge.registry import get_backend
from neurobridge.units import parse_quantity

RunProgress = Callable[[str, int], None]
"""Called with the label of a run and the number of its steps that are done."""


@dataclass(frozen=True)
class BackendRun:
    """A backend with settings, under the label that it has in a comparison."""

    label: str
    backend: str
    settings: Mapping[str, Any] = field(default_factory=dict)


def parse_backends(texts: Iterable[str]) -> list[BackendRun]:
    """Backends as typed: ``"nest"``, or with settings ``"brian2:target=cpp_standalone:threads=2"``.

    Raises
    ------
    ExperimentError
        If a text is not of this form, or two are the same.
    """
    runs: list[BackendRun] = []
    for text in texts:
        name, *pairs = text.strip().split(":")
        settings: dict[str, Any] = {}
        for pair in pairs:
            key, equals, value = pair.partition("=")
            if not equals or not key:
                raise ExperimentError(
                    f"backend {text!r}: expected name:setting=value, but {pair!r} is no setting"
                )
            settings[key] = int(value) if value.lstrip("-").isdigit() else value
        get_backend(name)
        runs.append(BackendRun(text.strip(), name, settings))
    if not runs:
        raise ExperimentError("no backend is named; see 'neurobridge backends'")
    _refuse_twice(runs)
    return runs


def _refuse_twice(runs: Sequence[BackendRun]) -> None:
    labels = [r.label for r in runs]
    for label in labels:
        if labels.count(label) > 1:
            raise ExperimentError(
                f"backend {label!r} is named twice; name it once, or give each its own label with "
                "BackendRun(label, backend, settings)"
            )


def compare(
    network: Network,
    duration: float,
    backends: Sequence[str | BackendRun] = ("reference", "brian2", "nest"),
    *,
    dt: float,
    seed: int = 0,
    trial: int = 0,
    accept: Sequence[str] = (),
    reference: str | None = None,
    baseline: bool = True,
    attribution: bool = True,
    progress: RunProgress | None = None,
) -> Comparison:
    """Run a network on several backends and compare every spike.

    Each run has its own process, so that simulators cannot disturb one another and memory is
    measured honestly. All findings of all backends are collected before anything is built.

    Parameters
    ----------
    network : Network
    duration : float or str
        In ms.
    backends : sequence of str or BackendRun
        Two or more, also with settings (``"brian2:target=numpy"``).
    dt : float or str
        In ms.
    seed, trial : int
    accept : sequence of str
        Approximations that are accepted, see :func:`~neurobridge.compile`.
    reference : str, optional
        Label of the run that the others are measured against; default: the first.
    baseline : bool
        Run the reference also with another seed, to show what a real difference looks like.
    attribution : bool
        If a backend has SpiNNaker's arithmetic, also find out which of its errors does what; see
        :func:`~neurobridge.comparison.attribute`.
    progress : callable, optional

    Returns
    -------
    Comparison

    Raises
    ------
    ExperimentError
        If there are less than two backends, one is named twice, or the reference is none of them.
    FindingsError
        If a backend cannot run the network as asked.
    KeyboardInterrupt
        If there is nothing to compare yet when a run is interrupted. Later, the comparison is of
        what there is: the interrupted run counts as far as it came, and the rest is not started.
    """
    runs = [b if isinstance(b, BackendRun) else parse_backends([b])[0] for b in backends]
    labels = [r.label for r in runs]
    chosen = reference or labels[0]
    if chosen not in labels:
        raise ExperimentError(f"the reference {chosen!r} is not among the backends {labels}")
    _refuse_twice(runs)
    if len(runs) < 2:
        raise ExperimentError(
            f"a comparison needs at least two backends, got {labels}; name another, or run() one"
        )
    seed = operator.index(seed)
    _check_all(network, runs, dt, accept)
    first = next(r for r in runs if r.label == chosen)
    with tempfile.TemporaryDirectory(prefix="neurobridge-") as scratch:
        job = _job(network, Path(scratch), duration, dt, trial, accept)
        recordings = _until_interrupted(job, runs, chosen, seed, progress)
        whole = all(r.status != "incomplete" for r in recordings.values())
        tiers = _tiers([r for r in runs if r.label in recordings], first)
        wanted = baseline and whole
        other = job.run(first, seed + 1, progress, label="other seed") if wanted else None
        if other is None or other.status != "failed":
            comparison = compare_recordings(recordings, chosen, other, tiers=tiers)
        else:
            comparison = compare_recordings(recordings, chosen, tiers=tiers)
            note = f"the run with seed {seed + 1} failed: {other.message}"
            comparison = noted(comparison, chosen, note)
    chip = chip_runs(runs)
    if not (attribution and whole and chip):
        return comparison
    return attributed(
        comparison, network, chip[0], trial=job.trial, accept=accept, baseline=baseline,
        progress=progress,
    )  # fmt: skip


def run_isolated(
    network: Network,
    duration: float,
    run: BackendRun,
    *,
    dt: float,
    seed: int = 0,
    trial: int = 0,
    accept: Sequence[str] = (),
    progress: RunProgress | None = None,
) -> Recording:
    """One run in a process of its own; see :func:`compare`. ``info["peak_mb"]`` is its memory."""
    _check_all(network, [run], dt, accept)
    with tempfile.TemporaryDirectory(prefix="neurobridge-") as scratch:
        job = _job(network, Path(scratch), duration, dt, trial, accept)
        return job.run(run, operator.index(seed), progress)


def _tiers(runs: Sequence[BackendRun], reference: BackendRun) -> dict[str, str]:
    """What each run must hold against the reference: the weaker promise of the two backends."""
    promised = {r.label: get_backend(r.backend).tier(r.settings) for r in runs}
    return {label: max(t, promised[reference.label]) for label, t in promised.items()}


def _job(
    network: Network, scratch: Path, duration: Any, dt: Any, trial: int, accept: Sequence[str]
) -> Job:
    ms = float(parse_quantity(duration, "ms", "duration"))
    folder = save(network, scratch / "network")
    return Job(folder, scratch, ms, check_dt(dt), operator.index(trial), accept)


@dataclass(frozen=True)
class Job:
    """What the runs of one comparison share."""

    network: Path
    scratch: Path
    duration: float
    dt: float
    trial: int
    accept: Sequence[str]

    def run(
        self, run: BackendRun, seed: int, progress: RunProgress | None, label: str | None = None
    ) -> Recording:
        """Start a worker, follow its progress, read what it wrote."""
        folder = Path(tempfile.mkdtemp(dir=self.scratch))
        document = {
            "network": str(self.network), "duration": self.duration, "dt": self.dt, "seed": seed,
            "trial": self.trial, "accept": list(self.accept), "backend": run.backend,
            "settings": dict(run.settings),
        }  # fmt: skip
        (folder / "job.json").write_text(json.dumps(document), encoding="utf-8")
        command = [sys.executable, "-m", "neurobridge.comparison.worker", str(folder)]
        with (folder / "errors.txt").open("w+", encoding="utf-8") as errors:
            with subprocess.Popen(
                command, stdout=subprocess.PIPE, stderr=errors, text=True
            ) as worker:
                interrupted = _follow(worker, label or run.label, progress)
            errors.seek(0)
            complaint = errors.read()[-2000:]
        if not (folder / "recording").exists():
            if interrupted:
                raise KeyboardInterrupt
            return Recording(
                spikes={}, signals={}, backend=run.backend, network_id="", dt=self.dt,
                duration=self.duration, seed=seed, status="failed", settings=dict(run.settings),
                message=f"the process ended with code {worker.returncode}. {complaint}",
            )  # fmt: skip
        recording = load_recording(folder / "recording")
        if progress is not None and recording.status in ("ok", "degraded"):
            progress(label or run.label, round(self.duration / self.dt))
        return recording


def _until_interrupted(
    job: Job, runs: Sequence[BackendRun], reference: str, seed: int, progress: RunProgress | None
) -> dict[str, Recording]:
    """The recordings of all runs; after Ctrl-C those until then, the last one incomplete."""
    recordings: dict[str, Recording] = {}
    try:
        for run in runs:
            recordings[run.label] = job.run(run, seed, progress)
            if recordings[run.label].status == "incomplete":
                raise KeyboardInterrupt
    except KeyboardInterrupt:
        base = recordings.get(reference)
        if len(recordings) < 2 or base is None or base.status == "incomplete":
            raise
    return recordings


def _follow(worker: subprocess.Popen[str], label: str, progress: RunProgress | None) -> bool:
    """Pass on what the worker says until it ends; on Ctrl-C give it time to save what it has.

    Returns
    -------
    bool
        Whether there was a Ctrl-C.
    """
    assert worker.stdout is not None
    try:
        for line in worker.stdout:
            word, _, number = line.partition(" ")
            if progress is not None and word == "step" and number.strip().isdigit():
                progress(label, int(number))
        worker.wait()
    except KeyboardInterrupt:  # the worker, in the same process group, got it too
        worker.wait()
        return True
    return False


def _refuse_mpirun() -> None:
    """Each of several processes would start all runs, and write the same files."""
    from neurobridge.backends.nest.ranks import started

    if started() > 1:
        raise BackendError(
            f"{started()} processes were started together, and a run in a process of its own, as "
            "'neurobridge run' and compare() make it, takes one: start it without mpirun. For one "
            "network on all processes, call neurobridge.run(..., 'nest') in a script under mpirun: "
            "see docs/nest.md"
        )


def _check_all(
    network: Network, runs: Sequence[BackendRun], dt: float, accept: Sequence[str]
) -> None:
    _refuse_mpirun()
    problems: list[Finding] = []
    first = None
    for run in runs:
        try:
            raise_if_errors(check(network, run.backend, dt=dt, **run.settings), accept)
        except FindingsError as err:
            problems += [f for f in err.findings if isinstance(f, Finding) and f not in problems]
            first = first or err
    if first is not None:
        raise_if_errors(problems, accept)
