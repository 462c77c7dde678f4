"""Journal: the account that a run of training gives of itself."""

from __future__ import annotations

__all__ = ["Journal"]

import math
import time
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Any

from neurobridge.training.checkpoint import identity
from neurobridge.training.history import History
from neurobridge.training.run_folder import RunFolder
from neurobridge.training.trainable import TrainableNetwork


class Journal:
    """Keeps ``run.json`` true from the beginning of a run to its end, whatever that is.

    Parameters
    ----------
    place : RunFolder
    model : TrainableNetwork
    asked : mapping
        What the run was asked for.
    history : History
    writes : bool
        Of several processes, one does.
    """

    def __init__(
        self,
        place: RunFolder,
        model: TrainableNetwork,
        asked: Mapping[str, Any],
        history: History,
        writes: bool,
    ) -> None:
        self.place, self.history, self.writes = place, history, writes
        of = identity(model)
        self.content: dict[str, Any] = {
            "name": place.path.name,
            "status": "running",
            **{name: of[name] for name in ("network", "paths", "dt", "precision")},
            "n_parameters": sum(p.numel() for p in model.parameters()),
            **asked,
            "versions": {n: version(n) for n in ("torch", "lightning")},
            "started": time.strftime("%Y-%m-%dT%H:%M:%S"),
        }

    def __enter__(self) -> Journal:
        self._write()
        return self

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        if error is not None:
            status = "failed" if isinstance(error, Exception) else "interrupted"
            self.content |= {"status": status, "message": f"{type(error).__name__}: {error}"}
            self.content |= self._so_far()
            self._write()

    def close(self, status: str, best: int, unmoved: Sequence[str]) -> None:
        """What came out."""
        rows = {row["epoch"]: row for row in self.history.rows}
        row = rows.get(best, {})
        values = {n: v for n, v in row.items() if "/" in n and math.isfinite(v)}
        self.content |= {
            "status": status,
            "best_epoch": best,
            "metrics": values,
            "without_gradient": list(unmoved),
            **self._so_far(),
        }
        self._write()

    def _so_far(self) -> dict[str, Any]:
        rows = self.history.rows
        return {
            "epochs_done": len(rows),
            "seconds": round(sum(row["seconds"] for row in rows), 3),
        }

    def _write(self) -> None:
        if self.writes:
            self.place.write(self.content)
