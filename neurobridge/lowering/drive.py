"""Pass "drive": stimuli become events and currents in steps, drawn on the host for one run."""

from __future__ import annotations

__all__ = ["lower_drive"]


import numpy as np
from numpy.typing import NDArray

from neurobridge.graph.network import Network
from neurobridge.graph.population import Population
from neurobridge.graph.stimulus import (
    Current,
    DiffusionNoise,
    Poisson,
    PoissonCounts,
    SpikeTrains,
    WhiteNoise,
)
from neurobridge.lowering.counts import listed, lower_counts
from neurobridge.lowering.currents import lower_current
from neurobridge.lowering.draws import BYTES_PER_INPUT_SPIKE, DRAWS, refuse_flood, selected
from neurobridge.lowering.event_plans import stimulus_delay, stimulus_weight
from neurobridge.lowering.finding import Finding
from neurobridge.lowering.grid import to_steps
from neurobridge.lowering.program import Drive, EventInput, SourceSpikes
from neurobridge.rng import uniforms

Trains = tuple[NDArray[np.int64], NDArray[np.int32]]
"""Steps and neuron indices of input spikes."""


def lower_drive(
    network: Network, dt: float, n_steps: int, seed: int, trial: int, *, counted: bool = False
) -> tuple[Drive, list[Finding]]:
    """All input of one run.

    Parameters
    ----------
    network : Network
    dt : float
        In ms.
    n_steps : int
    seed, trial : int
        Key of the draws, together with the name of each stimulus.
    counted : bool
        Leave what is drawn step by step in ``Drive.counts``, undrawn; else it is written out among
        the events.
    """
    findings: list[Finding] = []
    events, currents, counts = [], [], []
    source_trains: dict[str, list[Trains]] = {
        n: [] for n, p in network.populations.items() if p.model.is_source
    }
    for stimulus in network.stimuli.values():
        population = network.population(stimulus.population)
        if isinstance(stimulus, (Current, WhiteNoise, DiffusionNoise)):
            currents.append(lower_current(stimulus, population, dt, n_steps, seed, trial, findings))
            continue
        if isinstance(stimulus, PoissonCounts):
            drawn = lower_counts(stimulus, population, dt, n_steps, seed, trial, findings)
            if counted:
                counts.append(drawn)
            else:
                events.append(listed(drawn, n_steps))
            continue
        trains = _trains(stimulus, population, dt, n_steps, seed, trial, findings)
        if population.model.is_source:
            source_trains[population.name].append(trains)
        else:
            events.append(_events(stimulus, population, trains, dt, n_steps, findings))
    sources = tuple(_source(name, trains, findings) for name, trains in source_trains.items())
    return Drive(n_steps, tuple(events), sources, tuple(currents), tuple(counts)), findings


# -- spikes -----------------------------------------------------------------------------------


def _trains(
    stimulus: SpikeTrains | Poisson,
    population: Population,
    dt: float,
    n_steps: int,
    seed: int,
    trial: int,
    findings: list[Finding],
) -> Trains:
    """Stamps and neurons of the spikes that leave the stimulus before the end of the run."""
    if isinstance(stimulus, Poisson):
        stamp, neuron = _poisson(stimulus, population, dt, n_steps, seed, trial)
    else:
        where = f"stimulus {stimulus.name!r}, spike times"
        stamp, found = to_steps(stimulus.time, dt, where, "spike_time_rounding", at_least=0)
        findings += found
        neuron = stimulus.neuron
    inside = stamp < n_steps
    return stamp[inside], neuron[inside]


def _poisson(
    stimulus: Poisson, population: Population, dt: float, n_steps: int, seed: int, trial: int
) -> Trains:
    """Poisson spikes by time rescaling: unit-rate trains per neuron, bent by the summed rate."""
    neurons = selected(stimulus.neurons, population)
    edges, cumulative = _summed_rate(stimulus, neurons.size, dt * n_steps)
    clock, owner = _unit_trains(stimulus.name, neurons, cumulative[-1], seed, trial)
    if neurons.size and (cumulative == cumulative[:, :1]).all():
        time = np.interp(clock, cumulative[:, 0], edges)
    else:
        time = _invert(clock, owner, cumulative, edges)
    # a spike in [k dt, (k + 1) dt) leaves at the beginning of that step
    stamp = np.minimum(np.floor(time / dt).astype(np.int64), n_steps)
    return stamp, neurons[owner]


