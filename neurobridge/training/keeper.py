"""Keeper: checkpoints of the last epoch and of the best one."""

from __future__ import annotations

__all__ = ["Keeper"]

from typing import Any

import torch
from lightning.pytorch import callbacks

from neurobridge.training.history import History
from neurobridge.training.run_folder import RunFolder


class Keeper(callbacks.Checkpoint):
    """Saves every few epochs, and at the end.

    ``last.ckpt`` has all that is needed to go on. ``best.ckpt`` has the parameters of the best
    epoch up to then; both are written together, so that they always belong to the same history.

    Parameters
    ----------
    place : RunFolder
    history : History
    every : int
        Epochs.
    """

    def __init__(self, place: RunFolder, history: History, every: int) -> None:
        self.place, self.history, self.every = place, history, every
        self.best: dict[str, Any] | None = None
        self.saved = -1

    def on_train_epoch_end(self, trainer: Any, pl_module: Any) -> None:
        """After each epoch."""
        epoch = trainer.current_epoch
        if self.history.best_epoch == epoch:
            self.best = pl_module.parameters_now()
        if (epoch + 1) % self.every == 0:
            self._save(trainer, epoch)

    def on_train_end(self, trainer: Any, pl_module: Any) -> None:
        """The last epoch, if it is not saved yet."""
        if self.history.rows and self.saved < self.history.rows[-1]["epoch"]:
            self._save(trainer, self.history.rows[-1]["epoch"])

    def on_exception(self, trainer: Any, pl_module: Any, exception: BaseException) -> None:
        """The table may know epochs that no checkpoint has."""
        if trainer.is_global_zero and self.history.rows:
            self.history.write(self.place.metrics)

    def _save(self, trainer: Any, epoch: int) -> None:
        trainer.save_checkpoint(self.place.last)
        self.saved = epoch
        if not trainer.is_global_zero:
            return
        if self.best is not None:
            own = self.place.best.with_suffix(".part")
            torch.save(self.best, own)
            own.replace(self.place.best)
            self.best = None
        self.history.write(self.place.metrics)
