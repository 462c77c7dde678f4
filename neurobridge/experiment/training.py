"""The section ``training`` of an experiment, carried out."""

from __future__ import annotations

__all__ = ["TrainingSetup", "assemble_training"]

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from neurobridge.errors import ExperimentError, FileFormatError, NetworkError, UnknownNameError
from neurobridge.experiment.assemble import POPULATION
from neurobridge.experiment.place import Places
from neurobridge.experiment.selection import index_of
from neurobridge.experiment.terms import CHOICE, metrics_of, objective_of
from neurobridge.experiment.training_schema import (
    OdoursPlan,
    PatternsPlan,
    SequencesPlan,
    TrainingPlan,
)
from neurobridge.graph.encoder import Encoder
from neurobridge.graph.network import Network
from neurobridge.graph.readout import Readout
from neurobridge.rng import generator
from neurobridge.tasks import (
    DOOR_NAMES,
    ClassificationTask,
    load_receptor_ids,
    odour_task,
    orn_encoder,
    pattern_task,
)
from neurobridge.training import ChipTraining, Objective, Settings, Surrogate, Train
from neurobridge.training.data import SequenceData, TaskData, TrainingData
from neurobridge.units import parse_quantity

if TYPE_CHECKING:
    from neurobridge.experiment.experiment import Experiment
    from neurobridge.training.trainable import TrainableNetwork

INPUT = "input"
"""Name of the encoder."""


@dataclass(frozen=True, eq=False)
class TrainingSetup:
    """What is trained, on what and how; :func:`neurobridge.training.fit` takes it from here.

    Parameters
    ----------
    network : Network
        With encoder and readout, before training.
    data : TrainingData
    train : tuple of Train
    objective : Objective
    metrics : mapping of str to Metric
    settings : Settings
    dt : float
        In ms.
    options : mapping
        Of :class:`TrainableNetwork`.
    places : Places
        Where in the file each part is.
    """

    network: Network
    data: TrainingData
    train: tuple[Train, ...]
    objective: Objective
    metrics: Mapping[str, Any]
    settings: Settings
    dt: float
    options: Mapping[str, Any]
    places: Places

    def model(self) -> TrainableNetwork:
        """The network as a module, its parameters as they are before training."""
        from neurobridge.training.trainable import TrainableNetwork

        with self.places.at("training"):
            return TrainableNetwork(self.network, self.dt, self.train, **self.options)


def assemble_training(experiment: Experiment, **changes: Any) -> TrainingSetup:
    """Carry out the section ``training``.

    Parameters
    ----------
    experiment : Experiment
    **changes
        Entries of :class:`Settings`, or ``device``, in place of what the file says.

    Raises
    ------
    ExperimentError
        With the line of the file that cannot be carried out, or if the file has no such section.
    """
    plan = experiment.plan.training
    if plan is None:
        raise ExperimentError(
            f"{experiment.places.file.source}: there is no section 'training'; it says which task "
            "is learned, what is trained and for how many epochs (docs/training.md)"
        )
    at = experiment.places.at
    device = changes.pop("device", None) or plan.device
    settings = _settings(experiment, plan, changes)
    network = experiment.network()
    with at("training", "task"):
        task = _task(experiment, plan)
    with at("training", "input"):
        network = network.with_encoder(_encoder(experiment, network, plan, task))
    with at("training", "task"):
        data = _data(plan, task)
    with at("training", "readout"):
        network = network.with_readout(_readout(experiment, network, plan, task, settings.seed))
    train = tuple(_train(experiment, network, path) for path in plan.train)
    options = _options(experiment, plan, device)
    setup = TrainingSetup(
        network, data, train, objective_of(plan, data, experiment.places),
        metrics_of(plan, data, experiment.places), settings, experiment.settings.dt, options,
        experiment.places,
    )  # fmt: skip
    _check_data(setup, task)
    if plan.readout.start != "ridge":
        return setup
    from neurobridge.training.ridge import fitted_readout

    with at("training", "readout", "start"):
        if not isinstance(data, TaskData):
            raise NetworkError("a ridge regression is of classes; sequences have none")
        fitted = fitted_readout(
            network, CHOICE, data, dt=setup.dt, seed=settings.seed, accept=options["accept"]
        )
    return replace(setup, network=fitted)


def _settings(experiment: Experiment, plan: TrainingPlan, changes: Mapping[str, Any]) -> Settings:
    """Settings of the file, each checked at its line, and then those in their place."""
    given = {f.name: getattr(plan, f.name) for f in fields(Settings)}
    for name, value in given.items():
        with experiment.places.at("training", name):
            Settings(**{"epochs": 1, name: value})
    for name in changes:
        if name not in given:
            raise UnknownNameError("setting of training", name, [*given, "device"])
    return Settings(**{**given, **changes})


def _check_data(setup: TrainingSetup, task: Task) -> None:
    """Refuse a task that the network cannot be given."""
    model = setup.model()
    if isinstance(task, ClassificationTask):
        with setup.places.at("training", "task"):
            model.inputs([()], task.duration)
    with setup.places.at("training", "input"):
        setup.data.check(model)


# -- the task -----------------------------------------------------------------------------------

Task = ClassificationTask | Mapping[str, Any]
"""A task with classes, or the arrays of a file of sequences."""


def _task(experiment: Experiment, plan: TrainingPlan) -> Task:
    task, folder = plan.task, experiment.folder
    if isinstance(task, SequencesPlan):
        return _arrays(folder / task.file)
    window: dict[str, Any] = {"duration": task.duration, "onset": task.onset, "offset": task.offset}
    trials: Any = tuple(task.trials)
    if isinstance(task, PatternsPlan):
        return pattern_task(
            task.features, task.classes, noise=task.noise, seed=task.seed, trials=trials, **window
        )
    receptors = {name: DOOR_NAMES.get(name, name) for name in _receptors(experiment, task)}
    return odour_task(
        folder / task.door, receptors, odours=task.odours, concentrations=task.concentrations,
        held_out=task.held_out, trials=trials, missing=task.missing, dose=task.dose,
        hill=task.hill, **window,
    )  # fmt: skip


