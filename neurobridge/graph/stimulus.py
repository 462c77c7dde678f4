"""Stimuli: spikes and currents from outside, drawn on the host and the same on every backend."""

from __future__ import annotations

__all__ = [
    "Current",
    "DiffusionNoise",
    "Poisson",
    "PoissonCounts",
    "SpikeTrains",
    "Stimulus",
    "WhiteNoise",
    "in_amperes",
]

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurobridge.content import ByContent
from neurobridge.errors import NetworkError, UnitError
from neurobridge.frozen import frozen_array
from neurobridge.graph.population import check_name, checked_indices
from neurobridge.units import parse_quantity


@dataclass(frozen=True, eq=False)
class SpikeTrains(ByContent):
    """Given spikes.

    Onto a population of sources, the neurons spike at these times. Onto any other, each spike
    reaches ``receptor`` of its neuron with ``weight`` after ``delay``.

    Parameters
    ----------
    name, population : str
    time : float64 array, shape (k,)
        In ms, >= 0, in any order.
    neuron : int32 array, shape (k,)
        Index in the population.
    receptor : str, optional
        Not for sources.
    weight : float or str
        In the unit of the receptor.
    delay : float or None
        In ms; None is one time step.
    """

    name: str
    population: str
    time: NDArray[np.float64]
    neuron: NDArray[np.int32]
    receptor: str | None = None
    weight: float | str = 1.0
    delay: float | None = None

    def __post_init__(self) -> None:
        where = _named(self)
        time = np.atleast_1d(parse_quantity(self.time, "ms", f"{where}, time"))
        time = frozen_array(time, np.float64)
        if not np.isfinite(time).all() or (time < 0).any():
            bad = int(np.flatnonzero(~(time >= 0) | ~np.isfinite(time))[0])
            raise NetworkError(
                f"{where}: time[{bad}] = {time[bad]} ms; times must be finite and >= 0"
            )
        neuron = checked_indices(self.neuron, where)
        if neuron.shape != time.shape:
            raise NetworkError(f"{where}: {time.size} times for {neuron.size} neurons")
        object.__setattr__(self, "time", time)
        object.__setattr__(self, "neuron", neuron)


@dataclass(frozen=True, eq=False)
class Poisson(ByContent):
    """Independent Poisson spike trains, one per neuron.

    The trains are drawn in continuous time from streams that are keyed by seed, stimulus name,
    trial and neuron index, and binned to the grid: they do not depend on the backend, on other
    stimuli, on the other neurons of the selection, or (but for the binning) on dt.

    Parameters
    ----------
    name, population : str
    rate : float, array of shape (n,), or array of shape (n_bins, n)
        In Hz; for each selected neuron; changing in time if ``rate_interval`` is given.
    neurons : int32 array, shape (n,), optional
        Default: all.
    receptor, weight, delay
        As in :class:`SpikeTrains`.
    start, stop : float
        In ms.
    rate_interval : float, optional
        Length in ms of each of the ``n_bins`` bins, counted from ``start``; 0 Hz after the last.
    """

    name: str
    population: str
    rate: float | NDArray[np.float64]
    neurons: NDArray[np.int32] | None = None
    receptor: str | None = None
    weight: float | str = 1.0
    delay: float | None = None
    start: float = 0.0
    stop: float = np.inf
    rate_interval: float | None = None

    def __post_init__(self) -> None:
        where = _named(self)
        _selection(self, where)
        rate = _rates(self, where)
        if (rate.ndim == 2) != (self.rate_interval is not None) or rate.ndim > 2:
            raise NetworkError(
                f"{where}: rates of shape {rate.shape} {'need' if rate.ndim == 2 else 'take no'} "
                "rate_interval; give (n,) for constant rates or (n_bins, n) with rate_interval"
            )
        if self.rate_interval is not None:
            interval = parse_quantity(self.rate_interval, "ms", f"{where}, rate_interval")
            if not interval > 0 or not np.isfinite(interval):
                raise NetworkError(f"{where}: rate_interval must be above 0 ms, got {interval}")
            object.__setattr__(self, "rate_interval", float(interval))
        _window(self, where)
        _keep_rates(self, rate)


