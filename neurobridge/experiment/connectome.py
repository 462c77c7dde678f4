"""The connectome of an experiment: loaded, cut to a part, signed."""

from __future__ import annotations

__all__ = ["build_connectome"]

from pathlib import Path
from typing import TYPE_CHECKING, Any

from neurobridge.connectome.policies import SignPolicy, sign_policy
from neurobridge.connectome.reading import read_table
from neurobridge.connectome.registry import load, sources
from neurobridge.connectome.table import Connectome
from neurobridge.errors import ConnectomeError, UnknownNameError
from neurobridge.experiment.schema import ConnectomePlan, SignsPlan
from neurobridge.experiment.selection import ids_of

if TYPE_CHECKING:
    from neurobridge.experiment.experiment import Experiment


def build_connectome(experiment: Experiment) -> Connectome:
    """Carry out the sections ``connectome`` and ``signs``."""
    plan, at = experiment.plan.connectome, experiment.places.at
    connectome = _load(experiment, plan)
    connectome = _part(experiment, plan, connectome)
    if experiment.plan.signs is not None:
        with at("signs"):
            policy = _policy(experiment.plan.signs, experiment.folder)
            connectome = connectome.with_signs(policy, experiment.plan.signs.unknown)
    if plan.largest_component:
        with at("connectome", "largest_component"):
            connectome = connectome.largest_component()
    with at("connectome"):
        if not connectome.n_neurons:
            raise ConnectomeError("no neuron is left; select less strictly")
    return connectome


def _load(experiment: Experiment, plan: ConnectomePlan) -> Connectome:
    at = experiment.places.at
    with at("connectome", "source"):
        if plan.source not in sources():
            raise UnknownNameError("connectome source", plan.source, sources())
    path = None if plan.path is None else experiment.folder / plan.path
    options = dict(plan.options)
    if isinstance(options.get("mapping"), str):  # the one option that is a path
        options["mapping"] = experiment.folder / options["mapping"]
    with at("connectome", "source" if path is None else "path"):
        try:
            return load(plan.source, path, **options)
        except UnknownNameError as err:
            if err.name not in plan.options:
                raise
            with at("connectome", "options", str(err.name)):
                raise


def _part(experiment: Experiment, plan: ConnectomePlan, connectome: Connectome) -> Connectome:
    at = experiment.places.at
    if plan.regions is not None:
        with at("connectome", "regions"):
            connectome = connectome.in_region(plan.regions)
    if plan.cell_types is not None:
        with at("connectome", "cell_types"):
            connectome = connectome.of_cell_types(plan.cell_types)
    if plan.select is not None:
        with at("connectome", "select"):
            connectome = connectome.select(plan.select)
    if plan.neighbourhood is not None:
        with at("connectome", "neighbourhood"):
            around = plan.neighbourhood
            seeds = ids_of(connectome, around.seeds)
            connectome = connectome.neighbourhood(seeds, around.hops, around.direction)
    if plan.min_synapses is not None:
        with at("connectome", "min_synapses"):
            connectome = connectome.prune(plan.min_synapses)
    return connectome


def _policy(plan: SignsPlan, folder: Path) -> SignPolicy:
    options: dict[str, Any] = {
        name: getattr(plan, name) for name in plan.model_fields_set - {"policy", "unknown"}
    }
    if isinstance(options.get("signs"), str):
        table = read_table(folder / options["signs"], ids=["id"])
        options["signs"] = table.to_pandas()
    return sign_policy(plan.policy, **options)
