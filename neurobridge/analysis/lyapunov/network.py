"""From a network of rate neurons to a system: its models' equations, its edges' couplings."""

from __future__ import annotations

__all__ = ["of_network"]

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from neurobridge.analysis.lyapunov.couplings import coupling_matrix
from neurobridge.analysis.lyapunov.currents import Currents
from neurobridge.analysis.lyapunov.declared import Cells, DeclaredSystem
from neurobridge.analysis.lyapunov.linear_code import linear_code
from neurobridge.analysis.lyapunov.system import Meaning, Real
from neurobridge.errors import ModelError, NetworkError
from neurobridge.graph.network import Network
from neurobridge.graph.population import Population
from neurobridge.graph.projection import TickDelays
from neurobridge.lowering.neurons import coherent_parameters
from neurobridge.rng import generator

Unit = Literal["tau", "ms"]


def of_network(
    network: Network,
    meaning: Meaning = "flow",
    *,
    unit: Unit | None = None,
    initial: Real | float | None = None,
    seed: int = 0,
) -> DeclaredSystem:
    """The system that a network of rate neurons is.

    Parameters
    ----------
    network : Network
        Of models with a continuous output, without delays. Injected currents are part of the
        system: exponents are then those of the network under this input (conditional exponents).
    meaning : {"flow", "map"}
        The differential equation, or its Euler map at a given dt, which is what Engelken, Wolf &
        Abbott (2023) and FlyStability study.
    unit : {"tau", "ms"}, optional
        Of time. Default: the time constant if all neurons have the same, else ms.
    initial : float or float64 array (N,), optional
        Spread of the random initial state (default 1), or the state itself; all neurons of the
        first state of the first population, then of its next state, and so on.
    seed : int
        Of noise that is injected.

    Returns
    -------
    DeclaredSystem

    Raises
    ------
    NetworkError, ModelError
        If neurons spike, couplings are delayed, or the unit does not fit.
    """
    if not isinstance(network, Network):
        raise NetworkError(
            f"of_network: expected a Network, got {network!r}; see lyapunov.random_network, "
            "lyapunov.matrix_network and neurobridge.to_network"
        )
    if meaning not in ("flow", "map"):
        raise NetworkError(f"meaning: expected 'flow' or 'map', got {meaning!r}")
    for population in network.populations.values():
        _refuse_spikes(population)
    for projection in network.projections.values():
        if isinstance(projection.delay, TickDelays) or projection.delay:
            raise NetworkError(
                f"projection {projection.name!r} has a delay: the state of a delayed network is a "
                "function of time, and its exponents are not worked out here; set its delay to 0"
            )
    scale, unit = _unit_of_time(network, unit)
    dt = 0.1 if unit == "tau" else 0.1 * _fastest(network)
    cells = tuple(_cells(p, scale) for p in network.populations.values())
    names, labels = _names(network), _labels(network)
    return DeclaredSystem(
        meaning, unit, names, cells, coupling_matrix(network), _initial(initial, len(names)),
        Currents.of_network(network, scale, seed), dt, None, labels,
    )  # fmt: skip


def _refuse_spikes(population: Population) -> None:
    model = population.model
    if model.spikes:
        raise ModelError(
            f"population {population.name!r}: neurons of model {model.name!r} spike, and a spike "
            "is a jump, which has no derivative: on a grid of time steps a small change of the "
            "state moves no spike at all, and then one by a whole step. Exponents of such a "
            "simulation would be those of its resets, not of the network. Use a rate model "
            "(neurobridge.models.rate_model)"
        )
    if model.refractory is not None or model.receptors:
        raise ModelError(f"population {population.name!r}: model {model.name!r} takes spikes")


def _unit_of_time(network: Network, unit: Unit | None) -> tuple[float, Unit]:
    """How many ms a unit of time has."""
    taus = _taus(network)
    same = taus is not None and bool((taus == taus[0]).all())
    if unit == "ms" or (unit is None and not same):
        return 1.0, "ms"
    if unit not in (None, "tau"):
        raise NetworkError(f"unit: expected 'tau' or 'ms', got {unit!r}")
    if taus is None or not same:
        known = "no parameter 'tau'" if taus is None else f"taus from {taus.min()} to {taus.max()}"
        raise NetworkError(f"unit='tau' needs one time constant for all, and there are {known} ms")
    return float(taus[0]), "tau"


def _taus(network: Network) -> Real | None:
    """Time constants of all neurons in ms, None if a model has none."""
    found = []
    for p in network.populations.values():
        if "tau" not in p.parameters:
            return None
        found.append(np.broadcast_to(np.asarray(p.parameters["tau"], dtype=np.float64), (p.size,)))
    return np.concatenate(found)


def _fastest(network: Network) -> float:
    taus = _taus(network)
    return 1.0 if taus is None else float(taus.min())


def _cells(population: Population, scale: float) -> Cells:
    """Constants in units of which one of time is ``scale`` ms: the slopes are that much larger."""
    code = linear_code(population.model, scale)
    known = coherent_parameters(population.model, population.parameters)
    return Cells(population.name, population.size, code, {n: known[n] for n in code.constants})


def _names(network: Network) -> tuple[str, ...]:
    return tuple(
        f"{p.name}.{s}[{i}]"
        for p in network.populations.values()
        for s in p.model.states
        for i in range(p.size)
    )


def _labels(network: Network) -> Mapping[str, NDArray[Any]]:
    """Population, state and every label of the neurons, for all states."""
    parts: dict[str, list[NDArray[Any]]] = {"population": [], "state": []}
    populations = list(network.populations.values())
    columns = sorted({c for p in populations for c in p.labels.columns})
    for p in populations:
        for s in p.model.states:
            parts["population"].append(np.full(p.size, p.name, dtype=object))
            parts["state"].append(np.full(p.size, s, dtype=object))
            for column in columns:
                known = column in p.labels.columns
                values = p.labels[column].values if known else np.full(p.size, "", dtype=object)
                parts.setdefault(column, []).append(np.asarray(values, dtype=object))
    return {name: np.concatenate(found) for name, found in parts.items()}


def _initial(given: Real | float | None, size: int) -> Any:
    if given is None or np.ndim(given) == 0:
        spread = 1.0 if given is None else float(given)
        return lambda seed: spread * generator(seed, "lyapunov.initial", "").standard_normal(size)
    state = np.array(given, dtype=np.float64)
    if state.shape != (size,) or not np.isfinite(state).all():
        raise NetworkError(f"initial: expected {size} finite numbers, got shape {state.shape}")
    return lambda _: state.copy()
