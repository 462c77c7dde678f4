"""teach: a student network learns from a teacher, and is measured where it was not watched."""

from __future__ import annotations

__all__ = ["Lesson", "Taught", "teach"]

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import ArrayLike, NDArray

from neurobridge.errors import NetworkError, UnknownNameError
from neurobridge.graph.network import Network
from neurobridge.graph.population import checked_indices
from neurobridge.rng import permutation
from neurobridge.training.controls import permuted_units, shuffled_order
from neurobridge.training.data import Batch, Presentation, Rows, TrainingData
from neurobridge.training.fitting import Fit, fit
from neurobridge.training.inherit import check_same_neurons, inherited
from neurobridge.training.losses import StateError
from neurobridge.training.measuring import measure
from neurobridge.training.metrics import (
    Metric,
    OutputError,
    ParameterError,
    SpikeCoincidence,
    StateCorrelation,
    recorded_and_unrecorded,
)
from neurobridge.training.objective import Objective
from neurobridge.training.specification import Train
from neurobridge.training.trainable import TrainableNetwork

Units = Mapping[str, NDArray[np.int64]]

PRECISION_MS = 2.0
"""Spikes that are so near coincide; at least one step."""


@dataclass(frozen=True, eq=False)
class Taught(TrainingData):
    """Data whose targets are what a teacher did with the same input.

    Targets are ``POPULATION.VARIABLE`` for every state that the teacher records,
    ``POPULATION.output``, ``POPULATION.spikes``, and each readout under its own name; those of the
    data themselves stay, unless they have such a name.

    Parameters
    ----------
    data : TrainingData
        For the student; encoders of the teacher get the same features.
    teacher : TrainableNetwork
        In evaluation mode.
    order : mapping of population to int array (n,), optional
        Units of the teacher in another order: a control.
    """

    data: TrainingData
    teacher: TrainableNetwork
    order: Units | None = None

    def rows(self, split: str) -> Rows:
        """See :class:`TrainingData`."""
        return self.data.rows(split)

    def check(self, model: TrainableNetwork) -> None:
        """See :class:`TrainingData`."""
        teacher = self.teacher
        check_same_neurons(model.network, teacher.network)
        if model.dt != teacher.dt:
            raise NetworkError(
                f"teacher and student need one time step, got {teacher.dt:g} and {model.dt:g} ms"
            )
        if dict(model.network.stimuli) != dict(teacher.network.stimuli):
            raise NetworkError(
                f"teacher and student need the same stimuli, got {list(teacher.network.stimuli)} "
                f"and {list(model.network.stimuli)}, or others of these names; what both are given "
                "is drawn once"
            )
        for one in (model, teacher):
            self.data.check(one)

    def trial(self, network: Network, row: int, dt: float) -> Presentation:
        """See :class:`TrainingData`."""
        return self.data.trial(network, row, dt)

    def describe(self) -> dict[str, Any]:
        """See :class:`TrainingData`."""
        return {**self.data.describe(), "teacher": self.teacher.network.id}

    def batch(self, model: TrainableNetwork, rows: Rows, seed: int, epoch: int) -> Batch:
        """See :class:`TrainingData`."""
        made = self.data.batch(model, rows, seed, epoch)
        with torch.no_grad():
            result = self.teacher(made.inputs, made.features)
        outputs = result.outputs
        units = {
            **{f"{p}.{v}": (p, x) for (p, v), x in outputs.states.items()},
            **{f"{p}.output": (p, x) for p, x in outputs.rates.items()},
            **{f"{p}.spikes": (p, x) for p, x in outputs.spikes.items()},
        }
        targets = {name: self._ordered(p, x) for name, (p, x) in units.items()}
        return replace(made, targets={**made.targets, **targets, **result.readouts})

    def _ordered(self, population: str, values: torch.Tensor) -> torch.Tensor:
        if self.order is None or population not in self.order:
            return values
        index = torch.as_tensor(self.order[population], device=values.device)
        return values[:, index]


@dataclass(frozen=True, eq=False)
class Lesson:
    """What a student learned.

    Parameters
    ----------
    fit : Fit
    recorded : mapping of population to int array
        Neurons that the student was compared with in training.
    table : pandas.DataFrame
        A row for ``trained`` and for each control (``untrained``, ``shuffled teacher``,
        ``permuted units``), a column for each metric, of recorded and of other neurons.
    """

    fit: Fit
    recorded: Units
    table: pd.DataFrame

    def network(self, *, verify: bool = False) -> Network:
        """The student as a network."""
        return self.fit.network(verify=verify)

    def __repr__(self) -> str:
        told = {name: index.size for name, index in self.recorded.items()}
        return f"<Lesson {self.fit.status}: recorded {told}, {self.fit.folder}>"


