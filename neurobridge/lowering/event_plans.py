"""Pass "event plans": which stimuli reach which receptors, how strongly and how often at most.

What a stimulus sends is drawn for each run; what it can send is known before. Backends that must
choose a range of numbers when they build need that.
"""

from __future__ import annotations

__all__ = ["event_plans", "stimulus_delay", "stimulus_weight"]

import numpy as np

from neurobridge.errors import NetworkError
from neurobridge.graph.model import Receptor
from neurobridge.graph.network import Network
from neurobridge.graph.population import Population
from neurobridge.graph.stimulus import Poisson, PoissonCounts, SpikeTrains
from neurobridge.lowering.draws import selected
from neurobridge.lowering.finding import Finding
from neurobridge.lowering.grid import to_steps
from neurobridge.lowering.program import EventPlan
from neurobridge.units import parse_quantity

RARE = 1e-9
"""Probability, for a neuron and a step, of more simultaneous Poisson events than planned."""


def event_plans(network: Network, dt: float) -> tuple[EventPlan, ...]:
    """The plan of every stimulus that sends events to neurons with dynamics.

    Parameters
    ----------
    network : Network
    dt : float
        In ms.
    """
    plans = []
    for stimulus in network.stimuli.values():
        if not isinstance(stimulus, (Poisson, PoissonCounts, SpikeTrains)):
            continue
        population = network.population(stimulus.population)
        if population.model.is_source:
            continue
        receptor, weight = stimulus_weight(stimulus, population)
        if isinstance(stimulus, SpikeTrains):
            neurons, at_most = np.unique(stimulus.neuron).astype(np.int32), _given(stimulus, dt)
        else:
            neurons, at_most = selected(stimulus.neurons, population), _poisson(stimulus, dt)
        plans.append(
            EventPlan(stimulus.name, population.name, receptor.name, neurons, weight, at_most)
        )
    return tuple(plans)


def stimulus_weight(
    stimulus: SpikeTrains | Poisson | PoissonCounts, population: Population
) -> tuple[Receptor, float]:
    """Receptor of a stimulus, and its weight there (a magnitude, if the receptor wants that).

    Raises
    ------
    NetworkError
        If the receptor does not take weights of this sign.
    """
    model, where = population.model, f"stimulus {stimulus.name!r}"
    receptor = model.receptor(stimulus.receptor or model.receptors[0].name)
    unit = model.weight_unit(receptor.name)
    weight = float(parse_quantity(stimulus.weight, unit, f"{where}, weight"))
    if (receptor.sign == "positive" and weight < 0) or (receptor.sign == "negative" and weight > 0):
        raise NetworkError(
            f"{where}: receptor {receptor.name!r} takes {receptor.sign} weights, got {weight:g}"
        )
    return receptor, abs(weight) if receptor.magnitude else weight


def stimulus_delay(
    stimulus: SpikeTrains | Poisson | PoissonCounts, dt: float, findings: list[Finding]
) -> int:
    """Delay of a stimulus in steps, 1 if it gives none; what was rounded is added to findings."""
    if stimulus.delay is None:
        return 1
    where = f"stimulus {stimulus.name!r}, delay"
    given, found = to_steps(stimulus.delay, dt, where, "delay_rounding", at_least=1)
    findings += found
    return max(int(given), 1)


def _poisson(stimulus: Poisson | PoissonCounts, dt: float) -> int:
    """Events of one neuron in one step that are hardly ever exceeded."""
    rate = np.asarray(stimulus.rate, dtype=np.float64)
    per_step = float(rate.max(initial=0.0)) * dt * 1e-3
    return max(_rarely_exceeded(per_step), 1) if per_step > 0 else 1


def _rarely_exceeded(mean: float) -> int:
    """The smallest number that a Poisson number exceeds with a probability of at most ``RARE``."""
    number = np.arange(1, int(mean + 12 * np.sqrt(mean)) + 20)
    probability = np.exp(number * np.log(mean) - mean - np.cumsum(np.log(number)))
    exceeds = np.cumsum(probability[::-1])[::-1]  # exceeds[k]: that it is above k
    return int(np.flatnonzero(exceeds <= RARE)[0])


def _given(stimulus: SpikeTrains, dt: float) -> int:
    if not stimulus.time.size:
        return 1
    pairs = np.stack([np.rint(stimulus.time / dt).astype(np.int64), stimulus.neuron])
    return int(np.unique(pairs, axis=1, return_counts=True)[1].max())
