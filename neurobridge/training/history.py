"""History: what was logged in every epoch, one row each, in a CSV file and in checkpoints."""

from __future__ import annotations

__all__ = ["History"]

import time
from pathlib import Path
from typing import Any

import lightning.pytorch as lightning
import pandas as pd


class History(lightning.Callback):
    """Keeps the values of each epoch and writes them to a CSV file.

    Its rows travel in checkpoints, so that a run that was resumed has all of them; Lightning's own
    CSV logger begins anew.

    Parameters
    ----------
    file : Path
    """

    def __init__(self, file: Path) -> None:
        self.file = file
        self.rows: list[dict[str, float]] = []
        self.begun = 0.0

    def on_train_epoch_start(self, trainer: Any, pl_module: Any) -> None:
        """Time an epoch."""
        self.begun = time.perf_counter()

    def on_train_epoch_end(self, trainer: Any, pl_module: Any) -> None:
        """Add a row."""
        values = {name: float(value) for name, value in trainer.callback_metrics.items()}
        if (trainer.current_epoch + 1) % trainer.check_val_every_n_epoch:
            values = {n: v for n, v in values.items() if not n.startswith("validation/")}
        row = {"epoch": trainer.current_epoch, **dict(sorted(values.items()))}
        self.rows.append({**row, "seconds": time.perf_counter() - self.begun})
        if trainer.is_global_zero:
            self.frame().to_csv(self.file, index=False)

    def frame(self) -> pd.DataFrame:
        """One row an epoch, one column a value; NaN where it was not worked out."""
        return pd.DataFrame(self.rows)

    def state_dict(self) -> dict[str, Any]:
        """See Lightning."""
        return {"rows": self.rows}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """See Lightning."""
        self.rows = list(state_dict["rows"])
