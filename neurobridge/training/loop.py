"""The training loop as a Lightning module: batches, losses by name, guards, checkpoints."""

from __future__ import annotations

__all__ = ["Loop"]

import math
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import lightning.pytorch as lightning
import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset, Sampler

from neurobridge.errors import TrainingError
from neurobridge.training.checkpoint import KEY, identity, parameters_of
from neurobridge.training.data import Batch, Rows, TrainingData
from neurobridge.training.history import MONITOR, History
from neurobridge.training.means import Means
from neurobridge.training.objective import Objective, Seen, Term
from neurobridge.training.processes import refuse_together, sum_over_processes
from neurobridge.training.settings import Settings
from neurobridge.training.trainable import TrainableNetwork

ADVICE = (
    "The checkpoint of the last whole epoch is kept; go on from it with a smaller learning rate or "
    "clip= (gradients), or look at the term or path that is named"
)


@dataclass(frozen=True)
class Share:
    """The part of a batch that one process works on.

    ``weight`` times the mean over this part, averaged over the processes, is the mean over the
    batch, however it is divided.
    """

    batch: Batch
    weight: float


class Loop(lightning.LightningModule):
    """How one network is trained.

    Parameters
    ----------
    model : TrainableNetwork
    objective : Objective
    metrics : mapping of str to Metric or Loss
        What else is worked out, in validation only.
    data : TrainingData
    settings : Settings
    history : History
        Gets a row an epoch.
    """

    def __init__(
        self,
        model: TrainableNetwork,
        objective: Objective,
        metrics: Mapping[str, Term],
        data: TrainingData,
        settings: Settings,
        history: History,
    ) -> None:
        super().__init__()
        self.model, self.objective, self.measures = model, objective, dict(metrics)
        self.data, self.settings, self.history = data, settings, history
        self.moved: set[str] = set()
        self.sums = {"train": Means(), "validation": Means()}
        self.where, self.begun = "", 0.0
        self.validated: dict[str, float] = {}
        self.strict_loading = False  # checkpoints have the parameters, all else is the network's

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """See Lightning."""
        return self.settings.make_optimiser(list(self.model.parameters()))

    def on_train_start(self) -> None:
        """A run that was resumed has the learning rate that is asked for now."""
        if isinstance(self.settings.optimiser, str):
            for group in self.trainer.optimizers[0].param_groups:
                group["lr"] = self.settings.learning_rate

    # -- batches --------------------------------------------------------------------------------

    def on_fit_start(self) -> None:
        """Lightning chooses a number of threads for several processes."""
        torch.set_num_threads(self.settings.threads)

    def train_dataloader(self) -> DataLoader[Share]:
        """Batches to train on."""
        return self._loader("train")

    def val_dataloader(self) -> DataLoader[Share]:
        """Batches to validate with."""
        return self._loader("validation")

    def _loader(self, split: str) -> DataLoader[Share]:
        trainer, settings = self.trainer, self.settings
        shares = _Shares(
            self.data, self.model, settings.seed, trainer.global_rank, trainer.world_size
        )
        batches = _Epochs(self.data, split, settings.batch, settings.seed)
        return DataLoader(shares, batch_size=None, sampler=batches)

    def transfer_batch_to_device(self, batch: Any, device: Any, dataloader_idx: int) -> Any:
        """Batches are made where the model is."""
        return batch

    # -- steps ----------------------------------------------------------------------------------

    def training_step(self, share: Share, index: int) -> torch.Tensor:
        """The objective of one batch."""
        self.where = f"epoch {self.current_epoch}, batch {index}"
        total, values = self._valued(self._seen(share.batch))
        self.sums["train"].add({"loss": total, **values}, share.batch.size)
        if self.trainer.progress_bar_callback is not None:
            self.log("loss", total.detach(), prog_bar=True, logger=False)
        return total * share.weight

    def validation_step(self, share: Share, index: int) -> None:
        """The same without training, and the metrics."""
        self.where = f"validation after epoch {self.current_epoch}, batch {index}"
        seen = self._seen(share.batch)
        total, values = self._valued(seen)
        measured = {name: metric(seen) for name, metric in self.measures.items()}
        self.sums["validation"].add({"loss": total, **values, **measured}, share.batch.size)

    def _seen(self, batch: Batch) -> Seen:
        return Seen(self.model, self.model(batch.inputs, batch.features), batch.targets)

    def _valued(self, seen: Seen) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
        """The objective; what is wrong in one process ends all of them."""
        found, wrong = None, None
        try:
            found = self.objective(seen)
        except TrainingError as err:
            wrong = f"{self.where}: {err}. {ADVICE}"
        refuse_together(wrong)
        assert found is not None
        return found

    # -- epochs ---------------------------------------------------------------------------------

    def on_train_epoch_start(self) -> None:
        """Time an epoch."""
        self.begun = time.perf_counter()
        for sums in self.sums.values():
            sums.take()

    def on_validation_epoch_end(self) -> None:
        """Say how good the network is now."""
        self.validated = self._means("validation")
        self.log(MONITOR, self.validated[MONITOR], logger=False)

    def on_train_epoch_end(self) -> None:
        """Add a row to the history."""
        values, self.validated = {**self._means("train"), **self.validated}, {}
        self.history.add(self.current_epoch, values, time.perf_counter() - self.begun)
        for logger in self.loggers:
            logger.log_metrics(values, step=self.current_epoch)

    def _means(self, split: str) -> dict[str, float]:
        means = self.sums[split].take(sum_over_processes)
        return {f"{split}/{name}": value for name, value in means.items()}

    # -- guards ---------------------------------------------------------------------------------

    def on_before_optimizer_step(self, optimizer: torch.optim.Optimizer) -> None:
        """Refuse a gradient that is not finite, before it spoils what was learned.

        Raises
        ------
        TrainingError
            With the path and the epoch.
        """
        found = [
            (part.spec.path, parameter.grad)
            for part in self.model.parts
            for parameter in part.parameters()
            if parameter.grad is not None
        ]
        if not found:
            return
        sizes = torch.stack([grad.abs().sum() for _, grad in found]).tolist()
        for (path, grad), size in zip(found, sizes, strict=True):
            bad = 0 if math.isfinite(size) else int((~torch.isfinite(grad)).sum())
            if bad:
                raise TrainingError(
                    f"{self.where}: {bad} of {grad.numel()} gradients of {path!r} are not finite. "
                    f"{ADVICE}"
                )
            if size:
                self.moved.add(path)

    @property
    def unmoved(self) -> list[str]:
        """Paths whose gradient has been 0 in every step so far."""
        return [p.spec.path for p in self.model.parts if p.spec.path not in self.moved]

    # -- checkpoints ----------------------------------------------------------------------------

    def parameters_now(self) -> dict[str, Any]:
        """A copy of the parameters, with what they belong to."""
        state = {n: p.detach().clone() for n, p in parameters_of(self.model).items()}
        epoch = self.history.rows[-1]["epoch"]
        return {KEY: {**identity(self.model), "epoch": epoch}, "state_dict": state}

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Keep what the network cannot say itself."""
        checkpoint |= self.parameters_now()
        checkpoint["optimiser"] = type(self.trainer.optimizers[0]).__name__
        checkpoint["seed"] = self.settings.seed
        checkpoint["moved"] = sorted(self.moved)
        checkpoint["history"] = self.history.rows

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """See Lightning."""
        self.moved = set(checkpoint["moved"])
        self.history.rows = list(checkpoint["history"])


class _Epochs(Sampler[tuple[Rows, int]]):
    """The batches of an epoch; Lightning says which epoch it is."""

    def __init__(self, data: TrainingData, split: str, size: int, seed: int) -> None:
        self.data, self.split, self.size, self.seed = data, split, size, seed
        self.epoch = 0

    def set_epoch(self, epoch: int) -> None:
        self.epoch = epoch

    def __len__(self) -> int:
        return math.ceil(self.data.rows(self.split).size / self.size)

    def __iter__(self) -> Iterator[tuple[Rows, int]]:
        trains = self.split == "train"
        epoch = self.epoch if trains else 0
        for rows in self.data.batches(self.split, self.size, self.seed, epoch, shuffle=trains):
            yield rows, epoch


class _Shares(Dataset[Share]):
    """From the rows of a batch to the part that this process works on."""

    def __init__(
        self, data: TrainingData, model: TrainableNetwork, seed: int, rank: int, processes: int
    ) -> None:
        self.data, self.model, self.seed = data, model, seed
        self.rank, self.processes = rank, processes

    def __getitem__(self, index: Any) -> Share:
        rows, epoch = index
        own = rows[self.rank :: self.processes]
        batch = self.data.batch(self.model, np.asarray(own), self.seed, epoch)
        return Share(batch, own.size * self.processes / rows.size)