def teach(
    teacher: Network,
    student: Network,
    train: Sequence[Train],
    data: TrainingData,
    folder: str | Path,
    *,
    dt: float,
    inherit: Sequence[str] = (),
    recorded: float | Mapping[str, ArrayLike] = 1.0,
    objective: Objective | None = None,
    options: Mapping[str, Any] | None = None,
    seed: int = 0,
    **fitting: Any,
) -> Lesson:
    """Train a student on what a teacher does, from some of its neurons.

    Parameters
    ----------
    teacher, student : Network
        With the same neurons.
    train : sequence of Train
        What the student learns.
    data : TrainingData
        Trials for both. What is measured is measured on the split ``test`` if it has trials, else
        on ``validation``, else on ``train``.
    folder : str or Path
        See :func:`fit`.
    dt : float
        In ms.
    inherit : sequence of str
        Paths or patterns whose values the student takes from the teacher before training.
    recorded : float or mapping of population to sequence of int
        Neurons of which the student is told the teacher's states: a share, drawn by ``seed``, or
        indices. A population that is not named is not recorded.
    objective : Objective, optional
        Default: the squared error of the first state of every recorded population (the membrane
        potential, for spiking models).
    options : mapping, optional
        Of both :class:`TrainableNetwork` s, such as ``precision`` or ``surrogate``; states in
        ``record`` are recorded besides those that are compared.
    seed : int
        Of the recorded neurons, of the controls, and of :func:`fit`.
    **fitting
        Of :func:`fit`.

    Returns
    -------
    Lesson
        ``untrained`` is the student before training. In ``shuffled teacher`` the trained student is
        measured against the teacher's units in a random order: the agreement that their number and
        statistics alone give. In ``permuted units`` what the student learned is handed to other
        units (and weights to other edges of the same sign): the agreement that the distribution of
        its parameters alone gives.

    Raises
    ------
    NetworkError, UnknownNameError
        If teacher and student do not have the same neurons, a path or a population does not exist,
        or the share is not in 0 .. 1.
    """
    student = inherited(student, teacher, inherit)
    watched = _recorded(student, recorded, seed)
    states = {name: _state(student, name) for name in watched}
    options = dict(options or {})
    options["record"] = tuple(dict.fromkeys((*options.get("record", ()), *states.items())))
    model = TrainableNetwork(student, dt, train, **options)
    master = TrainableNetwork(teacher, dt, (), **options).eval()
    taught = Taught(data, master)
    if objective is None:
        objective = Objective(
            {f"{p}.{v}": StateError(p, v, neurons=watched[p]) for p, v in states.items()}
        )
    done = fit(model, taught, objective, folder, seed=seed, **fitting)

    units = _of_units(model, watched, states)
    everything = {**units, **_of_the_whole(teacher, model)}
    permuted = permuted_units(done.model.to_network(), [s.path for s in train], seed)
    shuffled = replace(taught, order=shuffled_order(student, watched, seed))
    rows = {
        "trained": (model, taught, everything),
        "untrained": (TrainableNetwork(student, dt, train, **options), taught, everything),
        "shuffled teacher": (model, shuffled, units),
        "permuted units": (
            TrainableNetwork(permuted, dt, _each(train), **options),
            taught,
            everything,
        ),
    }
    split = next(s for s in ("test", "validation", "train") if data.rows(s).size)
    size = int(fitting.get("batch", 16))
    table = {
        name: measure(who, source, metrics, split=split, batch=size, seed=seed)
        for name, (who, source, metrics) in rows.items()
    }
    return Lesson(done, watched, pd.DataFrame.from_dict(table, orient="index"))


def _recorded(network: Network, given: float | Mapping[str, ArrayLike], seed: int) -> Units:
    """Indices of the recorded neurons of each population that has any."""
    dynamic = [n for n, p in network.populations.items() if p.model.states]
    if isinstance(given, Mapping):
        found = {}
        for name, neurons in given.items():
            if name not in dynamic:
                raise UnknownNameError("recorded population", name, dynamic)
            index = np.unique(checked_indices(neurons, f"recorded neurons of {name!r}"))
            size = network.population(name).size
            if not index.size or index[-1] >= size:
                raise NetworkError(
                    f"recorded neurons of {name!r}: expected indices 0..{size - 1}, one at least, "
                    f"got {np.asarray(neurons)[:8]}"
                )
            found[name] = index.astype(np.int64)
        if not found:
            raise NetworkError("recorded: name a population at least, and some of its neurons")
        return found
    number = isinstance(given, (int, float, np.number)) and not isinstance(given, bool)
    if not number or not 0 < given <= 1:
        raise NetworkError(f"recorded: expected a share above 0 and up to 1, got {given!r}")
    found = {}
    for name in dynamic:
        n = network.population(name).size
        order = permutation(seed, "recorded", name, 0, n)
        found[name] = np.sort(order[: max(round(given * n), 1)])
    return found


def _each(train: Sequence[Train]) -> list[Train]:
    """The same values one by one, so that units may differ that shared one."""
    free: dict[str, bool] = {}
    for spec in train:
        root, part, _ = spec.path.split(".", 2)
        path = f"{root}.{part}.weight" if root == "projections" else spec.path
        free[path] = free.get(path, False) or spec.sign == "free"
    return [Train(path, sign="free" if is_free else None) for path, is_free in free.items()]


def _state(network: Network, population: str) -> str:
    return next(iter(network.population(population).model.states))


def _of_units(
    model: TrainableNetwork, watched: Units, states: Mapping[str, str]
) -> dict[str, Metric]:
    """Metrics of recorded neurons, and of all others where there are others."""
    found: dict[str, Metric] = {}
    for name, variable in states.items():
        index = watched[name]
        own: dict[str, Metric] = {
            f"correlation of {name}.{variable}": StateCorrelation(name, variable, neurons=index)
        }
        if model.program.population(name).code.threshold:
            precision = model.dt * max(round(PRECISION_MS / model.dt), 1)
            own[f"coincidence of {name}"] = SpikeCoincidence(name, precision, neurons=index)
        for key, metric in own.items():
            both = recorded_and_unrecorded(key, metric)
            everyone = index.size == model.network.population(name).size
            found |= {f"{key}_recorded": metric} if everyone else both
    return found


def _of_the_whole(teacher: Network, model: TrainableNetwork) -> dict[str, Metric]:
    """Metrics of outputs that both have, and of what was trained."""
    outputs = [name for name in model.network.readouts if name in teacher.readouts]
    paths = dict.fromkeys(
        ".".join(s.path.split(".")[:2]) if s.path.startswith("projections.") else s.path
        for s in model.specs
    )
    return {
        **{f"output error of {name}": OutputError(name) for name in outputs},
        **{f"error of {path}": ParameterError(path, teacher) for path in paths},
    }