def _summed_rate(
    stimulus: Poisson, n: int, duration: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Expected spikes up to each bin edge: edges (B + 1,) in ms, cumulative (B + 1, n)."""
    stop = min(stimulus.stop, duration)
    start = min(stimulus.start, stop)
    rate = np.atleast_1d(np.asarray(stimulus.rate, dtype=np.float64))
    if stimulus.rate_interval is None:
        edges = np.array([start, stop])
        rate = np.broadcast_to(rate, (1, n))
    else:
        edges = np.clip(start + stimulus.rate_interval * np.arange(rate.shape[0] + 1), start, stop)
    expected = rate * np.diff(edges)[:, None] * 1e-3
    return edges, np.concatenate([np.zeros((1, n)), np.cumsum(expected, axis=0)])


def _unit_trains(
    name: str, neurons: NDArray[np.int32], until: NDArray[np.float64], seed: int, trial: int
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Unit-rate Poisson trains: times below ``until`` (n,), and the position of their neuron."""
    refuse_flood(
        name, float(until.sum()), BYTES_PER_INPUT_SPIKE, "spikes",
        "Check the unit of its rate (Hz), or run",
    )  # fmt: skip
    alive = np.flatnonzero(until > 0)
    reached = np.zeros(neurons.size)
    times, owners, block = [], [], 0
    while alive.size:
        # as many draws at once as are likely to be needed; the sums are the same for any number
        needed = int((until[alive] - reached[alive]).max() / 2) + 4
        blocks = np.arange(block, block + max(1, min(needed, DRAWS // alive.size)))
        streams = neurons[alive].astype(np.int64)[:, None]
        gaps = -np.log(uniforms(seed, "stimulus", name, trial, streams, blocks))
        steps = np.concatenate([reached[alive, None], gaps.reshape(alive.size, -1)], axis=1)
        clock = np.cumsum(steps, axis=1)[:, 1:]
        inside = clock < until[alive, None]
        times.append(clock[inside])
        owners.append(np.repeat(alive, inside.sum(axis=1)))
        reached[alive] = clock[:, -1]
        alive = alive[clock[:, -1] < until[alive]]
        block += blocks.size
    if not times:
        return np.zeros(0), np.zeros(0, dtype=np.int64)
    return np.concatenate(times), np.concatenate(owners)


def _invert(
    clock: NDArray[np.float64],
    owner: NDArray[np.int64],
    cumulative: NDArray[np.float64],
    edges: NDArray[np.float64],
) -> NDArray[np.float64]:
    """The time at which the summed rate of each spike's neuron reaches its clock."""
    low = np.zeros(clock.size, dtype=np.int64)
    high = np.full(clock.size, edges.size - 1, dtype=np.int64)
    while (high - low > 1).any():  # bisection over bins, all spikes at once
        middle = (low + high) // 2
        above = cumulative[middle, owner] <= clock
        low, high = np.where(above, middle, low), np.where(above, high, middle)
    before, after = cumulative[low, owner], cumulative[low + 1, owner]
    part = (clock - before) / (after - before)
    return edges[low] + part * (edges[low + 1] - edges[low])


def _events(
    stimulus: SpikeTrains | Poisson,
    population: Population,
    trains: Trains,
    dt: float,
    n_steps: int,
    findings: list[Finding],
) -> EventInput:
    """Events of a stimulus onto a receptor; one stamped s is added in step s + D - 1."""
    receptor, weight = stimulus_weight(stimulus, population)
    delay = stimulus_delay(stimulus, dt, findings)
    stamp, neuron = trains
    step = stamp + (delay - 1)
    inside = step < n_steps
    if isinstance(stimulus, Poisson):
        target = selected(stimulus.neurons, population)
    else:
        target = np.unique(neuron).astype(np.int32)
    place = np.zeros(population.size, dtype=np.int64)
    place[target] = np.arange(target.size)
    steps, channel, count = _merge(step[inside], place[neuron[inside]], target.size)
    return EventInput(
        stimulus.name, population.name, receptor.name, target,
        np.full(target.size, weight), steps, channel, count,
    )  # fmt: skip


def _merge(
    step: NDArray[np.int64], channel: NDArray[np.int64], n_channels: int
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int32]]:
    """Equal (step, channel) pairs become one with a count, sorted."""
    key, count = np.unique(step * max(n_channels, 1) + channel, return_counts=True)
    steps, channels = np.divmod(key, max(n_channels, 1))
    return steps, channels.astype(np.int32), count.astype(np.int32)


def _source(name: str, trains: list[Trains], findings: list[Finding]) -> SourceSpikes:
    """Spikes of a source population; spikes of one neuron in one step are one spike."""
    if not trains:
        return SourceSpikes(name, np.zeros(0, np.int64), np.zeros(0, np.int32))
    stamp = np.concatenate([t[0] for t in trains])
    neuron = np.concatenate([t[1] for t in trains])
    n = int(neuron.max()) + 1 if neuron.size else 1
    given = stamp.size
    stamp, neuron, _ = _merge(stamp, neuron.astype(np.int64), n)
    if stamp.size < given:
        findings.append(_merged(name, given - stamp.size, given))
    return SourceSpikes(name, stamp, neuron)


def _merged(name: str, lost: int, given: int) -> Finding:
    return Finding(
        "source_spikes_merged", "note", f"population {name!r}",
        f"{lost:,} of {given:,} spikes fall into a step in which their neuron spikes already; a "
        "source neuron spikes at most once a step",
        "choose a smaller dt, or put the stimulus onto the neurons themselves, where each counts",
        lost / given,
    )  # fmt: skip
