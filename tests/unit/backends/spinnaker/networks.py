"""Networks on the chip for tests of what runs them."""

from __future__ import annotations

from typing import Any

import numpy as np

import neurobridge as nb
from neurobridge import NetworkBuilder, SpikeTrains, models
from neurobridge.lowering.chip.network import (
    ChipCurrent,
    ChipNetwork,
    ChipPopulation,
    ChipProjection,
    ChipSource,
)

_MEMBRANE = {
    "tau_m": 20.0, "cm": 1.0, "v_rest": -65.0, "v_reset": -66.0, "v_thresh": -50.0,
    "tau_refrac": 2.0, "i_offset": 0.2,
}  # fmt: skip
_DECAYS = {"tau_syn_E": 5.0, "tau_syn_I": 7.0}
_CELLS: dict[str, tuple[dict[str, float], dict[str, float], tuple[int, int]]] = {
    "IF_curr_exp": (_MEMBRANE | _DECAYS, {"v": -60.0, "isyn_exc": 0.3, "isyn_inh": 0.1}, (3, 2)),
    "IF_cond_exp": (
        _MEMBRANE | _DECAYS | {"e_rev_E": 0.0, "e_rev_I": -70.0},
        {"v": -61.0, "isyn_exc": 0.01, "isyn_inh": 0.0},
        (6, 5),
    ),
    "IF_curr_alpha": (_MEMBRANE | _DECAYS, {"v": -62.0}, (3, 3)),
    "IF_curr_delta": (_MEMBRANE, {"v": -63.0}, (4, 2)),
    "Izhikevich": (
        {"a": 0.02, "b": 0.2, "c": -65.0, "d": 6.0, "i_offset": 3.0} | _DECAYS,
        {"v": -68.0, "u": -13.0, "isyn_exc": 0.0, "isyn_inh": 0.2},
        (4, 3),
    ),
}


def population(cell: str, size: int, per_core: int = 256, **changed: Any) -> ChipPopulation:
    """A population of the same name as its cell, which records everything."""
    parameters, initial, shifts = _CELLS[cell]
    record = ("spikes", "v") if cell == "IF_curr_delta" else ("spikes", "v", "gsyn_exc", "gsyn_inh")
    return ChipPopulation(
        cell, size, cell, {**parameters, **changed}, initial, shifts, per_core, record
    )


def synapses(
    rng: np.random.Generator, pre: str, post: str, receptor: str, sizes: tuple[int, int], n: int,
    *, delay: int | tuple[int, int] = (1, 12), largest: int = 3000,
) -> ChipProjection:  # fmt: skip
    """Random synapses, sorted by (target, source)."""
    source, target = (rng.integers(0, size, n).astype(np.int32) for size in sizes)
    order = np.lexsort((source, target))
    word = rng.integers(0, largest, n).astype(np.uint16)
    delays: Any = delay if isinstance(delay, int) else rng.integers(*delay, n).astype(np.int32)
    return ChipProjection(
        f"{pre}_to_{post}_{receptor}", pre, post, receptor, source[order], target[order], word,
        delays,
    )  # fmt: skip


def train(rng: np.random.Generator, name: str, size: int, n_steps: int, n: int) -> ChipSource:
    """Random spikes, of which two are of one neuron in one step."""
    step, neuron = rng.integers(0, n_steps, n), rng.integers(0, size, n).astype(np.int32)
    step[1], neuron[1] = step[0], neuron[0]
    order = np.lexsort((neuron, step))
    return ChipSource(name, size, step[order].astype(np.int64), neuron[order])


def every_cell(rng: np.random.Generator, dt: float = 1.0, n_steps: int = 60) -> ChipNetwork:
    """A population of every cell, with excitation, inhibition, recurrence and currents."""
    size = 40
    populations = (
        population("IF_curr_exp", size, 16, cm=np.linspace(0.8, 1.2, size)),
        *(population(cell, size) for cell in _CELLS if cell != "IF_curr_exp"),
    )
    projections = []
    for p in populations:
        pair = (10, size)
        projections.append(synapses(rng, "in", p.name, "excitatory", pair, 300))
        projections.append(synapses(rng, "in", p.name, "inhibitory", pair, 100, delay=3))
    for pre, post in zip(populations, (*populations[1:], populations[0]), strict=True):
        pair = (pre.size, post.size)
        projections.append(synapses(rng, pre.name, post.name, "inhibitory", pair, 200))
    some = np.array([1, 5, 30], np.int32)
    return ChipNetwork(
        dt, n_steps, populations, (train(rng, "in", 10, n_steps, 150),), tuple(projections),
        (ChipCurrent("IF_curr_exp", some, np.array([3, 30]), np.array([1.5, -0.5])),),
    )  # fmt: skip


def mixed_signs(rng: np.random.Generator) -> nb.Network:
    """Sources onto cells with weights of both signs, and cells onto each other."""
    b = NetworkBuilder()
    b.population("input", 30, models.spike_source)
    b.population("cell", 80, models.lif_exp)
    pairs = np.stack([rng.integers(0, 30, 900), rng.integers(0, 80, 900)], axis=1)
    delays = rng.integers(1, 8, 900).astype(float)
    b.connect("way", "input", "cell", pairs, weight=rng.normal(0.6, 0.6, 900), delay=delays)
    pairs = np.unique(rng.integers(0, 80, (800, 2)), axis=0)
    weight = rng.normal(0.05, 0.2, len(pairs))
    b.connect("recurrent", "cell", "cell", pairs, weight=weight, delay=2.0)
    time = rng.integers(0, 45, 400).astype(float)
    b.add(SpikeTrains("spikes", "input", time=time, neuron=rng.integers(0, 30, 400)))
    return b.build()


ACCEPT = ["weights_rounded", "weights_become_zero", "parameters_rounded"]