def _receptors(experiment: Experiment, task: OdoursPlan) -> dict[str, Any]:
    ids = load_receptor_ids(experiment.folder / task.receptors)
    for name in task.leave_out:
        if name not in ids:
            raise UnknownNameError("receptor to leave out", name, ids)
    return {name: own for name, own in ids.items() if name not in task.leave_out}


def _arrays(file: Any) -> dict[str, Any]:
    try:
        with np.load(file, allow_pickle=False) as found:
            arrays = {name: found[name] for name in found.files}
    except (OSError, ValueError) as err:
        raise FileFormatError(f"{file} cannot be read as an .npz file of arrays: {err}") from err
    if "features" not in arrays or len(set(arrays) - {"features", "splits"}) == 0:
        raise FileFormatError(
            f"{file}: expected an array 'features' (n_trials, T, n_in) and a target at least, got "
            f"{sorted(arrays)}"
        )
    return arrays


def _data(plan: TrainingPlan, task: Task) -> TrainingData:
    if isinstance(task, ClassificationTask):
        return TaskData(task, INPUT, plan.input.receptor, plan.input.weight)
    targets = {name: task[name] for name in task if name not in ("features", "splits")}
    return SequenceData(INPUT, task["features"], targets, task.get("splits"))


# -- into the network, and out of it ------------------------------------------------------------


def _encoder(experiment: Experiment, network: Network, plan: TrainingPlan, task: Task) -> Encoder:
    population, into = network.population(POPULATION), plan.input
    if isinstance(plan.task, OdoursPlan):
        assert isinstance(task, ClassificationTask)
        made = orn_encoder(
            population, _receptors(experiment, plan.task), task.feature_names,
            shared=into.shared, absent=into.absent,
        )  # fmt: skip
        return replace(made, name=INPUT)
    neurons = _chosen(experiment, into.neurons)
    unit = "Hz" if into.kind == "rate" else population.model.current_unit
    strength = float(parse_quantity(into.strength, unit, "strength"))
    bias = np.full(neurons.size, float(parse_quantity(into.baseline, unit, "baseline")))
    if isinstance(task, ClassificationTask):
        weight = np.zeros((neurons.size, task.n_features))
        weight[np.arange(neurons.size), np.arange(neurons.size) % task.n_features] = strength
        return Encoder(INPUT, POPULATION, neurons, weight, bias, into.kind, task.feature_names)
    n_in = task["features"].shape[-1]
    draws = generator(plan.seed, "weights", INPUT).normal(size=(neurons.size, n_in))
    return Encoder(INPUT, POPULATION, neurons, strength * draws / np.sqrt(n_in), bias, into.kind)


def _chosen(experiment: Experiment, neurons: Any) -> Any:
    index = index_of(experiment.connectome, neurons)
    return np.arange(experiment.connectome.n_neurons) if index is None else index


def _readout(
    experiment: Experiment, network: Network, plan: TrainingPlan, task: Task, seed: int
) -> Readout:
    out = plan.readout
    neurons = _chosen(experiment, out.neurons)
    classes = task.classes if isinstance(task, ClassificationTask) else None
    n_out = len(classes) if classes is not None else _n_outputs(task)
    weight = np.zeros((n_out, neurons.size))
    if out.start == "random":
        draws = generator(seed, "weights", CHOICE).normal(size=weight.shape)
        weight = draws / np.sqrt(neurons.size)
    return Readout(
        CHOICE, POPULATION, neurons, weight, np.zeros(n_out), out.source, out.tau_syn, out.tau_m,
        out.pool, classes,
    )  # fmt: skip


def _n_outputs(task: Any) -> int:
    if CHOICE not in task:
        raise UnknownNameError(
            "target of the sequences", CHOICE, [n for n in task if n not in ("features", "splits")],
            f"The readout is called {CHOICE!r}, and so is the array that it is to give",
        )  # fmt: skip
    return int(task[CHOICE].shape[-1])


# -- what is trained, and how --------------------------------------------------------------------


def _train(experiment: Experiment, network: Network, path: str) -> Train:
    from neurobridge.training.parameters import make_trained

    assert experiment.plan.training is not None
    own = experiment.plan.training.train[path]
    with experiment.places.at("training", "train", path):
        spec = Train(
            path,
            by=tuple(own.by) if isinstance(own.by, list) else own.by,
            bounds=None if own.bounds is None else (own.bounds[0], own.bounds[1]),
            **own.model_dump(exclude={"by", "bounds"}),
        )
        make_trained(spec, network, torch.float64)
        return spec


def _options(experiment: Experiment, plan: TrainingPlan, device: str) -> dict[str, Any]:
    surrogate = None
    if plan.surrogate is not None:
        with experiment.places.at("training", "surrogate"):
            surrogate = Surrogate(**plan.surrogate.model_dump())
    chip = None
    if plan.chip is not None:
        with experiment.places.at("training", "chip"):
            chip = ChipTraining(**plan.chip.model_dump())
    return {
        "precision": plan.precision,
        "device": device,
        "surrogate": surrogate,
        "record": tuple((POPULATION, state) for state in plan.record),
        "checkpoint_every": plan.checkpoint_every,
        "truncate_every": plan.truncate_every,
        "chip": chip,
        "accept": tuple(experiment.settings.accept),
    }
