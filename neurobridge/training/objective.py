"""Objective: the one way in which losses are put together, each logged by its name."""

from __future__ import annotations

__all__ = ["Loss", "Objective", "Seen", "Term"]

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import torch

from neurobridge.errors import NetworkError, TrainingError, UnknownNameError

if TYPE_CHECKING:
    from neurobridge.training.trainable import Result, TrainableNetwork


@dataclass(frozen=True)
class Seen:
    """What losses and metrics are worked out from: one batch, and what the network made of it.

    Parameters
    ----------
    model : TrainableNetwork
    result : Result
        ``result.outputs`` has spikes, states and rates, tensors (T, n, B) by population;
        ``result.readouts`` has (B, n_out) or (T, B, n_out) by readout.
    targets : mapping of str to tensor
        What was wanted: by convention ``label`` int64 (B,) for classes, else of the shape of what
        it is compared with.
    """

    model: TrainableNetwork
    result: Result
    targets: Mapping[str, torch.Tensor] = field(default_factory=dict)

    @property
    def dt(self) -> float:
        """Time step in ms."""
        return self.model.dt

    def readout(self, name: str) -> torch.Tensor:
        """Output of a readout, (B, n_out) or (T, B, n_out)."""
        return _found("readout", name, self.result.readouts)

    def target(self, name: str) -> torch.Tensor:
        """A target of the batch."""
        return _found("target of the batch", name, self.targets)

    def spikes(self, population: str) -> torch.Tensor:
        """Spikes as 0 and 1, (T, n, B)."""
        return _found("spiking population", population, self.result.outputs.spikes)

    def rates(self, population: str) -> torch.Tensor:
        """Continuous output of a rate population, (T, n, B)."""
        return _found("population with an output", population, self.result.outputs.rates)

    def states(self, population: str, variable: str) -> torch.Tensor:
        """A recorded state, (T, n, B).

        Raises
        ------
        NetworkError
            If the model does not record it.
        """
        found = self.result.outputs.states.get((population, variable))
        if found is None:
            known = [f"{p}.{v}" for p, v in self.result.outputs.states]
            raise NetworkError(
                f"state {variable!r} of {population!r} is not recorded; give "
                f"TrainableNetwork record=[({population!r}, {variable!r})] (it has {known})"
            )
        return found


Term = Callable[[Seen], torch.Tensor]
"""A loss or a metric: what is worked out from a batch."""


def _found(kind: str, name: str, known: Mapping[str, torch.Tensor]) -> torch.Tensor:
    if name not in known:
        raise UnknownNameError(kind, name, known)
    return known[name]


class Loss(ABC):
    """One term of an :class:`Objective`; subclasses are frozen dataclasses."""

    @abstractmethod
    def __call__(self, seen: Seen) -> torch.Tensor:
        """The value, a scalar: a mean over the batch where it is of trials."""


@dataclass(frozen=True)
class Objective:
    """A weighted sum of losses: ``total = sum of factor[name] * terms[name](seen)``.

    Parameters
    ----------
    terms : mapping of str to Loss
        By the name under which each is logged.
    factors : mapping of str to float, optional
        Default 1.

    Raises
    ------
    NetworkError, UnknownNameError
        If there is no term, one is no loss, or a factor names none or is not finite.

    Examples
    --------
    >>> from neurobridge.training import Objective, losses
    >>> objective = Objective(
    ...     {"task": losses.CrossEntropy("choice"), "rate": losses.FiringRate("neurons", 10.0)},
    ...     {"rate": 0.01},
    ... )
    """

    terms: Mapping[str, Loss]
    factors: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not isinstance(self.terms, Mapping):
            raise NetworkError(
                f"the terms of an objective have names, {{'task': loss}}; got {self.terms!r}"
            )
        if not self.terms:
            raise NetworkError("an objective needs one term at least")
        for name, term in self.terms.items():
            if not callable(term):
                raise NetworkError(f"term {name!r}: expected a Loss, got {term!r}")
        for name, factor in self.factors.items():
            if name not in self.terms:
                raise UnknownNameError("term of the objective", name, self.terms)
            if not isinstance(factor, (int, float, np.number)) or not np.isfinite(factor):
                raise NetworkError(f"factor of term {name!r} must be a finite number: {factor!r}")

    def __call__(self, seen: Seen) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
        """The total, and the value of each term without its factor.

        Raises
        ------
        TrainingError
            If a term is not a finite number; it says which.
        """
        values = {name: term(seen) for name, term in self.terms.items()}
        for name, value in values.items():
            if value.ndim:
                raise TrainingError(
                    f"term {name!r} gave a tensor of shape {tuple(value.shape)}; a loss is one "
                    "number"
                )
            if not bool(torch.isfinite(value)):
                raise TrainingError(
                    f"term {name!r} is {float(value.detach())}; the other terms are "
                    f"{ {n: float(v.detach()) for n, v in values.items() if n != name} }"
                )
        parts = [self.factors.get(name, 1.0) * value for name, value in values.items()]
        return torch.stack(parts).sum(), values
