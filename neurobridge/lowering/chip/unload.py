"""What came back from the chip, in the terms of the network and the contract."""

from __future__ import annotations

__all__ = ["degradation", "overflow_message", "unload"]

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurobridge.backends.base import RawResult, source_result
from neurobridge.lowering.chip.network import ChipResult
from neurobridge.lowering.chip.plan import ChipPlan
from neurobridge.lowering.program import Drive, SignalPlan

RAW = 2.0**15
"""Raw units of one, in s16.15."""


def unload(plan: ChipPlan, drive: Drive, result: ChipResult, steps_done: int) -> RawResult:
    """Spikes and states of a run, with stamps and samples as the contract has them.

    Parameters
    ----------
    plan : ChipPlan
    drive : Drive
    result : ChipResult
        Of a network that :func:`~neurobridge.lowering.chip.load.load_drive` made.
    steps_done : int
        Steps of the contract.
    """
    spikes = {}
    for wanted in plan.program.spike_plans:
        if plan.program.population(wanted.population).is_source:
            spikes[wanted.name] = source_result(wanted, drive, steps_done)
        else:
            stamp, neuron = _spikes(plan, wanted.population, result)
            keep = stamp <= steps_done
            if wanted.neurons is not None:
                keep &= np.isin(neuron, wanted.neurons)
            spikes[wanted.name] = stamp[keep], neuron[keep]
    signals = {s.name: _signal(plan, s, result, steps_done) for s in plan.program.signal_plans}
    counts = {"saturations": _of_whole(plan, result.saturations)}
    if "overflows" in result.provenance:
        counts["overflows"] = _of_whole(plan, result.provenance["overflows"])
    return RawResult(spikes, signals, steps_done, {**result.provenance, **counts})


def _of_whole(plan: ChipPlan, counts: Mapping[str, int]) -> dict[str, int]:
    """Counts of populations from those of their parts."""
    return {
        name: sum(int(counts.get(part.name, 0)) for part in plan.parts[name]) for name in plan.cells
    }


def degradation(counts: Mapping[str, Any]) -> str:
    """What makes a run of the twin worth less, in words; empty if nothing does.

    Parameters
    ----------
    counts : mapping
        ``info`` of a result that :func:`unload` made, with ``saturations`` and ``overflows``.
    """
    said = [_saturation_message(counts["saturations"]), overflow_message(counts["overflows"])]
    return "; ".join(words for words in said if words)


def overflow_message(overflows: Mapping[str, int]) -> str:
    """A sentence on membranes whose drive did not fit into 32 bits; empty if all did."""
    wrapped = {name: count for name, count in overflows.items() if count}
    if not wrapped:
        return ""
    where = ", ".join(f"in {n:,} steps of neurons of {name!r}" for name, n in wrapped.items())
    return (
        "the drive of membranes (current times resistance) was outside of the 65,536 mV that the "
        f"chip holds {where}, and wrapped around to the opposite sign; check the units of weights, "
        "rates and currents (nA, not pA)"
    )


def _saturation_message(saturations: Mapping[str, int]) -> str:
    """A sentence on ring buffers that were full; empty if none was."""
    full = {name: count for name, count in saturations.items() if count}
    if not full:
        return ""
    where = ", ".join(f"{count:,} times in {name!r}" for name, count in full.items())
    return (
        f"ring buffers were full {where}, and input was lost; give a larger max_summed_input, or "
        "none for the bound that never saturates"
    )


def _spikes(
    plan: ChipPlan, population: str, result: ChipResult
) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    stamps, neurons = [np.zeros(0, np.int64)], [np.zeros(0, np.int32)]
    for part in plan.parts[population]:
        step, neuron = result.spikes.get(part.name, (stamps[0], neurons[0]))
        stamps.append(step + 1)
        neurons.append(part.neurons[neuron])
    return np.concatenate(stamps), np.concatenate(neurons)


def _signal(
    plan: ChipPlan, signal: SignalPlan, result: ChipResult, steps_done: int
) -> NDArray[np.float64]:
    """Samples of a probe; the chip's step ``t`` records the state at time ``t dt``."""
    name, sign = plan.cells[signal.population].states[signal.variable]
    population = plan.program.population(signal.population)
    scale: NDArray[np.float64] = np.full(population.size, sign / RAW)
    if name != "v":
        factor = plan.cells[signal.population].current_factor(
            population.parameters, plan.program.dt
        )
        scale = scale / (plan.units[signal.population] * np.asarray(factor))
    n_samples = steps_done // signal.interval
    values = np.zeros((n_samples, population.size))
    for part in plan.parts[signal.population]:
        chosen = np.flatnonzero(np.isin(part.neurons, signal.neurons))
        if chosen.size:
            held = result.states[part.name, name][signal.interval :: signal.interval]
            columns = held.shape[1]
            recorded = chosen if columns == chosen.size else np.arange(part.neurons.size)
            values[:, part.neurons[recorded]] = held[:n_samples]
    return np.asarray(values[:, signal.neurons] * scale[signal.neurons])
