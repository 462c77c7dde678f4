"""The network of an experiment: neurons, synapses, stimuli, probes."""

from __future__ import annotations

__all__ = ["assemble"]

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from neurobridge.connectome.network import to_network
from neurobridge.errors import ConnectomeError, UnknownNameError
from neurobridge.experiment.inputs import probe, stimulus
from neurobridge.experiment.models import find_model
from neurobridge.experiment.schema import ModelPlan
from neurobridge.experiment.selection import index_of
from neurobridge.frozen import FrozenDict
from neurobridge.graph.model import NeuronModel, Parameter
from neurobridge.graph.network import Network
from neurobridge.units import parse_quantity

if TYPE_CHECKING:
    from neurobridge.experiment.experiment import Experiment

POPULATION = "neurons"
"""Name of the population of all neurons."""


def assemble(experiment: Experiment) -> Network:
    """Carry out the sections ``model``, ``synapses``, ``stimuli`` and ``probes``."""
    model = find_model(experiment)
    network = _neurons_and_synapses(experiment, model)
    at, connectome = experiment.places.at, experiment.connectome
    for name, plan in experiment.plan.stimuli.items():
        with at("stimuli", name):
            network = network.with_stimulus(stimulus(name, plan, POPULATION, model, connectome, at))
    for name, chosen in experiment.plan.probes.items():
        with at("probes", name):
            network = network.with_probe(probe(name, chosen, POPULATION, connectome, at))
    metadata = {**network.metadata, "experiment": experiment.name}
    return replace(network, metadata=FrozenDict(metadata))


def _neurons_and_synapses(experiment: Experiment, model: NeuronModel) -> Network:
    at, plan, connectome = experiment.places.at, experiment.plan.synapses, experiment.connectome
    parameters = _parameters(experiment, model)
    initial = _initial(experiment, model)
    with at("synapses", "receptor"):
        if not model.receptors and not model.couplings:
            raise ConnectomeError(f"model {model.name!r} has no receptor and takes no synapses")
        unit = model.weight_unit(plan.receptor)
    with at("synapses", "weight"):
        weight = parse_quantity(plan.weight, unit, "weight of one synapse")
    if connectome.sign is None and connectome.edge_sign is None:
        with at("connectome"):
            raise ConnectomeError(
                "the synapses have no signs; add a section 'signs:', e.g. 'signs: {policy: argmax, "
                "table: fly}'"
            )
    with at("synapses"):
        return to_network(
            connectome,
            model,
            weight=weight,
            delay=plan.delay,
            name=POPULATION,
            receptor=plan.receptor,
            gap_junctions=plan.gap_junctions,
            initial=initial,
            **parameters,
        )


def _parameters(experiment: Experiment, model: NeuronModel) -> dict[str, Any]:
    """Parameters of all neurons, then those of each group, as numbers or arrays (N,)."""
    plan: ModelPlan = experiment.plan.model
    values = _converted(experiment, model, plan.parameters, ("model", "parameters"))
    for i, group in enumerate(plan.groups):
        place = ("model", "groups", i)
        with experiment.places.at(*place, "neurons"):
            index = index_of(experiment.connectome, group.neurons)
        own = _converted(experiment, model, group.parameters, (*place, "parameters"))
        for name, value in own.items():
            with experiment.places.at(*place, "parameters", name):
                before = values.get(name, _default(model, name))
            everyone = np.full(experiment.connectome.n_neurons, before, dtype=np.float64)
            everyone[slice(None) if index is None else index] = value
            values[name] = everyone
    return values


def _default(model: NeuronModel, name: str) -> float:
    parameter = model.parameters[name]
    if parameter.default is None:
        raise ConnectomeError("has no default; give it to all neurons first, under parameters")
    return float(parameter.convert(parameter.default, name))


def _initial(experiment: Experiment, model: NeuronModel) -> dict[str, Any]:
    states = {name: Parameter(None, state.unit) for name, state in model.states.items()}
    values = {}
    for name, value in experiment.plan.model.initial.items():
        with experiment.places.at("model", "initial", name):
            if name not in states:
                raise UnknownNameError(f"state of model {model.name!r}", name, states)
            values[name] = states[name].convert(value, name)
    return values


def _converted(
    experiment: Experiment,
    model: NeuronModel,
    parameters: Mapping[str, Any],
    location: tuple[str | int, ...],
) -> dict[str, Any]:
    """Parameters as numbers in canonical units, each checked at its own line."""
    values = {}
    for name, value in parameters.items():
        with experiment.places.at(*location, name):
            if name not in model.parameters:
                raise UnknownNameError(f"parameter of model {model.name!r}", name, model.parameters)
            values[name] = model.parameters[name].convert(value, name)
    return values
