r"""What is kept of a trial: numbers by name.

Measures of spikes are over all recorded neurons, or over one spike probe (or population) as in
``mean_rate:exc``. Measures of states name their probe, ``mean:membrane``.
"""

from __future__ import annotations

__all__ = ["Measure", "columns_of", "measure", "measures_of", "synchrony"]

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from neurobridge.comparison.pooling import pooled
from neurobridge.comparison.statistics import interval_cv, intervals
from neurobridge.errors import ExperimentError, NetworkError, UnknownNameError
from neurobridge.graph.network import Network
from neurobridge.graph.population import Population
from neurobridge.graph.probe import SpikeProbe, StateProbe
from neurobridge.recording import Recording, Signal, Spikes

SYNCHRONY_BIN_MS = 5.0


@dataclass(frozen=True)
class Measure:
    """One measure of a study file.

    Parameters
    ----------
    text : str
        As it is written, which is also the name of its column.
    name : str
    of : str
        What stands after the colon: a probe or population, or a label for ``rates``.
    """

    text: str
    name: str
    of: str

    @classmethod
    def parse(cls, text: str) -> Measure:
        """A measure from its text.

        Raises
        ------
        UnknownNameError, ExperimentError
            If there is no such measure, or it needs to know of what.
        """
        name, _, of = text.partition(":")
        known = [*OF_SPIKES, *OF_STATES, "rates"]
        if name not in known:
            raise UnknownNameError("measure", name, known)
        if not of and name not in OF_SPIKES:
            what = "label, e.g. rates:role" if name == "rates" else f"probe, e.g. {name}:membrane"
            raise ExperimentError(f"measure {name!r} needs the name of a {what}")
        return cls(text, name, of)

    def refuse_misfit(self, network: Network) -> None:
        """Refuse what the network has no probe, population or label for.

        Raises
        ------
        UnknownNameError, NetworkError
        """
        if self.name == "rates":
            known = sorted({c for p in network.populations.values() for c in p.labels.columns})
        elif self.name in OF_STATES:
            known = [n for n, p in network.probes.items() if isinstance(p, StateProbe)]
        else:
            known = spike_names(network)
            if not known:
                raise NetworkError(f"measure {self.text!r}: no neuron of this network spikes")
        if self.of and self.of not in known:
            kind = "label" if self.name == "rates" else "probe"
            raise UnknownNameError(f"{kind} of measure {self.text!r}", self.of, known)


def measures_of(texts: Sequence[str]) -> list[Measure]:
    """Measures from their texts."""
    return [Measure.parse(text) for text in texts]


def spike_names(network: Network) -> list[str]:
    """Under which names spikes are recorded: those of the spike probes, or of populations."""
    probes = [n for n, p in network.probes.items() if isinstance(p, SpikeProbe)]
    return probes or [n for n, p in network.populations.items() if p.model.spikes]


def columns_of(measures: Sequence[Measure], networks: Sequence[Network]) -> list[str]:
    """The names of all numbers that the measures give on these networks, in order."""
    names: dict[str, None] = {}
    for one in measures:
        if one.name != "rates":
            names[one.text] = None
            continue
        for network in networks:
            for population in network.populations.values():
                if one.of in population.labels.columns:
                    for category in population.labels[one.of].categories:
                        names[_rate_column(one, category)] = None
    return list(names)


def measure(
    recording: Recording, network: Network, measures: Sequence[Measure]
) -> dict[str, float | None]:
    """All measures of a recording, by column; None where one is not defined.

    Parameters
    ----------
    recording : Recording
    network : Network
        That was run.
    measures : sequence of Measure
    """
    found: dict[str, float | None] = {}
    for one in measures:
        if one.name == "rates":
            found |= _rates_by(recording, network, one)
        elif one.name in OF_STATES:
            signal = recording[one.of]
            assert isinstance(signal, Signal)
            found[one.text] = _finite(OF_STATES[one.name](signal))
        else:
            spikes = {one.of: recording.spikes[one.of]} if one.of else recording.spikes
            found[one.text] = _finite(OF_SPIKES[one.name](pooled(spikes).spikes))
    return found


