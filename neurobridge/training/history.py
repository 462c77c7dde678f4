"""History: what was worked out in every epoch, one row each."""

from __future__ import annotations

__all__ = ["MONITOR", "History"]

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

MONITOR = "validation/loss"
"""What says which epoch is best."""


class History:
    """The values of each epoch.

    Its rows travel in checkpoints, so that a run that was resumed has all of them.
    """

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []

    def add(self, epoch: int, values: Mapping[str, float], seconds: float) -> None:
        """Add the row of an epoch."""
        self.rows.append({"epoch": epoch, **values, "seconds": seconds})

    @property
    def best_epoch(self) -> int:
        """The first epoch with the smallest loss in validation; -1 if there was none."""
        known = [(row[MONITOR], row["epoch"]) for row in self.rows if MONITOR in row]
        return int(min(known)[1]) if known else -1

    def frame(self) -> pd.DataFrame:
        """One row an epoch, one column a value; NaN where it was not worked out."""
        columns = dict.fromkeys(name for row in self.rows for name in row if name != "seconds")
        return pd.DataFrame(self.rows, columns=[*(columns or ["epoch"]), "seconds"])

    def write(self, file: Path) -> None:
        """Write the rows to a CSV file."""
        self.frame().to_csv(file, index=False)
