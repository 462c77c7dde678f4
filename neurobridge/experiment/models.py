"""The neuron model of an experiment: one of the package, or one that the file declares."""

from __future__ import annotations

__all__ = ["find_model"]

from typing import TYPE_CHECKING

from neurobridge.errors import UnknownNameError
from neurobridge.experiment.schema import OwnModel
from neurobridge.graph.model import NeuronModel, Parameter, Receptor, Refractory

if TYPE_CHECKING:
    from neurobridge.experiment.experiment import Experiment


def find_model(experiment: Experiment) -> NeuronModel:
    """The model that ``model.name`` names; the file's own ones come first.

    Raises
    ------
    ExperimentError
        If there is none of that name, or the declaration is not consistent.
    """
    from neurobridge import models

    wanted, own = experiment.plan.model.name, experiment.plan.models
    if wanted in own:
        with experiment.places.at("models", wanted):
            return _declared(wanted, own[wanted])
    with experiment.places.at("model", "name"):
        try:
            return models.by_name(wanted)
        except UnknownNameError as err:
            raise UnknownNameError("neuron model", wanted, [*own, *err.known]) from err


def _declared(name: str, plan: OwnModel) -> NeuronModel:
    refractory = None
    if plan.refractory is not None:
        refractory = Refractory(plan.refractory.period, tuple(plan.refractory.clamped))
    return NeuronModel(
        name=name,
        equations=plan.equations,
        parameters={n: Parameter(**p.model_dump()) for n, p in plan.parameters.items()},
        receptors=tuple(Receptor(n, **r.model_dump()) for n, r in plan.receptors.items()),
        threshold=plan.threshold,
        threshold_policy=plan.threshold_policy,
        reset=plan.reset,
        refractory=refractory,
        integrator=plan.integrator,
        initial=plan.initial,
        reference=plan.reference,
        doc=plan.doc,
    )
