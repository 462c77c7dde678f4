"""Small chip networks, written in one line each."""

from __future__ import annotations

from typing import Any

import numpy as np

from neurobridge.lowering.chip.network import (
    RECORDABLE,
    ChipCurrent,
    ChipNetwork,
    ChipPopulation,
    ChipProjection,
    ChipSource,
)

LIF = {
    "v_rest": -65.0,
    "v_reset": -70.0,
    "v_thresh": -50.0,
    "tau_m": 20.0,
    "cm": 1.0,
    "tau_refrac": 2.0,
    "i_offset": 0.0,
}
SYNAPSES = {"tau_syn_E": 5.0, "tau_syn_I": 10.0}
PARAMETERS: dict[str, dict[str, Any]] = {
    "IF_curr_exp": LIF | SYNAPSES,
    "IF_cond_exp": LIF | SYNAPSES | {"e_rev_E": 0.0, "e_rev_I": -80.0},
    "IF_curr_alpha": LIF | SYNAPSES,
    "IF_curr_delta": LIF,
    "Izhikevich": SYNAPSES | {"a": 0.02, "b": 0.2, "c": -65.0, "d": 8.0, "i_offset": 0.0},
}


def population(name: str = "cells", size: int = 1, cell: str = "IF_curr_exp", **more: Any) -> Any:
    """A population that records everything; parameters by name, all else as the class has it."""
    own = {"initial", "shifts", "neurons_per_core", "record", "recorded"}
    other = {key: value for key, value in more.items() if key in own}
    parameters = PARAMETERS[cell] | {k: v for k, v in more.items() if k not in own}
    settings: dict[str, Any] = {
        "initial": {},
        "shifts": (0, 0),
        "neurons_per_core": 256,
        "record": (*RECORDABLE, "spikes"),
    }
    return ChipPopulation(name, size, cell, parameters, **(settings | other))


def source(*trains: list[int], name: str = "source", neurons_per_core: int = 256) -> ChipSource:
    """A source with the steps of each neuron's spikes."""
    pairs = sorted((step, neuron) for neuron, train in enumerate(trains) for step in train)
    table = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    return ChipSource(
        name, len(trains), table[:, 0], table[:, 1].astype(np.int32), neurons_per_core
    )


def projection(
    rows: list[tuple[int, int, int, int]],
    pre: str = "source",
    post: str = "cells",
    receptor: str = "excitatory",
) -> ChipProjection:
    """A projection of (source, target, word, delay)."""
    table = np.array(rows, dtype=np.int64).reshape(-1, 4)
    return ChipProjection(
        f"{pre} to {post}",
        pre,
        post,
        receptor,
        table[:, 0].astype(np.int32),
        table[:, 1].astype(np.int32),
        table[:, 2].astype(np.uint16),
        table[:, 3].astype(np.int32),
    )


def current(
    steps: list[int], values: list[float], neurons: list[int], into: str = "cells"
) -> ChipCurrent:
    """A step current."""
    return ChipCurrent(
        into, np.array(neurons, dtype=np.int32), np.array(steps, dtype=np.int64), np.array(values)
    )


def network(
    populations: Any,
    *parts: ChipSource | ChipProjection | ChipCurrent,
    n_steps: int = 10,
    dt: float = 1.0,
) -> ChipNetwork:
    """A network of one population or several, and whatever else there is."""
    return ChipNetwork(
        dt,
        n_steps,
        (populations,) if isinstance(populations, ChipPopulation) else tuple(populations),
        tuple(p for p in parts if isinstance(p, ChipSource)),
        tuple(p for p in parts if isinstance(p, ChipProjection)),
        tuple(p for p in parts if isinstance(p, ChipCurrent)),
    )
