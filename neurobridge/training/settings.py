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
    save_every: int = 1
    seed: int = 0
    processes: int = 1
    threads: int = 1
    loggers: Sequence[str] = ()

    def __post_init__(self) -> None:
        for name in ("epochs", "batch", "validate_every", "save_every", "processes", "threads"):
            object.__setattr__(self, name, _whole(name, getattr(self, name)))
        object.__setattr__(self, "learning_rate", _positive("learning_rate", self.learning_rate))
        if self.patience is not None:
            object.__setattr__(self, "patience", _whole("patience", self.patience))
        if self.clip is not None:
            object.__setattr__(self, "clip", _positive("clip", self.clip))
        object.__setattr__(self, "seed", _whole("seed", self.seed, least=None))
        self._check_optimiser()
        loggers = (self.loggers,) if isinstance(self.loggers, str) else tuple(self.loggers)
        object.__setattr__(self, "loggers", loggers)
        for name in loggers:
            _check_logger(name)

    def _check_optimiser(self) -> None:
        if isinstance(self.optimiser, str):
            if self.optimiser not in OPTIMISERS:
                raise UnknownNameError("optimiser", self.optimiser, OPTIMISERS)
        elif not callable(self.optimiser):
            raise NetworkError(
                "optimiser: expected a name, or a function that makes a torch.optim.Optimizer of "
                f"parameters, got {self.optimiser!r}"
            )

    def make_optimiser(self, parameters: Parameters) -> torch.optim.Optimizer:
        """The optimiser of some parameters.

        Raises
        ------
        NetworkError
            If a function of your own makes something else.
        """
        if isinstance(self.optimiser, str):
            return OPTIMISERS[self.optimiser](parameters, lr=self.learning_rate)
        made = self.optimiser(parameters)
        if not isinstance(made, torch.optim.Optimizer):
            raise NetworkError(
                f"optimiser: the function must return a torch.optim.Optimizer, got {made!r}"
            )
        return made

    def to_dict(self) -> dict[str, Any]:
        """For histories and files; an optimiser of your own is called so."""
        values = {f.name: getattr(self, f.name) for f in fields(self)}
        own = values["optimiser"] if isinstance(self.optimiser, str) else "own"
        return {**values, "optimiser": own, "loggers": list(self.loggers)}


def _whole(name: str, value: Any, least: int | None = 1) -> int:
    whole = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
    if not whole or (least is not None and value < least):
        bound = "" if least is None else f" >= {least}"
        raise NetworkError(f"{name}: expected a whole number{bound}, got {value!r}")
    return int(value)


def _positive(name: str, value: Any) -> float:
    number = isinstance(value, (int, float, np.number)) and not isinstance(value, bool)
    if not number or not 0 < value < np.inf:
        raise NetworkError(f"{name}: expected a positive number, got {value!r}")
    return float(value)


def _check_logger(name: str) -> None:
    if name not in LOGGERS:
        raise UnknownNameError("logger", name, LOGGERS)
    if find_spec(name) is None:
        raise NetworkError(
            f"logger {name!r} is not installed: pip install 'neurobridge-sim[loggers]'"
        )
