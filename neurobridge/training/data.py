"""Training data: where the batches come from that a network is trained and tested on."""

from __future__ import annotations

__all__ = ["Batch", "Presentation", "SequenceData", "TaskData", "TrainingData"]

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from neurobridge.backends.torch.inputs import Inputs
from neurobridge.errors import NetworkError, UnknownNameError
from neurobridge.graph.encoder import Encoder
from neurobridge.graph.network import Network
from neurobridge.graph.stimulus import Stimulus
from neurobridge.rng import permutation
from neurobridge.tasks.classification import SPLITS, ClassificationTask
from neurobridge.training.trainable import TrainableNetwork

Rows = NDArray[np.int64]


@dataclass(frozen=True)
class Batch:
    """Some trials.

    Parameters
    ----------
    inputs : Inputs
        Stimuli, drawn.
    features : mapping of encoder to tensor (B, n_in) or (T, B, n_in)
        What encoders of kind ``current`` are given.
    targets : mapping of str to tensor
        What is wanted; see :class:`~neurobridge.training.objective.Seen`.
    """

    inputs: Inputs
    features: Mapping[str, torch.Tensor] = field(default_factory=dict)
    targets: Mapping[str, torch.Tensor] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """Number of trials."""
        return self.inputs.batch


@dataclass(frozen=True)
class Presentation:
    """One trial as any backend runs it.

    Parameters
    ----------
    stimuli : tuple of Stimulus
        For ``CompiledNetwork.run(stimuli=...)``.
    duration : float
        In ms.
    number : int
        For ``CompiledNetwork.run(trial=...)``.
    """

    stimuli: tuple[Stimulus, ...]
    duration: float
    number: int


class TrainingData(ABC):
    """Trials in splits, of which batches are made.

    Random input is drawn by seed, trial number and epoch, so that every epoch of training has input
    of its own, and a trial of validation or test always the same.
    """

    @abstractmethod
    def rows(self, split: str) -> Rows:
        """Indices of the trials of a split (``train``, ``validation``, ``test``); may be empty."""

    @abstractmethod
    def batch(self, model: TrainableNetwork, rows: Rows, seed: int, epoch: int) -> Batch:
        """The batch of some trials; epoch 0 is the first, also for what is not trained."""

    @abstractmethod
    def trial(self, network: Network, row: int, dt: float) -> Presentation:
        """A trial for a run on any backend, with the encoder that the network has."""

    @abstractmethod
    def check(self, model: TrainableNetwork) -> None:
        """Refuse a model that these data do not fit."""

    def describe(self) -> dict[str, Any]:
        """What to note about the data in the history of a network."""
        return {"data": type(self).__name__}

    def batches(
        self, split: str, size: int, seed: int, epoch: int, *, shuffle: bool
    ) -> Iterator[Rows]:
        """Indices of all trials of a split; shuffled by seed and epoch, or in order.

        The last batch is smaller if ``size`` does not divide their number.
        """
        rows = self.rows(split)
        if shuffle:
            rows = rows[permutation(seed, "batches", "training", epoch, rows.size)]
        for start in range(0, rows.size, size):
            yield rows[start : start + size]


@dataclass(frozen=True)
class TaskData(TrainingData):
    """A classification task, whose features reach the network through an encoder.

    The target ``label`` of a batch is int64 (B,).

    Parameters
    ----------
    task : ClassificationTask
    encoder : str
        Of the network.
    receptor, weight : optional
        Of the spikes of an encoder of kind ``rate``, as in :meth:`ClassificationTask.trial`.
    """

    task: ClassificationTask
    encoder: str
    receptor: str | None = None
    weight: float | str | None = None

    def rows(self, split: str) -> Rows:
        """See :class:`TrainingData`."""
        return _rows(self.task.splits, split)

    def check(self, model: TrainableNetwork) -> None:
        """See :class:`TrainingData`."""
        encoder = _encoder(model.network, self.encoder)
        if encoder.kind == "current" and (self.receptor, self.weight) != (None, None):
            raise NetworkError(
                f"encoder {self.encoder!r} injects a current, which has no receptor and no weight; "
                "they are for encoders of kind 'rate'"
            )
        made = self.task.trial(0, encoder, receptor=self.receptor, weight=self.weight)
        model.inputs([made.stimuli], self.task.duration)  # refuses times between steps

    def describe(self) -> dict[str, Any]:
        """See :class:`TrainingData`."""
        return {"task": self.task.name}

    def trial(self, network: Network, row: int, dt: float) -> Presentation:
        """See :class:`TrainingData`."""
        encoder = _encoder(network, self.encoder)
        made = self.task.trial(row, encoder, receptor=self.receptor, weight=self.weight)
        return Presentation(made.stimuli, self.task.duration, made.number)

    def batch(self, model: TrainableNetwork, rows: Rows, seed: int, epoch: int) -> Batch:
        """See :class:`TrainingData`."""
        task, encoder = self.task, _encoder(model.network, self.encoder)
        assert task.number is not None
        # the draws of an epoch are those of trials that the task does not have
        numbers = task.number[rows] + epoch * (int(task.number.max()) + 1)
        label = torch.as_tensor(task.label[rows], device=model.options.device)
        if encoder.kind == "current":
            inputs = model.inputs(
                [()] * rows.size, task.duration, seed=seed, numbers=numbers.tolist()
            )
            steps = (np.arange(inputs.n_steps) + 0.5) * model.dt
            during = (steps > task.onset) & (steps < task.offset)
            value = during[:, None, None] * task.features[rows][None]
            features = {self.encoder: _tensor(value, model)}
            return Batch(inputs, features, {"label": label})
        stimuli = [
            task.trial(int(i), encoder, receptor=self.receptor, weight=self.weight).stimuli
            for i in rows
        ]
        inputs = model.inputs(stimuli, task.duration, seed=seed, numbers=numbers.tolist())
        return Batch(inputs, {}, {"label": label})


