"""Stimuli and probes of an experiment."""

from __future__ import annotations

__all__ = ["probe", "stimulus"]

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, TypeAlias

import numpy as np

from neurobridge.connectome.table import Connectome
from neurobridge.errors import NetworkError
from neurobridge.experiment.schema import (
    CurrentPlan,
    DiffusionNoisePlan,
    EventsPlan,
    PoissonCountsPlan,
    PoissonPlan,
    SpikesPlan,
    SpikeTrainsPlan,
    StatePlan,
    StimulusPlan,
)
from neurobridge.experiment.selection import ids_of, index_of
from neurobridge.graph.model import NeuronModel
from neurobridge.graph.probe import Probe, SpikeProbe, StateProbe
from neurobridge.graph.stimulus import (
    Current,
    DiffusionNoise,
    Poisson,
    PoissonCounts,
    SpikeTrains,
    Stimulus,
    WhiteNoise,
)
from neurobridge.units import parse_quantity

At: TypeAlias = Callable[..., AbstractContextManager[None]]


def stimulus(
    name: str,
    plan: StimulusPlan,
    population: str,
    model: NeuronModel,
    connectome: Connectome,
    at: At,
) -> Stimulus:
    """A stimulus as the file describes it.

    Parameters
    ----------
    name : str
    plan : one of the plans of stimuli
    population : str
    model : NeuronModel
        Gives the units of weights and currents.
    connectome : Connectome
        Finds the neurons.
    at : callable
        Says where an error belongs, see :class:`~neurobridge.experiment.place.Places`.
    """
    if isinstance(plan, SpikeTrainsPlan):
        return _spike_trains(name, plan, population, model, connectome, at)
    with at("stimuli", name, "neurons"):
        neurons = index_of(connectome, plan.neurons)

    def events(of: PoissonPlan | PoissonCountsPlan) -> dict[str, Any]:
        return {
            "receptor": of.receptor, "weight": _weight(name, of, model, at), "delay": of.delay,
            "start": of.start, "stop": of.stop,
        }  # fmt: skip

    if isinstance(plan, PoissonPlan):
        rate = _rate(plan, connectome.n_neurons if neurons is None else neurons.size)
        interval = plan.rate_interval
        return Poisson(name, population, rate, neurons, rate_interval=interval, **events(plan))
    if isinstance(plan, PoissonCountsPlan):
        return PoissonCounts(name, population, plan.rate, neurons, **events(plan))

    def current(key: str, value: Any) -> float:
        with at("stimuli", name, key):
            return float(parse_quantity(value, model.current_unit, key))

    if isinstance(plan, CurrentPlan):
        amplitude = np.array([current("amplitude", value) for value in plan.amplitude])
        return Current(name, population, amplitude, np.array(plan.time), neurons)
    mean, window = current("mean", plan.mean), (neurons, plan.start, plan.stop)
    if isinstance(plan, DiffusionNoisePlan):
        return DiffusionNoise(name, population, plan.intensity, mean, *window)
    return WhiteNoise(name, population, current("std", plan.std), plan.interval, mean, *window)


def probe(
    name: str, plan: SpikesPlan | StatePlan, population: str, connectome: Connectome, at: At
) -> Probe:
    """A probe as the file describes it; parameters as for :func:`stimulus`."""
    with at("probes", name, "neurons"):
        neurons = index_of(connectome, plan.neurons)
    if isinstance(plan, SpikesPlan):
        return SpikeProbe(name, population, neurons)
    return StateProbe(name, population, plan.variable, neurons, plan.interval)


def _rate(plan: PoissonPlan, size: int) -> Any:
    if len(plan.rate) == 1 and plan.rate_interval is None:
        return plan.rate[0]
    if plan.rate_interval is None:
        raise NetworkError(
            f"{len(plan.rate)} rates need rate_interval, the time in ms that each of them holds"
        )
    return np.tile(np.array(plan.rate)[:, None], (1, size))


def _spike_trains(
    name: str,
    plan: SpikeTrainsPlan,
    population: str,
    model: NeuronModel,
    connectome: Connectome,
    at: At,
) -> SpikeTrains:
    times: list[float] = []
    neurons: list[int] = []
    for key, train in plan.trains.items():
        with at("stimuli", name, "trains", key):
            chosen = [key] if isinstance(key, int) else [str(key)]
            (index,) = connectome.index_of(ids_of(connectome, chosen))
        times += train
        neurons += [int(index)] * len(train)
    return SpikeTrains(
        name, population, np.array(times, dtype=np.float64), np.array(neurons, dtype=np.int32),
        plan.receptor, _weight(name, plan, model, at), plan.delay,
    )  # fmt: skip


def _weight(name: str, plan: EventsPlan, model: NeuronModel, at: At) -> float:
    """The weight in the unit of the receptor."""
    receptors = model.receptor_names
    with at("stimuli", name, "receptor"):
        if plan.receptor is None and len(receptors) != 1:
            raise NetworkError(
                f"say which receptor of model {model.name!r}: {', '.join(receptors)}"
            )
        unit = model.weight_unit(plan.receptor or receptors[0])
    with at("stimuli", name, "weight"):
        return float(parse_quantity(plan.weight, unit, "weight"))
