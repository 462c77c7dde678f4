"""fit: train a network, with checkpoints, logs, early stopping, and several processes if asked."""

from __future__ import annotations

__all__ = ["Fit", "fit"]

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import lightning.pytorch as lightning
import pandas as pd
import torch
from lightning.pytorch.loggers import WandbLogger

from neurobridge.errors import TrainingError
from neurobridge.graph.network import Network
from neurobridge.training.checkpoint import KEY, load_checkpoint, read_checkpoint
from neurobridge.training.checks import check_resumed, check_run
from neurobridge.training.data import TrainingData
from neurobridge.training.history import History
from neurobridge.training.journal import Journal
from neurobridge.training.loop import Loop
from neurobridge.training.objective import Objective, Term
from neurobridge.training.processes import is_helper, refuse_wrong_place, together
from neurobridge.training.run_folder import RunFolder
from neurobridge.training.settings import Parameters, Settings
from neurobridge.training.threads import on_threads
from neurobridge.training.trainable import TrainableNetwork
from neurobridge.training.trainer import make_trainer, quiet
from neurobridge.training.write_back import verified

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, eq=False)
class Fit:
    """What came out of training.

    Parameters
    ----------
    model : TrainableNetwork
        With the parameters of the best epoch if there was validation, else of the last.
    data : TrainingData
    folder : Path
    history : pandas.DataFrame
        A row for each epoch: ``train/NAME`` and ``validation/NAME`` for every term and metric.
    status : {"done", "stopped", "interrupted"}
        ``stopped`` if validation did not get better, ``interrupted`` by Ctrl-C.
    best_epoch : int
        Whose parameters the model has; -1 if no epoch came to its end.
    notes : mapping
        What goes into the history of the trained network.
    """

    model: TrainableNetwork
    data: TrainingData
    folder: Path
    history: pd.DataFrame
    status: str
    best_epoch: int
    notes: Mapping[str, Any]

    @property
    def epochs(self) -> int:
        """Whole epochs that were trained."""
        return len(self.history)

    def network(self, *, verify: bool = False) -> Network:
        """The trained network.

        Parameters
        ----------
        verify : bool
            Run a trial of the data on torch and on the reference, and compare; see
            :func:`neurobridge.training.write_back.verified`.

        Raises
        ------
        TrainingError
            If values are not finite, the runs differ, or they show nothing.
        """
        model = self.model
        network = model.to_network(**self.notes)
        if verify:
            row = next(iter([*self.data.rows("validation"), *self.data.rows("train")]))
            trial = self.data.trial(network, int(row), model.dt)
            verified(
                network, model.dt, model.accept, stimuli=trial.stimuli,
                duration=trial.duration, trial=trial.number,
            )  # fmt: skip
        return network

    def draw(self) -> Figure:
        """Losses and metrics over the epochs."""
        from neurobridge.training.drawing import draw_history

        return draw_history(self.history, self.best_epoch)

    def __repr__(self) -> str:
        return f"<Fit {self.status}: {self.epochs} epochs, best {self.best_epoch}, {self.folder}>"


