"""The Lightning trainer of a run: callbacks, loggers, devices and processes."""

from __future__ import annotations

__all__ = ["MONITOR", "is_helper", "make_trainer", "quiet"]

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import lightning.pytorch as lightning
import torch
from lightning.pytorch import callbacks

from neurobridge.training.history import History
from neurobridge.training.run_folder import RunFolder
from neurobridge.training.settings import Settings
from neurobridge.training.trainable import TrainableNetwork

MONITOR = "validation/loss"
"""What says which epoch is best."""


def make_trainer(
    model: TrainableNetwork,
    settings: Settings,
    place: RunFolder,
    history: History,
    *,
    validates: bool,
    progress: bool,
) -> lightning.Trainer:
    """The trainer of one run."""
    with quiet():
        return lightning.Trainer(
            accelerator="gpu" if _is_cuda(model) else "cpu",
            devices=_devices(model, settings.processes),
            strategy=_strategy(model, settings.processes),
            max_epochs=settings.epochs,
            callbacks=[history, *_callbacks(place, settings, validates, progress)],
            logger=_loggers(place, settings) or False,
            check_val_every_n_epoch=settings.validate_every,
            limit_val_batches=None if validates else 0,
            num_sanity_val_steps=0,
            gradient_clip_val=settings.clip,
            use_distributed_sampler=False,
            enable_progress_bar=progress,
            enable_model_summary=False,
            default_root_dir=str(place.path),
            log_every_n_steps=1,
        )


def _callbacks(
    place: RunFolder, settings: Settings, validates: bool, progress: bool
) -> list[lightning.Callback]:
    always: dict[str, Any] = {
        "save_on_train_epoch_end": True,
        "enable_version_counter": False,
        "save_weights_only": False,
    }
    made: list[lightning.Callback] = [
        callbacks.ModelCheckpoint(place.checkpoints, place.last.stem, **always)
    ]
    if validates:
        every = settings.validate_every
        made.append(
            callbacks.ModelCheckpoint(
                place.checkpoints, place.best.stem, MONITOR, every_n_epochs=every, **always
            )
        )
    if settings.patience is not None:
        made.append(callbacks.EarlyStopping(MONITOR, patience=settings.patience))
    if progress:
        made.append(callbacks.RichProgressBar(console_kwargs={"stderr": True}))
    return made


def _loggers(place: RunFolder, settings: Settings) -> list[Any]:
    from lightning.pytorch.loggers import TensorBoardLogger, WandbLogger

    made: list[Any] = []
    if "tensorboard" in settings.loggers:
        made.append(TensorBoardLogger(place.path, name="", version="tensorboard"))
    if "wandb" in settings.loggers:
        made.append(WandbLogger(name=place.path.name, save_dir=place.path, offline=True))
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


def is_helper() -> bool:
    """Whether this process was started to share the batches of another."""
    from lightning.fabric.utilities.rank_zero import rank_zero_only

    return getattr(rank_zero_only, "rank", 0) != 0


@contextmanager
def quiet() -> Iterator[None]:
    """Without what Lightning says to those who write loaders and modules."""
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