@dataclass(frozen=True, eq=False)
class PoissonCounts(ByContent):
    """Dense Poisson background: how many events each neuron gets in each time step.

    In a step of length ``dt`` a neuron gets ``n`` simultaneous events, with ``n`` from a Poisson
    distribution of mean ``rate * dt``: what the superposition of many independent trains leaves on
    the grid. Unlike :class:`Poisson` it is drawn for a step and not for a spike, so it costs the
    same at any rate and any step can be drawn alone; the draws depend on ``dt``. It is the
    stimulus for several events a step, such as the external input of the networks of Brunel (2000).

    Parameters
    ----------
    name, population : str
        Of neurons with dynamics; a source spikes at most once a step, so it takes :class:`Poisson`.
    rate : float or array of shape (n,)
        In Hz; summed over all trains that a neuron receives.
    neurons : int32 array, shape (n,), optional
        Default: all.
    receptor, weight, delay
        As in :class:`SpikeTrains`.
    start, stop : float
        In ms.

    References
    ----------
    Brunel (2000). Dynamics of sparsely connected networks of excitatory and inhibitory spiking
    neurons. J. Comput. Neurosci. 8:183. https://doi.org/10.1023/A:1008925309027
    """

    name: str
    population: str
    rate: float | NDArray[np.float64]
    neurons: NDArray[np.int32] | None = None
    receptor: str | None = None
    weight: float | str = 1.0
    delay: float | None = None
    start: float = 0.0
    stop: float = np.inf

    def __post_init__(self) -> None:
        where = _named(self)
        _selection(self, where)
        rate = _rates(self, where)
        if rate.ndim > 1:
            raise NetworkError(
                f"{where}: rates must be one number or one for each neuron, got shape "
                f"{rate.shape}; rates that change in time need Poisson"
            )
        _window(self, where)
        _keep_rates(self, rate)


@dataclass(frozen=True, eq=False)
class Current(ByContent):
    """Injected current that is constant between given times.

    Parameters
    ----------
    name, population : str
    amplitude : float, array of shape (n_changes,), or array of shape (n_changes, n)
        In the unit of current of the model, which is nA but for rate models; holds from its time
        until the next one (the last one until the end).
    time : float64 array, shape (n_changes,)
        In ms, ascending. Before the first time there is no current.
    neurons : int32 array, shape (n,), optional
        Default: all.
    """

    name: str
    population: str
    amplitude: float | NDArray[np.float64]
    time: NDArray[np.float64] | float = 0.0
    neurons: NDArray[np.int32] | None = None

    def __post_init__(self) -> None:
        where = _named(self)
        _selection(self, where)
        amplitude = frozen_array(np.atleast_1d(_current(self, "amplitude", where)), np.float64)
        time = frozen_array(np.atleast_1d(parse_quantity(self.time, "ms", f"{where}, time")), float)
        if amplitude.shape[0] != time.size or amplitude.ndim > 2:
            raise NetworkError(
                f"{where}: amplitudes of shape {amplitude.shape} for {time.size} times; expected "
                "one row per time"
            )
        if not np.isfinite(amplitude).all():
            raise NetworkError(f"{where}: amplitudes must be finite")
        if not np.isfinite(time).all() or (time < 0).any() or (np.diff(time) <= 0).any():
            raise NetworkError(f"{where}: times must be finite, >= 0 and ascending, got {time[:8]}")
        object.__setattr__(self, "amplitude", amplitude)
        object.__setattr__(self, "time", time)


@dataclass(frozen=True, eq=False)
class WhiteNoise(ByContent):
    """Gaussian current, independent for each neuron and each interval.

    Parameters
    ----------
    name, population : str
    mean, std : float or array of shape (n,)
        In the unit of current of the model. The spectral density is ``2 std**2 interval``.
    interval : float
        In ms: how long each value holds.
    neurons : int32 array, shape (n,), optional
    start, stop : float
        In ms.
    """

    name: str
    population: str
    std: float | NDArray[np.float64]
    interval: float
    mean: float | NDArray[np.float64] = 0.0
    neurons: NDArray[np.int32] | None = None
    start: float = 0.0
    stop: float = np.inf

    def __post_init__(self) -> None:
        where = _named(self)
        _selection(self, where)
        _mean_and_spread(self, "std", where)
        interval = parse_quantity(self.interval, "ms", f"{where}, interval")
        if not interval > 0 or not np.isfinite(interval):
            raise NetworkError(f"{where}: interval must be above 0 ms, got {interval}")
        object.__setattr__(self, "interval", float(interval))
        _window(self, where)


