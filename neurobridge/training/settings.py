"""Settings of training: how long, in which steps, by which optimiser."""

from __future__ import annotations

__all__ = ["LOGGERS", "OPTIMISERS", "Settings"]

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields
from importlib.util import find_spec
from typing import Any

import numpy as np
import torch

from neurobridge.errors import NetworkError, UnknownNameError

OPTIMISERS: dict[str, Callable[..., torch.optim.Optimizer]] = {
    "adam": torch.optim.Adam,
    "adamw": torch.optim.AdamW,
    "rmsprop": torch.optim.RMSprop,
    "sgd": torch.optim.SGD,
}
LOGGERS = ("tensorboard", "wandb")

Parameters = Iterable[torch.nn.Parameter]


@dataclass(frozen=True)
class Settings:
    """What :func:`neurobridge.training.fit` is asked for; its docstring explains each.

    Raises
    ------
    NetworkError, UnknownNameError
        If a number is out of range, or an optimiser or a logger does not exist.
    """

    epochs: int
    batch: int = 16
    learning_rate: float = 1e-3
    optimiser: str | Callable[[Parameters], torch.optim.Optimizer] = "adam"
    clip: float | None = None
    validate_every: int = 1
    patience: int | None = None
    seed: int = 0
    processes: int = 1
    loggers: Sequence[str] = ()

    def __post_init__(self) -> None:
        for name in ("epochs", "batch", "validate_every", "patience", "processes"):
            _check_whole(name, getattr(self, name), optional=name == "patience")
        for name in ("learning_rate", "clip"):
            _check_positive(name, getattr(self, name), optional=name == "clip")
        if isinstance(self.optimiser, str) and self.optimiser not in OPTIMISERS:
            raise UnknownNameError("optimiser", self.optimiser, OPTIMISERS)
        loggers = (self.loggers,) if isinstance(self.loggers, str) else tuple(self.loggers)
        object.__setattr__(self, "loggers", loggers)
        for name in loggers:
            _check_logger(name)

    def make_optimiser(self, parameters: Parameters) -> torch.optim.Optimizer:
        """The optimiser of some parameters."""
        if isinstance(self.optimiser, str):
            return OPTIMISERS[self.optimiser](parameters, lr=self.learning_rate)
        return self.optimiser(parameters)

    def to_dict(self) -> dict[str, Any]:
        """For histories and files; an optimiser of your own is called so."""
        values = {f.name: getattr(self, f.name) for f in fields(self)}
        own = values["optimiser"] if isinstance(self.optimiser, str) else "own"
        return {**values, "optimiser": own, "loggers": list(self.loggers)}


def _check_whole(name: str, value: Any, *, optional: bool) -> None:
    if optional and value is None:
        return
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < 1:
        raise NetworkError(f"{name}: expected a whole number >= 1, got {value!r}")


def _check_positive(name: str, value: Any, *, optional: bool) -> None:
    if optional and value is None:
        return
    number = isinstance(value, (int, float, np.number)) and not isinstance(value, bool)
    if not number or not 0 < value < np.inf:
        raise NetworkError(f"{name}: expected a positive number, got {value!r}")


def _check_logger(name: str) -> None:
    if name not in LOGGERS:
        raise UnknownNameError("logger", name, LOGGERS)
    if find_spec(name) is None:
        raise NetworkError(
            f"logger {name!r} is not installed: pip install 'neurobridge-sim[loggers]'"
        )
