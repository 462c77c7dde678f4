"""The defaults of the section ``training`` are those of the Python functions."""

from __future__ import annotations

import inspect
from dataclasses import MISSING, fields
from typing import Any

import pytest

from tests.requirements import require

require("torch")
require("lightning")

from neurobridge.experiment.training_schema import (  # noqa: E402
    OdoursPlan,
    PathPlan,
    PatternsPlan,
    SurrogatePlan,
    TrainingPlan,
)
from neurobridge.tasks import odour_task, pattern_task  # noqa: E402
from neurobridge.training import (  # noqa: E402
    Settings,
    Surrogate,
    Train,
    TrainableNetwork,
    fit,
)

OTHERS = {"receptors", "splits", "name"}
"""Arguments that have another meaning in a file."""


def of_plan(plan: Any) -> dict[str, Any]:
    return {
        name: list(value) if isinstance(value, (list, tuple)) else value
        for name, field in plan.model_fields.items()
        if not field.is_required()
        for value in [field.get_default(call_default_factory=True)]
    }


def of_class(kind: Any) -> dict[str, Any]:
    found = {f.name: f.default for f in fields(kind) if f.default is not MISSING}
    return {n: list(v) if isinstance(v, tuple) else v for n, v in found.items()}


def of_function(function: Any) -> dict[str, Any]:
    found = {n: p.default for n, p in inspect.signature(function).parameters.items()}
    given = {n: v for n, v in found.items() if v is not inspect.Parameter.empty}
    return {n: list(v) if isinstance(v, tuple) else v for n, v in given.items()}


@pytest.mark.parametrize(
    ("plan", "defaults"),
    [
        (TrainingPlan, of_class(Settings)),
        (TrainingPlan, of_function(fit)),
        (TrainingPlan, of_function(TrainableNetwork.__init__)),
        (PathPlan, of_class(Train)),
        (SurrogatePlan, of_class(Surrogate)),
        (PatternsPlan, of_function(pattern_task)),
        (OdoursPlan, of_function(odour_task)),
    ],
)
def test_defaults(plan: Any, defaults: dict[str, Any]) -> None:
    own = of_plan(plan)
    shared = (set(own) & set(defaults)) - OTHERS - {"metrics"}
    assert len(shared) > 2
    assert {n: own[n] for n in shared} == {n: defaults[n] for n in shared}


def test_a_path_can_be_trained_in_every_way() -> None:
    assert set(PathPlan.model_fields) == {f.name for f in fields(Train)} - {"path"}
