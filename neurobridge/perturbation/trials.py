"""Trials: the same network, other random numbers."""

from __future__ import annotations

__all__ = ["Trials", "trial_rates"]

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurobridge.errors import NetworkError, UnknownNameError
from neurobridge.graph.network import Network
from neurobridge.graph.stimulus import Stimulus
from neurobridge.lowering.compiled import compile
from neurobridge.recording import Recording


@dataclass(frozen=True)
class Trials:
    """How often a network runs, for how long, and on what.

    Trial ``k`` has the same random numbers in every network, so that networks are compared in
    pairs. All trials of a network run on what is built once.

    Parameters
    ----------
    number : int
        Trials; 30 in the fly paper.
    duration : float
        Of each, in ms.
    dt : float
        In ms.
    seed : int
    threads : int
        Trials at a time, on a backend that can (``native``).
    how : mapping
        What else :func:`neurobridge.compile` takes: ``backend``, ``accept`` and settings.

    Raises
    ------
    NetworkError
        If ``number`` is below 1.
    """

    number: int = 30
    duration: float = 1000.0
    dt: float = 0.1
    seed: int = 0
    threads: int = 1
    how: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if operator.index(self.number) < 1:
            raise NetworkError(f"trials: expected a number of at least 1, got {self.number}")

    def run(
        self, network: Network, *, progress: Callable[[int], None] | None = None
    ) -> list[Recording]:
        """The recording of each trial.

        Parameters
        ----------
        network : Network
        progress : callable, optional
            Called with the number of runs done.

        Raises
        ------
        FindingsError, NetworkError, BackendError
            As :func:`neurobridge.compile` and :meth:`CompiledNetwork.run_many`.
        """
        return self.run_each(network, [()], progress=progress)[0]

    def run_each(
        self,
        network: Network,
        stimuli: Sequence[Sequence[Stimulus]],
        *,
        progress: Callable[[int], None] | None = None,
    ) -> list[list[Recording]]:
        """All trials with each set of stimuli, on one build; errors as for :meth:`run`.

        Parameters
        ----------
        network : Network
        stimuli : sequence of sequences of Stimulus
            Each set replaces stimuli of the same names, or comes on top.
        progress : callable, optional
            Called with the number of runs done.

        Returns
        -------
        list of list of Recording
            ``[i][k]`` is trial ``k`` with the stimuli ``i``.
        """
        runs = [
            {"seed": self.seed, "trial": trial, "stimuli": list(given)}
            for given in stimuli
            for trial in range(self.number)
        ]
        with compile(network, dt=self.dt, **self.how) as compiled:
            done = compiled.run_many(self.duration, runs, threads=self.threads, progress=progress)
        return [done[i : i + self.number] for i in range(0, len(done), self.number)]


def trial_rates(recordings: Sequence[Recording], population: str) -> NDArray[np.float64]:
    """Firing rate of every neuron in every trial.

    Parameters
    ----------
    recordings : sequence of Recording
    population : str
        Or the name of a spike probe.

    Returns
    -------
    float64 array, shape (trials, N)
        In Hz; NaN for neurons that were not recorded.

    Raises
    ------
    NetworkError
        If there is no recording, or a run is not complete.
    UnknownNameError
        If the spikes of the population were not recorded.
    """
    if not recordings:
        raise NetworkError("there are no recordings; give those of at least one trial")
    rows = []
    for number, recording in enumerate(recordings):
        if recording.status != "ok":
            raise NetworkError(
                f"recording {number} is {recording.status}: {recording.message}; rates need "
                "complete runs"
            )
        if population not in recording.spikes:
            raise UnknownNameError("population or spike probe", population, recording.spikes)
        spikes = recording.spikes[population]
        row = np.full(spikes.size, np.nan)
        row[spikes.recorded] = spikes.rates[spikes.recorded]
        rows.append(row)
    return np.stack(rows)
