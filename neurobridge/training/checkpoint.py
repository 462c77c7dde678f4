"""Checkpoints: what they belong to, and parameters taken from one."""

from __future__ import annotations

__all__ = ["KEY", "identity", "load_checkpoint", "refuse_other"]

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from neurobridge.errors import TrainingError
from neurobridge.training.trainable import TrainableNetwork

KEY = "neurobridge"
"""Entry of a checkpoint that says what it is of."""


def identity(model: TrainableNetwork) -> dict[str, Any]:
    """What a checkpoint belongs to."""
    return {
        "network": model.network.id,
        "dt": model.dt,
        "paths": [s.path for s in model.specs],
        "precision": str(model.options.dtype).removeprefix("torch."),
    }


def refuse_other(model: TrainableNetwork, found: Mapping[str, Any] | None, what: str) -> None:
    """Refuse what was saved for another network, other paths, another dt or precision.

    Raises
    ------
    TrainingError
    """
    if found is None:
        raise TrainingError(f"{what} was not written by neurobridge: it does not say its network")
    own = identity(model)
    for name, value in own.items():
        if found[name] != value:
            raise TrainingError(
                f"{what} is of another {name}: it has {found[name]!r}, the model {value!r}; make "
                "the model as it was, or begin anew"
            )


def load_checkpoint(model: TrainableNetwork, file: str | Path) -> TrainableNetwork:
    """Give a model the parameters of a checkpoint.

    Raises
    ------
    TrainingError
        If it is of another network.
    """
    found = torch.load(file, map_location="cpu", weights_only=True)
    refuse_other(model, found.get(KEY), str(file))
    prefix = "model."
    state = {k.removeprefix(prefix): v for k, v in found["state_dict"].items()}
    model.load_state_dict(state)
    return model
