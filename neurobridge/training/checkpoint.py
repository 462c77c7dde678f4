"""Checkpoints: what they belong to, and parameters taken from one."""

from __future__ import annotations

__all__ = [
    "KEY",
    "PREFIX",
    "identity",
    "load_checkpoint",
    "load_file",
    "parameters_of",
    "read_checkpoint",
]

from dataclasses import fields
from pathlib import Path
from typing import Any

import torch

from neurobridge.content import content_hash
from neurobridge.errors import FileFormatError, TrainingError
from neurobridge.training.trainable import TrainableNetwork

KEY = "neurobridge"
"""Entry of a checkpoint that says what it is of."""

PREFIX = "model."
"""Of the names of parameters."""

HASH = 64
"""Length of an id or a hash."""


def identity(model: TrainableNetwork) -> dict[str, Any]:
    """What a checkpoint belongs to."""
    specified = [[getattr(s, f.name) for f in fields(s)] for s in model.specs]
    return {
        "network": model.network.id,
        "dt": model.dt,
        "paths": [s.path for s in model.specs],
        "bounds, groups, signs or rates of paths": content_hash(specified),
        "precision": str(model.options.dtype).removeprefix("torch."),
        "chip": None if model.chip is None else str(model.chip.how),
    }


def parameters_of(model: TrainableNetwork) -> dict[str, torch.nn.Parameter]:
    """Everything that an optimiser moves, by its name in a checkpoint."""
    return {f"{PREFIX}{name}": p for name, p in model.named_parameters()}


def load_file(file: Path) -> dict[str, Any]:
    """What a checkpoint says, of whatever model it is.

    Raises
    ------
    FileFormatError
        If there is none, or it cannot be read.
    """
    if not file.is_file():
        raise FileFormatError(f"there is no checkpoint {file}")
    try:
        found = torch.load(file, map_location="cpu", weights_only=True)
        found[KEY]
    except Exception as err:
        raise FileFormatError(
            f"{file} is no checkpoint of neurobridge, or damaged: {type(err).__name__}: {err}"
        ) from err
    return dict(found)


def read_checkpoint(model: TrainableNetwork, file: Path) -> dict[str, Any]:
    """What a checkpoint of this model says.

    Raises
    ------
    FileFormatError
        If there is none, or it cannot be read.
    TrainingError
        If it was saved for another network, other paths or constraints, another dt or precision.
    """
    found = load_file(file)
    for name, value in identity(model).items():
        saved = found[KEY].get(name)
        if saved != value:
            raise TrainingError(
                f"{file} is of another model: {name} {_short(saved)} there, {_short(value)} here; "
                "make the model as it was, or begin anew"
            )
    return found


def _short(value: Any) -> str:
    """Ids and hashes by their beginning, as networks show them."""
    hashed = isinstance(value, str) and len(value) == HASH
    return f"{value[:12]} ..." if hashed else repr(value)


def load_checkpoint(model: TrainableNetwork, file: str | Path) -> TrainableNetwork:
    """Give a model the parameters of a checkpoint.

    Parameters
    ----------
    model : TrainableNetwork
        Of the same network, time step, precision and specifications of what is trained.
    file : str or Path
        ``checkpoints/best.ckpt`` or ``checkpoints/last.ckpt`` of a run.

    Raises
    ------
    FileFormatError, TrainingError
        If it cannot be read, or is of another model.
    """
    state = read_checkpoint(model, Path(file))["state_dict"]
    with torch.no_grad():
        for name, parameter in parameters_of(model).items():
            parameter.copy_(state[name])
    return model.train(model.training)  # in evaluation mode it runs the network that it is now