@dataclass(frozen=True, eq=False)
class SequenceData(TrainingData):
    """Sequences of features, and sequences (or one vector a trial) that are wanted.

    Parameters
    ----------
    encoder : str
        Of the network, of kind ``current``.
    features : float array, shape (n_trials, T, n_in)
        One row a time step.
    targets : mapping of str to array, shape (n_trials, ...)
        Targets with as many steps as the features become (T, B, ...) in a batch, others, and those
        of a readout that pools over time, (B, ...).
    splits : array of str, shape (n_trials,), optional
        Default: all are ``train``.

    Raises
    ------
    NetworkError, UnknownNameError
        If shapes or values do not fit.
    """

    encoder: str
    features: NDArray[np.float64]
    targets: Mapping[str, NDArray[Any]]
    splits: NDArray[np.str_] | None = None

    def __post_init__(self) -> None:
        features = np.array(self.features)
        if features.dtype.kind not in "biuf" or features.ndim != 3 or not features.size:
            raise NetworkError(
                "sequences: features must be numbers of shape (n_trials, T, n_in), got "
                f"{features.dtype} of shape {features.shape}"
            )
        features = features.astype(np.float64)
        _check_finite("features", features)
        object.__setattr__(self, "features", features)
        if not isinstance(self.targets, Mapping):
            raise NetworkError(
                "sequences: targets have names, such as that of the readout, "
                f"{{'choice': array}}; got {type(self.targets).__name__}"
            )
        targets = {name: np.array(value) for name, value in self.targets.items()}
        for name, value in targets.items():
            if value.ndim == 0 or len(value) != len(features) or value.dtype.kind not in "iuf":
                raise NetworkError(
                    f"sequences: target {name!r} must have numbers for {len(features)} trials, got "
                    f"{value.dtype} of shape {value.shape}"
                )
            _check_finite(f"target {name!r}", value)
        object.__setattr__(self, "targets", targets)
        given = ["train"] * len(features) if self.splits is None else self.splits
        splits = np.asarray(given)
        if splits.shape != (len(features),):
            raise NetworkError(
                f"sequences: {splits.shape} splits for {len(features)} trials; give one for each"
            )
        for name in np.unique(splits):
            if name not in SPLITS:
                raise UnknownNameError("split of the sequences", str(name), SPLITS)
        object.__setattr__(self, "splits", splits)

    def rows(self, split: str) -> Rows:
        """See :class:`TrainingData`."""
        return _rows(self.splits, split)

    def check(self, model: TrainableNetwork) -> None:
        """See :class:`TrainingData`."""
        encoder = _encoder(model.network, self.encoder)
        if encoder.kind != "current":
            raise NetworkError(
                f"encoder {self.encoder!r} sets the rates of Poisson spikes; sequences need one of "
                "kind 'current'"
            )
        if encoder.n_features != self.features.shape[2]:
            raise NetworkError(
                f"encoder {self.encoder!r} takes {encoder.n_features} features, the sequences have "
                f"{self.features.shape[2]}"
            )

    def trial(self, network: Network, row: int, dt: float) -> Presentation:
        """See :class:`TrainingData`."""
        features = self.features[row]
        stimulus = _encoder(network, self.encoder).stimulus(features, interval=dt)
        return Presentation((stimulus,), len(features) * dt, int(row))

    def batch(self, model: TrainableNetwork, rows: Rows, seed: int, epoch: int) -> Batch:
        """See :class:`TrainingData`."""
        n_trials, n_steps, _ = self.features.shape
        numbers = (rows + epoch * n_trials).tolist()
        inputs = model.inputs([()] * rows.size, n_steps * model.dt, seed=seed, numbers=numbers)
        features = {self.encoder: _tensor(self.features[rows].swapaxes(0, 1), model)}
        targets = {}
        for name, value in self.targets.items():
            own = value[rows]
            over_time = own.ndim >= 2 and own.shape[1] == n_steps
            if over_time and not _pools(model.network, name):
                own = own.swapaxes(0, 1)
            targets[name] = _tensor(own, model)
        return Batch(inputs, features, targets)


def _check_finite(what: str, values: NDArray[Any]) -> None:
    bad = np.argwhere(~np.isfinite(values))
    if bad.size:
        where = ", ".join(map(str, bad[0]))
        raise NetworkError(
            f"sequences: {len(bad)} of {values.size} values of the {what} are not finite, the "
            f"first at [{where}] (trial, then step); mend or leave out these trials"
        )


def _rows(splits: Any, split: str) -> Rows:
    if split not in SPLITS:
        raise UnknownNameError("split", split, SPLITS)
    return np.flatnonzero(splits == split).astype(np.int64)


def _pools(network: Network, name: str) -> bool:
    """Whether a name is that of a readout with one output a trial."""
    return name in network.readouts and network.readouts[name].pool != "none"


def _encoder(network: Network, name: str) -> Encoder:
    if name not in network.encoders:
        raise UnknownNameError("encoder", name, network.encoders)
    return network.encoders[name]


def _tensor(value: NDArray[Any], model: TrainableNetwork) -> torch.Tensor:
    dtype = torch.int64 if value.dtype.kind in "iu" else model.options.dtype
    array = np.ascontiguousarray(value)
    return torch.as_tensor(array, device=model.options.device).to(dtype)
