"""What a worker does with one trial: find the network that it has built, run it, keep the result.

A worker process keeps the last networks that it built. Trials that differ in seed, trial, stimuli
or parameters of neurons run on one of them.
"""

from __future__ import annotations

__all__ = ["Outcome", "run_trial", "told"]

import signal
import socket
import threading
import traceback
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any, TypedDict

from neurobridge.errors import FindingsError, StudyError
from neurobridge.graph.network import Network
from neurobridge.graph.stimulus import Stimulus
from neurobridge.io.native import load
from neurobridge.lowering.compiled import CompiledNetwork
from neurobridge.lowering.compiled import compile as build
from neurobridge.memory import peak_mb
from neurobridge.recording import Recording
from neurobridge.study.measures import measure, measures_of
from neurobridge.study.settings import Setting, changed, resolve
from neurobridge.study.store import TrialFiles, could_not_write
from neurobridge.study.versions import differences, versions_here

KEPT = 4
"""Built networks that a worker process keeps."""

Values = Mapping[Setting, float]


class Outcome(TypedDict, total=False):
    """What came of a trial: its ``row``, an ``error``, or a reason to ``stop`` the study."""

    row: dict[str, Any]
    error: dict[str, Any]
    stop: str


def run_trial(job: Mapping[str, Any], folder: str, versions: Mapping[str, str]) -> Outcome:
    """Run one trial, unless its result is there already.

    Parameters
    ----------
    job : mapping
        Of a :class:`~neurobridge.study.trial.Trial`.
    folder : str
        Of the store.
    versions : mapping
        Of the process that runs the study; those here must be the same.
    """
    other = differences(versions, versions_here())
    if other:
        return Outcome(stop=other_versions(socket.gethostname(), other))
    files = TrialFiles(Path(folder))
    if not files.network(job["network"]).is_dir():
        return Outcome(stop=cannot_see(socket.gethostname(), folder))
    there = files.read(job["key"])
    if there is not None:
        return Outcome(row=there)
    try:
        with _signals_left_alone():
            recording, network = _recorded(files, job)
        row = _row(recording, network, job)
    except Exception as err:
        return Outcome(error=told(err))
    try:
        return Outcome(row=files.write(job["key"], row, recording if job["spikes"] else None))
    except OSError as err:
        return Outcome(stop=could_not_write(files.folder, err))


def told(err: BaseException) -> dict[str, Any]:
    """An error as a store keeps it."""
    return {
        "type": type(err).__name__,
        "message": str(err),
        "traceback": "".join(traceback.format_exception(err)),
    }


def other_versions(host: str, difference: str) -> str:
    """What to say about a worker of other versions."""
    return (
        f"the worker on {host} has other versions ({difference}), so its results could differ for "
        "no other reason; install the same ones there, or start the study from there"
    )


def cannot_see(host: str, folder: str) -> str:
    """What to say about a worker that has another file system."""
    return (
        f"the worker on {host} cannot see {folder}; put the study on a file system that all "
        "workers share, with --out"
    )


@contextmanager
def _signals_left_alone() -> Iterator[None]:
    """Let simulators be imported that want Ctrl-C for themselves.

    A worker runs trials in a thread, where Python refuses to set the handler of a signal, and with
    it the import. Ctrl-C stays with the worker.
    """
    if threading.current_thread() is threading.main_thread():
        yield
        return
    own = signal.signal
    signal.signal = lambda number, handler: signal.getsignal(number)  # type: ignore[assignment]
    try:
        yield
    finally:
        signal.signal = own


def _recorded(files: TrialFiles, job: Mapping[str, Any]) -> tuple[Recording, Network]:
    """Run the trial on a network that was built for it, or for another like it."""
    base = _network(files.network(job["network"]))
    values = {resolve(path, base): value for path, value in job["values"].items()}
    built = {s: v for s, v in values.items() if s.rebuilds}
    varied = {s: v for s, v in values.items() if not s.rebuilds}
    network = changed(base, values)
    try:
        return _run(_compiled(base, built, job), network, varied, job), network
    except FindingsError:
        if not varied:
            raise
    # A parameter such as a refractory period changes what was built, not only numbers in it.
    return _run(_compiled(base, values, job), network, {}, job), network


def _run(
    compiled: CompiledNetwork, network: Network, varied: Values, job: Mapping[str, Any]
) -> Recording:
    stimuli = dict.fromkeys(s.part for s in varied if s.kind == "stimulus")
    parameters: dict[str, dict[str, float]] = {}
    for setting, value in varied.items():
        if setting.kind == "parameter":
            parameters.setdefault(setting.part, {})[setting.field] = value
    chosen: list[Stimulus] = [network.stimuli[name] for name in stimuli]
    run = {"seed": job["seed"], "trial": job["trial"], "stimuli": chosen, "parameters": parameters}
    recording = compiled.run_many(job["duration"], [run])[0]
    if recording.status not in ("ok", "degraded"):
        raise StudyError(f"the run is {recording.status}: {recording.message}")
    return recording


def _row(recording: Recording, network: Network, job: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "status": recording.status,
        "message": recording.message,
        "approximations": sorted(
            {f.code for f in recording.findings if f.severity == "approximation"}
        ),
        "spikes": recording.n_spikes,
        "spike_hash": recording.spike_hash,
        "measures": measure(recording, network, measures_of(job["measures"])),
        "trial": {k: v for k, v in job.items() if k != "key"},
        "timings": {**recording.timings, "peak_mb": peak_mb()},
        "versions": dict(recording.versions),
        "host": socket.gethostname(),
    }


# -- what a worker process keeps ----------------------------------------------------------------

_built: OrderedDict[tuple[Any, ...], CompiledNetwork] = OrderedDict()


@lru_cache(maxsize=KEPT)
def _network(folder: Path) -> Network:
    return load(folder, verify=False)


def _compiled(base: Network, values: Values, job: Mapping[str, Any]) -> CompiledNetwork:
    """The network with these values, built in the backend of the job; the last ones are kept."""
    settings = job["settings"]
    key = (
        base.id, tuple((s.path, v) for s, v in values.items() if s.kind != "run"), job["dt"],
        job["backend"], tuple(sorted(settings.items())), tuple(job["accept"]),
    )  # fmt: skip
    if key not in _built:
        while len(_built) >= KEPT:
            _built.popitem(last=False)[1].close()
        network = changed(base, values)
        _built[key] = build(network, job["backend"], dt=job["dt"], accept=job["accept"], **settings)
    _built.move_to_end(key)
    return _built[key]
