"""Spike train distances of elephant and pyspike, on a sample of the neurons.

Both libraries are optional (the extra ``analysis``). They work on one pair of trains at a time,
so at most :data:`SAMPLE` neurons are measured: those that spike in either run, evenly spaced by
index, never at random.
"""

from __future__ import annotations

__all__ = ["SAMPLE", "TrainDistances", "sampled_neurons", "train_distances"]

import importlib
import importlib.util
import warnings
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurobridge.recording import Spikes

SAMPLE = 64
"""Most neurons that are measured."""

TILING_WINDOW_MS = 1.0
VAN_ROSSUM_TAU_MS = 10.0

Real = NDArray[np.float64]
PairMeasure = Callable[[Real, Real, float], float]


@dataclass(frozen=True)
class TrainDistances:
    """Means over the sampled neurons; None where a library is missing or no neuron spiked.

    Parameters
    ----------
    neurons : int
        Neurons measured.
    isi, spike : float or None
        ISI distance [1]_ and SPIKE distance [2]_ by pyspike; 0 for equal trains, at most 1.
    tiling : float or None
        Spike time tiling coefficient [3]_ with a window of 1 ms, by elephant; 1 for equal trains.
        Over neurons that spike in both runs.
    van_rossum : float or None
        Distance [4]_ with a time constant of 10 ms, by elephant; 0 for equal trains.
    notes : tuple of str
        What could not be measured, and what to install.

    References
    ----------
    .. [1] Kreuz et al. (2007), J Neurosci Methods 165:151.
    .. [2] Kreuz et al. (2013), J Neurophysiol 109:1457.
    .. [3] Cutts and Eglen (2014), J Neurosci 34:14288.
    .. [4] van Rossum (2001), Neural Comput 13:751.
    """

    neurons: int
    isi: float | None
    spike: float | None
    tiling: float | None
    van_rossum: float | None
    notes: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """A plain dictionary, for JSON."""
        return asdict(self)


def sampled_neurons(reference: Spikes, other: Spikes, limit: int = SAMPLE) -> NDArray[np.int64]:
    """At most ``limit`` neurons that spike in either run, evenly spaced, ascending."""
    active = np.flatnonzero((reference.counts > 0) | (other.counts > 0))
    if active.size <= limit:
        return active
    return active[np.linspace(0, active.size - 1, limit).astype(np.int64)]


def train_distances(reference: Spikes, other: Spikes, limit: int = SAMPLE) -> TrainDistances:
    """Distances between the trains of the same neuron in two runs (first trial)."""
    neurons = sampled_neurons(reference, other, limit)
    duration = reference.n_steps * reference.dt
    pairs = list(zip(_trains(reference, neurons), _trains(other, neurons), strict=True))
    missing = {name: why for name in ("pyspike", "elephant") if (why := _problem(name))}

    def mean(library: str, measure: PairMeasure, chosen: list[tuple[Real, Real]]) -> float | None:
        if library in missing or not chosen:
            return None
        return float(np.mean([measure(a, b, duration) for a, b in chosen]))

    both = [(a, b) for a, b in pairs if a.size and b.size]
    return TrainDistances(
        neurons=int(neurons.size),
        isi=mean("pyspike", _isi_distance, pairs),
        spike=mean("pyspike", _spike_distance, pairs),
        tiling=mean("elephant", _tiling, both),
        van_rossum=mean("elephant", _van_rossum, pairs),
        notes=tuple(missing.values()),
    )


def _problem(library: str) -> str:
    """Why a library cannot measure here; empty if it can."""
    if importlib.util.find_spec(library) is None:
        return f"{library} is not installed: pip install 'neurobridge-sim[analysis]'"
    try:
        importlib.import_module(library)
    except Exception as err:  # mpi4py without an MPI library, for one, which elephant imports
        return f"{library} cannot be imported: {type(err).__name__}: {err}".partition("\n")[0]
    return ""


def _trains(spikes: Spikes, neurons: NDArray[np.int64]) -> list[Real]:
    """Spike times in ms of each of the neurons, which are ascending."""
    position = np.searchsorted(neurons, spikes.neuron)
    position[position == neurons.size] = 0
    chosen = (spikes.trial == 0) & (neurons.size > 0)
    if neurons.size:
        chosen &= neurons[position] == spikes.neuron
    order = np.argsort(position[chosen], kind="stable")
    time, position = spikes.time[chosen][order], position[chosen][order]
    return np.split(time, np.searchsorted(position, np.arange(1, neurons.size)))[: neurons.size]


def _pyspike() -> Any:
    """The package, which else says on stdout if it was not compiled, in the midst of a document."""
    import pyspike

    pyspike.disable_backend_warning = True
    return pyspike


def _isi_distance(a: Real, b: Real, duration: float) -> float:
    pyspike = _pyspike()
    edges = (0.0, duration)
    return float(pyspike.isi_distance(pyspike.SpikeTrain(a, edges), pyspike.SpikeTrain(b, edges)))


def _spike_distance(a: Real, b: Real, duration: float) -> float:
    pyspike = _pyspike()
    edges = (0.0, duration)
    return float(pyspike.spike_distance(pyspike.SpikeTrain(a, edges), pyspike.SpikeTrain(b, edges)))


def _tiling(a: Real, b: Real, duration: float) -> float:
    from elephant.spike_train_correlation import spike_time_tiling_coefficient

    one, two = _neo(a, duration), _neo(b, duration)
    return float(spike_time_tiling_coefficient(one, two, dt=TILING_WINDOW_MS * one.units))


def _van_rossum(a: Real, b: Real, duration: float) -> float:
    from elephant.spike_train_dissimilarity import van_rossum_distance

    if np.array_equal(a, b):
        return 0.0  # elephant's sum of exponentials leaves a rounding error of 1e-8

    trains = [_neo(a, duration), _neo(b, duration)]
    with warnings.catch_warnings():
        # elephant also computes each train's distance to itself, and says so if it rounds below 0
        warnings.filterwarnings("ignore", message="van_rossum_distance: very small negative")
        return float(van_rossum_distance(trains, VAN_ROSSUM_TAU_MS * trains[0].units)[0, 1])


def _neo(times: Real, duration: float) -> Any:
    import neo

    return neo.SpikeTrain(times, units="ms", t_start=0.0, t_stop=duration)
