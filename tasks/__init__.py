"""Tasks: stimuli and targets that networks are trained and tested on."""

from __future__ import annotations

if not __name__.startswith("neurobridge."):
    raise ImportError("import this package as neurobridge.tasks, never as 'tasks'")

__all__ = [
    "DOOR_NAMES",
    "Accuracy",
    "ClassificationTask",
    "Confusion",
    "DoorResponses",
    "Trial",
    "dose_response",
    "load_door",
    "load_receptor_ids",
    "odour_task",
    "orn_encoder",
    "pattern_task",
]

from neurobridge.tasks.classification import ClassificationTask, Trial
from neurobridge.tasks.door import DOOR_NAMES, DoorResponses, load_door
from neurobridge.tasks.dose import dose_response
from neurobridge.tasks.metrics import Accuracy, Confusion
from neurobridge.tasks.odour import odour_task
from neurobridge.tasks.patterns import pattern_task
from neurobridge.tasks.receptor_neurons import load_receptor_ids, orn_encoder
