"""fit: train a network, with checkpoints, logs, early stopping, and several processes if asked."""

from __future__ import annotations

__all__ = ["Fit", "fit"]

import functools
import logging
import time
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import lightning.pytorch as lightning
import numpy as np
import pandas as pd
import torch
from lightning.pytorch import callbacks

from neurobridge.errors import NetworkError, TrainingError, UnknownNameError
from neurobridge.graph.network import Network
from neurobridge.training.data import TrainingData
from neurobridge.training.history import History
from neurobridge.training.loop import Loop, Optimiser
from neurobridge.training.objective import Loss, Objective
from neurobridge.training.run_folder import RunFolder
from neurobridge.training.trainable import TrainableNetwork

if TYPE_CHECKING:
    from matplotlib.figure import Figure

OPTIMISERS = {
    "adam": torch.optim.Adam,
    "adamw": torch.optim.AdamW,
    "rmsprop": torch.optim.RMSprop,
    "sgd": torch.optim.SGD,
}
LOGGERS = ("tensorboard", "wandb")
MONITOR = "validation/loss"


@dataclass(frozen=True, eq=False)
class Fit:
    """What came out of training.

    Parameters
    ----------
    model : TrainableNetwork
        With the parameters of the best epoch if there was validation, else of the last.
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
        """The trained network; see :meth:`TrainableNetwork.to_network`."""
        return self.model.to_network(verify=verify, **self.notes)

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
    optimiser: str | Optimiser = "adam",
    clip: float | None = None,
    metrics: Mapping[str, Loss] | None = None,
    validate_every: int = 1,
    patience: int | None = None,
    seed: int = 0,
    processes: int = 1,
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
    metrics : mapping of str to Loss, optional
        Worked out in validation.
    validate_every : int
        Epochs.
    patience : int, optional
        Stop if validation was not better for so many validations.
    seed : int
        Of the order of trials and of random input.
    processes : int
        Several processes share each batch (DDP). The program is started anew in each of the others,
        which end when training does; it must be a script, not a notebook.
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
    sizes = {"epochs": epochs, "batch": batch, "validate_every": validate_every,
             "processes": processes}  # fmt: skip
    _refuse_bad_numbers(sizes | ({} if patience is None else {"patience": patience}),
                        {"learning_rate": learning_rate} | ({} if clip is None else {"clip": clip}))
    data.check(model)
    if not data.rows("train").size:
        raise NetworkError("the data have no trials in their split 'train'")
    validates = bool(data.rows("validation").size)
    if patience is not None and not validates:
        raise NetworkError(
            "patience= needs validation, but the data have no trials in their split 'validation'"
        )
    _refuse_small_batches(data, batch, processes)
    place = RunFolder(Path(folder))
    make = _optimiser(optimiser, learning_rate)
    logs = _loggers(loggers, place)
    if not _is_helper():
        place.begin(resume=resume)
    loop = Loop(model, objective, metrics or {}, make, data, batch, seed)
    history = History(place.metrics)
    asked = {
        **data.describe(), "seed": seed, "epochs": epochs, "batch": batch,
        "learning_rate": learning_rate,
        "optimiser": optimiser if isinstance(optimiser, str) else "own",
        "objective": {n: repr(t) for n, t in objective.terms.items()},
        "factors": dict(objective.factors),
    }  # fmt: skip
    with _quiet():
        trainer = lightning.Trainer(
            accelerator="gpu" if _is_cuda(model) else "cpu",
            devices=_devices(model, processes),
            strategy=_strategy(model, processes),
            max_epochs=epochs,
            callbacks=[history, *_callbacks(place, validates, validate_every, patience, progress)],
            logger=logs or False,
            check_val_every_n_epoch=validate_every,
            limit_val_batches=None if validates else 0,
            num_sanity_val_steps=0,
            gradient_clip_val=clip,
            use_distributed_sampler=False,
            enable_progress_bar=progress,
            enable_model_summary=False,
            default_root_dir=str(place.path),
            log_every_n_steps=1,
        )
    journal = _Journal(place, model, asked, trainer.is_global_zero)
    with journal, _quiet():
        _run(trainer, loop, place.last if resume else None)
        status = _status(trainer, epochs)
        best = _restore_best(model, place, validates, history)
        journal.close(status, best, history.frame(), loop.unmoved)
    if not trainer.is_global_zero:
        raise SystemExit(0)
    model.to(model.options.device)
    return Fit(model, place.path, history.frame(), status, best, _notes(asked, history))


# -- parts of the trainer -----------------------------------------------------------------------


def _refuse_bad_numbers(whole: Mapping[str, Any], positive: Mapping[str, Any]) -> None:
    for name, value in whole.items():
        if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < 1:
            raise NetworkError(f"{name}: expected a whole number >= 1, got {value!r}")
    for name, value in positive.items():
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if not number or not 0 < value < float("inf"):
            raise NetworkError(f"{name}: expected a positive number, got {value!r}")


def _refuse_small_batches(data: TrainingData, batch: int, processes: int) -> None:
    """Every process needs a trial in every batch, also in the last one of an epoch."""
    for split in ("train", "validation"):
        n = data.rows(split).size
        smallest = min(batch, n % batch or batch)
        if n and smallest < processes:
            raise NetworkError(
                f"the {n} trials of {split!r} in batches of {batch} leave a batch of {smallest}, "
                f"which {processes} processes cannot share; choose another batch size"
            )


def _optimiser(chosen: str | Optimiser, learning_rate: float) -> Optimiser:
    if callable(chosen):
        return chosen
    if chosen not in OPTIMISERS:
        raise UnknownNameError("optimiser", chosen, OPTIMISERS)
    return functools.partial(OPTIMISERS[chosen], lr=learning_rate)  # type: ignore[arg-type]


def _loggers(names: Sequence[str], place: RunFolder) -> list[Any]:
    from lightning.pytorch.loggers import TensorBoardLogger, WandbLogger

    found: list[Any] = []
    for name in (names,) if isinstance(names, str) else names:
        if name not in LOGGERS:
            raise UnknownNameError("logger", name, LOGGERS)
        if find_spec(name) is None:
            raise NetworkError(
                f"logger {name!r} is not installed: pip install 'neurobridge-sim[loggers]'"
            )
        if name == "tensorboard":
            found.append(TensorBoardLogger(place.path, name="", version="tensorboard"))
        else:
            place.path.mkdir(parents=True, exist_ok=True)
            found.append(WandbLogger(name=place.path.name, save_dir=place.path, offline=True))
    return found


def _callbacks(
    place: RunFolder, validates: bool, every: int, patience: int | None, progress: bool
) -> list[lightning.Callback]:
    made: list[lightning.Callback] = [
        callbacks.ModelCheckpoint(
            place.checkpoints, "last", save_on_train_epoch_end=True, enable_version_counter=False
        )
    ]
    if validates:
        made.append(
            callbacks.ModelCheckpoint(
                place.checkpoints, "best", monitor=MONITOR, every_n_epochs=every,
                save_on_train_epoch_end=True, enable_version_counter=False,
            )
        )  # fmt: skip
    if patience is not None:
        made.append(callbacks.EarlyStopping(MONITOR, patience=patience))
    if progress:
        made.append(callbacks.RichProgressBar(leave=False, console_kwargs={"stderr": True}))
    return made


def _is_cuda(model: TrainableNetwork) -> bool:
    return torch.device(model.options.device).type == "cuda"


def _devices(model: TrainableNetwork, processes: int) -> Any:
    index = torch.device(model.options.device).index
    return [index] if _is_cuda(model) and processes == 1 and index is not None else processes


def _strategy(model: TrainableNetwork, processes: int) -> Any:
    if processes == 1:
        return "auto"
    from lightning.pytorch.strategies import DDPStrategy

    backend = "nccl" if _is_cuda(model) else "gloo"
    return DDPStrategy(static_graph=True, process_group_backend=backend)


def _is_helper() -> bool:
    """Whether this process was started to share batches."""
    from lightning.fabric.utilities.rank_zero import rank_zero_only

    return getattr(rank_zero_only, "rank", 0) != 0


@contextmanager
def _quiet() -> Iterator[None]:
    """Without what Lightning says to those who write loaders and notebooks."""
    loggers = [logging.getLogger(f"lightning.{part}") for part in ("pytorch", "fabric")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module=r"lightning\..*")
        try:
            yield
        finally:
            for logger, level in zip(loggers, levels, strict=True):
                logger.setLevel(level)


def _run(trainer: lightning.Trainer, loop: Loop, checkpoint: Path | None) -> None:
    try:
        trainer.fit(loop, ckpt_path=None if checkpoint is None else str(checkpoint))
    except SystemExit:  # how Lightning ends after Ctrl-C
        if not trainer.interrupted:
            raise


def _status(trainer: lightning.Trainer, epochs: int) -> str:
    if trainer.interrupted:
        return "interrupted"
    return "done" if trainer.current_epoch >= epochs else "stopped"


def _restore_best(
    model: TrainableNetwork, place: RunFolder, validates: bool, history: History
) -> int:
    """Give the model the parameters of the best epoch, or of the last; says which."""
    if not history.rows:
        return -1
    chosen = place.best if validates and place.best.is_file() else place.last
    load_checkpoint(model, chosen)
    if chosen == place.best:
        return int(history.frame()[MONITOR].idxmin())
    return len(history.rows) - 1


def load_checkpoint(model: TrainableNetwork, file: str | Path) -> TrainableNetwork:
    """Give a model the parameters of a checkpoint.

    Raises
    ------
    TrainingError
        If it is of another network.
    """
    from neurobridge.training.loop import KEY, refuse_other

    found = torch.load(file, map_location="cpu", weights_only=True)
    refuse_other(model, found.get(KEY), str(file))
    prefix = "model."
    state = {k.removeprefix(prefix): v for k, v in found["state_dict"].items()}
    model.load_state_dict(state)
    return model


def _notes(asked: Mapping[str, Any], history: History) -> dict[str, Any]:
    return {**asked, "epochs": len(history.rows)}


class _Journal:
    """Keeps ``run.json`` true from the beginning of a run to its end, whatever that is."""

    def __init__(
        self, place: RunFolder, model: TrainableNetwork, asked: Mapping[str, Any], writes: bool
    ) -> None:
        self.place, self.writes = place, writes
        self.begun = time.time()
        self.content: dict[str, Any] = {
            "name": place.path.name,
            "status": "running",
            "network": model.network.id,
            "paths": [s.path for s in model.specs],
            "dt": model.dt,
            "precision": str(model.options.dtype).removeprefix("torch."),
            "n_parameters": sum(p.numel() for p in model.parameters()),
            **asked,
            "versions": {n: version(n) for n in ("torch", "lightning")},
            "started": time.strftime("%Y-%m-%dT%H:%M:%S", time.localtime(self.begun)),
        }

    def __enter__(self) -> _Journal:
        self._write()
        return self

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        if error is not None:
            self.content |= {"status": "failed", "message": f"{type(error).__name__}: {error}"}
            self._write()

    def close(self, status: str, best: int, history: pd.DataFrame, unmoved: Sequence[str]) -> None:
        """What came out."""
        row = {} if best < 0 else history.iloc[best].to_dict()
        self.content |= {
            "status": status,
            "epochs_done": len(history),
            "best_epoch": best,
            "metrics": {k: v for k, v in row.items() if "/" in k},
            "without_gradient": list(unmoved),
            "seconds": round(time.time() - self.begun, 3),
        }
        self._write()

    def _write(self) -> None:
        if self.writes:
            self.place.write(self.content)
