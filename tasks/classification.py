"""ClassificationTask: trials with features and labels, and how a network gets to see them."""

from __future__ import annotations

__all__ = ["SPLITS", "ClassificationTask", "Trial", "checked_trials"]

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurobridge.citation import Reference
from neurobridge.content import ByContent
from neurobridge.errors import NetworkError, UnknownNameError
from neurobridge.frozen import FrozenDict, frozen_array
from neurobridge.graph.encoder import Encoder
from neurobridge.graph.stimulus import Stimulus
from neurobridge.lowering.finding import Finding
from neurobridge.rng import permutation
from neurobridge.tasks.metrics import Accuracy, Confusion
from neurobridge.units import parse_quantity

SPLITS = ("train", "validation", "test")


@dataclass(frozen=True)
class Trial:
    """What one trial needs to run.

    Parameters
    ----------
    stimuli : tuple of Stimulus
        For ``CompiledNetwork.run(stimuli=...)``.
    number : int
        For ``CompiledNetwork.run(trial=...)``: no two trials of a task share their Poisson draws.
    label : int
        The index of its class.
    """

    stimuli: tuple[Stimulus, ...]
    number: int
    label: int


@dataclass(frozen=True, eq=False, repr=False)
class ClassificationTask(ByContent):
    """Trials of a classification task.

    In a trial the features are 0 until ``onset``, those of the trial until ``offset``, and 0 until
    ``duration``. An :class:`~neurobridge.graph.encoder.Encoder` makes stimuli of them.

    Parameters
    ----------
    name : str
    features : float64 array, shape (n_trials, n_features)
    label : int64 array, shape (n_trials,)
        Index of the class of each trial.
    classes : tuple of str
    feature_names : tuple of str
    splits : array of str, shape (n_trials,)
        ``"train"``, ``"validation"`` or ``"test"``.
    number : int64 array, shape (n_trials,), optional
        Number of each trial, its own in the whole task: the key of its random draws. Default:
        0, 1, 2 ...
    conditions : mapping of str to array of shape (n_trials,)
        What else distinguishes trials, such as their concentration: numbers or texts.
    duration, onset, offset : float or str
        In ms; an ``offset`` of inf, the default, is the end of the trial.
    findings : tuple of Finding
        What had to be decided when the task was made.
    references : tuple of Reference
        What to cite.

    Raises
    ------
    NetworkError
        If the columns do not fit together.
    """

    name: str
    features: NDArray[np.float64]
    label: NDArray[np.int64]
    classes: tuple[str, ...]
    feature_names: tuple[str, ...]
    splits: NDArray[np.str_]
    duration: float
    onset: float = 0.0
    offset: float = math.inf
    number: NDArray[np.int64] | None = None
    conditions: FrozenDict[str, NDArray[Any]] = field(default_factory=FrozenDict)
    findings: tuple[Finding, ...] = ()
    references: tuple[Reference, ...] = ()

    def __post_init__(self) -> None:
        freeze = object.__setattr__
        freeze(self, "features", frozen_array(self.features, np.float64))
        if self.features.ndim != 2 or not np.isfinite(self.features).all():
            raise NetworkError(
                f"{self._where}: features must be finite, of shape (n_trials, n_features); got "
                f"shape {self.features.shape} with {_not_finite(self.features)} not finite"
            )
        for name in ("classes", "feature_names"):
            freeze(self, name, _names(getattr(self, name), f"{self._where}, {name}"))
        if len(self.feature_names) != self.n_features:
            raise NetworkError(
                f"{self._where}: {len(self.feature_names)} names for {self.n_features} features"
            )
        freeze(self, "label", self._column(self.label, "label", "iu", np.int64))
        number = np.arange(self.n_trials) if self.number is None else self.number
        freeze(self, "number", self._column(number, "number", "iu", np.int64))
        freeze(self, "splits", self._column(self.splits, "splits", "U", None))
        freeze(
            self,
            "conditions",
            FrozenDict({k: self._column(v, k, "iufbU", None) for k, v in self.conditions.items()}),
        )
        self._check_values()
        self._check_times()

    @property
    def _where(self) -> str:
        return f"task {self.name!r}"

    def _column(self, values: Any, name: str, kinds: str, dtype: Any) -> NDArray[Any]:
        array = np.asarray(values)
        if array.shape != (self.n_trials,) or (array.size and array.dtype.kind not in kinds):
            what = {"iu": "integers", "U": "texts"}.get(kinds, "numbers or texts")
            raise NetworkError(
                f"{self._where}: {name} must be {self.n_trials} {what}, one a trial; got "
                f"{array.dtype} of shape {array.shape}"
            )
        return frozen_array(array, dtype)

    def _check_values(self) -> None:
        if self.n_trials and not 0 <= self.label.min() <= self.label.max() < len(self.classes):
            raise NetworkError(
                f"{self._where}: labels must be 0 .. {len(self.classes) - 1} for "
                f"{len(self.classes)} classes, got {self.label.min()} .. {self.label.max()}"
            )
        for name in np.unique(self.splits):
            if name not in SPLITS:
                raise UnknownNameError(f"split of {self._where}", str(name), SPLITS)
        assert self.number is not None
        if np.unique(self.number).size != self.n_trials:
            raise NetworkError(
                f"{self._where}: two trials have the same number, so they would share their draws"
            )

    def _check_times(self) -> None:
        for name in ("duration", "onset", "offset"):
            ms = float(parse_quantity(getattr(self, name), "ms", f"{self._where}, {name}"))
            object.__setattr__(self, name, ms)
        if self.offset == math.inf:
            object.__setattr__(self, "offset", self.duration)
        if not 0 <= self.onset < self.offset <= self.duration < math.inf:
            raise NetworkError(
                f"{self._where}: expected 0 <= onset < offset <= duration, got {self.onset}, "
                f"{self.offset} and {self.duration} ms"
            )

    # -- what is in it ------------------------------------------------------------------------

    @property
    def n_trials(self) -> int:
        """Number of trials."""
        return int(self.features.shape[0])

    @property
    def n_features(self) -> int:
        """Number of features."""
        return int(self.features.shape[1])

    @property
    def n_classes(self) -> int:
        """Number of classes."""
        return len(self.classes)

    def __repr__(self) -> str:
        sizes = [f"{int((self.splits == s).sum())} {s}" for s in SPLITS if s in self.splits]
        notes = f", {len(self.findings)} findings" if self.findings else ""
        return (
            f"<ClassificationTask {self.name!r}: {self.n_classes} classes, {self.n_features} "
            f"features, {' + '.join(sizes) or 'no'} trials of {self.duration:g} ms{notes}>"
        )

    # -- parts --------------------------------------------------------------------------------

    def take(self, trials: ArrayLike) -> ClassificationTask:
        """The task of some trials, by index or mask; each keeps its number."""
        index = np.asarray(trials)
        if index.dtype == bool and index.shape == (self.n_trials,):
            index = np.flatnonzero(index)
        if index.size == 0:
            index = np.zeros(0, dtype=np.int64)
        if index.ndim != 1 or index.dtype.kind not in "iu":
            raise NetworkError(
                f"{self._where}: trials must be indices or a mask of {self.n_trials}, got "
                f"{index.dtype} of shape {index.shape}"
            )
        for i in index[(index < 0) | (index >= self.n_trials)][:1]:
            raise NetworkError(f"{self._where}: there is no trial {i}, only 0..{self.n_trials - 1}")
        assert self.number is not None
        return replace(
            self,
            features=self.features[index],
            label=self.label[index],
            splits=self.splits[index],
            number=self.number[index],
            conditions=FrozenDict({k: v[index] for k, v in self.conditions.items()}),
        )

    def split(self, name: str) -> ClassificationTask:
        """The trials of one split, ``"train"``, ``"validation"`` or ``"test"``.

        Raises
        ------
        UnknownNameError
            If there is no trial in it.
        """
        known = [s for s in SPLITS if s in self.splits]
        if name not in known:
            raise UnknownNameError(f"split of {self._where}", name, known)
        return self.take(self.splits == name)

    def batches(self, size: int, seed: int, epoch: int) -> Iterator[NDArray[np.int64]]:
        """Indices of all trials in an order of their own for each epoch, in batches.

        Trials are sorted by ``uniforms(seed, "batches", name, epoch, index, 0)[..., 0]``, so the
        order depends on nothing else. The last batch is smaller if ``size`` does not divide the
        number of trials.

        Yields
        ------
        int64 array, shape (size,)
        """
        if not isinstance(size, (int, np.integer)) or size < 1:
            raise NetworkError(f"{self._where}: a batch needs a whole number >= 1, got {size!r}")
        order = permutation(seed, "batches", self.name, epoch, self.n_trials)
        for start in range(0, self.n_trials, int(size)):
            yield order[start : start + int(size)]

    def trial(
        self,
        index: int,
        encoder: Encoder,
        *,
        receptor: str | None = None,
        weight: float | str | None = None,
    ) -> Trial:
        """What one trial needs to run, with the features made stimuli by an encoder.

        Parameters
        ----------
        index : int
        encoder : Encoder
        receptor, weight : optional
            Of the spikes, as in :meth:`Encoder.stimulus`.

        Raises
        ------
        NetworkError
            If there is no such trial, or the encoder has other features.
        """
        one = self.take([index])
        self._check_encoder(encoder)
        silence = np.zeros(self.n_features)
        parts = [
            ("stimulus", one.features[0], self.onset, self.offset),
            ("before", silence, 0.0, self.onset),
            ("after", silence, self.offset, self.duration),
        ]
        stimuli = tuple(
            encoder.stimulus(
                u, name=f"{encoder.name}_{part}", start=start, stop=stop, receptor=receptor,
                weight=weight,
            )
            for part, u, start, stop in parts
            if part == "stimulus" or (start < stop and encoder.drive(silence).any())
        )  # fmt: skip
        assert one.number is not None
        return Trial(stimuli, int(one.number[0]), int(one.label[0]))

    def _check_encoder(self, encoder: Encoder) -> None:
        if encoder.features and encoder.features != self.feature_names:
            other = [f for f in self.feature_names if f not in encoder.features]
            why = f"it lacks {other[:5]}" if other else "it has others, or another order"
            raise NetworkError(
                f"{self._where}: encoder {encoder.name!r} is for other features, {why}; make it "
                "for task.feature_names"
            )

    # -- how well it was solved -----------------------------------------------------------------

    def confusion(self, predicted: Sequence[int] | Sequence[str] | ArrayLike) -> Confusion:
        """Which classes were taken for which.

        Parameters
        ----------
        predicted : sequence of int or str, shape (n_trials,)
            The class of every trial, by index or by name.

        Raises
        ------
        NetworkError, UnknownNameError
            If there is not one class for each trial.
        """
        counts = np.zeros((self.n_classes, self.n_classes), dtype=np.int64)
        np.add.at(counts, (self.label, self._predicted(predicted)), 1)
        return Confusion(self.classes, counts)

    def accuracy(self, predicted: Sequence[int] | Sequence[str] | ArrayLike) -> Accuracy:
        """How many trials were classified correctly; see :meth:`confusion`."""
        right = self._predicted(predicted) == self.label
        return Accuracy(int(right.sum()), self.n_trials)

    def accuracy_by(
        self, condition: str, predicted: Sequence[int] | Sequence[str] | ArrayLike
    ) -> dict[Any, Accuracy]:
        """The accuracy for each value of a condition, in ascending order of the values."""
        if condition not in self.conditions:
            raise UnknownNameError(f"condition of {self._where}", condition, self.conditions)
        right = self._predicted(predicted) == self.label
        column = self.conditions[condition]
        return {
            value.item(): Accuracy(int(right[column == value].sum()), int((column == value).sum()))
            for value in np.unique(column)
        }

    def _predicted(self, predicted: Any) -> NDArray[np.int64]:
        array = np.asarray(predicted)
        if array.dtype.kind in "UO":
            place = {name: i for i, name in enumerate(self.classes)}
            for name in array.reshape(-1):
                if name not in place:
                    raise UnknownNameError(f"class of {self._where}", str(name), self.classes)
            array = np.array([place[name] for name in array.reshape(-1)], dtype=np.int64)
        if array.shape != (self.n_trials,) or (array.size and array.dtype.kind not in "iu"):
            raise NetworkError(
                f"{self._where}: expected the predicted class of each of {self.n_trials} trials, "
                f"by index or name, got {array.dtype} of shape {array.shape}"
            )
        array = array.astype(np.int64)
        for i in array[(array < 0) | (array >= self.n_classes)][:1]:
            raise NetworkError(f"{self._where}: there is no class {i}, only {self.n_classes}")
        return array


def checked_trials(trials: Any, where: str) -> tuple[int, int, int]:
    """Numbers of trials of training, validation and test, with one to train on at least."""
    counts = tuple(trials) if isinstance(trials, Sequence) else ()
    whole = all(isinstance(n, (int, np.integer)) and n >= 0 for n in counts)
    if len(counts) != 3 or not whole or counts[0] < 1:
        raise NetworkError(
            f"{where}: trials are three whole numbers (train, validation, test), with one to train "
            f"on at least; got {trials!r}"
        )
    return counts


def _names(given: Any, where: str) -> tuple[str, ...]:
    names = (given,) if isinstance(given, str) else tuple(given)
    repeated = len(set(names)) != len(names)
    if isinstance(given, str) or repeated or not all(isinstance(n, str) for n in names):
        raise NetworkError(f"{where} must be a list of different texts, got {given!r}")
    return names


def _not_finite(values: NDArray[np.float64]) -> int:
    return int((~np.isfinite(values)).sum())
