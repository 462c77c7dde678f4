"""deploy: the trials of a task on several backends, and whether all of them do the same."""

from __future__ import annotations

__all__ = ["Deployed", "deploy"]

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurobridge.comparison.execute import BackendRun, parse_backends
from neurobridge.errors import NetworkError, UnknownNameError
from neurobridge.frozen import FrozenDict
from neurobridge.graph.network import Network
from neurobridge.graph.probe import SpikeProbe, StateProbe
from neurobridge.lowering.compiled import compile as build
from neurobridge.recording import Recording
from neurobridge.tasks import Accuracy
from neurobridge.training.data import TaskData, TrainingData

SAME_OUTPUTS = 1e-6
"""Largest difference of outputs that are the same, relative to their size."""

Done = Callable[[str, int], None]
"""Called with a backend and the number of trials that are done on it."""


@dataclass(frozen=True)
class Deployed:
    """What a backend made of the trials.

    Parameters
    ----------
    backend : str
        With its settings.
    n_trials, spikes : int
        Spikes of all trials, without those of sources, which are given.
    accuracy : Accuracy or None
        None if the data have no classes.
    same_spikes : bool
        Whether every spike of every trial is that of the first backend; true if there is none.
    output_difference : float
        Largest difference of an output of the readout from that of the first backend.
    same_outputs : bool
        Whether that is less than a millionth of the largest output (or of 1).
    predicted : int array, shape (n_trials,), or None
        The class of each trial by the readout.
    """

    backend: str
    n_trials: int
    spikes: int
    accuracy: Accuracy | None
    same_spikes: bool
    output_difference: float
    same_outputs: bool
    predicted: NDArray[np.int64] | None

    @property
    def agrees(self) -> bool:
        """Whether spikes and outputs are those of the first backend."""
        return self.same_spikes and self.same_outputs


def deploy(
    network: Network,
    data: TrainingData,
    backends: Sequence[str],
    *,
    dt: float,
    readout: str | None = None,
    split: str = "test",
    seed: int = 0,
    accept: Sequence[str] = (),
    progress: Done | None = None,
) -> list[Deployed]:
    """Run the trials of a split on several backends, and compare them with the first.

    Every trial is drawn on the host by ``seed`` and its number, as in validation, and is the same
    on all backends.

    Parameters
    ----------
    network : Network
    data : TrainingData
    backends : sequence of str
        With settings, as in ``"brian2:target=cpp_standalone"``.
    dt : float
        In ms.
    readout : str, optional
        Which readout decides; may be left out if there is one.
    split : str
    seed : int
    accept : sequence of str
        Approximations that are accepted.
    progress : function, optional

    Returns
    -------
    list of Deployed
        In the order of ``backends``.

    Raises
    ------
    NetworkError, UnknownNameError, BackendUnavailableError, FindingsError
        If there is no such split or readout, or a backend cannot run the network.
    """
    rows = data.rows(split)
    if not rows.size:
        raise NetworkError(f"the data have no trials in their split {split!r}")
    name = _readout(network, readout)
    watched = _watched(network, name)
    first: list[_Trial] | None = None
    results = []
    for run in parse_backends([backends] if isinstance(backends, str) else backends):
        trials = _trials(watched, data, rows, run, name, dt, seed, accept, progress)
        results.append(_deployed(run, trials, first or trials, data, rows))
        first = first or trials
    return results


@dataclass(frozen=True)
class _Trial:
    recording: Recording
    output: NDArray[np.float64]


def _readout(network: Network, name: str | None) -> str:
    if name is not None:
        if name not in network.readouts:
            raise UnknownNameError("readout", name, network.readouts)
        return name
    if len(network.readouts) != 1:
        raise NetworkError(
            f"say which readout decides: the network has {list(network.readouts) or 'none'}"
        )
    return next(iter(network.readouts))


def _watched(network: Network, name: str) -> Network:
    """The network with probes of what the readout reads, and of all spikes."""
    readout = network.readouts[name]
    watched = replace(network, probes=FrozenDict({}))
    for population in network.populations.values():
        if population.model.threshold:
            watched = watched.with_probe(SpikeProbe(population.name, population.name))
    if readout.source == "spikes":
        return watched
    states = network.population(readout.population).model.states
    for state in states if readout.source == "output" else (readout.source,):
        probe = StateProbe(f"{readout.population}_{state}", readout.population, state)
        watched = watched.with_probe(probe)
    return watched


def _trials(
    network: Network,
    data: TrainingData,
    rows: NDArray[np.int64],
    run: BackendRun,
    readout: str,
    dt: float,
    seed: int,
    accept: Sequence[str],
    progress: Done | None,
) -> list[_Trial]:
    reads = network.readouts[readout]
    population = network.population(reads.population)
    settings: Mapping[str, Any] = run.settings
    found = []
    with build(network, run.backend, dt=dt, accept=accept, **settings) as compiled:
        for done, row in enumerate(rows):
            trial = data.trial(network, int(row), dt)
            recording = compiled.run(
                trial.duration, seed=seed, trial=trial.number, stimuli=trial.stimuli
            )
            found.append(_Trial(recording, np.asarray(reads.apply(recording, population))))
            if progress is not None:
                progress(run.label, done + 1)
    return found


def _deployed(
    run: BackendRun,
    trials: Sequence[_Trial],
    first: Sequence[_Trial],
    data: TrainingData,
    rows: NDArray[np.int64],
) -> Deployed:
    pairs = list(zip(trials, first, strict=True))
    same = all(
        spikes.same_as(b.recording.spikes[name])
        for a, b in pairs
        for name, spikes in a.recording.spikes.items()
    )
    accuracy, predicted = None, None
    if isinstance(data, TaskData):
        predicted = np.array([int(np.argmax(t.output)) for t in trials], dtype=np.int64)
        accuracy = data.task.take(rows).accuracy(predicted)
    apart = float(np.max([np.abs(a.output - b.output).max(initial=0.0) for a, b in pairs]))
    largest = float(np.max([np.abs(b.output).max(initial=1.0) for _, b in pairs]))
    spikes = sum(t.recording.n_spikes for t in trials)
    same_outputs = apart <= SAME_OUTPUTS * largest
    return Deployed(run.label, len(trials), spikes, accuracy, same, apart, same_outputs, predicted)