# -- of spikes ----------------------------------------------------------------------------------


def synchrony(spikes: Spikes) -> float:
    r"""How much neurons spike together, between 0 and 1.

    :math:`\chi`, the square root of the variance in time of the mean over neurons, over the mean
    over neurons of the variances, of spike counts in bins of 5 ms. Of ``n`` independent neurons it
    is about ``1/sqrt(n)``, of neurons that do the same it is 1. NaN if no count varies. A last bin
    that is not full is left out.

    References
    ----------
    Golomb & Rinzel (1993). Dynamics of globally coupled inhibitory neurons with heterogeneity.
    Phys. Rev. E 48, 4810. https://doi.org/10.1103/PhysRevE.48.4810
    """
    width = max(1, round(SYNCHRONY_BIN_MS / spikes.dt))
    bins = spikes.n_steps // width
    n = int(spikes.recorded.size)
    if not bins or not n:
        return math.nan
    slot = np.clip((spikes.step - 1) // width, 0, None)
    kept = slot < bins
    cell, count = np.unique(spikes.neuron[kept] * np.int64(bins) + slot[kept], return_counts=True)
    row = cell // bins
    mean = np.bincount(row, weights=count, minlength=spikes.size) / bins
    square = np.bincount(row, weights=count.astype(np.float64) ** 2, minlength=spikes.size) / bins
    single = float(np.sum(square - mean**2)) / n
    together = float(np.var(np.bincount(slot[kept], minlength=bins) / n))
    return math.sqrt(together / single) if single > 0 else math.nan


def _mean_rate(spikes: Spikes) -> float:
    recorded = spikes.recorded
    return float(spikes.rates[recorded].mean()) if recorded.size else math.nan


def _active_fraction(spikes: Spikes) -> float:
    recorded = spikes.recorded
    return float((spikes.counts[recorded] > 0).mean()) if recorded.size else math.nan


def _cv(spikes: Spikes) -> float:
    cv = interval_cv(spikes)
    cv = cv[np.isfinite(cv)]
    return float(cv.mean()) if cv.size else math.nan


def _mean_interval(spikes: Spikes) -> float:
    gaps, _ = intervals(spikes)
    return float(gaps.mean()) if gaps.size else math.nan


OF_SPIKES: Mapping[str, Callable[[Spikes], float]] = {
    "mean_rate": _mean_rate,
    "active_fraction": _active_fraction,
    "cv": _cv,
    "mean_interval": _mean_interval,
    "synchrony": synchrony,
}
"""In Hz, 1, 1, ms, 1."""

OF_STATES: Mapping[str, Callable[[Signal], float]] = {
    "mean": lambda signal: float(signal.values.mean()),
    "std": lambda signal: float(signal.values.std(axis=0).mean()),
}
"""Over time and neurons, and over time, averaged over neurons; in the unit of the state."""


def _rates_by(recording: Recording, network: Network, one: Measure) -> dict[str, float | None]:
    """Mean rate in Hz of the recorded neurons with each value of a label."""
    spikes: dict[str, float] = {}
    neurons: dict[str, int] = {}
    for name, own in recording.spikes.items():
        population = _population(network, name)
        if one.of not in population.labels.columns:
            continue
        column = population.labels[one.of]
        code, rate = column.codes[own.recorded], own.rates[own.recorded]
        for place, category in enumerate(column.categories):
            key = _rate_column(one, category)
            spikes[key] = spikes.get(key, 0.0) + float(rate[code == place].sum())
            neurons[key] = neurons.get(key, 0) + int((code == place).sum())
    return {key: spikes[key] / n if n else None for key, n in neurons.items()}


def _rate_column(one: Measure, category: str) -> str:
    return f"{one.text}={category or '(none)'}"


def _population(network: Network, name: str) -> Population:
    probe = network.probes.get(name)
    return network.population(name if probe is None else probe.population)


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
