"""What a trainable network is asked for, checked: precision, device, surrogates, states, paths."""

from __future__ import annotations

__all__ = ["check_device", "checked_precision", "recorded_states", "specified", "surrogates_of"]

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import torch

from neurobridge.backends.torch.surrogate import Surrogate, margin
from neurobridge.errors import NetworkError, UnknownNameError
from neurobridge.graph.network import Network
from neurobridge.lowering.evaluate import evaluate
from neurobridge.lowering.program import PopulationProgram, Program
from neurobridge.training.specification import Train

SHARPNESS = 10.0
"""Default surrogates are this many times narrower than the distance from rest to threshold."""


def surrogates_of(
    program: Program, given: Surrogate | Mapping[str, Surrogate] | None
) -> dict[str, Surrogate]:
    """The surrogate of each spiking population: one for all, by name, or the default.

    Raises
    ------
    NetworkError, UnknownNameError
    """
    spiking = [p for p in program.populations if p.code.threshold]
    if isinstance(given, Surrogate):
        return {p.name: given for p in spiking}
    if given is not None and not isinstance(given, Mapping):
        raise NetworkError(
            f"surrogate: expected a Surrogate, or one by population, got {given!r}; "
            "Surrogate('arctan', scale=...) makes one"
        )
    given = dict(given or {})
    for name in given:
        if name not in {p.name for p in spiking}:
            raise UnknownNameError("spiking population", name, [p.name for p in spiking])
    return {p.name: given.get(p.name) or _default_surrogate(p) for p in spiking}


def _default_surrogate(p: PopulationProgram) -> Surrogate:
    distance = margin(p.code.threshold, p.model.name)
    rest = np.abs(evaluate(distance, {**p.constants, **p.initial}))
    size = float(np.median(rest)) or 1.0
    return replace(Surrogate(), scale=size / SHARPNESS, height=1.0 / size)


def recorded_states(
    network: Network, record: Sequence[tuple[str, str]]
) -> tuple[tuple[str, str], ...]:
    """Population and state of what is recorded: what losses use, and what readouts read.

    Raises
    ------
    NetworkError, UnknownNameError
    """
    read = [r for r in network.readouts.values() if r.source not in ("spikes", "output")]
    for pair in record:
        if isinstance(pair, str) or len(pair) != 2:
            raise NetworkError(f"record: expected pairs (population, state), got {pair!r}")
    wanted = [*record, *((r.population, r.source) for r in read)]
    for population, variable in wanted:
        states = network.population(population).model.states
        if variable not in states:
            raise UnknownNameError(f"state of {population!r}", variable, states)
    return tuple(dict.fromkeys(wanted))


def specified(train: Sequence[Train]) -> tuple[Train, ...]:
    """What is trained, each path once.

    Raises
    ------
    NetworkError
    """
    given = [train] if isinstance(train, (Train, str)) else list(train)
    for spec in given:
        if not isinstance(spec, Train):
            raise NetworkError(f"train: expected Train(path, ...), got {spec!r}")
    paths = [s.path for s in given]
    for path in paths:
        if paths.count(path) > 1:
            raise NetworkError(
                f"path {path!r} is trained twice; give it one specification, or train "
                "'projections.NAME.weight' and '.scale' together"
            )
    return tuple(given)


def checked_precision(name: str) -> torch.dtype:
    """The type of numbers.

    Raises
    ------
    NetworkError
    """
    if name not in ("float32", "float64"):
        raise NetworkError(f"precision: expected 'float32' or 'float64', got {name!r}")
    dtype: torch.dtype = getattr(torch, name)
    return dtype


def check_device(device: str) -> None:
    """Refuse a device that is not there.

    Raises
    ------
    NetworkError
    """
    try:
        kind = torch.device(device).type
    except (RuntimeError, TypeError):
        kind = ""
    if kind not in ("cpu", "cuda"):
        raise NetworkError(f"device: expected 'cpu', 'cuda' or 'cuda:1', got {device!r}")
    if kind == "cuda" and not torch.cuda.is_available():
        raise NetworkError(
            f"device {device!r} was asked for, but torch {torch.__version__} finds no CUDA device "
            "here; use device='cpu', or a machine with a GPU and a CUDA build of torch"
        )
