"""Training in torch: what is trained, under which constraints and losses, and written back."""

from __future__ import annotations

__all__ = [
    "Autonomous",
    "Batch",
    "ChipTraining",
    "Deployed",
    "Fit",
    "Lesson",
    "Loss",
    "Objective",
    "Presentation",
    "Seen",
    "SequenceData",
    "Settings",
    "Surrogate",
    "TaskData",
    "Train",
    "TrainableNetwork",
    "TrainingData",
    "Validated",
    "deploy",
    "draw_activity",
    "draw_history",
    "draw_values",
    "fit",
    "fitted_readout",
    "grow",
    "list_runs",
    "load_checkpoint",
    "load_run",
    "losses",
    "measure",
    "metrics",
    "ridge_readout",
    "teach",
    "validated",
]

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from neurobridge.backends.torch.surrogate import Surrogate
    from neurobridge.training import losses, metrics
    from neurobridge.training.autonomous import Autonomous
    from neurobridge.training.checkpoint import load_checkpoint
    from neurobridge.training.chip import ChipTraining
    from neurobridge.training.data import (
        Batch,
        Presentation,
        SequenceData,
        TaskData,
        TrainingData,
    )
    from neurobridge.training.deployment import Deployed, deploy
    from neurobridge.training.drawing import draw_activity, draw_history, draw_values
    from neurobridge.training.fitting import Fit, fit
    from neurobridge.training.growth import grow
    from neurobridge.training.measuring import measure
    from neurobridge.training.objective import Loss, Objective, Seen
    from neurobridge.training.ridge import fitted_readout, ridge_readout
    from neurobridge.training.run_folder import list_runs, load_run
    from neurobridge.training.settings import Settings
    from neurobridge.training.specification import Train
    from neurobridge.training.teaching import Lesson, teach
    from neurobridge.training.trainable import TrainableNetwork
    from neurobridge.training.validation import Validated, validated

_PACKAGES = ("losses", "metrics")

_MODULES = {
    "Autonomous": ".autonomous",
    "Batch": ".data",
    "ChipTraining": ".chip",
    "Deployed": ".deployment",
    "Fit": ".fitting",
    "Lesson": ".teaching",
    "Loss": ".objective",
    "Objective": ".objective",
    "Presentation": ".data",
    "Seen": ".objective",
    "SequenceData": ".data",
    "Settings": ".settings",
    "Surrogate": "neurobridge.backends.torch.surrogate",
    "TaskData": ".data",
    "Train": ".specification",
    "TrainableNetwork": ".trainable",
    "TrainingData": ".data",
    "Validated": ".validation",
    "deploy": ".deployment",
    "draw_activity": ".drawing",
    "draw_history": ".drawing",
    "draw_values": ".drawing",
    "fit": ".fitting",
    "fitted_readout": ".ridge",
    "grow": ".growth",
    "list_runs": ".run_folder",
    "load_checkpoint": ".checkpoint",
    "load_run": ".run_folder",
    "measure": ".measuring",
    "ridge_readout": ".ridge",
    "teach": ".teaching",
    "validated": ".validation",
}


def __getattr__(name: str) -> Any:
    """Load on first use: torch is needed by some of it only."""
    if name in _PACKAGES:
        return _module(f".{name}")
    if name in _MODULES:
        return getattr(_module(_MODULES[name]), name)
    from neurobridge.errors import suggest

    raise AttributeError(f"neurobridge.training has no {name!r}{suggest(name, __all__)}")


def _module(name: str) -> Any:
    from importlib import import_module

    from neurobridge.installed import refuse_without_torch

    try:
        return import_module(name, __name__)
    except ModuleNotFoundError:
        refuse_without_torch()
        raise


def __dir__() -> list[str]:
    return sorted(__all__)
