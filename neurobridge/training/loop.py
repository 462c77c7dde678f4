"""The training loop as a Lightning module: batches, losses by name, guards, checkpoints."""

from __future__ import annotations

__all__ = ["Loop"]

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import lightning.pytorch as lightning
import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset, Sampler

from neurobridge.errors import TrainingError
from neurobridge.training.checkpoint import KEY, identity, refuse_other
from neurobridge.training.data import Batch, Rows, TrainingData
from neurobridge.training.objective import Loss, Objective, Seen
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
    metrics : mapping of str to Loss
        What else is logged, in validation only.
    data : TrainingData
    settings : Settings
    """

    def __init__(
        self,
        model: TrainableNetwork,
        objective: Objective,
        metrics: Mapping[str, Loss],
        data: TrainingData,
        settings: Settings,
    ) -> None:
        super().__init__()
        self.model, self.objective, self.measures = model, objective, dict(metrics)
        self.data, self.settings = data, settings
        self.moved: set[str] = set()

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """See Lightning."""
        return self.settings.make_optimiser(self.model.parameters())

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
        where = f"epoch {self.current_epoch}, batch {index}"
        total, values = self._valued(self._seen(share.batch), where)
        self._note("train", {"loss": total, **values}, share.batch.size)
        return total * share.weight

    def validation_step(self, share: Share, index: int) -> None:
        """The same without training, and the metrics."""
        where = f"validation after epoch {self.current_epoch}, batch {index}"
        seen = self._seen(share.batch)
        total, values = self._valued(seen, where)
        measured = {name: metric(seen) for name, metric in self.measures.items()}
        self._note("validation", {"loss": total, **values, **measured}, share.batch.size)

    def _seen(self, batch: Batch) -> Seen:
        return Seen(self.model, self.model(batch.inputs, batch.features), batch.targets)

    def _valued(self, seen: Seen, where: str) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
        try:
            return self.objective(seen)
        except TrainingError as err:
            raise TrainingError(f"{where}: {err}. {ADVICE}") from err

    def _note(self, stage: str, values: Mapping[str, torch.Tensor], size: int) -> None:
        self.log_dict(
            {f"{stage}/{name}": value.detach() for name, value in values.items()},
            on_step=False, on_epoch=True, batch_size=size, sync_dist=True,
            prog_bar=True,
        )  # fmt: skip

    # -- guards ---------------------------------------------------------------------------------

    def on_before_optimizer_step(self, optimizer: torch.optim.Optimizer) -> None:
        """Refuse a gradient that is not finite, before it spoils what was learned.

        Raises
        ------
        TrainingError
            With the path and the epoch.
        """
        for part in self.model.parts:
            for parameter in part.parameters():
                grad = parameter.grad
                if grad is None:
                    continue
                bad = int((~torch.isfinite(grad)).sum())
                if bad:
                    raise TrainingError(
                        f"epoch {self.current_epoch}: {bad} of {grad.numel()} gradients of "
                        f"{part.spec.path!r} are not finite. {ADVICE}"
                    )
                if bool((grad != 0).any()):
                    self.moved.add(part.spec.path)

    @property
    def unmoved(self) -> list[str]:
        """Paths whose gradient has been 0 in every step so far."""
        return [p.spec.path for p in self.model.parts if p.spec.path not in self.moved]

    # -- checkpoints ----------------------------------------------------------------------------

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Note what the checkpoint is of."""
        checkpoint[KEY] = identity(self.model)
        checkpoint["moved"] = sorted(self.moved)

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Refuse the checkpoint of another network."""
        refuse_other(self.model, checkpoint.get(KEY), "the checkpoint")
        self.moved = set(checkpoint["moved"])


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
