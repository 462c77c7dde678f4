"""Checks before a run of training: what cannot be trained is refused before anything is written."""

from __future__ import annotations

__all__ = ["TermError", "check_resumed", "check_run", "check_sharing"]

from collections.abc import Mapping
from pathlib import Path

import torch

from neurobridge.errors import NetworkError, NeurobridgeError, TrainingError
from neurobridge.training.checkpoint import KEY, load_file, read_checkpoint
from neurobridge.training.data import TrainingData
from neurobridge.training.objective import Objective, Seen, Term
from neurobridge.training.settings import Settings
from neurobridge.training.trainable import TrainableNetwork

TOTAL = "loss"
"""The name under which the objective as a whole is logged."""


class TermError(NetworkError):
    """A term of the objective, or a metric, does not fit the network or the data.

    Parameters
    ----------
    kind : {"objective", "metrics"}
    name : str
    reason : NeurobridgeError
    """

    def __init__(self, kind: str, name: str, reason: NeurobridgeError) -> None:
        self.kind, self.name, self.reason = kind, name, reason
        what = "term" if kind == "objective" else "metric"
        super().__init__(f"{what} {name!r}: {reason}")


def check_run(
    model: TrainableNetwork,
    data: TrainingData,
    objective: Objective,
    metrics: Mapping[str, Term],
    settings: Settings,
) -> None:
    """Refuse a run that cannot go well.

    The first batch of training and that of validation are played without a gradient, so that terms
    and metrics that do not fit are found before anything is written.

    Raises
    ------
    NetworkError, UnknownNameError
        A :class:`TermError` for terms and metrics.
    """
    if not model.specs:
        raise NetworkError("nothing is trained; name at least one path, Train('...')")
    data.check(model)
    if not data.rows("train").size:
        raise NetworkError("the data have no trials in their split 'train'; nothing can be learned")
    if not data.rows("validation").size:
        for name, given in (("patience", settings.patience), ("metrics", metrics or None)):
            if given is not None:
                raise NetworkError(
                    f"{name}= needs validation, but the data have no trials in their split "
                    "'validation'"
                )
    _check_names(objective, metrics)
    check_sharing(model, data, settings)
    settings.make_optimiser(list(model.parameters()))
    _rehearse(model, data, objective.terms, "objective", "train", settings)
    if metrics:
        _rehearse(model, data, metrics, "metrics", "validation", settings)


def _rehearse(
    model: TrainableNetwork,
    data: TrainingData,
    terms: Mapping[str, Term],
    kind: str,
    split: str,
    settings: Settings,
) -> None:
    """Work out every term for the first batch."""
    trains = split == "train"
    rows = next(data.batches(split, settings.batch, settings.seed, 0, shuffle=trains))
    batch = data.batch(model, rows, settings.seed, 0)
    was_training = model.training
    model.train()
    with torch.no_grad():
        seen = Seen(model, model(batch.inputs, batch.features), batch.targets)
        for name, term in terms.items():
            try:
                term(seen)
            except NeurobridgeError as err:
                raise TermError(kind, name, err) from err
            finally:
                model.train(was_training)


def _check_names(objective: Objective, metrics: Mapping[str, Term]) -> None:
    for name in (*objective.terms, *metrics):
        if name == TOTAL:
            raise NetworkError(
                f"a term or metric cannot be called {TOTAL!r}: that is the sum of all terms"
            )
    for name in metrics:
        if name in objective.terms:
            raise NetworkError(
                f"metric {name!r} has the name of a term of the objective; call it otherwise"
            )


def check_sharing(model: TrainableNetwork, data: TrainingData, settings: Settings) -> None:
    """Every process needs a part of every batch.

    Raises
    ------
    NetworkError
    """
    batch, processes = settings.batch, settings.processes
    if processes > 1 and torch.device(model.options.device).type != "cpu":
        raise NetworkError(
            f"processes={processes} share the work on CPUs, but the model is on "
            f"{model.options.device!r}; use processes=1 there"
        )
    for split in ("train", "validation"):
        n = data.rows(split).size
        smallest = min(batch, n % batch or batch)
        if n and smallest < processes:
            raise NetworkError(
                f"the {n} trials of {split!r} in batches of {batch} leave a batch of {smallest}, "
                f"which {processes} processes cannot share; choose another batch size"
            )


def check_resumed(model: TrainableNetwork, file: Path, settings: Settings) -> None:
    """Refuse to go on from a checkpoint that does not fit.

    Raises
    ------
    FileFormatError, TrainingError, NetworkError
    """
    run = file.parent.parent
    seed = load_file(file)["seed"]
    if seed != settings.seed:
        raise NetworkError(
            f"seed={settings.seed}, but the run in {run} has seed {seed}, of which its trials were "
            "drawn; go on with that one"
        )
    found = read_checkpoint(model, file)
    done = found[KEY]["epoch"] + 1
    if settings.epochs < done:
        raise NetworkError(
            f"epochs={settings.epochs} in all, but the run in {run} has {done} already; ask for "
            "more"
        )
    optimiser = type(settings.make_optimiser(list(model.parameters()))).__name__
    if found["optimiser"] != optimiser:
        raise TrainingError(
            f"{file} has the state of {found['optimiser']}, with which {optimiser} cannot go on; "
            "use the same optimiser, or begin anew from Fit.network()"
        )
