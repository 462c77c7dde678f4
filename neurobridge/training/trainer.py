"""The Lightning trainer of a run: callbacks, loggers, devices and processes."""

from __future__ import annotations

__all__ = ["make_trainer", "quiet"]

import logging
import os
import signal
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import lightning.pytorch as lightning
import torch
from lightning.fabric.plugins.environments.lightning import LightningEnvironment
from lightning.pytorch import callbacks

from neurobridge.training.history import MONITOR, History
from neurobridge.training.keeper import Keeper
from neurobridge.training.run_folder import RunFolder
from neurobridge.training.settings import Settings
from neurobridge.training.trainable import TrainableNetwork


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
            strategy=_strategy(settings.processes),
            plugins=[LightningEnvironment()],  # processes are ours, not those of a cluster's queue
            max_epochs=settings.epochs,
            callbacks=_callbacks(place, history, settings, progress),
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


class _Patience(callbacks.EarlyStopping):
    """Early stopping; a run that was resumed has the patience that is asked for now."""

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        super().load_state_dict({**state_dict, "patience": self.patience})


def _callbacks(
    place: RunFolder, history: History, settings: Settings, progress: bool
) -> list[lightning.Callback]:
    made: list[lightning.Callback] = [Keeper(place, history, settings.save_every)]
    if settings.patience is not None:
        made.append(_Patience(MONITOR, patience=settings.patience))
    if progress:
        made.append(callbacks.RichProgressBar(console_kwargs={"stderr": True}))
    return made


def _loggers(place: RunFolder, settings: Settings) -> list[Any]:
    from lightning.pytorch.loggers import TensorBoardLogger

    made: list[Any] = []
    if "tensorboard" in settings.loggers:
        made.append(TensorBoardLogger(place.path, name="", version="tensorboard"))
    if "wandb" in settings.loggers:
        made.append(_weights_and_biases(place))
    return made


def _weights_and_biases(place: RunFolder) -> Any:
    """A logger that writes to the folder, and neither to the terminal nor to anybody else."""
    os.environ.setdefault("WANDB_ERROR_REPORTING", "false")  # else it reports errors even offline
    import wandb
    from lightning.pytorch.loggers import WandbLogger

    own = wandb.Settings(silent=True, console="off")
    return WandbLogger(name=place.path.name, save_dir=place.path, offline=True, settings=own)


def _is_cuda(model: TrainableNetwork) -> bool:
    return torch.device(model.options.device).type == "cuda"


def _devices(model: TrainableNetwork, processes: int) -> Any:
    index = torch.device(model.options.device).index
    return processes if index is None else [index]


def _strategy(processes: int) -> Any:
    if processes == 1:
        return "auto"
    from lightning.pytorch.strategies import DDPStrategy

    return DDPStrategy(static_graph=True, broadcast_buffers=False, process_group_backend="gloo")


@contextmanager
def quiet() -> Iterator[None]:
    """Without what Lightning says to those who write loaders and modules, and with Ctrl-C after it.

    Lightning ignores further Ctrl-C once it saw one.
    """
    loggers = [logging.getLogger(f"lightning.{part}") for part in ("pytorch", "fabric")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    is_main = threading.current_thread() is threading.main_thread()
    on_interrupt = signal.getsignal(signal.SIGINT)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module=r"lightning\..*")
        try:
            yield
        finally:
            if is_main:
                signal.signal(signal.SIGINT, on_interrupt)
            for logger, level in zip(loggers, levels, strict=True):
                logger.setLevel(level)
