"""Losses and metrics of an experiment file: classes by name, with their arguments."""

from __future__ import annotations

__all__ = ["CHOICE", "metrics_of", "objective_of"]

from collections.abc import Mapping
from dataclasses import MISSING, fields
from typing import Any

from neurobridge.errors import NetworkError, UnknownNameError
from neurobridge.experiment.place import Places
from neurobridge.experiment.training_schema import TrainingPlan
from neurobridge.training import Objective, losses, metrics
from neurobridge.training.data import TaskData, TrainingData

CHOICE = "choice"
"""Name of the readout."""

Terms = Mapping[str, Mapping[str, Any]]


def objective_of(plan: TrainingPlan, data: TrainingData, places: Places) -> Objective:
    """The objective of a file, or the usual one of its task.

    Raises
    ------
    ExperimentError
        With the line of a term that does not exist or lacks an argument.
    """
    terms: Terms = plan.objective or {"task": {"loss": _usual_loss(data), "readout": CHOICE}}
    factors = {name: term["factor"] for name, term in terms.items() if "factor" in term}
    made = _terms(places, "objective", terms, losses)
    for name in terms:
        with places.at("training", "objective", name):
            Objective({name: made[name]}, {name: factors.get(name, 1.0)})
    return Objective(made, factors)


def metrics_of(plan: TrainingPlan, data: TrainingData, places: Places) -> dict[str, Any]:
    """The metrics of a file, or the usual ones if there are trials to validate with.

    Raises
    ------
    ExperimentError
        With the line of a metric that does not exist or lacks an argument.
    """
    return _terms(places, "metrics", plan.metrics or _usual_metrics(data), metrics)


def _usual_loss(data: TrainingData) -> str:
    return "CrossEntropy" if isinstance(data, TaskData) else "MeanSquaredError"


def _usual_metrics(data: TrainingData) -> Terms:
    if not data.rows("validation").size:
        return {}
    if isinstance(data, TaskData):
        return {"accuracy": {"loss": "Accuracy", "readout": CHOICE}}
    return {"output_error": {"loss": "OutputError", "readout": CHOICE}}


def _terms(places: Places, section: str, terms: Terms, known: Any) -> dict[str, Any]:
    """Losses or metrics by the names of their classes, with their arguments."""
    classes = [c for c in known.__all__ if isinstance(getattr(known, c), type)]
    found = {}
    for name, given in terms.items():
        with places.at("training", section, name):
            kind = given.get("loss")
            if kind is None:
                raise NetworkError(f"'loss' is missing; it is one of {', '.join(classes)}")
            if kind not in classes:
                raise UnknownNameError("loss" if known is losses else "metric", kind, classes)
            found[name] = _made(getattr(known, kind), given)
    return found


def _made(kind: Any, given: Mapping[str, Any]) -> Any:
    """A loss or a metric of the arguments that a file gives."""
    arguments = {k: v for k, v in given.items() if k not in ("loss", "factor")}
    takes = fields(kind)
    names = [f.name for f in takes]
    for argument in arguments:
        if argument not in names:
            raise UnknownNameError(f"argument of {kind.__name__}", argument, names)
    for field in takes:
        if field.name not in arguments and field.default is MISSING:
            raise NetworkError(f"{kind.__name__} needs {field.name!r}; it takes {', '.join(names)}")
    return kind(**arguments)
