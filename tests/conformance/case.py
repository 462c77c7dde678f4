"""What a scenario is: a tiny network, what it is run with, and what must come out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurobridge.graph.network import Network
from neurobridge.graph.stimulus import SpikeTrains, Stimulus


@dataclass(frozen=True)
class Run:
    """One run of a compiled network.

    ``spikes`` maps a population or spike probe to all its (stamp, neuron) pairs in order;
    ``signals`` maps a state probe to its samples, (T, n) or (T,) for one neuron.
    What is not named is not compared; what is ``unrecorded`` must have no spikes at all, not even
    an empty list.
    """

    duration: float
    spikes: Mapping[str, Sequence[tuple[int, int]]] = field(default_factory=dict)
    signals: Mapping[str, ArrayLike] = field(default_factory=dict)
    seed: int = 0
    trial: int = 0
    stimuli: Sequence[Stimulus] = ()
    parameters: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    unrecorded: Sequence[str] = ()


@dataclass(frozen=True)
class Case:
    """A network, the runs of it, and the weights that the backend must hold.

    ``atol`` bounds signals (in their unit). It is above rounding only where the expected values
    solve the equations themselves, and the model names an integrator with an error of its own.
    """

    network: Network
    runs: Sequence[Run]
    dt: float = 0.1
    weights: Mapping[str, ArrayLike] = field(default_factory=dict)
    atol: float = 1e-9


@dataclass(frozen=True)
class Scenario:
    """A named case and the lines of ``docs/contract.md`` that it tests."""

    name: str
    lines: tuple[str, ...]
    make: Callable[[], Case]


SCENARIOS: dict[str, Scenario] = {}


def scenario(*lines: str) -> Callable[[Callable[[], Case]], Callable[[], Case]]:
    """Register the function that makes a case, under its own name."""

    def register(make: Callable[[], Case]) -> Callable[[], Case]:
        name = make.__name__
        if name in SCENARIOS:
            raise ValueError(f"two scenarios are called {name!r}")
        SCENARIOS[name] = Scenario(name, lines, make)
        return make

    return register


def times(duration: float, dt: float) -> NDArray[np.float64]:
    """The sample times of a probe of every step, ``dt, 2 dt, ... duration``."""
    return np.arange(1, round(duration / dt) + 1) * dt


def since(t: NDArray[np.float64], start: float) -> NDArray[np.float64]:
    """Time since ``start``, -1 before it; the sample at ``start`` itself counts as 0."""
    elapsed = t - start
    return np.where(elapsed > -1e-9, np.maximum(elapsed, 0.0), -1.0)


def kicks(
    name: str, population: str, at: Sequence[float], weight: float, neuron: int = 0, **more: Any
) -> SpikeTrains:
    """Spikes onto one neuron at these times."""
    return SpikeTrains(
        name, population, np.array(at), np.full(len(at), neuron), weight=weight, **more
    )


def train(stamps: Sequence[int], neuron: int = 0) -> list[tuple[int, int]]:
    """(stamp, neuron) pairs of one neuron."""
    return [(s, neuron) for s in stamps]
