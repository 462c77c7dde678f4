"""What a path of a study names in a network, and the network in which it has a value."""

from __future__ import annotations

__all__ = ["CLOCK", "Setting", "changed", "clock_of", "resolve"]

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from neurobridge.errors import NetworkError, UnknownNameError
from neurobridge.frozen import FrozenDict
from neurobridge.graph.model import Parameter
from neurobridge.graph.network import Network
from neurobridge.graph.population import Population
from neurobridge.graph.stimulus import (
    Current,
    DiffusionNoise,
    Poisson,
    SpikeTrains,
    Stimulus,
    WhiteNoise,
)
from neurobridge.graph.weight import Factorised
from neurobridge.units import parse_quantity

Kind = Literal["parameter", "initial", "stimulus", "projection", "run"]

CLOCK = ("duration", "dt")
"""What follows ``run.`` in a path."""

OF_STIMULI: Mapping[type[Stimulus], tuple[str, ...]] = {
    SpikeTrains: ("weight", "delay"),
    Poisson: ("rate", "weight", "delay", "start", "stop"),
    Current: ("amplitude",),
    WhiteNoise: ("std", "mean", "interval", "start", "stop"),
    DiffusionNoise: ("intensity", "mean", "start", "stop"),
}
"""What can be set of each kind of stimulus: one number for all its neurons."""

OF_PROJECTIONS = ("scale", "weight", "delay")
EXAMPLES = "'populations.NAME.tau_m', 'stimuli.NAME.rate', 'projections.NAME.scale' or 'run.dt'"


@dataclass(frozen=True)
class Setting:
    """What a path names.

    Parameters
    ----------
    path : str
    kind : {"parameter", "initial", "stimulus", "projection", "run"}
    part, field : str
        Name of the part, and what is set of it.
    unit : str
        Of plain numbers.
    """

    path: str
    kind: Kind
    part: str
    field: str
    unit: str

    @property
    def rebuilds(self) -> bool:
        """Whether a simulator has to build its network anew for another value."""
        return self.kind in ("initial", "projection", "run")

    def convert(self, value: Any) -> float:
        """A value as a file writes it, in canonical units.

        Raises
        ------
        UnitError, NetworkError
        """
        number = float(parse_quantity(value, self.unit, self.path))
        if not np.isfinite(number):
            raise NetworkError(f"{self.path}: expected a finite value, got {value!r}")
        if self.kind == "run" and not number > 0:
            raise NetworkError(f"{self.path}: expected a time above 0 ms, got {value!r}")
        return number


def resolve(path: str, network: Network) -> Setting:
    """Find what a path names.

    Raises
    ------
    UnknownNameError, NetworkError
        If it names nothing; the nearest names are suggested.
    """
    root, _, rest = path.partition(".")
    part, _, field = rest.partition(".")
    if root == "run":
        _one_of(rest, CLOCK, path)
        return Setting(path, "run", "run", rest, "ms")
    groups: dict[str, Mapping[str, Any]] = {
        "populations": network.populations,
        "stimuli": network.stimuli,
        "projections": network.projections,
    }
    if root not in groups:
        raise UnknownNameError(f"first part of path {path!r}", root, [*groups, "run"])
    if not field:
        raise NetworkError(f"path {path!r}: expected something like {EXAMPLES}")
    if part not in groups[root]:
        raise UnknownNameError(f"name in path {path!r}", part, groups[root])
    if root == "populations":
        return _of_population(path, network.populations[part], field)
    if root == "stimuli":
        return _of_stimulus(path, network, network.stimuli[part], field)
    return _of_projection(path, network, part, field)


def changed(network: Network, values: Mapping[Setting, float]) -> Network:
    """The network with other values; those of ``run`` do not concern it.

    Raises
    ------
    NetworkError
        If a value is outside of what is allowed for it.
    """
    for setting, value in values.items():
        if setting.kind == "parameter":
            network = network.with_parameters(setting.part, **{setting.field: value})
        elif setting.kind == "initial":
            network = _with_initial(network, setting, value)
        elif setting.kind == "stimulus":
            stimulus: Any = network.stimuli[setting.part]
            network = network.with_stimulus(replace(stimulus, **{setting.field: value}))
        elif setting.kind == "projection":
            network = _with_projection(network, setting, value)
    return network


def clock_of(values: Mapping[Setting, float]) -> dict[str, float]:
    """Duration and dt, if they are among the values, in ms."""
    return {s.field: value for s, value in values.items() if s.kind == "run"}


def _of_population(path: str, population: Population, field: str) -> Setting:
    model = population.model
    if field.startswith("initial."):
        state = field.removeprefix("initial.")
        _one_of(state, model.states, path)
        return Setting(path, "initial", population.name, state, model.states[state].unit)
    _one_of(field, [*model.parameters, *(f"initial.{s}" for s in model.states)], path)
    unit = model.parameters[field].unit
    return Setting(path, "parameter", population.name, field, unit)


def _of_stimulus(path: str, network: Network, stimulus: Stimulus, field: str) -> Setting:
    _one_of(field, OF_STIMULI[type(stimulus)], path)
    model = network.population(stimulus.population).model
    if field == "weight":
        if model.is_source:
            raise NetworkError(
                f"path {path!r}: {stimulus.population!r} is a source, whose neurons spike "
                "themselves; a weight has no meaning here"
            )
        receptor = getattr(stimulus, "receptor", None)
        unit = model.weight_unit(receptor)
    elif field == "rate":
        unit = "Hz"
    elif field in ("amplitude", "std", "mean"):
        unit = model.current_unit
    else:
        unit = "1" if field == "intensity" else "ms"
    return Setting(path, "stimulus", stimulus.name, field, unit)


def _of_projection(path: str, network: Network, part: str, field: str) -> Setting:
    _one_of(field, OF_PROJECTIONS, path)
    projection = network.projections[part]
    if field == "scale":
        return Setting(path, "projection", part, field, "1")
    if field == "delay":
        return Setting(path, "projection", part, field, "ms")
    if not isinstance(projection.weight, Factorised):
        raise NetworkError(
            f"path {path!r}: the weights of {part!r} are not of the form sign x count x weight of "
            f"one synapse, but {type(projection.weight).__name__}; change them all by the factor "
            f"'projections.{part}.scale'"
        )
    unit = network.population(projection.post).model.weight_unit(projection.receptor)
    return Setting(path, "projection", part, field, unit)


def _with_initial(network: Network, setting: Setting, value: float) -> Network:
    population = network.population(setting.part)
    checked = Parameter(None, setting.unit).convert(value, setting.path)
    new = replace(population, initial=FrozenDict({**population.initial, setting.field: checked}))
    return replace(network, populations=network.populations.with_(**{population.name: new}))


def _with_projection(network: Network, setting: Setting, value: float) -> Network:
    if setting.field == "scale":
        return network.scale(setting.part, value)
    projection = network.projections[setting.part]
    if setting.field == "delay":
        return network.with_projection(replace(projection, delay=value))
    weight: Any = projection.weight
    return network.with_projection(replace(projection, weight=replace(weight, unit=value)))


def _one_of(name: str, known: Any, path: str) -> None:
    if name not in known:
        raise UnknownNameError(f"part of path {path!r}", name, known)