@dataclass(frozen=True, eq=False)
class DiffusionNoise(ByContent):
    """Gaussian white noise in the sense of a diffusion, independent for each neuron.

    In every time step the current is ``mean + intensity * z / sqrt(dt)`` with a normal ``z``, so
    that its integral is ``mean * t + intensity * W(t)`` with a Wiener process ``W``, whatever
    ``dt``. With forward Euler this is the Euler-Maruyama method (Kloeden & Platen 1992, Numerical
    solution of stochastic differential equations, 10.2). A state ``tau dx/dt = -x + current`` has
    the stationary variance ``intensity**2 / (2 tau)``.

    Parameters
    ----------
    name, population : str
    intensity : float or array of shape (n,)
        In the unit of current of the model times sqrt(ms).
    mean : float or array of shape (n,)
        In the unit of current of the model.
    neurons : int32 array, shape (n,), optional
        Default: all.
    start, stop : float
        In ms.
    """

    name: str
    population: str
    intensity: float | NDArray[np.float64]
    mean: float | NDArray[np.float64] = 0.0
    neurons: NDArray[np.int32] | None = None
    start: float = 0.0
    stop: float = np.inf

    def __post_init__(self) -> None:
        where = _named(self)
        _selection(self, where)
        if isinstance(self.intensity, str) or hasattr(self.intensity, "dim"):
            raise UnitError(
                f"{where}, intensity: expected a plain number, in the unit of current of the model "
                f"times sqrt(ms), got {self.intensity!r}"
            )
        _mean_and_spread(self, "intensity", where)
        _window(self, where)


Stimulus = SpikeTrains | Poisson | PoissonCounts | Current | WhiteNoise | DiffusionNoise


def _named(stimulus: Any) -> str:
    check_name(stimulus.name, "stimulus")
    where = f"stimulus {stimulus.name!r}"
    delay = getattr(stimulus, "delay", None)
    if delay is not None:
        delay = parse_quantity(delay, "ms", f"{where}, delay")
        if not delay > 0 or not np.isfinite(delay):
            raise NetworkError(f"{where}: the delay must be above 0 ms, got {delay}")
        object.__setattr__(stimulus, "delay", float(delay))
    weight = getattr(stimulus, "weight", "")
    if not isinstance(weight, str) and not (np.ndim(weight) == 0 and np.isfinite(weight)):
        raise NetworkError(f"{where}: the weight must be one finite number, got {weight!r}")
    return where


def _rates(stimulus: Any, where: str) -> NDArray[np.float64]:
    rate = np.asarray(parse_quantity(stimulus.rate, "Hz", f"{where}, rate"), dtype=np.float64)
    if not np.isfinite(rate).all() or (rate < 0).any():
        bad = rate[~(np.isfinite(rate) & (rate >= 0))].flat[0]
        raise NetworkError(f"{where}: rates must be finite and >= 0 Hz, got {bad}")
    return rate


def _keep_rates(stimulus: Any, rate: NDArray[np.float64]) -> None:
    kept = float(rate) if rate.ndim == 0 else frozen_array(rate, float)
    object.__setattr__(stimulus, "rate", kept)


def _current(stimulus: Any, name: str, where: str) -> Any:
    """A current: a plain number, or a quantity in nA, which a network allows for its own models."""
    given = getattr(stimulus, name)
    if isinstance(given, str) or hasattr(given, "dim"):
        object.__setattr__(stimulus, "in_amperes", True)
    return parse_quantity(given, "nA", f"{where}, {name}")


def in_amperes(stimulus: Stimulus) -> bool:
    """Whether a current of the stimulus was given with a unit, when it was made."""
    return bool(stimulus.__dict__.get("in_amperes", False))


def _mean_and_spread(stimulus: Any, spread: str, where: str) -> None:
    for name in ("mean", spread):
        value = np.asarray(_current(stimulus, name, where), float)
        if not np.isfinite(value).all() or (name == spread and (value < 0).any()):
            raise NetworkError(f"{where}: {name} must be finite (and {spread} >= 0), got {value}")
        object.__setattr__(
            stimulus, name, float(value) if value.ndim == 0 else frozen_array(value, float)
        )


def _selection(stimulus: Any, where: str) -> None:
    if stimulus.neurons is not None:
        neurons = checked_indices(stimulus.neurons, where)
        if np.unique(neurons).size != neurons.size:
            raise NetworkError(f"{where}: a neuron is selected more than once")
        object.__setattr__(stimulus, "neurons", neurons)


def _window(stimulus: Any, where: str) -> None:
    for name in ("start", "stop"):
        value = parse_quantity(getattr(stimulus, name), "ms", f"{where}, {name}")
        object.__setattr__(stimulus, name, float(value))
    if not 0 <= stimulus.start <= stimulus.stop:
        raise NetworkError(
            f"{where}: expected 0 <= start <= stop, got {stimulus.start} and {stimulus.stop} ms"
        )