def fit(
    model: TrainableNetwork,
    data: TrainingData,
    objective: Objective,
    folder: str | Path,
    *,
    epochs: int,
    batch: int = 16,
    learning_rate: float = 1e-3,
    optimiser: str | Callable[[Parameters], torch.optim.Optimizer] = "adam",
    clip: float | None = None,
    metrics: Mapping[str, Term] | None = None,
    validate_every: int = 1,
    patience: int | None = None,
    save_every: int = 1,
    seed: int = 0,
    processes: int = 1,
    threads: int = 1,
    loggers: Sequence[str] = (),
    resume: bool = False,
    progress: bool = True,
) -> Fit:
    """Train a network.

    The loop, checkpoints, early stopping and processes are those of PyTorch Lightning. Everything
    that is random depends on ``seed`` and the epoch, so a run that is resumed gives the numbers of
    one that never stopped.

    Parameters
    ----------
    model : TrainableNetwork
        Trained in place.
    data : TrainingData
        Its split ``train`` is trained on; ``validation``, if it has any, decides which epoch is
        best.
    objective : Objective
        What is minimised; every term is logged by its name.
    folder : str or Path
        For logs and checkpoints: new or empty, unless the run is resumed.
    epochs : int
        In all, those before a resumption included.
    batch : int
        Trials of a step of the optimiser, over all processes together.
    learning_rate : float
    optimiser : {"adam", "adamw", "rmsprop", "sgd"} or function
        A function gets the parameters and returns a :class:`torch.optim.Optimizer`;
        ``learning_rate`` is then its own affair.
    clip : float, optional
        Largest norm of the gradient; larger ones are scaled down.
    metrics : mapping of str to Metric or Loss, optional
        Worked out in validation.
    validate_every : int
        Epochs.
    patience : int, optional
        Stop if validation was not better for so many validations.
    save_every : int
        Epochs; a checkpoint costs some milliseconds, and what came after the last one is lost if
        the run is interrupted.
    seed : int
        Of the order of trials and of random input.
    processes : int
        Several processes share each batch (DDP), on CPUs. The program is started anew in each of
        the others, which end when training does: it must be a script, not a notebook, in which this
        is the first training. Terms that are means over trials have the gradient of one process; of
        others, such as the distance of a mean rate from a target, each process takes its own.
    threads : int
        Of torch, in each process. With one, the result does not depend on the machine's cores; with
        more, large dense networks train faster, and sums have other last digits.
    loggers : sequence of {"tensorboard", "wandb"}
        Besides ``metrics.csv``; Weights & Biases writes to ``folder``, offline.
    resume : bool
        Go on from the last whole epoch in ``folder``.
    progress : bool
        Show a progress bar, on stderr.

    Returns
    -------
    Fit

    Raises
    ------
    NetworkError, UnknownNameError, FileFormatError
        If something does not fit together.
    TrainingError
        If a term or a gradient is not finite (it names term or path, and epoch; the checkpoint of
        the last whole epoch is kept), or a checkpoint is of another network.
    """
    settings = Settings(
        epochs, batch, learning_rate, optimiser, clip, validate_every, patience, save_every,
        seed, processes, threads, loggers,
    )  # fmt: skip
    refuse_wrong_place(processes)
    metrics = dict(metrics or {})
    check_run(model, data, objective, metrics, settings)
    place, validates = RunFolder(Path(folder)), bool(data.rows("validation").size)
    if not is_helper(processes):
        place.begin(resume=resume)
    if resume:
        check_resumed(model, place.last, settings)
    history = History()
    loop = Loop(model, objective, metrics, data, settings, history)
    trainer = make_trainer(model, settings, place, history, validates=validates, progress=progress)
    asked = {
        **data.describe(),
        **settings.to_dict(),
        "objective": {name: repr(term) for name, term in objective.terms.items()},
        "factors": dict(objective.factors),
    }
    with Journal(place, model, asked, history, trainer.is_global_zero) as journal:
        status = _run(trainer, loop, place.last if resume else None)
        best = _restore_best(model, place, validates)
        journal.close(status, best, loop.unmoved)
    if not trainer.is_global_zero:
        raise SystemExit(0)
    notes = {**asked, "epochs": len(history.rows)}
    return Fit(model, data, place.path, history.frame(), status, best, notes)


def _run(trainer: lightning.Trainer, loop: Loop, checkpoint: Path | None) -> str:
    """Train; says how it ended."""
    model, start = loop.model.train(), None if checkpoint is None else str(checkpoint)
    try:
        with quiet(), together(trainer), on_threads(loop.settings.threads):
            trainer.fit(loop, ckpt_path=start)
    except SystemExit as err:
        if not isinstance(err.__context__, KeyboardInterrupt):
            raise
        return "interrupted"  # Lightning exits after Ctrl-C
    except TrainingError:
        if trainer.is_global_zero:
            raise
        raise SystemExit(0) from None  # every process has found it, and one says it
    finally:
        model.to(model.options.device)  # Lightning leaves it on the CPU
        for logger in trainer.loggers:
            if isinstance(logger, WandbLogger):
                logger.experiment.finish()
    return "done" if trainer.current_epoch >= loop.settings.epochs else "stopped"


def _restore_best(model: TrainableNetwork, place: RunFolder, validates: bool) -> int:
    """Give the model the parameters of the best epoch, or of the last; says which."""
    chosen = place.best if validates and place.best.is_file() else place.last
    if not chosen.is_file():
        return -1
    load_checkpoint(model, chosen)
    return int(read_checkpoint(model, chosen)[KEY]["epoch"])
