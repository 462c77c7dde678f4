"""Squared errors: of a readout against what was wanted, of states against those of a teacher."""

from __future__ import annotations

__all__ = ["OF_STEPS", "MeanSquaredError", "OfOutputs", "StateError"]

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import ArrayLike

from neurobridge.errors import NetworkError
from neurobridge.training.losses.over_time import (
    TimeWeight,
    check_fixed_weights,
    time_weights,
    weighted_mean,
)
from neurobridge.training.losses.subset import OfNeurons
from neurobridge.training.objective import Loss, Seen

OF_STEPS = 3
"""Dimensions of a readout of every time step."""


def same_shape(target: torch.Tensor, output: torch.Tensor, name: str, where: str) -> torch.Tensor:
    """The target, on the device and in the precision of the output.

    Raises
    ------
    NetworkError
        If it has another shape.
    """
    if target.shape != output.shape:
        hint = ""
        if target.ndim == OF_STEPS > output.ndim:
            hint = "; a readout that is to follow a target in time needs pool='none'"
        raise NetworkError(
            f"{where}: expected target {name!r} of the shape of what it is compared with, "
            f"{tuple(output.shape)}, got {tuple(target.shape)}{hint}"
        )
    return target.to(output.device, output.dtype)


@dataclass(frozen=True, eq=False)
class OfOutputs:
    """A readout and what was wanted of it.

    Parameters
    ----------
    readout : str
    target : str, optional
        Target of the batch, of the shape of the readout, (B, n_out) or (T, B, n_out); default: the
        one with the name of the readout, which is what a teacher gives.
    time : array (T,) or str, optional
        Weights of the time steps, or the name of a target of the batch of shape (T,) or (T, B); 0
        leaves a step out, and the target there may be anything. For a readout that does not pool.

    Raises
    ------
    NetworkError, UnknownNameError
        If names do not exist or shapes do not fit.
    """

    readout: str
    target: str | None = None
    time: TimeWeight = None

    def __post_init__(self) -> None:
        check_fixed_weights(self.time, f"{self._name}, time")

    @property
    def _name(self) -> str:
        return f"{type(self).__name__} of {self.readout!r}"

    def difference(self, seen: Seen) -> tuple[torch.Tensor, torch.Tensor]:
        """Output minus target, 0 where the weight is 0, and the weights of steps and trials."""
        output = seen.readout(self.readout)
        name = self.target or self.readout
        target = same_shape(seen.target(name), output, name, self._name)
        if output.ndim == OF_STEPS:
            weights = time_weights(self.time, seen, output, f"{self._name}, time")
        elif self.time is None:
            weights = output.new_ones(output.shape[0])
        else:
            raise NetworkError(
                f"{self._name}: the readout pools over time, so weights of time steps have "
                "nothing to act on; leave them out, or give the readout pool='none'"
            )
        return torch.where(weights[..., None] > 0, output - target, 0.0), weights


@dataclass(frozen=True, eq=False)
class MeanSquaredError(OfOutputs, Loss):
    r"""Mean squared error of a readout.

    .. math:: L = \sum_{t b} w_{t b} \frac{1}{n} \sum_k c_k (o_{t b k} - y_{t b k})^2 \Big/
        \sum_{t b} w_{t b}

    with weights ``w`` in time, and ``c`` of outputs that are divided by their mean.

    Parameters
    ----------
    readout, target, time
        See :class:`OfOutputs`.
    class_weight : array (n_out,), optional
        Weight of each output.
    """

    class_weight: ArrayLike | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        check_fixed_weights(self.class_weight, f"{self._name}, class_weight")

    def __call__(self, seen: Seen) -> torch.Tensor:
        """The value."""
        difference, weights = self.difference(seen)
        square = difference**2
        if self.class_weight is not None:
            square = square * self._outputs(square)
        return weighted_mean(square, weights)

    def _outputs(self, like: torch.Tensor) -> torch.Tensor:
        weights = torch.as_tensor(np.asarray(self.class_weight, dtype=np.float64))
        if weights.shape != like.shape[-1:]:
            raise NetworkError(
                f"{self._name}: expected one class weight for each of {like.shape[-1]} outputs, "
                f"got {weights.numel()}"
            )
        return (weights / weights.mean()).to(like.device, like.dtype)


@dataclass(frozen=True, eq=False)
class StateError(OfNeurons, Loss):
    r"""Mean squared error of a recorded state against a teacher's.

    .. math:: L = \sum_{t b} w_{t b} \frac{1}{|R|} \sum_{i \in R} (x_{t i b} - x^*_{t i b})^2 \Big/
        \sum_{t b} w_{t b}

    over the chosen neurons ``R``. A reset cuts the gradient, so a threshold has none of the
    potential of its own neuron; for thresholds take :class:`VanRossum`, or a surrogate with
    ``reset_gradient=True``.

    Parameters
    ----------
    population : str
    variable : str
        A state, such as ``v``, that the model records (``TrainableNetwork(record=...)``), or
        ``"output"`` of a rate population.
    target : str, optional
        Target of the batch, (T, n, B) for all n neurons of the population (those that are not
        chosen may hold anything); default ``"POPULATION.VARIABLE"``.
    time : array (T,) or str, optional
        As for :class:`MeanSquaredError`.
    where, neurons, others
        See :class:`OfNeurons`.

    Raises
    ------
    NetworkError, UnknownNameError
        If the state is not recorded, names do not exist, or shapes do not fit.
    """

    population: str
    variable: str
    target: str | None = None
    time: TimeWeight = None

    def __post_init__(self) -> None:
        super().__post_init__()
        check_fixed_weights(self.time, f"{self._name} of {self.population!r}, time")

    def __call__(self, seen: Seen) -> torch.Tensor:
        """The value."""
        state, teacher = states_and_teacher(self, seen, self.population, self.variable, self.target)
        where = f"{self._name} of {self.population!r}, time"
        state, teacher = state.transpose(1, 2), teacher.transpose(1, 2)
        weights = time_weights(self.time, seen, state, where)
        difference = torch.where(weights[..., None] > 0, state - teacher, 0.0)
        return weighted_mean(difference**2, weights)


def states_and_teacher(
    chosen: OfNeurons, seen: Seen, population: str, variable: str, target: str | None
) -> tuple[torch.Tensor, torch.Tensor]:
    """A state (or the output) of the chosen neurons and that of the teacher, (T, n, B) each."""
    output = variable == "output"
    state = seen.rates(population) if output else seen.states(population, variable)
    name = target or f"{population}.{variable}"
    where = f"{type(chosen).__name__} of {population!r}"
    teacher = same_shape(seen.target(name), state, name, where)
    index = chosen.chosen(seen, population)
    return state[:, index], teacher[:, index]
